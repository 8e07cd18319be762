package io.github.mig4j.k8s.rollout;

import io.github.mig4j.JsonForm;
import io.github.mig4j.k8s.check.Preflight;
import io.github.mig4j.node.NodeEffect;
import io.github.mig4j.node.NodeEffect.ModeChange;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * What a rollout would do, computed without a write.
 *
 * @param name the rollout's name
 * @param nodes its nodes in the order of their change: least disruption first
 * @param maxUnavailable how many of them would be changed at once
 */
public record RolloutPlan(String name, List<PlannedNode> nodes, int maxUnavailable)
    implements JsonForm {

  public RolloutPlan {
    Objects.requireNonNull(name, "name");
    nodes = List.copyOf(Objects.requireNonNull(nodes, "nodes"));
  }

  /**
   * What would happen to one node.
   *
   * @param preflight the node, its configuration, every problem that was found, and the effect
   * @param pods the pods that use its GPUs, by namespace and name
   */
  public record PlannedNode(Preflight preflight, List<String> pods) implements JsonForm {

    public PlannedNode {
      Objects.requireNonNull(preflight, "preflight");
      pods = List.copyOf(Objects.requireNonNull(pods, "pods"));
    }

    /**
     * {@return whether the configuration is in force, so that nothing would be changed; false also
     * if that is unknown}
     */
    public boolean isInForce() {
      return preflight.inForce()
          || preflight.effect().filter(NodeEffect::isApplied).isPresent();
    }

    /**
     * {@return how many of the node's GPUs would be reset: all of them if a GPU's MIG mode changes,
     * 0 otherwise}
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
        int more = preflight.errors().size() - 1;
        return "%s would be skipped: %s%s"
            .formatted(
                node, preflight.errors().get(0), more == 0 ? "" : "; and %d more".formatted(more));
      }
      if (isInForce()) {
        return node + " has this configuration in force";
      }
      return node + " would be changed"
          + (gpuResets() > 0 ? ", resetting %d GPUs".formatted(gpuResets()) : "")
          + (pods.isEmpty() ? "" : ", whose GPUs are used by " + String.join(", ", pods));
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", preflight.node())
          .and("config", preflight.config())
          .and("clear", preflight.isClear())
          .and("applied", isInForce())
          .and("gpuResets", gpuResets())
          .and("pods", pods)
          .and("findings", preflight.findings())
          .map();
    }
  }

  /** {@return how many GPUs would be reset on all nodes} */
  public int gpuResets() {
    return nodes.stream()
        .filter(node -> node.preflight().isClear())
        .mapToInt(PlannedNode::gpuResets)
        .sum();
  }

  /** The summary in one line. */
  @Override
  public String toString() {
    long changed = nodes.stream()
        .filter(node -> node.preflight().isClear() && !node.isInForce())
        .count();
    long skipped = nodes.stream().filter(node -> !node.preflight().isClear()).count();
    return "Rollout '%s': %d of %d nodes would be changed, %d skipped, %d at once, %d GPU resets"
        .formatted(name, changed, nodes.size(), skipped, maxUnavailable, gpuResets());
  }

  /** {@return the summary, and a line for each node, without a line break at the end} */
  public String toText() {
    return this + nodes.stream().map(node -> "\n  " + node).collect(Collectors.joining());
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("name", name)
        .and("maxUnavailable", maxUnavailable)
        .and("gpuResets", gpuResets())
        .and("nodes", nodes)
        .map();
  }
}
