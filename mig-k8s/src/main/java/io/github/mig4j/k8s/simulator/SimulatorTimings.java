package io.github.mig4j.k8s.simulator;

import io.github.mig4j.k8s.internal.DurationText;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.immutables.value.Value;

/**
 * The durations of the simulated steps. A change takes 4 to 5 s on real nodes, and by default a fraction
 * of a second here.
 *
 * <pre>{@code
 * SimulatorTimings visible = SimulatorTimings.everyStep(Duration.ofMillis(300));
 * }</pre>
 */
@Value.Immutable
public interface SimulatorTimings {

  /**
   * From a change of the label to the decision whether a change is necessary. Until then the label has the
   * previous state.
   *
   * @return the duration, 20 ms by default
   */
  @Value.Default
  default Duration assertion() {
    return Duration.ofMillis(20);
  }

  /**
   * From a paused deploy label to the end of the pod.
   *
   * @return the duration, 10 ms by default
   */
  @Value.Default
  default Duration podStop() {
    return Duration.ofMillis(10);
  }

  /**
   * How long the MIG manager waits for the end of a pod.
   *
   * @return the duration, 5 min by default, as in mig-parted
   */
  @Value.Default
  default Duration podStopTimeout() {
    return Duration.ofMinutes(5);
  }

  /**
   * The change of the MIG mode, and the same again for the partitioning.
   *
   * @return the duration, 20 ms by default
   */
  @Value.Default
  default Duration partitioning() {
    return Duration.ofMillis(20);
  }

  /**
   * From a deploy label that is {@code true} to the pod and, for the device plugin, to its resources
   * in the node's status.
   *
   * @return the duration, 20 ms by default
   */
  @Value.Default
  default Duration podStart() {
    return Duration.ofMillis(20);
  }

  /**
   * From a deploy label that is {@code true} to feature discovery's labels.
   *
   * @return the duration, {@link #podStart} by default
   */
  @Value.Default
  default Duration discovery() {
    return podStart();
  }

  /**
   * From a change of the ConfigMap to the file that the MIG manager reads.
   *
   * @return the duration, 0 by default; a real kubelet needs up to about 1 min
   */
  @Value.Default
  default Duration configMapLag() {
    return Duration.ZERO;
  }

  /**
   * From a failed request to its repetition.
   *
   * @return the duration, 100 ms by default
   */
  @Value.Default
  default Duration retry() {
    return Duration.ofMillis(100);
  }

  /**
   * Timings in which each step of a node takes the same time.
   *
   * @param step the duration of a step
   * @return timings with defaults for the rest
   */
  static SimulatorTimings everyStep(Duration step) {
    Objects.requireNonNull(step, "step");
    return builder()
        .assertion(step)
        .podStop(step)
        .partitioning(step)
        .podStart(step)
        .build();
  }

  /** Checks that no duration is negative, and that a request is not repeated without a delay. */
  @Value.Check
  default void check() {
    Map.of(
            "assertion", assertion(),
            "podStop", podStop(),
            "podStopTimeout", podStopTimeout(),
            "partitioning", partitioning(),
            "podStart", podStart(),
            "discovery", discovery(),
            "configMapLag", configMapLag(),
            "retry", retry())
        .forEach((name, duration) -> {
          if (duration.isNegative()) {
            throw new IllegalArgumentException(
                "%s must not be negative, but was %s".formatted(name, DurationText.of(duration)));
          }
        });
    if (retry().isZero()) {
      throw new IllegalArgumentException("retry must be positive, e.g. 100 ms");
    }
  }

  /**
   * Builds timings from the defaults.
   *
   * @return a builder
   */
  static Builder builder() {
    return new Builder();
  }

  /** Builds {@link SimulatorTimings}. */
  final class Builder extends ImmutableSimulatorTimings.Builder {
    Builder() {}
  }
}
