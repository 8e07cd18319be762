package io.github.mig4j.k8s.reconcile;

import static io.github.mig4j.k8s.reconcile.Nodes.B200;
import static io.github.mig4j.k8s.reconcile.Nodes.G1;
import static io.github.mig4j.k8s.reconcile.Nodes.G3;
import static io.github.mig4j.k8s.reconcile.Nodes.small;
import static io.github.mig4j.k8s.reconcile.Nodes.waiting;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.VerifiedRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Which nodes a demand keeps as they are, so that it does not cut to and fro; also when a clock jumps. */
class DemandPlannerTest {

  private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");
  private static final PolicyTarget.ForDemand SERVED = new PolicyTarget.ForDemand(
      new TreeMap<>(), PolicyTarget.ForDemand.Pods.SERVED, OptionalInt.empty());
  private static final MigPolicy POLICY = MigPolicy.builder()
      .name("demand")
      .nodes(PolicyNodes.withLabels(Map.of("pool", "a")))
      .putGpus("b200-180gb", SERVED)
      .build();

  private final DemandPlanner planner = new DemandPlanner();

  /** The answer for a pod that only another layout of the node would serve. */
  private String answer(Node node, Instant now) {
    return planner
        .plan(
            POLICY,
            SERVED,
            B200,
            List.of(NodeFacts.of(node, MigSettings.defaults())),
            any -> List.of(),
            List.of(waiting("p", Map.of(G3, 1))),
            Optional.empty(),
            now)
        .answers()
        .get(0)
        .message();
  }

  private static Node cut() {
    return Nodes.object("n", Map.of("pool", "a"), small());
  }

  private static Node changedAt(Instant time) {
    return new NodeBuilder(cut())
        .editMetadata()
        .addToAnnotations(
            ChangeKind.LAYOUT.verifiedKey(),
            new VerifiedRecord("demand", "hash", time.toString(), "basis", false).json())
        .endMetadata()
        .build();
  }

  private static Pod running() {
    return new PodBuilder(Nodes.pod("r", Map.of(G1, 1)))
        .editSpec()
        .withNodeName("n")
        .endSpec()
        .build();
  }

  @Test
  void node_thatWasChanged_isKeptForTheCoolDown() {
    Node node = changedAt(NOON);

    assertThat(answer(node, NOON.plus(Duration.ofMinutes(9))))
        .isEqualTo("ml/p: no node will serve it: node n: it was changed 9 min ago");
    assertThat(answer(node, NOON.plus(Duration.ofMinutes(10))))
        .isEqualTo("ml/p: node n will serve it after a change of its layout");
  }

  @Test
  void node_thatPodsUsed_isKeptForTheCoolDown() {
    planner.see("n", List.of(running()), NOON);

    assertThat(answer(cut(), NOON.plus(Duration.ofMinutes(9))))
        .isEqualTo("ml/p: no node will serve it: node n: pods used its GPUs 9 min ago");
    assertThat(answer(cut(), NOON.plus(Duration.ofMinutes(10))))
        .isEqualTo("ml/p: node n will serve it after a change of its layout");
  }

  @Test
  void clockThatIsSetBack_beginsTheCoolDownAgain_andDoesNotKeepANodeForLonger() {
    planner.see("n", List.of(running()), NOON);
    Instant back = NOON.minus(Duration.ofDays(1));

    assertThat(answer(cut(), back))
        .isEqualTo("ml/p: no node will serve it: node n: pods used its GPUs 0 s ago");
    assertThat(answer(cut(), back.plus(Duration.ofMinutes(10))))
        .isEqualTo("ml/p: node n will serve it after a change of its layout");
  }

  @Test
  void node_thatWasChangedInTheFuture_isKept_andSaysWhy() {
    assertThat(answer(changedAt(NOON.plus(Duration.ofDays(1))), NOON))
        .isEqualTo(
            "ml/p: no node will serve it: node n: it was changed at 2026-11-27T12:00:00Z, which is after the time of this process, 2026-11-26T12:00:00Z; set the clocks");
  }

  @Test
  void clockThatJumpsForward_endsTheCoolDown() {
    planner.see("n", List.of(running()), NOON);

    assertThat(answer(changedAt(NOON), NOON.plus(Duration.ofDays(365))))
        .isEqualTo("ml/p: node n will serve it after a change of its layout");
  }
}
