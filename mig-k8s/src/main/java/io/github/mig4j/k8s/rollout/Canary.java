package io.github.mig4j.k8s.rollout;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * What happens once the first nodes of a rollout are verified.
 *
 * @param pause how long to wait before the others begin; if empty, until somebody approves
 */
public record Canary(Optional<Duration> pause) {

  /** Checks that a pause is not negative. */
  public Canary {
    Objects.requireNonNull(pause, "pause");
    pause.filter(Duration::isNegative).ifPresent(negative -> {
      throw new IllegalArgumentException(
          "A pause after the canaries must not be negative, but was " + negative);
    });
  }

  /**
   * The others begin once {@link Rollout#resume()} is called, from anywhere.
   *
   * @return the canary's end
   */
  public static Canary awaitApproval() {
    return new Canary(Optional.empty());
  }

  /**
   * The others begin after a while, or once {@link Rollout#resume()} is called.
   *
   * @param pause how long, from zero
   * @return the canary's end
   */
  public static Canary pause(Duration pause) {
    Objects.requireNonNull(pause, "pause");
    return new Canary(Optional.of(pause));
  }
}
