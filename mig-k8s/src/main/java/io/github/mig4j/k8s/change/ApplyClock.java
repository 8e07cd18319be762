package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.change.ApplyRun.Memory;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * The time of one change and its limit. A change may have begun in another process; all that one look does
 * alone has one time.
 */
final class ApplyClock {

  private final Memory memory;
  private final Duration limit;
  private final Clock clock;
  private final Timeline beginning;
  private long startNanos;

  /** The change begins now. */
  ApplyClock(ApplyRun.Task task) {
    this(
        task.memory(),
        task.limit(),
        task.cluster().settings().clock(),
        new Timeline(System.nanoTime(), task.cluster().settings().clock().instant()));
  }

  private ApplyClock(Memory memory, Duration limit, Clock clock, Timeline beginning) {
    this.memory = memory;
    this.limit = limit;
    this.clock = clock;
    this.beginning = beginning;
    this.startNanos = beginning.nanos();
  }

  /** The clock of the rollback of this change, which begins now. */
  ApplyClock ofRollback() {
    return new ApplyClock(memory, limit, clock, timeline());
  }

  /** The change has begun at this time of a record. */
  void begunAt(String since) {
    startNanos = beginning.nanos(since);
  }

  /** When the change began, by the wall clock. */
  Instant began() {
    return beginning.instant(startNanos);
  }

  /** The wall clock. */
  Instant instant() {
    return clock.instant();
  }

  /** The time of this process. */
  long now() {
    return memory == Memory.RECORD ? beginning.nanos() : System.nanoTime();
  }

  /** Both clocks of a look; a long wait reads them again. */
  Timeline timeline() {
    return memory == Memory.RECORD ? beginning : new Timeline(System.nanoTime(), clock.instant());
  }

  /** The time since then by the clock of this process, which may be behind that of another. */
  Duration since(Instant time) {
    Duration past = Duration.between(time, clock.instant());
    return past.isNegative() ? Duration.ZERO : past;
  }

  /** The time since the change began. */
  Duration elapsed() {
    return Duration.ofNanos(now() - startNanos);
  }

  /** The whole time that the change may take. */
  Duration limit() {
    return limit;
  }

  /** What is left of the whole time, never less than nothing. */
  Duration left() {
    Duration left = limit.minusNanos(now() - startNanos);
    return left.isNegative() ? Duration.ZERO : left;
  }

  /** Whether a part of the change that may take this long from the beginning, or all of it, is over. */
  boolean isOver(Duration part) {
    return elapsed().compareTo(part) >= 0 || left().isZero();
  }

  /** How long a part may take, or the whole time if that is less. */
  Duration within(Duration part) {
    return ApplyTracker.shorter(limit, part);
  }
}
