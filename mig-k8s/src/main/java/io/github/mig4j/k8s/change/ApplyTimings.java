package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.check.Disruption;
import java.time.Duration;
import java.util.List;
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
   * How long {@code failed} has to stand before it is believed. Before that it may be an earlier
   * request's, left over or just written, after which the MIG manager turns to this one. One that
   * stood before the request is believed only if the MIG manager's log shows that it is this one's;
   * otherwise it is no sign at all, for which {@link #reaction} is the limit.
   *
   * @return 15 seconds unless set
   */
  @Value.Default
  default Duration failure() {
    return Duration.ofSeconds(15);
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
   * How long a configuration that was published just now may be unknown to the MIG manager. The
   * kubelet refreshes the file that it mounts about once a minute; until then the manager fails at
   * once, and the node is asked again under another name of equal content.
   *
   * @return 3 minutes unless set
   */
  @Value.Default
  default Duration propagation() {
    return Duration.ofMinutes(3);
  }

  /**
   * How long the MIG manager may show no sign of a request. It writes nothing at all where its pod
   * is not running, or where it fails before its first look at the node.
   *
   * @return 5 minutes unless set
   */
  @Value.Default
  default Duration reaction() {
    return Duration.ofMinutes(5);
  }

  /**
   * How long the MIG manager may be at work, reboot included. It waits for each of the GPU's
   * clients up to 5 minutes.
   *
   * @return 45 minutes unless set
   */
  @Value.Default
  default Duration work() {
    return Duration.ofMinutes(45);
  }

  /**
   * How long the node may take to offer what it was cut into, once the MIG manager is done.
   *
   * @return 5 minutes unless set
   */
  @Value.Default
  default Duration offer() {
    return Duration.ofMinutes(5);
  }

  /**
   * How long pods may take to leave a node that is {@linkplain Disruption#DRAIN drained}.
   *
   * @return 10 minutes unless set
   */
  @Value.Default
  default Duration drain() {
    return Duration.ofMinutes(10);
  }

  /** Checks that no time is negative or longer than a day. */
  @Value.Check
  default void check() {
    for (Duration time : List.of(
        stability(),
        failure(),
        transition(),
        propagation(),
        reaction(),
        work(),
        offer(),
        drain())) {
      if (time.isNegative() || time.compareTo(Duration.ofDays(1)) > 0) {
        throw new IllegalArgumentException(
            "Each time to watch is from PT0S to PT24H, but one was " + time);
      }
    }
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
