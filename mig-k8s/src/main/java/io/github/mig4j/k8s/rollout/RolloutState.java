package io.github.mig4j.k8s.rollout;

import io.github.mig4j.k8s.rollout.RolloutProgress.State;
import io.github.mig4j.k8s.rollout.RolloutRecord.CanaryState;
import io.github.mig4j.k8s.rollout.RolloutRecord.Content;
import io.github.mig4j.k8s.rollout.RolloutRecord.Control;
import io.github.mig4j.k8s.rollout.RolloutRecord.Entry;
import io.github.mig4j.k8s.rollout.RolloutRecord.NodeState;
import io.github.mig4j.k8s.rollout.RolloutRecord.Request;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Decides which nodes start, when a rollout pauses and when it ends. It sends no requests and reads no
 * clock; not thread-safe.
 *
 * <p>A change that has started is always finished, also after a pause or an abort: no node is left
 * between two configurations.
 */
final class RolloutState {

  /**
   * The rules of a rollout.
   *
   * @param maxUnavailable nodes that are changed at the same time, at least 1
   * @param canaries nodes that must be changed and verified before the pause; 0 for no pause
   * @param stopAfterFailures failures that stop the rollout, at least 1
   */
  record Rules(int maxUnavailable, int canaries, int stopAfterFailures, RollBack rollBack) {}

  /** A change of a node. */
  record Task(String node, Content content, Kind kind) {
    /** To the new configuration, or back to the previous one. */
    enum Kind {
      APPLY,
      ROLL_BACK
    }
  }

  private final Rules rules;
  private final List<Content> contents;
  private final Map<String, Entry> nodes;
  private final Deque<String> resumed;
  private final Deque<String> waiting = new ArrayDeque<>();

  /** Nodes to roll back at once: they failed, or another process started their rollback. */
  private final Deque<String> urgentRollbacks = new ArrayDeque<>();

  /** Nodes to roll back because other nodes failed. */
  private final Deque<String> rollbacks = new ArrayDeque<>();

  private final Set<String> inProgress = new LinkedHashSet<>();
  private final String leader;
  private Control control;
  private int failures;

  /**
   * Continues a rollout.
   *
   * @param interrupted nodes whose change another process has started and not finished
   */
  RolloutState(RolloutRecord record, Rules rules, Set<String> interrupted) {
    this.rules = rules;
    this.contents = record.contents();
    this.control = record.control();
    this.leader = record.leader();
    this.nodes = new LinkedHashMap<>(record.nodes());
    this.resumed = new ArrayDeque<>();
    nodes.forEach((node, entry) -> {
      if (entry.state().isWaiting()) {
        (interrupted.contains(node) ? resumed : waiting).add(node);
      }
      if (entry.state() == NodeState.FAILED_ROLLBACK_DUE
          || (entry.state() == NodeState.VERIFIED
              && interrupted.contains(node)
              && isRollingBack())) {
        urgentRollbacks.add(node);
      }
      failures += entry.state().isFailure() ? 1 : 0;
    });
    if (isRollingBack()) {
      queueRollbacks();
    }
  }

  private boolean isRollingBack() {
    return control.phase() == RolloutPhase.ROLLING_BACK;
  }

  Control control() {
    return control;
  }

  RolloutRecord record() {
    return new RolloutRecord(contents, control, new LinkedHashMap<>(nodes), leader);
  }

  /** The process that works on the rollout according to the record. */
  String leader() {
    return leader;
  }

  NodeOutcome outcome(String node) {
    return entry(node).outcome(node);
  }

  /** Takes over what an admin has requested in the record. An abort is final. */
  void request(Control recorded) {
    if (control.requested() != Request.ABORT) {
      control = control.with(recorded.requested());
    }
    if (recorded.canary().equals(CanaryState.PASSED)) {
      control = control.with(CanaryState.PASSED);
    }
  }

