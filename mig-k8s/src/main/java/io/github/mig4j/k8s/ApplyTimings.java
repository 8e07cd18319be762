package io.github.mig4j.k8s;

import java.time.Duration;
import org.immutables.value.Value;

/** How long {@link ApplyRequest} watches for what cannot be seen at once. */
@Value.Immutable
public interface ApplyTimings {

  /**
   * How long the evidence has to hold before it is believed.
   *
   * @return 5 seconds unless set
   */
  @Value.Default
  default Duration stability() {
    return Duration.ofSeconds(5);
  }

  /**
   * How long a state of {@code failed} that stood there before the request may be an earlier
   * request's. The MIG manager writes the same word again without a trace.
   *
   * @return 30 seconds unless set
   */
  @Value.Default
  default Duration staleFailure() {
    return Duration.ofSeconds(30);
  }

  /**
   * How long to wait for a stop and start of the GPU's clients where the node offered the same
   * before, so that nothing else shows that the change was made.
   *
   * @return 2 minutes unless set, which covers the kubelet's refresh of the mounted ConfigMap
   */
  @Value.Default
  default Duration transition() {
    return Duration.ofMinutes(2);
  }

  /**
   * The timings for a real cluster.
   *
   * @return the defaults
   */
  static ApplyTimings defaults() {
    return builder().build();
  }

  /**
   * Starts timings that differ from the defaults.
   *
   * @return a builder
   */
  static Builder builder() {
    return new Builder();
  }

  /** Builds {@link ApplyTimings}. */
  final class Builder extends ImmutableApplyTimings.Builder {
    Builder() {}
  }
}
