package io.github.mig4j.k8s.change;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Translates between the times of a process, in nanoseconds, and those of a record, which other processes
 * read.
 *
 * @param nanos a time of this process
 * @param instant the same time by the wall clock
 */
record Timeline(long nanos, Instant instant) {

  /** The time of the process; a time in the future is now, since clocks differ. */
  long nanos(String recorded) {
    Duration past = Duration.between(Instant.parse(recorded), instant);
    return past.isNegative() ? nanos : nanos - past.toNanos();
  }

  /** The time in a record. */
  Instant instant(long other) {
    return instant.plusNanos(other - nanos);
  }

  @Nullable
  String text(@Nullable Long other) {
    return other == null ? null : instant(other).toString();
  }
}
