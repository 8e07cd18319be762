package io.github.mig4j.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LayoutsTest {

  static Stream<GpuModel> sevenSliceGpus() {
    return GpuCatalog.bundled().models().stream()
        .filter(gpu -> gpu.computeSlices() == 7)
        .filter(
            gpu -> gpu.profiles().stream().noneMatch(profile -> profile.starts().isEmpty()));
  }

  @ParameterizedTest
  @MethodSource("sevenSliceGpus")
  void maximalStates_overThePlainProfiles_areNvidias19(GpuModel gpu) {
    assertThat(Layouts.of(gpu).over(plain(gpu, "1g", "2g", "3g", "4g", "7g")).maximalStates())
        .hasSize(19);
  }

  @ParameterizedTest
  @MethodSource("sevenSliceGpus")
  void states_withoutMe_arethePublished723_ofWhich78AreMaximal(GpuModel gpu) {
    var withoutMe = Layouts.of(gpu)
        .over(gpu.profiles().stream()
            .map(p -> p.profile().toString())
            .filter(name -> !name.endsWith("+me"))
            .toArray(String[]::new));

    assertThat(withoutMe.states().count()).isEqualTo(723);
    assertThat(withoutMe.maximalStates().count()).isEqualTo(78);
    assertThat(withoutMe.multisets().count()).isEqualTo(78);
    assertThat(withoutMe.maximalMultisets().count()).isEqualTo(28);
    assertThat(Layouts.of(gpu).maximalMultisets().count()).isEqualTo(44);
  }

  @Test
  void maximalStates_ofAnA30_are5() {
    var plain = Layouts.of(gpu("a30-24gb")).over("1g.6gb", "2g.12gb", "4g.24gb");

    assertThat(plain.maximalStates())
        .extracting(MigLayout::toString)
        .containsExactlyInAnyOrder(
            "a30-24gb [1g.6gb@0:1, 1g.6gb@1:1, 1g.6gb@2:1, 1g.6gb@3:1]",
            "a30-24gb [1g.6gb@0:1, 1g.6gb@1:1, 2g.12gb@2:2]",
            "a30-24gb [2g.12gb@0:2, 1g.6gb@2:1, 1g.6gb@3:1]",
            "a30-24gb [2g.12gb@0:2, 2g.12gb@2:2]",
            "a30-24gb [4g.24gb@0:4]");
  }

  /** Compares the streams with a walk over the slices, for every model and every profile. */
  @ParameterizedTest
  @MethodSource("io.github.mig4j.layout.RawGeometry#allModels")
  void everyStream_isWhatTheSecondAlgorithmFinds(RawGeometry raw) {
    Layouts layouts = Layouts.of(raw.gpu);

    Set<Map<Integer, String>> states = new HashSet<>();
    layouts.states().forEach(layout -> assertThat(states.add(starts(layout))).isTrue());
    assertThat(states).isEqualTo(raw.states);

    Set<Map<Integer, String>> maximal = new HashSet<>(raw.states);
    for (var state : raw.states) {
      for (int start : state.keySet()) {
        Map<Integer, String> smaller = new TreeMap<>(state);
        smaller.remove(start);
        maximal.remove(smaller);
      }
    }
    assertThat(layouts.maximalStates().map(LayoutsTest::starts).collect(Collectors.toSet()))
        .isEqualTo(maximal);
    assertThat(layouts.maximalStates().count()).isEqualTo(maximal.size());

    assertThat(layouts.multisets().toList())
        .containsExactlyInAnyOrderElementsOf(
            raw.counts.stream().map(raw::request).toList());

    assertThat(layouts.maximalMultisets().toList())
        .containsExactlyInAnyOrderElementsOf(raw.counts.stream()
            .filter(count -> raw.counts.stream().noneMatch(other -> contains(other, count)))
            .map(raw::request)
            .toList());
  }

  @Test
  void states_areLegalLayouts_theEmptyOneFirst() {
    var a30 = gpu("a30-24gb");

    assertThat(Layouts.of(a30).states().limit(3))
        .extracting(MigLayout::toString)
        .containsExactly(
            "a30-24gb []", "a30-24gb [1g.6gb@0:1]", "a30-24gb [1g.6gb@0:1, 1g.6gb@1:1]");
    Layouts.of(a30).states().forEach(layout -> {
      var again = MigLayout.on(a30);
      layout.placements().forEach(p -> again.addAt(p.profile().toString(), p.start()));
      assertThat(again.build()).isEqualTo(layout);
    });
  }

  @Test
  void states_inParallel_areTheSame() {
    var layouts = Layouts.of(gpu("a100-40gb"));

    assertThat(layouts.states().parallel().map(MigLayout::toString).toList())
        .containsExactlyInAnyOrderElementsOf(
            layouts.states().map(MigLayout::toString).toList());
  }

  @Test
  void of_gpuWithoutMigOrPlacements_isRefused() {
    assertThatThrownBy(() -> Layouts.of(gpu("l40s")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("l40s (Ada Lovelace) has no MIG; share it by time-slicing or MPS instead");
    assertThatThrownBy(() -> Layouts.of(gpu("rtx-pro-4500-blackwell-32gb")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The layouts of rtx-pro-4500-blackwell-32gb cannot be listed: the placements of"
            + " 1g.16gb, 1g.16gb+gfx, 1g.16gb+me.all, 1g.16gb-me, 2g.32gb, 2g.32gb+gfx are not"
            + " known. Read them with 'nvidia-smi mig -lgipp' on such a GPU");
  }

  @Test
  void over_badNames_isRefused() {
    var layouts = Layouts.of(gpu("a30-24gb"));

    assertThatThrownBy(layouts::over)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Layouts need at least one profile; a30-24gb has 1g.6gb, 1g.6gb+me, 2g.12gb,"
            + " 2g.12gb+me, 4g.24gb");
    assertThatThrownBy(() -> layouts.over("3g.20gb"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a30-24gb has no profile 3g.20gb (did you mean 4g.24gb?); it has 1g.6gb,"
            + " 1g.6gb+me, 2g.12gb, 2g.12gb+me, 4g.24gb");
    assertThatThrownBy(() -> layouts.over("1c.2g.12gb"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("a30-24gb has no profile 1c.2g.12gb");
  }

  @Test
  void freePlacements_besideARunningInstance_areThoseThatStillFit() {
    var running =
        MigLayout.on(gpu("a100-40gb")).addAt("3g.20gb", 4).addAt("1g.5gb+me", 1).build();

    assertThat(running.freePlacements())
        .hasToString("[1g.5gb@0:1, 1g.5gb@2:1, 1g.10gb@2:2, 2g.10gb@2:2, 1g.5gb@3:1]");
    assertThat(running.room()).hasToString("{1g.5gb=3, 1g.10gb=1, 2g.10gb=1}");
    assertThat(running.keeping().add("1g.10gb", 1).add("1g.5gb", 1).build())
        .hasToString("a100-40gb [1g.5gb@0:1, 1g.5gb+me@1:1, 1g.10gb@2:2, 3g.20gb@4:4]");
  }

  @Test
  void room_onAFullGpu_isEmpty_andOnAnEmptyOneTheMaxima() {
    var a30 = gpu("a30-24gb");

    assertThat(MigLayout.on(a30).add("4g.24gb", 1).build().room()).isEmpty();
    assertThat(MigLayout.on(a30).build().room())
        .hasToString("{1g.6gb=4, 1g.6gb+me=1, 2g.12gb=2, 2g.12gb+me=1, 4g.24gb=1}");
  }

  @Test
  void nearest_toWhatDoesNotFit_changesFewInstances_thenKeepsTheMemory() {
    var request = MigLayout.on(gpu("h100-sxm-80gb")).add("3g.40gb", 2).add("1g.10gb", 1);

    assertThat(request.nearest(4))
        .extracting(layout -> layout.devices().toString())
        .containsExactly(
            "{3g.40gb=2}",
            "{1g.10gb=1, 2g.20gb=1, 3g.40gb=1}",
            "{1g.10gb=1, 1g.20gb=1, 3g.40gb=1}",
            "{1g.10gb=2, 3g.40gb=1}");
  }

  @Test
  void nearest_toNamesOfAnotherBoard_translatesThem() {
    assertThat(MigLayout.on(gpu("h100-sxm-80gb")).add("1g.5gb", 7).nearest(1))
        .extracting(layout -> layout.devices().toString())
        .containsExactly("{1g.10gb=7}");
    assertThat(MigLayout.on(gpu("a100-80gb")).add("3g.39gb", 2).nearest(1))
        .extracting(layout -> layout.devices().toString())
        .containsExactly("{3g.40gb=2}");
  }

  @Test
  void nearest_keepsStarts_andMovesThemOnlyIfTheyAreImpossible() {
    assertThat(MigLayout.on(gpu("h100-sxm-80gb"))
            .addAt("3g.40gb", 0)
            .add("4g.40gb", 1)
            .nearest(1))
        .hasToString("[h100-sxm-80gb [3g.40gb@0:4, 3g.40gb@4:4]]");
    assertThat(MigLayout.on(gpu("h100-sxm-80gb"))
            .addAt("3g.40gb", 4)
            .addAt("4g.40gb", 4)
            .nearest(1))
        .hasToString("[h100-sxm-80gb [4g.40gb@0:4, 3g.40gb@4:4]]");
    assertThat(MigLayout.on(gpu("h100-sxm-80gb")).addAt("1g.10gb", 7).nearest(1))
        .hasToString("[h100-sxm-80gb [1g.10gb@0:1]]");
  }

  @Test
  void nearest_besideWhatRuns_keepsIt_andAddsSomething() {
    var running = List.of(
        new Placement(MigProfile.parse("1g.10gb"), 0, 1),
        new Placement(MigProfile.parse("1g.10gb"), 1, 1),
        new Placement(MigProfile.parse("1g.10gb"), 5, 1));
    var request = MigLayout.on(gpu("h100-sxm-80gb")).keeping(running).add("3g.40gb", 1);

    assertThat(request.place()).isInstanceOf(PlacementResult.Rejected.class);
    assertThat(request.nearest(3))
        .extracting(layout -> layout.placements().toString())
        .containsExactly(
            "[1g.10gb@0:1, 1g.10gb@1:1, 2g.20gb@2:2, 1g.10gb@5:1]",
            "[1g.10gb@0:1, 1g.10gb@1:1, 1g.20gb@2:2, 1g.10gb@5:1]",
            "[1g.10gb@0:1, 1g.10gb@1:1, 1g.10gb@2:1, 1g.10gb@5:1]");
  }

  @Test
  void nearest_besideAFullGpu_orAnotherGpu_isNothing() {
    var full = List.of(new Placement(MigProfile.parse("7g.80gb"), 0, 8));
    var other = List.of(new Placement(MigProfile.parse("7g.40gb"), 0, 8));

    assertThat(
            MigLayout.on(gpu("h100-sxm-80gb")).keeping(full).add("1g.10gb", 1).nearest(3))
        .isEmpty();
    assertThat(
            MigLayout.on(gpu("h100-sxm-80gb")).keeping(other).add("1g.10gb", 1).nearest(3))
        .isEmpty();
  }

  @Test
  void nearest_toWhatFits_isItself_andWithoutPlacementsNothing() {
    assertThat(MigLayout.on(gpu("a30-24gb")).add("1c.2g.12gb", 3).nearest(1))
        .hasToString("[a30-24gb [2g.12gb@0:2, 2g.12gb@2:2]]");
    assertThat(
            MigLayout.on(gpu("rtx-pro-4500-blackwell-32gb")).add("2g.32gb", 2).nearest(3))
        .isEmpty();
    assertThat(MigLayout.on(gpu("l4")).add("2g.32gb", 2).nearest(3)).isEmpty();
    assertThat(
            MigLayout.on(gpu("a30-24gb")).add("9g.99gb+gfx", Integer.MAX_VALUE).nearest(2))
        .hasSize(2);
  }

  /** No omitted layout is nearer than a listed one. */
  @ParameterizedTest
  @MethodSource("io.github.mig4j.layout.RawGeometry#allModels")
  void nearest_omitsNoNearerLayout(RawGeometry raw) {
    List<Integer> wanted =
        new java.util.ArrayList<>(java.util.Collections.nCopies(raw.names.size(), 1));

    var nearest = MigLayout.place(raw.gpu, raw.request(wanted)) instanceof PlacementResult.Placed
        ? List.<MigLayout>of()
        : request(raw, wanted).nearest(1);

    int fewest = raw.counts.stream()
        .filter(count -> count.stream().anyMatch(n -> n > 0))
        .mapToInt(count -> changed(wanted, count))
        .min()
        .orElseThrow();
    assertThat(nearest)
        .allSatisfy(layout -> assertThat(changed(
                wanted,
                raw.countsOf(layout.placements().stream()
                    .map(p -> p.profile().toString())
                    .toList())))
            .isEqualTo(fewest));
    assertThat(nearest).hasSize(1);
  }

  private static MigLayout.Builder request(RawGeometry raw, List<Integer> counts) {
    var builder = MigLayout.on(raw.gpu);
    raw.request(counts).forEach(builder::add);
    return builder;
  }

  private static int changed(List<Integer> wanted, List<Integer> count) {
    int added = 0;
    int removed = 0;
    for (int i = 0; i < count.size(); i++) {
      added += Math.max(0, count.get(i) - wanted.get(i));
      removed += Math.max(0, wanted.get(i) - count.get(i));
    }
    return Math.max(added, removed);
  }

  private static boolean contains(List<Integer> larger, List<Integer> smaller) {
    for (int i = 0; i < larger.size(); i++) {
      if (larger.get(i) < smaller.get(i)) {
        return false;
      }
    }
    return !larger.equals(smaller);
  }

  private static Map<Integer, String> starts(MigLayout layout) {
    Map<Integer, String> starts = new TreeMap<>();
    layout.placements().forEach(p -> starts.put(p.start(), p.profile().toString()));
    return starts;
  }

  /** For each number of slices the profile with the least memory and no attributes. */
  private static String[] plain(GpuModel gpu, String... slices) {
    Set<MigProfile> taken = new HashSet<>();
    return Stream.of(slices)
        .map(g -> gpu.profiles().stream()
            .map(p -> p.profile())
            .filter(p -> p.toString().startsWith(g) && p.suffix().isEmpty())
            .sorted()
            .findFirst()
            .orElseThrow())
        .filter(taken::add)
        .map(MigProfile::toString)
        .toArray(String[]::new);
  }

  private static GpuModel gpu(String id) {
    return GpuCatalog.bundled().require(id);
  }
}