  /** Starts the next changes and returns them; also starts a pause, or ends the rollout. */
  List<Task> next(Instant now, Canary canary) {
    List<Task> tasks = new ArrayList<>();
    start(resumed, Task.Kind.APPLY, tasks);
    start(urgentRollbacks, Task.Kind.ROLL_BACK, tasks);
    startRollbacks(tasks);
    passCanaries(now, canary);
    while (mayStart() && hasCapacity() && !waiting.isEmpty() && isNextAllowed()) {
      tasks.add(start(waiting.removeFirst(), Task.Kind.APPLY));
    }
    if (inProgress.isEmpty()) {
      end();
      startRollbacks(tasks);
    }
    return tasks;
  }

  /** Nodes that have not failed are rolled back only while the rollout is not paused or aborted. */
  private void startRollbacks(List<Task> tasks) {
    if (control.requested() == Request.RUN) {
      start(rollbacks, Task.Kind.ROLL_BACK, tasks);
    }
  }

  private void start(Deque<String> queue, Task.Kind kind, List<Task> tasks) {
    while (!queue.isEmpty() && hasCapacity()) {
      tasks.add(start(queue.removeFirst(), kind));
    }
  }

  private Task start(String node, Task.Kind kind) {
    inProgress.add(node);
    return new Task(node, contents.get(entry(node).content()), kind);
  }

  private boolean hasCapacity() {
    return inProgress.size() < rules.maxUnavailable();
  }

  /** Only as many nodes start as canaries are missing, until the canaries have passed. */
  private boolean isNextAllowed() {
    return control.canary().equals(CanaryState.PASSED)
        || verified() + inProgress.size() < rules.canaries();
  }

  /** Nodes that were changed and verified; nodes with the configuration before do not count. */
  private int verified() {
    return (int) nodes.entrySet().stream()
        .filter(e -> e.getValue().state() == NodeState.VERIFIED && !inProgress.contains(e.getKey()))
        .count();
  }

  /** Starts the pause when enough nodes are verified and none has failed, and ends it in time. */
  private void passCanaries(Instant now, Canary canary) {
    if (rules.canaries() == 0 && control.canary().equals(CanaryState.PENDING)) {
      control = control.with(CanaryState.PASSED);
    }
    if (control.phase() == RolloutPhase.RUNNING
        && control.canary().equals(CanaryState.PENDING)
        && inProgress.isEmpty()
        && verified() >= rules.canaries()
        && !mustStop()
        && !waiting.isEmpty()) {
      control = control.with(CanaryState.awaiting(canary, now));
    }
    if (control.canary().until().filter(end -> !now.isBefore(end)).isPresent()) {
      control = control.with(CanaryState.PASSED);
    }
  }

  private boolean mayStart() {
    return control.phase() == RolloutPhase.RUNNING
        && control.requested() == Request.RUN
        && !control.canary().isAwaited()
        && !mustStop();
  }

  private boolean mustStop() {
    return failures >= rules.stopAfterFailures() || hasFailedCanary();
  }

  /** Until the canaries have passed, only canaries can fail. */
  private boolean hasFailedCanary() {
    return failures > 0 && rules.canaries() > 0 && control.canary().equals(CanaryState.PENDING);
  }

  /** Called when no change is in progress: ends the rollout if nothing is left to do. */
  private void end() {
    if (isRollingBack()) {
      if (rollbacks.isEmpty()) {
        control = control.with(RolloutPhase.STOPPED, control.reason());
      } else if (control.requested() == Request.ABORT) {
        control =
            control.with(RolloutPhase.STOPPED, control.reason() + "; the rollback was aborted");
      }
    } else if (control.phase() == RolloutPhase.RUNNING) {
      if (mustStop()) {
        stop();
      } else if (control.requested() == Request.ABORT) {
        control = control.with(RolloutPhase.ABORTED, "it was aborted");
      } else if (waiting.isEmpty()) {
        finish();
      }
    }
  }

  /** A rollout with canaries needs one verified node to succeed. */
  private void finish() {
    boolean allSkipped =
        nodes.values().stream().allMatch(entry -> entry.state() == NodeState.SKIPPED);
    control = allSkipped && rules.canaries() > 0
        ? control.with(RolloutPhase.STOPPED, "every node was skipped, so no canary was verified")
        : control.with(RolloutPhase.DONE, allSkipped ? "every node was skipped" : "");
  }

