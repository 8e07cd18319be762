package io.github.mig4j.k8s.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.k8s.rollout.RolloutRecord.CanaryState;
import io.github.mig4j.k8s.rollout.RolloutRecord.Content;
import io.github.mig4j.k8s.rollout.RolloutRecord.Control;
import io.github.mig4j.k8s.rollout.RolloutRecord.Entry;
import io.github.mig4j.k8s.rollout.RolloutRecord.NodeState;
import io.github.mig4j.k8s.rollout.RolloutRecord.Request;
import io.github.mig4j.k8s.rollout.RolloutState.Requested;
import io.github.mig4j.k8s.rollout.RolloutState.Rules;
import io.github.mig4j.k8s.rollout.RolloutState.Task;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Any number of nodes whose changes end in any order and with any result, while the process crashes repeatedly. */
class RolloutStateTest {

  private static final Content SMALL = new Content("small", "small-990a6689");
  private static final Instant NOW = Instant.EPOCH;
  private static final Canary NO_PAUSE = Canary.pause(Duration.ZERO);

  /** The state of the nodes, which no crash of the process changes. */
  private static final class Fleet {
    final Random random;
    final Set<String> bad = new LinkedHashSet<>();
    final Set<String> changed = new LinkedHashSet<>();
    final List<Task> begun = new ArrayList<>();
    RolloutRecord record;

    Fleet(int nodes, int failPercent, long seed) {
      random = new Random(seed);
      Map<String, Entry> entries = new LinkedHashMap<>();
      for (int i = 0; i < nodes; i++) {
        entries.put("n" + i, new Entry(0, NodeState.WAITING, ""));
        if (random.nextInt(100) < failPercent) {
          bad.add("n" + i);
        }
      }
      record = new RolloutRecord(List.of(SMALL), Control.begin(), entries, "me");
    }

    /** Works until the end, or until a crash after some steps. */
    void work(Rules rules, int steps) {
      Set<String> inProgress = new LinkedHashSet<>();
      begun.forEach(task -> inProgress.add(task.node()));
      begun.clear();
      RolloutState state = new RolloutState(record, rules, inProgress);
      for (int i = 0; i < steps && !state.control().phase().isFinal(); i++) {
        begun.addAll(state.next(NOW, NO_PAUSE));
        assertThat(begun).hasSizeLessThanOrEqualTo(rules.maxUnavailable());
        if (!begun.isEmpty()) {
          end(state, begun.remove(random.nextInt(begun.size())));
        }
        record = state.record();
      }
    }

    private void end(RolloutState state, Task task) {
      if (task.kind() == Task.Kind.ROLL_BACK) {
        changed.remove(task.node());
        state.succeeded(task);
      } else if (bad.contains(task.node())) {
        changed.add(task.node());
        state.failed(task, "in-use: held", Requested.YES);
      } else {
        changed.add(task.node());
        state.succeeded(task);
      }
    }

    <T extends NodeOutcome> List<T> outcomes(Class<T> kind) {
      return record.status("x").outcomes(kind);
    }
  }

  @Property
  void next_afterAnyNumberOfCrashes_comesToTheSameEnd(
      @ForAll @IntRange(min = 1, max = 40) int nodes,
      @ForAll @IntRange(min = 1, max = 7) int maxUnavailable,
      @ForAll @IntRange(max = 3) int canaries,
      @ForAll @IntRange(min = 1, max = 5) int stopAfter,
      @ForAll RollBack rollBack,
      @ForAll @IntRange(max = 30) int failPercent,
      @ForAll long seed) {
    Rules rules = new Rules(maxUnavailable, canaries, stopAfter, rollBack);
    Fleet fleet = new Fleet(nodes, failPercent, seed);

    for (int life = 0; life < 200 && !fleet.record.control().phase().isFinal(); life++) {
      fleet.work(rules, 1 + fleet.random.nextInt(5));
    }

    RolloutPhase end = fleet.record.control().phase();
    int failed = fleet.outcomes(NodeOutcome.Failed.class).size()
        + (int) fleet.outcomes(NodeOutcome.RolledBack.class).stream()
            .filter(node -> node.code().isPresent())
            .count();
    assertThat(end).isIn(RolloutPhase.DONE, RolloutPhase.STOPPED);
    assertThat(fleet.begun).isEmpty();
    if (end == RolloutPhase.DONE) {
      assertThat(fleet.outcomes(NodeOutcome.Verified.class)).hasSize(nodes - fleet.bad.size());
      assertThat(failed).isEqualTo(fleet.bad.size()).isLessThan(stopAfter);
    } else {
      boolean canaryFailed =
          fleet.bad.stream().anyMatch(node -> Integer.parseInt(node.substring(1)) < canaries);
      assertThat(failed >= stopAfter || canaryFailed).isTrue();
      assertThat(failed).isLessThan(stopAfter + maxUnavailable);
    }
    switch (rollBack) {
      case NONE -> assertThat(fleet.outcomes(NodeOutcome.RolledBack.class)).isEmpty();
      case FAILED -> assertThat(fleet.changed).noneMatch(fleet.bad::contains);
      case ALL ->
        assertThat(end == RolloutPhase.DONE || fleet.changed.isEmpty()).isTrue();
    }
  }

