package io.github.mig4j.k8s.rollout;

import io.github.mig4j.JsonForm;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.text.JsonFields;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * How long a rollout waits after its first nodes are verified.
 *
 * @param pause how long to wait before the other nodes start; if empty, until {@link Rollout#resume()}
 */
public record Canary(Optional<Duration> pause) implements JsonForm {

  public Canary {
    Objects.requireNonNull(pause, "pause");
    pause.filter(Duration::isNegative).ifPresent(negative -> {
      throw new IllegalArgumentException(
          "A pause after the canaries must not be negative, but was " + DurationText.of(negative));
    });
  }

  /**
   * {@return a wait for approval: the other nodes start when {@link Rollout#resume()} is called, in
   * any process}
   */
  public static Canary awaitApproval() {
    return new Canary(Optional.empty());
  }

  /**
   * The other nodes start after a pause, or when {@link Rollout#resume()} is called.
   *
   * @param pause how long to wait, from zero
   * @return a wait of that time
   */
  public static Canary pause(Duration pause) {
    Objects.requireNonNull(pause, "pause");
    return new Canary(Optional.of(pause));
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("pause", pause).map();
  }
}
