package io.github.mig4j.k8s.rollout;

import io.github.mig4j.k8s.rollout.RolloutProgress.State;
import io.github.mig4j.k8s.rollout.RolloutRecord.CanaryState;
import io.github.mig4j.k8s.rollout.RolloutRecord.Content;
import io.github.mig4j.k8s.rollout.RolloutRecord.Control;
import io.github.mig4j.k8s.rollout.RolloutRecord.Entry;
import io.github.mig4j.k8s.rollout.RolloutRecord.Mark;
import io.github.mig4j.k8s.rollout.RolloutRecord.Wish;
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
 * Decides which nodes begin, when a rollout pauses and when it ends. Holds no connection and reads no
 * clock; not thread-safe.
 *
 * <p>What is begun is finished, whatever anybody wishes: a node is never left between two
 * configurations.
 */
final class RolloutState {

  /**
   * The rules.
   *
   * @param maxUnavailable nodes at once, at least 1
   * @param canaries nodes that are verified, each by a change, before the pause; 0 for no pause
   * @param stopAfterFailures that many failures stop the rollout, at least 1
   */
  record Rules(int maxUnavailable, int canaries, int stopAfterFailures, RollBack rollBack) {}

  /** Something to do with a node. */
  record Task(String node, Content content, Way way) {
    /** To the new configuration, or to the one before. */
    enum Way {
      FORTH,
      BACK
    }
  }

  private final Rules rules;
  private final List<Content> contents;
  private final Map<String, Entry> nodes;
  private final Deque<String> begun;
  private final Deque<String> waiting = new ArrayDeque<>();
  /** Nodes that return at once: they failed, or their way back was begun. */
  private final Deque<String> owed = new ArrayDeque<>();

  /** Nodes that return because others failed. */
  private final Deque<String> wayBack = new ArrayDeque<>();

  private final Set<String> underWay = new LinkedHashSet<>();
  private final String leader;
  private Control control;
  private int failures;

