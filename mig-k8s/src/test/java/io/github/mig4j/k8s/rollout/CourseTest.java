package io.github.mig4j.k8s.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.k8s.rollout.Course.Asked;
import io.github.mig4j.k8s.rollout.Course.Rules;
import io.github.mig4j.k8s.rollout.Course.Task;
import io.github.mig4j.k8s.rollout.RolloutRecord.Content;
import io.github.mig4j.k8s.rollout.RolloutRecord.Control;
import io.github.mig4j.k8s.rollout.RolloutRecord.Entry;
import io.github.mig4j.k8s.rollout.RolloutRecord.Mark;
import io.github.mig4j.k8s.rollout.RolloutRecord.Wish;
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
class CourseTest {

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
      Course course = new Course(record, rules, inTheMiddle);
      for (int i = 0; i < steps && !course.control().phase().isFinal(); i++) {
        begun.addAll(course.next(NOW, NO_PAUSE));
        assertThat(begun).hasSizeLessThanOrEqualTo(rules.maxUnavailable());
        if (!begun.isEmpty()) {
          end(course, begun.remove(random.nextInt(begun.size())));
        }
        record = course.record();
      }
    }

    private void end(Course course, Task task) {
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
    Course course = new Course(new Fleet(nodes, 0, 0).record, rules, Set.of());
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
    Course course = new Course(paused, new Rules(3, 0, 1, RollBack.NONE), Set.of("n4"));

    List<Task> tasks = course.next(NOW, NO_PAUSE);

    assertThat(tasks).containsExactly(new Task("n4", SMALL, Task.Way.FORTH));
  }
}
