package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.JsonForm;
import io.github.mig4j.k8s.rollout.Amount;
import io.github.mig4j.k8s.rollout.Canary;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.immutables.value.Value;

/** How fast the nodes of a policy are changed. */
@Value.Immutable
public interface Pace extends JsonForm {

  /**
   * How many nodes of the policy may be unavailable at a time: changing, failed, not ready or cordoned.
   *
   * @return 1 node unless set
   */
  @Value.Default
  default Amount maxUnavailable() {
    return Amount.nodes(1);
  }

  /**
   * How many nodes are changed first, and how long to wait after they are as declared.
   *
   * @return empty unless set; the wait for approval ends when the policy has no canary any more
   */
  Optional<Canary> canary();

  /**
   * How many nodes the canary has.
   *
   * @return 1 unless set
   */
  @Value.Default
  default int canaryNodes() {
    return 1;
  }

  /**
   * When changes may begin. A change that has begun is finished outside of them.
   *
   * @return the windows; always if there is none
   */
  List<MaintenanceWindow> windows();

  /**
   * How long a node that was changed stays as it is, unless it is drifted. For a demand also how long the
   * devices that pods have used are kept.
   *
   * @return 10 minutes unless set
   */
  @Value.Default
  default Duration coolDown() {
    return Duration.ofMinutes(10);
  }

  /**
   * How long it takes until changes may begin.
   *
   * @param now the time
   * @return zero if they may begin now
   */
  default Duration opensAfter(Instant now) {
    Objects.requireNonNull(now, "now");
    return windows().stream()
        .map(window -> window.opensAfter(now))
        .min(Comparator.naturalOrder())
        .orElse(Duration.ZERO);
  }

  @Override
  default Map<String, Object> toJson() {
    return PolicyWriter.tree(this);
  }

  /** Checks that the numbers are in range. */
  @Value.Check
  default void check() {
    if (canaryNodes() < 1) {
      throw new IllegalArgumentException(
          "The canary must have at least 1 node, but had " + canaryNodes());
    }
    if (coolDown().isNegative()) {
      throw new IllegalArgumentException(
          "The cool-down must not be negative, but was " + coolDown());
    }
  }

  /**
   * One node at a time, at any time.
   *
   * @return the pace of a policy that sets none
   */
  static Pace oneByOne() {
    return builder().build();
  }

  /**
   * Starts a pace.
   *
   * @return a builder; nothing is required
   */
  static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link Pace}. */
  final class Builder extends ImmutablePace.Builder {
    Builder() {}
  }
}
