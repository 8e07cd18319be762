package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.text.KubernetesName;
import java.util.Map;
import java.util.SortedMap;
import org.immutables.value.Value;

/**
 * The declared state of some nodes: what their GPUs are to be, and how they may become so.
 *
 * <pre>{@code
 * MigPolicy policy = MigPolicy.builder()
 *     .name("inference")
 *     .nodes(PolicyNodes.withLabels(Map.of("pool", "inference")))
 *     .putGpus("b200-180gb", new PolicyTarget.Config("b200-split-small"))
 *     .pace(Pace.builder().maxUnavailable(Amount.percent(10)).build())
 *     .onDrift(MigPolicy.OnDrift.RESTORE)
 *     .build();
 * }</pre>
 */
@Value.Immutable
public interface MigPolicy extends JsonForm {

  /** The annotation of a node that a reconciler does not change; its value is the reason. */
  String HOLD = "mig4j.github.io/hold";

  /** {@return the name, a DNS label, which messages and Leases contain} */
  String name();

  /** {@return the nodes of this policy} */
  PolicyNodes nodes();

  /**
   * {@return what the GPUs of each model are to be, by its id in the catalogue, at least one; nodes
   * of other models are not changed}
   */
  @Value.NaturalOrder
  SortedMap<String, PolicyTarget> gpus();

  /** {@return how fast the nodes are changed; one node at a time unless set} */
  @Value.Redacted
  @Value.Default
  default Pace pace() {
    return Pace.oneByOne();
  }

  /**
   * {@return what may be done to pods that use the GPUs of a node that has to change; {@link
   * Disruption#NONE} unless set: the change waits for them}
   */
  @Value.Redacted
  @Value.Default
  default Disruption disruption() {
    return Disruption.NONE;
  }

  /**
   * {@return what to do with a node that another client or an admin has changed; {@link
   * OnDrift#YIELD} unless set}
   */
  @Value.Redacted
  @Value.Default
  default OnDrift onDrift() {
    return OnDrift.YIELD;
  }

  /**
   * {@return whether new pods are kept off a node until it is as declared, and off a drifted one
   * while it changes; false unless set} The operator's DaemonSets must tolerate the taint {@code
   * mig4j.github.io/unverified}.
   */
  @Value.Redacted
  @Value.Default
  default boolean gated() {
    return false;
  }

  /** {@return whether no node of this policy is changed for now; false unless set} */
  @Value.Redacted
  @Value.Default
  default boolean held() {
    return false;
  }

  @Override
  default Map<String, Object> toJson() {
    return PolicyWriter.tree(this);
  }

  @Value.Check
  default void check() {
    if (!KubernetesName.isDnsLabel(name())) {
      throw new IllegalArgumentException(
          "The name of a policy must be 1 to 63 lower-case letters, digits and '-', but was '%s'"
              .formatted(name()));
    }
    if (gpus().isEmpty()) {
      throw new IllegalArgumentException(
          "Policy '%s' needs a target for at least one GPU model, but had none".formatted(name()));
    }
  }

  /**
   * What to do with a node that another client or an admin has changed. A node that lost its layout by a
   * reboot, or that never had it, is always repaired.
   */
  enum OnDrift implements JsonName {
    /** Leave the node as it is, and report who changed it. */
    YIELD,
    /** Request what is declared again. */
    RESTORE
  }

  /** {@return a builder of a policy; {@code name}, {@code nodes} and a target are required} */
  static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link MigPolicy}. */
  final class Builder extends ImmutableMigPolicy.Builder {
    Builder() {}
  }
}
