package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.JsonForm;
import io.github.mig4j.text.JsonFields;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What a reconciliation of a node found and did, as a controller returns it.
 *
 * @param node the node's name
 * @param policy the name of its policy; empty if it has none
 * @param standing how it stands now
 * @param requeueAfter when to reconcile it again, unless it changes before; empty if only a change of the
 *     node, its pods or the policies can show something new
 */
public record ReconcileOutcome(
    String node, Optional<String> policy, NodeStanding standing, Optional<Duration> requeueAfter)
    implements JsonForm {

  public ReconcileOutcome {
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(policy, "policy");
    Objects.requireNonNull(standing, "standing");
    Objects.requireNonNull(requeueAfter, "requeueAfter");
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("node", node)
        .and("policy", policy)
        .andAll(standing.toJson())
        .and("requeueAfter", requeueAfter)
        .map();
  }

  /** The node and its standing in one line, e.g. {@code gpu-node as declared}. */
  @Override
  public String toString() {
    return "%s %s".formatted(node, standing.message());
  }
}