  @Property(tries = 200)
  void next_afterAnAbortOrAPause_startsNoOtherNode(
      @ForAll @IntRange(min = 2, max = 40) int nodes,
      @ForAll @IntRange(min = 1, max = 7) int maxUnavailable,
      @ForAll Request request) {
    Rules rules = new Rules(maxUnavailable, 0, 1, RollBack.NONE);
    RolloutState state = new RolloutState(new Fleet(nodes, 0, 0).record, rules, Set.of());
    List<Task> first = state.next(NOW, NO_PAUSE);

    state.request(Control.begin().with(request));
    first.forEach(state::succeeded);
    List<Task> next = state.next(NOW, NO_PAUSE);

    boolean ended = first.size() == nodes;
    assertThat(next.isEmpty()).isEqualTo(request != Request.RUN || ended);
    assertThat(state.control().shownPhase())
        .isEqualTo(
            switch (request) {
              case RUN -> ended ? RolloutPhase.DONE : RolloutPhase.RUNNING;
              case PAUSE -> ended ? RolloutPhase.DONE : RolloutPhase.PAUSED;
              case ABORT -> RolloutPhase.ABORTED;
            });
  }

  @Test
  void next_ofAContinuedRolloutThatIsPaused_finishesTheInterruptedChangeOnly() {
    RolloutRecord paused = new Fleet(5, 0, 0).record.with(Control.begin().with(Request.PAUSE));
    RolloutState state = new RolloutState(paused, new Rules(3, 0, 1, RollBack.NONE), Set.of("n4"));

    List<Task> tasks = state.next(NOW, NO_PAUSE);

    assertThat(tasks).containsExactly(new Task("n4", SMALL, Task.Kind.APPLY));
  }

  // Canaries

