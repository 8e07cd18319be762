package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.JsonForm;
import io.github.mig4j.k8s.internal.DurationText;
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
   * {@return how many nodes of the policy may be unavailable at a time: changing, failed, not ready
   * or cordoned; 1 unless set}
   */
  @Value.Default
  default Amount maxUnavailable() {
    return Amount.nodes(1);
  }

  /**
   * {@return how many nodes are changed first, and how long to wait after they are as declared;
   * empty unless set} The wait for approval ends when the policy has no canary any more.
   */
  Optional<Canary> canary();

  /** {@return how many nodes the canary has; 1 unless set} */
  @Value.Default
  default int canaryNodes() {
    return 1;
  }

  /**
   * {@return when changes may begin, always if there is none; a change that has begun is finished
   * outside of them}
   */
  List<MaintenanceWindow> windows();

  /**
   * {@return how long a node that was changed stays as it is, unless it is drifted; 10 minutes
   * unless set} For a demand also how long the devices that pods have used are kept.
   */
  @Value.Default
  default Duration coolDown() {
    return Duration.ofMinutes(10);
  }

  /**
   * {@return how long it takes until changes may begin; zero if they may begin now}
   *
   * @param now the time
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

  @Value.Check
  default void check() {
    if (canaryNodes() < 1) {
      throw new IllegalArgumentException(
          "The canary must have at least 1 node, but had " + canaryNodes());
    }
    if (coolDown().isNegative()) {
      throw new IllegalArgumentException(
          "The cool-down must not be negative, but was " + DurationText.of(coolDown()));
    }
  }

  /** {@return the pace of a policy that sets none: one node at a time, at any time} */
  static Pace oneByOne() {
    return builder().build();
  }

  /** {@return a builder of a pace; nothing is required} */
  static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link Pace}. */
  final class Builder extends ImmutablePace.Builder {
    Builder() {}
  }
}
