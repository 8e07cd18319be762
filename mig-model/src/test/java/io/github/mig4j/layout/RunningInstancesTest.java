package io.github.mig4j.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.fleet.Fleet;
import io.github.mig4j.fleet.PlacementPolicy;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.NvidiaSmi;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From the listing of what runs to a layout, to what fits beside it, and to the engine. */
class RunningInstancesTest {

  private static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");
  private static final GpuModel A100 = GpuCatalog.bundled().require("a100-40gb");

  @Test
  void fragmentedGpu_hasRoomFor2g_butNotFor3g() {
    var running =
        RunningInstances.in(NvidiaSmi.read(resource("lgi-fragmented.txt"))).get(0);

    assertThat(running.placements()).hasToString("[1g.10gb@0:1, 1g.10gb@1:1, 1g.10gb@5:1]");
    assertThat(running.on(H100).orElseThrow().devices()).hasToString("{1g.10gb=3}");
    assertThat(
            MigLayout.on(H100).keeping(running.placements()).add("2g.20gb", 1).place())
        .hasToString("Placed[layout=h100-sxm-80gb [1g.10gb@0:1, 1g.10gb@1:1, 2g.20gb@2:2,"
            + " 1g.10gb@5:1]]");
    assertThat(
            MigLayout.on(H100).keeping(running.placements()).add("3g.40gb", 1).place())
        .hasToString("h100-sxm-80gb: rejected, h100-sxm-80gb cannot place {3g.40gb=1}"
            + " beside [1g.10gb@0:1, 1g.10gb@1:1, 1g.10gb@5:1] without overlap: 3g.40gb covers"
            + " 4 memory slices from 0 or 4; the GPU has 8 memory slices");
  }

  @Test
  void listingOfAnotherGpu_isRejectedWithTheReason() {
    var running =
        RunningInstances.in(NvidiaSmi.read(resource("lgi-fragmented.txt"))).get(0);

    assertThat(((PlacementResult.Rejected) running.on(A100)).violations())
        .extracting(Violation::message)
        .containsExactly(
            "1g.10gb@0:1 covers 1 memory slices, but on a100-40gb 1g.10gb covers 2; check which GPU"
                + " it is",
            "1g.10gb@1:1 covers 1 memory slices, but on a100-40gb 1g.10gb covers 2; check which GPU"
                + " it is",
            "1g.10gb@5:1 covers 1 memory slices, but on a100-40gb 1g.10gb covers 2; check which GPU"
                + " it is");
  }

  @Test
  void computeInstances_areTheDevices_ofGpusWhereTheyAreListed() {
    var running =
        RunningInstances.in(NvidiaSmi.read(resource("a100-lgi.txt"), resource("a100-lci.txt")));

    assertThat(running).extracting(RunningInstances::gpu).containsExactly(0, 1);
    var layout = running.get(0).on(A100).orElseThrow();
    assertThat(layout.placements()).hasToString("[3g.20gb@0:4, 3g.20gb@4:4]");
    assertThat(layout.devices()).hasToString("{1c.3g.20gb=3, 3g.20gb=1}");
    assertThat(running.get(1).devices()).hasToString("{2g.10gb=1}");
  }

  @Test
  void layout_ofInstancesThatAreNotAllFull_fromItsJson_isTheSame() {
    var halfUsed = new TreeMap<>(Map.of(MigProfile.parse("1c.3g.20gb"), 2));
    var placements = List.of(
        new Placement(MigProfile.parse("3g.20gb"), 0, 4),
        new Placement(MigProfile.parse("3g.20gb"), 4, 4));

    var layout = new RunningInstances(0, placements, halfUsed).on(A100).orElseThrow();

    assertThat(MigLayout.ofJson(layout.toJson())).isEqualTo(layout);
    assertThat(layout.devices()).isEqualTo(halfUsed);
  }

  /** Every state of a GPU, printed as nvidia-smi does and read again. */
  @ParameterizedTest
  @ValueSource(strings = {"a30-24gb", "a100-40gb", "rtx-pro-6000-blackwell-96gb"})
  void everyState_writtenAndRead_isItself(String gpu) {
    var model = GpuCatalog.bundled().require(gpu);

    Layouts.of(model)
        .states()
        .filter(layout -> !layout.placements().isEmpty())
        .limit(3000)
        .forEach(layout -> {
          var running = RunningInstances.in(NvidiaSmi.read(listing(3, layout)));

          assertThat(running).hasSize(1);
          assertThat(running.get(0).gpu()).isEqualTo(3);
          assertThat(running.get(0).on(model).orElseThrow()).isEqualTo(layout);
        });
  }

  private static String listing(int gpu, MigLayout layout) {
    String rule = "+---------------------------------------------------------+\n";
    StringBuilder text = new StringBuilder(rule)
        .append("| GPU instances:                                          |\n")
        .append("| GPU   Name               Profile  Instance   Placement  |\n")
        .append("|                            ID       ID       Start:Size |\n")
        .append("|=========================================================|\n");
    int id = 0;
    for (Placement each : layout.placements()) {
      text.append("| %3d  MIG %-18s %2d  %7d %10d:%-2d    |\n"
              .formatted(
                  gpu,
                  each.profile(),
                  layout.gpu().profile(each.profile()).orElseThrow().id().orElse(0),
                  id++,
                  each.start(),
                  each.size()))
          .append(rule);
    }
    return text.toString();
  }

  @Test
  void occupy_whatRuns_isAllOrNothing() {
    var fleet = new Fleet(PlacementPolicy.standard());
    int gpu = fleet.add(H100);
    var running =
        RunningInstances.in(NvidiaSmi.read(resource("lgi-fragmented.txt"))).get(0);

    fleet.occupy(gpu, running.placements());

    assertThat(fleet.state(gpu).layout().placements()).isEqualTo(running.placements());
    assertThat(fleet.placementOf(fleet.place(fleet.request("2g.20gb")))).hasToString("2g.20gb@2:2");
    assertThat(fleet.place(fleet.request("3g.40gb"))).isEqualTo(Fleet.NONE);
  }

  @Test
  void occupy_whatCannotRunThere_saysWhy_andChangesNothing() {
    var fleet = new Fleet(PlacementPolicy.standard());
    int gpu = fleet.add(H100);
    var small = new Placement(MigProfile.parse("1g.10gb"), 0, 1);
    Map<Placement, String> refused = Map.of(
        new Placement(MigProfile.parse("2g.20gb"), 0, 2),
        "GPU 0: 2g.20gb@0:2 overlaps 1g.10gb@0:1, which runs there",
        new Placement(MigProfile.parse("1g.10gb"), 2, 2),
        "GPU 0: 1g.10gb@2:2 covers 2 memory slices, but on h100-sxm-80gb it covers 1",
        new Placement(MigProfile.parse("1g.10gb"), 7, 1),
        "1g.10gb on h100-sxm-80gb cannot start at 7; allowed starts: [0, 1, 2, 3, 4, 5, 6]",
        new Placement(MigProfile.parse("1g.5gb"), 3, 1),
        "h100-sxm-80gb has no GPU instance profile 1g.5gb; it has 1g.10gb, 1g.10gb+me, 1g.20gb, 2g.20gb,"
            + " 3g.40gb, 4g.40gb, 7g.80gb");

    refused.forEach((placement, message) -> {
      assertThatThrownBy(() -> fleet.occupy(gpu, List.of(small, placement)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(message);
      assertThat(fleet.state(gpu).layout().placements()).isEmpty();
    });
  }

  private static String resource(String name) {
    try (var in = NvidiaSmi.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