  private static RolloutState state(Rules rules, NodeState... states) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    for (int i = 0; i < states.length; i++) {
      entries.put("n" + i, new Entry(0, states[i], ""));
    }
    return new RolloutState(
        new RolloutRecord(List.of(SMALL), Control.begin(), entries, "me"), rules, Set.of());
  }

  private static Task apply(String node) {
    return new Task(node, SMALL, Task.Kind.APPLY);
  }

  private static Task back(String node) {
    return new Task(node, SMALL, Task.Kind.ROLL_BACK);
  }

  @Test
  void next_aCanaryThatIsSkippedOrHadTheConfiguration_isReplacedByTheNextNode() {
    RolloutState state = state(
        new Rules(5, 1, 1, RollBack.NONE),
        NodeState.WAITING_UNCHANGED,
        NodeState.WAITING,
        NodeState.WAITING,
        NodeState.WAITING);
    Canary approval = Canary.awaitApproval();

    assertThat(state.next(NOW, approval)).containsExactly(apply("n0"));
    state.succeeded(apply("n0"));
    assertThat(state.next(NOW, approval)).containsExactly(apply("n1"));
    state.skipped(apply("n1"), "in use");
    assertThat(state.next(NOW, approval)).containsExactly(apply("n2"));
    state.succeeded(apply("n2"));
    assertThat(state.next(NOW, approval)).isEmpty();

    assertThat(state.control().shownPhase()).isEqualTo(RolloutPhase.PAUSED);
    assertThat(state.control().shownReason())
        .isEqualTo("the canaries are verified; waiting for approval");
  }

  @Test
  void next_everyNodeSkipped_endsWithThatReason() {
    assertThat(afterSkippingBoth(new Rules(2, 1, 1, RollBack.NONE)))
        .isEqualTo(Control.begin()
            .with(RolloutPhase.STOPPED, "every node was skipped, so no canary was verified"));
    assertThat(afterSkippingBoth(new Rules(2, 0, 1, RollBack.NONE)))
        .isEqualTo(Control.begin()
            .with(CanaryState.PASSED)
            .with(RolloutPhase.DONE, "every node was skipped"));
  }

  private static Control afterSkippingBoth(Rules rules) {
    RolloutState state = state(rules, NodeState.WAITING, NodeState.WAITING);
    List<Task> tasks = state.next(NOW, NO_PAUSE);
    while (!tasks.isEmpty()) {
      tasks.forEach(task -> state.skipped(task, "in use"));
      tasks = state.next(NOW, NO_PAUSE);
    }
    return state.control();
  }

  // Rollbacks

  /** Two nodes are verified, the third fails, and all have to be rolled back. */
  private static RolloutState rollingBack() {
    RolloutState state = state(
        new Rules(1, 0, 1, RollBack.ALL), NodeState.WAITING, NodeState.WAITING, NodeState.WAITING);
    state.next(NOW, NO_PAUSE);
    state.succeeded(apply("n0"));
    state.next(NOW, NO_PAUSE);
    state.succeeded(apply("n1"));
    state.next(NOW, NO_PAUSE);
    state.failed(apply("n2"), "in-use: held", Requested.YES);
    return state;
  }

  @Test
  void request_toPauseTheRollback_holdsNodesThatHaveNotFailed() {
    RolloutState state = rollingBack();
    state.request(Control.begin().with(Request.PAUSE));

    assertThat(state.next(NOW, NO_PAUSE)).containsExactly(back("n2"));
    state.succeeded(back("n2"));
    assertThat(state.next(NOW, NO_PAUSE)).isEmpty();
    assertThat(state.control().shownPhase()).isEqualTo(RolloutPhase.PAUSED);
    assertThat(state.control().shownReason()).isEqualTo("1 node failed; the rollback was paused");

    state.request(Control.begin().with(Request.RUN));
    assertThat(state.next(NOW, NO_PAUSE)).containsExactly(back("n1"));
  }

  @Test
  void request_toAbortTheRollback_endsItAfterTheRollbackInProgress() {
    RolloutState state = rollingBack();
    state.next(NOW, NO_PAUSE);
    state.succeeded(back("n2"));
    assertThat(state.next(NOW, NO_PAUSE)).containsExactly(back("n1"));

    state.request(Control.begin().with(Request.ABORT));
    state.succeeded(back("n1"));

    assertThat(state.next(NOW, NO_PAUSE)).isEmpty();
    assertThat(state.control().phase()).isEqualTo(RolloutPhase.STOPPED);
    assertThat(state.control().reason()).isEqualTo("1 node failed; the rollback was aborted");
    assertThat(state.outcome("n0")).isEqualTo(new NodeOutcome.Verified("n0"));
  }

  @Test
  void request_toAbort_isFinal() {
    RolloutState state =
        state(new Rules(1, 0, 1, RollBack.NONE), NodeState.WAITING, NodeState.WAITING);
    state.next(NOW, NO_PAUSE);

    state.request(Control.begin().with(Request.ABORT));
    state.request(Control.begin().with(Request.RUN));
    state.succeeded(apply("n0"));

    assertThat(state.next(NOW, NO_PAUSE)).isEmpty();
    assertThat(state.control().phase()).isEqualTo(RolloutPhase.ABORTED);
  }

  @Test
  void next_ofAContinuedRollbackThatIsPaused_finishesTheInterruptedRollbackOnly() {
    RolloutRecord record = rollingBackRecord()
        .with(Control.begin().with(RolloutPhase.ROLLING_BACK, "1 node failed").with(Request.PAUSE));
    RolloutState state = new RolloutState(record, new Rules(3, 0, 1, RollBack.ALL), Set.of("n0"));

    assertThat(state.next(NOW, NO_PAUSE)).containsExactly(back("n0"));
  }

  private static RolloutRecord rollingBackRecord() {
    RolloutState state = rollingBack();
    state.next(NOW, NO_PAUSE);
    state.succeeded(back("n2"));
    state.next(NOW, NO_PAUSE);
    return state.record();
  }

  @Test
  void progress_withACountThatIsNull_isRefused() {
    java.util.Map<RolloutProgress.State, Integer> counts = new java.util.HashMap<>();
    counts.put(RolloutProgress.State.FAILED, null);

    org.assertj.core.api.Assertions.assertThatNullPointerException()
        .isThrownBy(
            () -> new RolloutProgress(counts, java.time.Duration.ZERO, java.util.Optional.empty()));
  }
}
