package io.github.mig4j.k8s.simulator;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.immutables.value.Value;

/**
 * How long the simulated components take. A change takes 4 to 5 s on real nodes; by default it
 * takes a fraction of a second here.
 *
 * <pre>{@code
 * SimulatorTimings visible = SimulatorTimings.everyStep(Duration.ofMillis(300));
 * }</pre>
 */
@Value.Immutable
public interface SimulatorTimings {

  /**
   * From a change of the label to the answer whether there is anything to do. The previous state is
   * seen until then.
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
   * How long the MIG manager waits for a pod to end.
   *
   * @return the duration, 5 minutes by default, as in mig-parted
   */
  @Value.Default
  default Duration podStopTimeout() {
    return Duration.ofMinutes(5);
  }

  /**
   * The switch of MIG mode and, again, the partitioning.
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
   * @return the duration, none by default; a kubelet takes up to about a minute
   */
  @Value.Default
  default Duration configMapLag() {
    return Duration.ZERO;
  }

  /**
   * From a failed request to the next try.
   *
   * @return the duration, 100 ms by default
   */
  @Value.Default
  default Duration retry() {
    return Duration.ofMillis(100);
  }

  /**
   * Timings in which each step that a node goes through takes equally long.
   *
   * @param step how long
   * @return timings with the defaults elsewhere
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

  /** Checks that no duration is negative and that a try is not followed by the next at once. */
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
                "%s must not be negative, but was %s".formatted(name, duration));
          }
        });
    if (retry().isZero()) {
      throw new IllegalArgumentException("retry must be above zero, e.g. PT0.1S");
    }
  }

  /**
   * Starts with the defaults.
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
