package io.github.mig4j.k8s.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.k8s.rollout.RolloutRecord.CanaryState;
import io.github.mig4j.k8s.rollout.RolloutRecord.Content;
import io.github.mig4j.k8s.rollout.RolloutRecord.Control;
import io.github.mig4j.k8s.rollout.RolloutRecord.Entry;
import io.github.mig4j.k8s.rollout.RolloutRecord.Mark;
import io.github.mig4j.k8s.rollout.RolloutRecord.Wish;
import io.github.mig4j.k8s.rollout.RolloutState.Asked;
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

/** Any number of nodes that end in any order and any way, with the process dying again and again. */
class RolloutStateTest {

  private static final Content SMALL = new Content("small", "small-990a6689");
  private static final Instant NOW = Instant.EPOCH;
  private static final Canary NO_PAUSE = Canary.pause(Duration.ZERO);

  /** A fleet as it is, whatever the process that works on it remembers. */
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
        entries.put("n" + i, new Entry(0, Mark.WAITING, ""));
        if (random.nextInt(100) < failPercent) {
          bad.add("n" + i);
        }
      }
      record = new RolloutRecord(List.of(SMALL), Control.begin(), entries, "me");
    }

    /** Works until the end, or until it dies. */
    void work(Rules rules, int steps) {
      Set<String> inTheMiddle = new LinkedHashSet<>();
      begun.forEach(task -> inTheMiddle.add(task.node()));
      begun.clear();
      RolloutState course = new RolloutState(record, rules, inTheMiddle);
      for (int i = 0; i < steps && !course.control().phase().isFinal(); i++) {
        begun.addAll(course.next(NOW, NO_PAUSE));
        assertThat(begun).hasSizeLessThanOrEqualTo(rules.maxUnavailable());
        if (!begun.isEmpty()) {
          end(course, begun.remove(random.nextInt(begun.size())));
        }
        record = course.record();
      }
    }

    private void end(RolloutState course, Task task) {
      if (task.way() == Task.Way.BACK) {
        changed.remove(task.node());
        course.arrived(task);
      } else if (bad.contains(task.node())) {
        changed.add(task.node());
        course.failed(task, "in-use: held", Asked.YES);
      } else {
        changed.add(task.node());
        course.arrived(task);
      }
    }

    <T extends NodeOutcome> List<T> outcomes(Class<T> kind) {
      return record.status("x").outcomes(kind);
    }
  }

  @Property
  void course_comesToTheSameEnd_howeverOftenItIsTakenUp(
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
  void course_thatIsAbortedOrPaused_beginsNothingMore(
      @ForAll @IntRange(min = 2, max = 40) int nodes,
      @ForAll @IntRange(min = 1, max = 7) int maxUnavailable,
      @ForAll Wish wish) {
    Rules rules = new Rules(maxUnavailable, 0, 1, RollBack.NONE);
    RolloutState course = new RolloutState(new Fleet(nodes, 0, 0).record, rules, Set.of());
    List<Task> first = course.next(NOW, NO_PAUSE);

    course.wish(Control.begin().with(wish));
    first.forEach(course::arrived);
    List<Task> next = course.next(NOW, NO_PAUSE);

    boolean ended = first.size() == nodes;
    assertThat(next.isEmpty()).isEqualTo(wish != Wish.RUN || ended);
    assertThat(course.control().shownPhase())
        .isEqualTo(
            switch (wish) {
              case RUN -> ended ? RolloutPhase.DONE : RolloutPhase.RUNNING;
              case PAUSE -> ended ? RolloutPhase.DONE : RolloutPhase.PAUSED;
              case ABORT -> RolloutPhase.ABORTED;
            });
  }

  @Test
  void next_ofAPausedRolloutTakenUp_finishesWhatIsInTheMiddle_andNothingElse() {
    RolloutRecord paused = new Fleet(5, 0, 0).record.with(Control.begin().with(Wish.PAUSE));
    RolloutState course = new RolloutState(paused, new Rules(3, 0, 1, RollBack.NONE), Set.of("n4"));

    List<Task> tasks = course.next(NOW, NO_PAUSE);

    assertThat(tasks).containsExactly(new Task("n4", SMALL, Task.Way.FORTH));
  }

  // Canaries

  private static RolloutState course(Rules rules, Mark... marks) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    for (int i = 0; i < marks.length; i++) {
      entries.put("n" + i, new Entry(0, marks[i], ""));
    }
    return new RolloutState(
        new RolloutRecord(List.of(SMALL), Control.begin(), entries, "me"), rules, Set.of());
  }

  private static Task forth(String node) {
    return new Task(node, SMALL, Task.Way.FORTH);
  }

  private static Task back(String node) {
    return new Task(node, SMALL, Task.Way.BACK);
  }

  @Test
  void next_aCanaryThatIsSkippedOrHadItBefore_passesItsTurnOn() {
    RolloutState course = course(
        new Rules(5, 1, 1, RollBack.NONE), Mark.KEPT, Mark.WAITING, Mark.WAITING, Mark.WAITING);
    Canary approval = Canary.awaitApproval();

    assertThat(course.next(NOW, approval)).containsExactly(forth("n0"));
    course.arrived(forth("n0"));
    assertThat(course.next(NOW, approval)).containsExactly(forth("n1"));
    course.skipped(forth("n1"), "in use");
    assertThat(course.next(NOW, approval)).containsExactly(forth("n2"));
    course.arrived(forth("n2"));
    assertThat(course.next(NOW, approval)).isEmpty();

    assertThat(course.control().shownPhase()).isEqualTo(RolloutPhase.PAUSED);
    assertThat(course.control().shownReason())
        .isEqualTo("the canaries are verified; resume it to go on");
  }

  @Test
  void next_everyNodeSkipped_isNoPlainEnd() {
    assertThat(afterSkippingBoth(new Rules(2, 1, 1, RollBack.NONE)))
        .isEqualTo(Control.begin()
            .with(RolloutPhase.STOPPED, "no canary was verified, for every node was skipped"));
    assertThat(afterSkippingBoth(new Rules(2, 0, 1, RollBack.NONE)))
        .isEqualTo(Control.begin()
            .with(CanaryState.PASSED)
            .with(RolloutPhase.DONE, "every node was skipped"));
  }

  private static Control afterSkippingBoth(Rules rules) {
    RolloutState course = course(rules, Mark.WAITING, Mark.WAITING);
    List<Task> tasks = course.next(NOW, NO_PAUSE);
    while (!tasks.isEmpty()) {
      tasks.forEach(task -> course.skipped(task, "in use"));
      tasks = course.next(NOW, NO_PAUSE);
    }
    return course.control();
  }

  // The way back

  /** Two nodes are verified, the third fails, and all are to return. */
  private static RolloutState turningBack() {
    RolloutState course =
        course(new Rules(1, 0, 1, RollBack.ALL), Mark.WAITING, Mark.WAITING, Mark.WAITING);
    course.next(NOW, NO_PAUSE);
    course.arrived(forth("n0"));
    course.next(NOW, NO_PAUSE);
    course.arrived(forth("n1"));
    course.next(NOW, NO_PAUSE);
    course.failed(forth("n2"), "in-use: held", Asked.YES);
    return course;
  }

  @Test
  void wish_toPauseTheWayBack_holdsWhatHasNotFailed() {
    RolloutState course = turningBack();
    course.wish(Control.begin().with(Wish.PAUSE));

    assertThat(course.next(NOW, NO_PAUSE)).containsExactly(back("n2"));
    course.arrived(back("n2"));
    assertThat(course.next(NOW, NO_PAUSE)).isEmpty();
    assertThat(course.control().shownPhase()).isEqualTo(RolloutPhase.PAUSED);
    assertThat(course.control().shownReason())
        .isEqualTo("1 node failed; somebody paused the way back");

    course.wish(Control.begin().with(Wish.RUN));
    assertThat(course.next(NOW, NO_PAUSE)).containsExactly(back("n1"));
  }

  @Test
  void wish_toAbortTheWayBack_endsIt_whenWhatIsUnderWayHasReturned() {
    RolloutState course = turningBack();
    course.next(NOW, NO_PAUSE);
    course.arrived(back("n2"));
    assertThat(course.next(NOW, NO_PAUSE)).containsExactly(back("n1"));

    course.wish(Control.begin().with(Wish.ABORT));
    course.arrived(back("n1"));

    assertThat(course.next(NOW, NO_PAUSE)).isEmpty();
    assertThat(course.control().phase()).isEqualTo(RolloutPhase.STOPPED);
    assertThat(course.control().reason()).isEqualTo("1 node failed; somebody aborted the way back");
    assertThat(course.outcome("n0")).isEqualTo(new NodeOutcome.Verified("n0"));
  }

  @Test
  void wish_toAbort_isNotTakenBack() {
    RolloutState course = course(new Rules(1, 0, 1, RollBack.NONE), Mark.WAITING, Mark.WAITING);
    course.next(NOW, NO_PAUSE);

    course.wish(Control.begin().with(Wish.ABORT));
    course.wish(Control.begin().with(Wish.RUN));
    course.arrived(forth("n0"));

    assertThat(course.next(NOW, NO_PAUSE)).isEmpty();
    assertThat(course.control().phase()).isEqualTo(RolloutPhase.ABORTED);
  }

  @Test
  void next_ofAPausedWayBackTakenUp_finishesWhatIsInTheMiddle_andNothingElse() {
    RolloutRecord record = turningBackRecord()
        .with(Control.begin().with(RolloutPhase.ROLLING_BACK, "1 node failed").with(Wish.PAUSE));
    RolloutState course = new RolloutState(record, new Rules(3, 0, 1, RollBack.ALL), Set.of("n0"));

    assertThat(course.next(NOW, NO_PAUSE)).containsExactly(back("n0"));
  }

  private static RolloutRecord turningBackRecord() {
    RolloutState course = turningBack();
    course.next(NOW, NO_PAUSE);
    course.arrived(back("n2"));
    course.next(NOW, NO_PAUSE);
    return course.record();
  }
}
