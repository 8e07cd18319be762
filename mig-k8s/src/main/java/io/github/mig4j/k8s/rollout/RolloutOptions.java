package io.github.mig4j.k8s.rollout;

import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.node.MigNodeStatus;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.immutables.value.Value;

/** The options of a {@link Rollout}. The generated class is not private, for its withers. */
@Value.Immutable
@Value.Style(
    visibility = Value.Style.ImplementationVisibility.PACKAGE,
    jdkOnly = true,
    allowedClasspathAnnotations = Override.class)
interface RolloutOptions {

  @Value.Default
  default NodeSet nodes() {
    return new NodeSet.Missing();
  }

  @Value.Default
  default String config() {
    return "";
  }

  @Value.Default
  default ChangeKind kind() {
    return ChangeKind.LAYOUT;
  }

  @Value.Default
  default Amount maxUnavailable() {
    return Amount.nodes(1);
  }

  @Value.Default
  default int canaries() {
    return 0;
  }

  @Value.Default
  default Canary canary() {
    return Canary.awaitApproval();
  }

  @Value.Default
  default int stopAfterFailures() {
    return 1;
  }

  @Value.Default
  default RollBack onFailure() {
    return RollBack.NONE;
  }

  @Value.Default
  default Disruption disruption() {
    return Disruption.NONE;
  }

  @Value.Default
  default Predicate<MigNodeStatus> healthGate() {
    return status -> true;
  }

  @Value.Default
  default ApplyTimings timings() {
    return ApplyTimings.defaults();
  }

  @Value.Default
  default Duration nodeDeadline() {
    return Duration.ofHours(1);
  }

  /** How long after the last renewal of the Lease another process takes over. */
  @Value.Default
  default Duration lease() {
    return Duration.ofSeconds(15);
  }

  @Value.Default
  default Consumer<RolloutEvent> listener() {
    return event -> {};
  }

  default RolloutState.Rules rules(int total) {
    return new RolloutState.Rules(
        maxUnavailable().of(total), canaries(), stopAfterFailures(), onFailure());
  }
}
