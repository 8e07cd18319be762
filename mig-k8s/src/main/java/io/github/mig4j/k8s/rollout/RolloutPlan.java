package io.github.mig4j.k8s.rollout;

import io.github.mig4j.k8s.check.Preflight;
import io.github.mig4j.node.NodeEffect;
import io.github.mig4j.node.NodeEffect.ModeChange;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a rollout would do, told before anything is written.
 *
 * @param name the rollout's name
 * @param nodes its nodes in the order in which they would have their turn: least disruption first
 * @param maxUnavailable how many of them would be changed at once
 */
public record RolloutPlan(String name, List<PlannedNode> nodes, int maxUnavailable) {

  /** Copies the nodes. */
  public RolloutPlan {
    nodes = List.copyOf(nodes);
  }

  /**
   * What would happen to one node.
   *
   * @param preflight the node, its configuration, everything that speaks against it, and the effect
   * @param pods the pods that use its GPUs, by namespace and name
   */
  public record PlannedNode(Preflight preflight, List<String> pods) {

    /** Copies the pods. */
    public PlannedNode {
      pods = List.copyOf(pods);
    }

    /**
     * Whether nothing would be changed, because the configuration is in force.
     *
     * @return false also if that cannot be told
     */
    public boolean isInForce() {
      return preflight.inForce()
          || preflight.effect().filter(NodeEffect::isApplied).isPresent();
    }

    /**
     * How many of the node's GPUs would be reset.
     *
     * @return all of them if a GPU needs that for its MIG mode, which takes all with it; 0 otherwise
     */
    public int gpuResets() {
      return preflight
          .effect()
          .filter(effect -> effect.modeChange() == ModeChange.RESETS_ALL_GPUS)
          .map(effect -> effect.gpus().size())
          .orElse(0);
    }

    @Override
    public String toString() {
      String node = preflight.node();
      if (!preflight.isClear()) {
        return node + " would be skipped: "
            + preflight.errors().stream().map(Object::toString).collect(Collectors.joining("; "));
      }
      if (isInForce()) {
        return node + " has it in force";
      }
      return node + " would be changed"
          + (gpuResets() > 0 ? ", resetting %d GPUs".formatted(gpuResets()) : "")
          + (pods.isEmpty() ? "" : ", taking its GPUs from " + String.join(", ", pods));
    }
  }

  /**
   * GPUs that would be reset on all nodes together.
   *
   * @return their number
   */
  public int gpuResets() {
    return nodes.stream()
        .filter(node -> node.preflight().isClear())
        .mapToInt(PlannedNode::gpuResets)
        .sum();
  }

  /** A headline, and a line for each node. */
  @Override
  public String toString() {
    long changed = nodes.stream()
        .filter(node -> node.preflight().isClear() && !node.isInForce())
        .count();
    long skipped = nodes.stream().filter(node -> !node.preflight().isClear()).count();
    return "Rollout '%s': %d of %d nodes would be changed, %d skipped, %d at once, %d GPU resets"
            .formatted(name, changed, nodes.size(), skipped, maxUnavailable, gpuResets())
        + nodes.stream().map(node -> "\n  " + node).collect(Collectors.joining());
  }
}
