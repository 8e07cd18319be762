package io.github.mig4j.sharing;

import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.text.GpuResource;
import io.github.mig4j.text.JsonFields;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a node has to share: what its device plugin offers without sharing.
 *
 * <pre>{@code
 * NodeDevices node = NodeDevices.wholeGpus(4);
 * }</pre>
 *
 * @param strategy how the plugin offers MIG devices on this node: {@code MIG_STRATEGY} where it is
 *     set, otherwise the file's flag, otherwise none
 * @param migGpus GPUs with MIG mode on
 * @param offered devices by resource name; those of which there are none are left out
 */
public record NodeDevices(MigStrategy strategy, int migGpus, SortedMap<String, Integer> offered)
    implements JsonForm {

  public NodeDevices {
    Objects.requireNonNull(strategy, "strategy");
    Objects.requireNonNull(offered, "offered");
    if (migGpus < 0) {
      throw new IllegalArgumentException(
          "The number of GPUs in MIG mode must not be negative, but was " + migGpus);
    }
    SortedMap<String, Integer> copy = new TreeMap<>(offered);
    copy.values().removeIf(count -> count == 0);
    offered = Collections.unmodifiableSortedMap(copy);
  }

  /**
   * {@return a node whose GPUs are not in MIG mode, under strategy none}
   *
   * @param count how many GPUs, at least 1
   */
  public static NodeDevices wholeGpus(int count) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "A node has at least 1 GPU, but count was %d".formatted(count));
    }
    return new NodeDevices(MigStrategy.NONE, 0, new TreeMap<>(Map.of(GpuResource.GPU, count)));
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("strategy", strategy)
        .and("migGpus", migGpus)
        .and("offered", offered)
        .map();
  }
}
