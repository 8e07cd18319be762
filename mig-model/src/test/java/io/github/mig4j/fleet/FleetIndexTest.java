package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.plan.PlanGpu;
import io.github.mig4j.plan.PlanNode;
import java.util.List;
import org.junit.jupiter.api.Test;

class FleetIndexTest {

  private static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");
  private static final GpuModel A30 = GpuCatalog.bundled().require("a30-24gb");
  private static final GpuModel L40S = GpuCatalog.bundled().require("l40s");
  private static final MigLayout EMPTY = MigLayout.on(H100).build();
  private static final MigLayout LARGE = MigLayout.on(H100).addAt("3g.40gb", 4).build();
  private static final MigLayout BOTH =
      MigLayout.on(H100).addAt("3g.40gb", 4).addAt("1g.10gb", 0).build();

  private final FleetIndex index = new FleetIndex(new Fleet(PlacementPolicy.standard()));

  @Test
  void names_areFoundBothWays() {
    index.resync(List.of(
        FleetGpu.of("b", 0, EMPTY), FleetGpu.of("a", 0, EMPTY), FleetGpu.of("a", 1, LARGE)));

    assertThat(index.number("a", 1)).isEqualTo(2);
    assertThat(index.node(2)).isEqualTo("a");
    assertThat(index.index(2)).isEqualTo(1);
    assertThat(index.gpusOf("a")).hasToString("[1, 2]").isSameAs(index.gpusOf("a"));
    assertThat(index.gpusOf(List.of("a", "b", "gone"))).hasToString("[0, 1, 2]");
    assertThat(index.nodes()).containsExactly("a", "b");
    assertThat(index).hasToString("index of 2 nodes with 3 GPUs");

    long chosen = index.fleet().choose(index.fleet().request("1g.10gb"));
    assertThat(index.name(chosen)).isEqualTo("a/1 1g.10gb@0:1");
    assertThat(index.instance("a", 1, new Placement(MigProfile.parse("1g.10gb"), 0, 1)))
        .isEqualTo(chosen);
  }

  @Test
  void unknownNames_areNone_orRefusedWithTheRemedy() {
    index.resync(List.of(FleetGpu.of("a", 3, EMPTY)));

    assertThat(index.number("a", 0)).isEqualTo(FleetIndex.NONE);
    assertThat(index.number("b", 3)).isEqualTo(FleetIndex.NONE);
    assertThat(index.gpusOf("b")).hasToString("[]");
    assertThatThrownBy(() -> index.instance("a", 0, LARGE.placements().get(0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The index has no GPU 0 of node a; the node has [3]");
    assertThatThrownBy(() -> index.node(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The index has no name of GPU 1; add GPUs with resync");
    assertThatThrownBy(() -> new FleetIndex(index.fleet()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The fleet must be empty, but has 1 GPUs without names; add them with resync");
    assertThatThrownBy(() -> FleetGpu.of("a", -1, EMPTY))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The index of a GPU must not be negative, but was -1 on node a");
  }

  @Test
  void resync_makesTheFleetEqual_andKeepsTheNumbersOfGpusThatStay() {
    index.resync(List.of(
        FleetGpu.of("a", 0, EMPTY), FleetGpu.of("a", 1, LARGE), FleetGpu.of("b", 0, EMPTY)));
    index.fleet().place(index.fleet().request("7g.80gb"));

    List<FleetGpu> cluster = List.of(
        FleetGpu.of("a", 0, BOTH),
        FleetGpu.of("a", 1, LARGE).cordoned(),
        FleetGpu.of("b", 0, MigLayout.on(A30).build()),
        FleetGpu.of("c", 0, EMPTY));
    FleetIndex.Changes seen = index.diff(cluster);
    FleetIndex.Changes changes = index.resync(cluster);

    assertThat(seen).isEqualTo(changes).hasToString("2 added, 1 removed, 2 changed");
    assertThat(changes.added()).extracting(FleetGpu::node).containsExactly("b", "c");
    assertThat(changes.removed())
        .extracting(FleetGpu::toString)
        .containsExactly("b/0 h100-sxm-80gb []");
    assertThat(changes.changed())
        .extracting(FleetGpu::toString)
        .containsExactly(
            "a/0 h100-sxm-80gb [1g.10gb@0:1, 3g.40gb@4:4]",
            "a/1 h100-sxm-80gb [3g.40gb@4:4], cordoned");
    assertThat(index.number("a", 0)).isZero();
    assertThat(index.number("b", 0)).isEqualTo(3);
    assertThat(index.fleet().state(0).layout()).isEqualTo(BOTH);
    assertThat(index.fleet().isCordoned(1)).isTrue();
    assertThat(index.fleet().contains(2)).isFalse();
    assertThat(index.diff(cluster).isEmpty()).isTrue();
  }

  @Test
  void resync_ofAListThatCannotBe_changesNothing() {
    index.resync(List.of(FleetGpu.of("a", 0, EMPTY)));

    assertThatThrownBy(
            () -> index.resync(List.of(FleetGpu.of("a", 0, LARGE), FleetGpu.of("a", 0, EMPTY))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Node a has two GPUs with index 0; each index must be unique on its node");
    assertThat(index.fleet().state(0).isEmpty()).isTrue();
  }

  /** What is pinned runs; a GPU that is pinned as a whole is not chosen. */
  @Test
  void fleetGpusOfAPlanNode_haveThePinnedInstances() {
    PlanNode node = PlanNode.named("a")
        .gpu(PlanGpu.of(L40S))
        .gpu(PlanGpu.of(BOTH).pinning(BOTH.placements().get(0)))
        .gpus(PlanGpu.of(LARGE).pinned(), 2);

    assertThat(node.fleetGpus())
        .extracting(FleetGpu::toString)
        .containsExactly(
            "a/1 h100-sxm-80gb [1g.10gb@0:1]",
            "a/2 h100-sxm-80gb [3g.40gb@4:4], cordoned",
            "a/3 h100-sxm-80gb [3g.40gb@4:4], cordoned");
  }
}
