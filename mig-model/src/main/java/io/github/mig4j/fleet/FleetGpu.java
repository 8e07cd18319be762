package io.github.mig4j.fleet;

import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.text.JsonFields;
import java.util.Map;
import java.util.Objects;

/**
 * A GPU as the cluster names it, with what runs on it: the input of a {@link FleetIndex}.
 *
 * @param index the GPU's index on its node, from 0
 * @param running the instances in use; the free ones are not included, because the fleet may place
 *     others there
 */
public record FleetGpu(String node, int index, MigLayout running, Use use) implements JsonForm {

  /** Whether a GPU can be chosen. */
  public enum Use implements JsonName {
    /** It can be chosen. */
    SCHEDULABLE,
    /** It is not chosen; its instances can be freed. */
    CORDONED
  }

  public FleetGpu {
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(running, "running");
    Objects.requireNonNull(use, "use");
    if (index < 0) {
      throw new IllegalArgumentException(
          "The index of a GPU must not be negative, but was %d on node %s".formatted(index, node));
    }
  }

  /**
   * Creates a GPU that can be chosen; {@code MigLayout.on(model).build()} has no running instance.
   *
   * @param index the GPU's index on its node, from 0
   * @throws IllegalArgumentException if the index is negative
   */
  public static FleetGpu of(String node, int index, MigLayout running) {
    return new FleetGpu(node, index, running, Use.SCHEDULABLE);
  }

  /** The same GPU, which is not chosen. */
  public FleetGpu cordoned() {
    return new FleetGpu(node, index, running, Use.CORDONED);
  }

  /** Node, index and instances, e.g. {@code gpu-node-7/3 h100-sxm-80gb [3g.40gb@4:4]}. */
  @Override
  public String toString() {
    String text = "%s/%d %s".formatted(node, index, running);
    return use == Use.CORDONED ? text + ", cordoned" : text;
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("node", node)
        .and("index", index)
        .and("running", running)
        .and("use", use)
        .map();
  }
}
