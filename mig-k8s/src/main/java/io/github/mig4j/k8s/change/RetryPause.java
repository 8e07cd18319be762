package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.internal.FailureRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/** The time between a failed attempt and the next one: a minute, and each time twice as long. */
final class RetryPause {

  private static final Duration FIRST = Duration.ofMinutes(1);
  private static final Duration LONGEST = Duration.ofHours(1);
  private static final int MAX_DOUBLINGS = 10;

  private RetryPause() {}

  /**
   * What is left of it: zero if another attempt can begin; empty if none can succeed before its
   * cause is removed.
   */
  static Optional<Duration> left(FailureRecord failure, Instant now) {
    if (!failure.late() && !code(failure).isRetryable()) {
      return Optional.empty();
    }
    int doublings = Math.max(0, Math.min(failure.attempts() - 1, MAX_DOUBLINGS));
    Duration whole = ApplyTracker.shorter(FIRST.multipliedBy(1L << doublings), LONGEST);
    Instant at = Instant.parse(failure.at());
    boolean clockWasSetBack = at.isAfter(now.plus(whole));
    return Optional.of(
        clockWasSetBack || !now.isBefore(at.plus(whole))
            ? Duration.ZERO
            : Duration.between(now, at.plus(whole)));
  }

  /** The cause; a code of another version of this library is unknown. */
  static FailureCode code(FailureRecord failure) {
    try {
      return FailureCode.valueOf(failure.code().toUpperCase(Locale.ROOT).replace('-', '_'));
    } catch (IllegalArgumentException unknown) {
      return FailureCode.UNRECOGNISED;
    }
  }
}
