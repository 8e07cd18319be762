package io.github.mig4j.k8s.reconcile;

import static io.github.mig4j.k8s.reconcile.Nodes.B200;
import static io.github.mig4j.k8s.reconcile.Nodes.G1;
import static io.github.mig4j.k8s.reconcile.Nodes.G3;
import static io.github.mig4j.k8s.reconcile.Nodes.node;
import static io.github.mig4j.k8s.reconcile.Nodes.small;
import static io.github.mig4j.k8s.reconcile.Nodes.waiting;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.layout.MigLayout;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class DemandPlannerTest {

  private static final Duration COOL_DOWN = Duration.ofMinutes(10);
  private static final Instant NOW = Instant.parse("2026-11-26T10:00:00Z");
  private static final PolicyTarget.ForDemand PODS = new PolicyTarget.ForDemand(
      Collections.emptySortedMap(), PolicyTarget.ForDemand.Pods.SERVED, OptionalInt.empty());

  private final DemandPlanner planner = new DemandPlanner();

  private PendingPods plan(Instant now, boolean isHeld, Optional<Instant> changed) {
    return planner.plan(
        PODS,
        COOL_DOWN,
        List.of(new DemandPlanner.Candidate(node("a", Map.of(), small()), isHeld, changed)),
        waiting(1, G3),
        now);
  }

  @Test
  void plan_idleNode_isCut() {
    assertThat(plan(NOW, false, Optional.empty()).changes()).containsOnlyKeys("a");
  }

  /** No MIG manager runs on such a node, and its device plugin offers nothing. */
  @Test
  void plan_nodeUnderDra_isNotCutForPodsThatAskByResourceNames() {
    MigPolicy policy = MigPolicy.builder()
        .name("pods")
        .nodes(PolicyNodes.named("a", "b"))
        .putGpus(B200.id(), PODS)
        .build();
    MigLayout whole = MigLayout.on(B200).build();
    MigSettings settings = MigSettings.defaults();
    List<NodeFacts> nodes = List.of(
        NodeFacts.of(Nodes.object("a", Map.of(Labels.ALLOCATION_MODE, "dra"), whole), settings),
        NodeFacts.of(Nodes.object("b", Map.of(), whole), settings));

    PendingPods plan = planner.plan(
        policy,
        PODS,
        B200.id(),
        nodes,
        node -> List.of(),
        new PodReader.Waiting(waiting(1, G3), List.of(), Set.of(), Optional.empty()),
        Optional.empty(),
        NOW);

    assertThat(plan.changes()).containsOnlyKeys("b");
  }

  @Test
  void plan_nodeWhoseLastPodEnded_isKeptForTheCoolDown_howeverLongThePodRan() {
    planner.see("a", true, NOW.minus(Duration.ofHours(5)));
    planner.see("a", false, NOW.minusSeconds(30));
    planner.see("a", false, NOW);

    assertThat(plan(NOW, false, Optional.empty()).answers())
        .extracting(PodAnswer::message)
        .containsExactly(
            "ml/3g.90gb-00: no node will serve it: node a: pods used its GPUs 30 s ago");
    assertThat(plan(NOW.plusSeconds(570), false, Optional.empty()).changes()).containsOnlyKeys("a");
  }

  private List<PodAnswer> answersBeside(int usedOfOther, List<WaitingPod> pods) {
    return planner
        .plan(
            PODS,
            COOL_DOWN,
            List.of(
                new DemandPlanner.Candidate(node("a", Map.of(), small()), false, Optional.empty()),
                new DemandPlanner.Candidate(
                    node("b", Map.of(G1, usedOfOther), small(), small()), false, Optional.empty())),
            pods,
            NOW)
        .answers();
  }

  /** Node a has seven 1g.23gb, and node b fourteen. */
  @Test
  void plan_nodeWhoseLastPodEnded_isCut_onlyIfAsManyDevicesAreFreeElsewhere() {
    planner.see("a", true, NOW.minusSeconds(60));
    planner.see("a", false, NOW.minusSeconds(30));

    assertThat(answersBeside(7, waiting(1, G3)))
        .extracting(PodAnswer::message)
        .containsExactly("ml/3g.90gb-00: node a will serve it after a change of its layout");
    assertThat(answersBeside(8, waiting(1, G3)))
        .extracting(PodAnswer::message)
        .containsExactly(
            "ml/3g.90gb-00: no node will serve it: node a: pods used its GPUs 30 s ago; node b: pods use its GPUs");
    List<WaitingPod> pods = new ArrayList<>(waiting(1, G1));
    pods.addAll(waiting(1, G3));
    assertThat(answersBeside(7, pods)).last().isInstanceOf(PodAnswer.Unserved.class);
  }

  @Test
  void plan_nodeThatWasChangedOrIsHeld_isKept() {
    assertThat(plan(NOW, false, Optional.of(NOW.minusSeconds(60))).answers())
        .extracting(PodAnswer::message)
        .containsExactly("ml/3g.90gb-00: no node will serve it: node a: it was changed 1 min ago");
    assertThat(plan(NOW, true, Optional.empty()).answers())
        .extracting(PodAnswer::message)
        .containsExactly("ml/3g.90gb-00: no node will serve it: node a: it is held");
  }

  @Test
  void plan_afterTheClockIsSetBack_beginsTheCoolDownAgain_andKeepsNoNodeForLonger() {
    planner.see("a", true, NOW);
    planner.see("a", false, NOW);
    Instant back = NOW.minus(Duration.ofDays(1));

    assertThat(plan(back, false, Optional.empty()).answers())
        .extracting(PodAnswer::message)
        .containsExactly(
            "ml/3g.90gb-00: no node will serve it: node a: pods used its GPUs 0 s ago");
    assertThat(plan(back.plus(COOL_DOWN), false, Optional.empty()).changes()).containsOnlyKeys("a");
  }

  @Test
  void plan_nodeThatWasChangedInTheFuture_isKept_andSaysWhy() {
    assertThat(plan(NOW, false, Optional.of(NOW.plus(Duration.ofDays(1)))).answers())
        .extracting(PodAnswer::message)
        .containsExactly(
            "ml/3g.90gb-00: no node will serve it: node a: it was changed at 2026-11-27T10:00:00Z,"
                + " which is after the time of this process, 2026-11-26T10:00:00Z; set the clocks");
  }

  /** Round after round, as the loop plans: the stock is cut once, and no pod takes it. */
  @Test
  void plan_podWhoseServiceWouldBreakTheStock_isServedInNoRound_andSaysSo() {
    PolicyTarget.ForDemand stock = new PolicyTarget.ForDemand(
        new TreeMap<>(Map.of(G1, 7)), PolicyTarget.ForDemand.Pods.SERVED, OptionalInt.empty());
    MigLayout whole = null;
    PendingPods first = planner.plan(
        stock,
        COOL_DOWN,
        List.of(new DemandPlanner.Candidate(node("a", Map.of(), whole), false, Optional.empty())),
        List.of(),
        NOW);
    assertThat(first.changes()).containsOnlyKeys("a");
    MigLayout cut = first.changes().get("a").get(0);
    assertThat(cut.devices()).isEqualTo(Map.of(G1, 7));

    for (int round = 1; round <= 5; round++) {
      PendingPods plan = planner.plan(
          stock,
          COOL_DOWN,
          List.of(new DemandPlanner.Candidate(node("a", Map.of(), cut), false, Optional.of(NOW))),
          waiting(1, G3),
          NOW.plus(COOL_DOWN.multipliedBy(round)));

      assertThat(plan.changes()).as("round " + round).isEmpty();
      assertThat(plan.answers())
          .extracting(PodAnswer::message)
          .containsExactly(
              "ml/3g.90gb-00: no node will serve it: a cut would leave less than the stock; reduce the stock or add GPUs");
    }
  }

  @Test
  void plan_afterTheClockJumpsForward_endsTheCoolDown() {
    planner.see("a", true, NOW);
    planner.see("a", false, NOW);

    assertThat(plan(NOW.plus(Duration.ofDays(365)), false, Optional.of(NOW)).changes())
        .containsOnlyKeys("a");
  }
}