  private void stop() {
    String reason = failures >= rules.stopAfterFailures()
        ? "%d %s failed".formatted(failures, failures == 1 ? "node" : "nodes")
        : "a canary failed";
    control = control.with(RolloutPhase.ROLLING_BACK, reason);
    if (rules.rollBack() == RollBack.ALL && control.requested() != Request.ABORT) {
      queueRollbacks();
    }
    if (rollbacks.isEmpty()) {
      control = control.with(RolloutPhase.STOPPED, reason);
    }
  }

  /** Every node that was changed is rolled back, the last one first. */
  private void queueRollbacks() {
    nodes.forEach((node, entry) -> {
      if (entry.state() == NodeState.VERIFIED && !urgentRollbacks.contains(node)) {
        rollbacks.addFirst(node);
      }
    });
  }

  /** A task has succeeded. */
  void succeeded(Task task) {
    Entry entry = ended(task);
    nodes.put(
        task.node(),
        task.kind() == Task.Kind.APPLY
            ? entry.with(
                entry.state() == NodeState.WAITING_UNCHANGED
                    ? NodeState.VERIFIED_UNCHANGED
                    : NodeState.VERIFIED,
                "")
            : entry.with(
                NodeState.ROLLED_BACK,
                entry.text().isEmpty()
                    ? "the rollout stopped: " + control.reason()
                    : entry.text()));
  }

  /** A task was refused, and its node was not changed. */
  void skipped(Task task, String reason) {
    Entry entry = ended(task);
    nodes.put(
        task.node(),
        task.kind() == Task.Kind.APPLY
            ? entry.with(NodeState.SKIPPED, reason)
            : rollbackFailed(entry, reason));
  }

  /**
   * A task has failed.
   *
   * @param requested whether the node's label requested the configuration
   */
  void failed(Task task, String reason, Requested requested) {
    Entry entry = ended(task);
    if (task.kind() == Task.Kind.ROLL_BACK) {
      nodes.put(task.node(), rollbackFailed(entry, reason));
      return;
    }
    failures++;
    // The previous configuration of a node that requested this one before is not this rollout's.
    boolean back = requested == Requested.YES
        && rules.rollBack() != RollBack.NONE
        && entry.state() != NodeState.WAITING_UNCHANGED;
    nodes.put(
        task.node(), entry.with(back ? NodeState.FAILED_ROLLBACK_DUE : NodeState.FAILED, reason));
    if (back) {
      urgentRollbacks.add(task.node());
    }
  }

  /** Whether a node's label requests the configuration. */
  enum Requested {
    YES,
    NO
  }

  /** A rollback that fails is a failure too, but no longer stops the rollout. */
  private static Entry rollbackFailed(Entry entry, String reason) {
    return entry.with(
        NodeState.FAILED,
        (entry.text().isEmpty() ? "" : entry.text() + "; ") + "the rollback failed: " + reason);
  }

  private Entry ended(Task task) {
    if (!inProgress.remove(task.node())) {
      throw new IllegalStateException("Node %s is not being changed".formatted(task.node()));
    }
    return entry(task.node());
  }

  private Entry entry(String node) {
    Entry entry = nodes.get(node);
    if (entry == null) {
      throw new IllegalStateException("Node %s is not in the rollout".formatted(node));
    }
    return entry;
  }

  /** The number of nodes in each state. */
  Map<State, Integer> counts() {
    Map<State, Integer> counts = new EnumMap<>(State.class);
    nodes.forEach((node, entry) -> counts.merge(progress(node, entry.state()), 1, Integer::sum));
    return counts;
  }

  private State progress(String node, NodeState state) {
    if (inProgress.contains(node)) {
      return State.UNDER_WAY;
    }
    return switch (state) {
      case WAITING, WAITING_UNCHANGED -> State.WAITING;
      case VERIFIED, VERIFIED_UNCHANGED -> State.VERIFIED;
      case SKIPPED -> State.SKIPPED;
      case FAILED, FAILED_ROLLBACK_DUE -> State.FAILED;
      case ROLLED_BACK -> State.ROLLED_BACK;
    };
  }
}