  /**
   * Takes up a rollout.
   *
   * @param begun nodes that a process before this one has left in the middle
   */
  RolloutState(RolloutRecord record, Rules rules, Set<String> begun) {
    this.rules = rules;
    this.contents = record.contents();
    this.control = record.control();
    this.leader = record.leader();
    this.nodes = new LinkedHashMap<>(record.nodes());
    this.begun = new ArrayDeque<>();
    nodes.forEach((node, entry) -> {
      if (entry.mark().isWaiting()) {
        (begun.contains(node) ? this.begun : waiting).add(node);
      }
      if (entry.mark() == Mark.FAILED_ASKED
          || (entry.mark() == Mark.VERIFIED && begun.contains(node) && isRollingBack())) {
        owed.add(node);
      }
      failures += entry.mark().isFailure() ? 1 : 0;
    });
    if (isRollingBack()) {
      turnBack();
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

  /** Who the record said works on the rollout. */
  String leader() {
    return leader;
  }

  NodeOutcome outcome(String node) {
    return entry(node).outcome(node);
  }

  /** Takes note of what somebody wants. */
  void wish(Control wanted) {
    if (control.wish() != Wish.ABORT) {
      control = control.with(wanted.wish());
    }
    if (wanted.canary().equals(CanaryState.PASSED)) {
      control = control.with(CanaryState.PASSED);
    }
  }

  /** What begins now, and has then begun; and whether the rollout pauses or ends by that. */
  List<Task> next(Instant now, Canary canary) {
    List<Task> tasks = new ArrayList<>();
    begin(begun, Task.Way.FORTH, tasks);
    begin(owed, Task.Way.BACK, tasks);
    beginWaysBack(tasks);
    passCanaries(now, canary);
    while (mayGoOn() && hasRoom() && !waiting.isEmpty() && isTurn()) {
      tasks.add(begin(waiting.removeFirst(), Task.Way.FORTH));
    }
    if (underWay.isEmpty()) {
      end();
      beginWaysBack(tasks);
    }
    return tasks;
  }

  /** Nodes that have not failed themselves return only while that is wished. */
  private void beginWaysBack(List<Task> tasks) {
    if (control.wish() == Wish.RUN) {
      begin(wayBack, Task.Way.BACK, tasks);
    }
  }

  private void begin(Deque<String> queue, Task.Way way, List<Task> tasks) {
    while (!queue.isEmpty() && hasRoom()) {
      tasks.add(begin(queue.removeFirst(), way));
    }
  }

  private Task begin(String node, Task.Way way) {
    underWay.add(node);
    return new Task(node, contents.get(entry(node).content()), way);
  }

  private boolean hasRoom() {
    return underWay.size() < rules.maxUnavailable();
  }

  /** The canaries come first, and alone; one that was not changed passes its turn on. */
  private boolean isTurn() {
    return control.canary().equals(CanaryState.PASSED)
        || proven() + underWay.size() < rules.canaries();
  }

  /** Nodes that show what the change does: none that was skipped, or had it before. */
  private int proven() {
    return (int) nodes.entrySet().stream()
        .filter(e -> e.getValue().mark() == Mark.VERIFIED && !underWay.contains(e.getKey()))
        .count();
  }

  /** Once enough nodes have proven it, and none has failed, the pause begins; in its time it ends. */
  private void passCanaries(Instant now, Canary canary) {
    if (rules.canaries() == 0 && control.canary().equals(CanaryState.AHEAD)) {
      control = control.with(CanaryState.PASSED);
    }
    if (control.phase() == RolloutPhase.RUNNING
        && control.canary().equals(CanaryState.AHEAD)
        && underWay.isEmpty()
        && proven() >= rules.canaries()
        && !mustStop()
        && !waiting.isEmpty()) {
      control = control.with(CanaryState.awaiting(canary, now));
    }
    if (control.canary().until().filter(end -> !now.isBefore(end)).isPresent()) {
      control = control.with(CanaryState.PASSED);
    }
  }

  private boolean mayGoOn() {
    return control.phase() == RolloutPhase.RUNNING
        && control.wish() == Wish.RUN
        && !control.canary().isAwaited()
        && !mustStop();
  }

  private boolean mustStop() {
    return failures >= rules.stopAfterFailures() || hasFailedCanary();
  }

  /** Until the canaries have passed there are no other nodes that could fail. */
  private boolean hasFailedCanary() {
    return failures > 0 && rules.canaries() > 0 && control.canary().equals(CanaryState.AHEAD);
  }

  /** Nothing is under way and nothing has begun: is there anything left? */
  private void end() {
    if (isRollingBack()) {
      if (wayBack.isEmpty()) {
        control = control.with(RolloutPhase.STOPPED, control.reason());
      } else if (control.wish() == Wish.ABORT) {
        control = control.with(
            RolloutPhase.STOPPED, control.reason() + "; somebody aborted the way back");
      }
    } else if (control.phase() == RolloutPhase.RUNNING) {
      if (mustStop()) {
        stop();
      } else if (control.wish() == Wish.ABORT) {
        control = control.with(RolloutPhase.ABORTED, "somebody aborted it");
      } else if (waiting.isEmpty()) {
        finish();
      }
    }
  }

  /** Canaries of which none was verified have let nothing pass. */
  private void finish() {
    boolean allSkipped = nodes.values().stream().allMatch(entry -> entry.mark() == Mark.SKIPPED);
    if (!allSkipped) {
      control = control.with(RolloutPhase.DONE, "");
    } else if (rules.canaries() > 0) {
      control =
          control.with(RolloutPhase.STOPPED, "no canary was verified, for every node was skipped");
    } else {
      control = control.with(RolloutPhase.DONE, "every node was skipped");
    }
  }

  private void stop() {
    String reason = failures >= rules.stopAfterFailures()
        ? "%d %s failed".formatted(failures, failures == 1 ? "node" : "nodes")
        : "a canary failed";
    control = control.with(RolloutPhase.ROLLING_BACK, reason);
    if (rules.rollBack() == RollBack.ALL && control.wish() != Wish.ABORT) {
      turnBack();
    }
    if (wayBack.isEmpty()) {
      control = control.with(RolloutPhase.STOPPED, reason);
    }
  }

  /** Every node that was changed goes back, the last one first. */
  private void turnBack() {
    nodes.forEach((node, entry) -> {
      if (entry.mark() == Mark.VERIFIED && !owed.contains(node)) {
        wayBack.addFirst(node);
      }
    });
  }

  /** A node has come to where its task was to bring it. */
  void arrived(Task task) {
    Entry entry = ended(task);
    nodes.put(
        task.node(),
        task.way() == Task.Way.FORTH
            ? entry.with(entry.mark() == Mark.KEPT ? Mark.VERIFIED_KEPT : Mark.VERIFIED, "")
            : entry.with(
                Mark.ROLLED_BACK,
                entry.text().isEmpty()
                    ? "the rollout stopped: " + control.reason()
                    : entry.text()));
  }

  /** A node was left as it was. */
  void skipped(Task task, String reason) {
    Entry entry = ended(task);
    nodes.put(
        task.node(),
        task.way() == Task.Way.FORTH ? entry.with(Mark.SKIPPED, reason) : notBack(entry, reason));
  }

  /**
   * A node's change has failed.
   *
   * @param asked whether the node was asked for the configuration before it failed
   */
  void failed(Task task, String reason, Asked asked) {
    Entry entry = ended(task);
    if (task.way() == Task.Way.BACK) {
      nodes.put(task.node(), notBack(entry, reason));
      return;
    }
    failures++;
    // Before a node that asked for the configuration already lies what some other change left.
    boolean back =
        asked == Asked.YES && rules.rollBack() != RollBack.NONE && entry.mark() != Mark.KEPT;
    nodes.put(task.node(), entry.with(back ? Mark.FAILED_ASKED : Mark.FAILED, reason));
    if (back) {
      owed.add(task.node());
    }
  }

  /** Whether a node was asked for the configuration. */
  enum Asked {
    YES,
    NO
  }

  /** A node that was verified and does not return is a failure too, but stops nothing any more. */
  private static Entry notBack(Entry entry, String reason) {
    return entry.with(
        Mark.FAILED,
        (entry.text().isEmpty() ? "" : entry.text() + "; ") + "the way back failed: " + reason);
  }

  private Entry ended(Task task) {
    if (!underWay.remove(task.node())) {
      throw new IllegalStateException("Node %s is not under way".formatted(task.node()));
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

  /** How many nodes have come how far. */
  Map<State, Integer> counts() {
    Map<State, Integer> counts = new EnumMap<>(State.class);
    nodes.forEach((node, entry) -> counts.merge(state(node, entry.mark()), 1, Integer::sum));
    return counts;
  }

  private State state(String node, Mark mark) {
    if (underWay.contains(node)) {
      return State.UNDER_WAY;
    }
    return switch (mark) {
      case WAITING, KEPT -> State.WAITING;
      case VERIFIED, VERIFIED_KEPT -> State.VERIFIED;
      case SKIPPED -> State.SKIPPED;
      case FAILED, FAILED_ASKED -> State.FAILED;
      case ROLLED_BACK -> State.ROLLED_BACK;
    };
  }
}
