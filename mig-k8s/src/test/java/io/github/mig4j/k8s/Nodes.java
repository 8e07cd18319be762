package io.github.mig4j.k8s;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.HashMap;
import java.util.Map;

/** Node objects as feature discovery and the device plugin leave them. */
final class Nodes {
  private final Map<String, String> labels = new HashMap<>();
  private final Map<String, Quantity> allocatable = new HashMap<>();
  private final Map<String, Quantity> capacity = new HashMap<>();

  private Nodes() {}

  /** A node that says nothing. */
  static Nodes bare() {
    return new Nodes();
  }

  /** A B200 node under strategy mixed, not cut. */
  static Nodes b200(int gpus) {
    return new Nodes()
        .label(Labels.GPU_PRODUCT, "NVIDIA-B200")
        .label(Labels.GPU_COUNT, String.valueOf(gpus))
        .label(Labels.GPU_MEMORY, "183359")
        .label(Labels.MIG_CAPABLE, "true")
        .label(Labels.MIG_STRATEGY, "mixed")
        .offers("nvidia.com/gpu", gpus);
  }

  /** The node after seven 1g.23gb were made on its one GPU. */
  static Nodes cutIntoSeven() {
    return b200(1)
        .offers("nvidia.com/gpu", 0)
        .offers("nvidia.com/mig-1g.23gb", 7)
        .label("nvidia.com/mig-1g.23gb.count", "7");
  }

  Nodes label(String key, String value) {
    labels.put(key, value);
    return this;
  }

  Nodes without(String key) {
    labels.remove(key);
    return this;
  }

  Nodes config(String value, String state) {
    return label(Labels.MIG_CONFIG, value).label(Labels.MIG_CONFIG_STATE, state);
  }

  Nodes paused() {
    return label("nvidia.com/gpu.deploy.device-plugin", "paused-for-mig-change");
  }

  Nodes running() {
    return label("nvidia.com/gpu.deploy.device-plugin", "true");
  }

  Nodes offers(String resource, int count) {
    allocatable.put(resource, new Quantity(String.valueOf(count)));
    return this;
  }

  Nodes hasCapacityFor(String resource, int count) {
    capacity.put(resource, new Quantity(String.valueOf(count)));
    return this;
  }

  Node build() {
    return new NodeBuilder()
        .withNewMetadata()
        .withName("gpu-node")
        .withLabels(Map.copyOf(labels))
        .endMetadata()
        .withNewStatus()
        .withAllocatable(Map.copyOf(allocatable))
        .withCapacity(Map.copyOf(capacity))
        .endStatus()
        .build();
  }
}
