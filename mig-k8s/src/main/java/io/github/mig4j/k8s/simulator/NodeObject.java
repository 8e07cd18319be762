package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.text.GpuResource;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The Node object. Labels are written by JSON patch and quantities through the status subresource; both
 * are conditional on the version that was read.
 */
record NodeObject(KubernetesClient client, String name) {

  private static final String SHARED_GPUS = "nvidia.com/gpu.shared";

  @Nullable
  Node read() {
    return client.nodes().withName(name).get();
  }

  Map<String, String> readLabels(Lifetime lifetime) throws InterruptedException {
    return NodeFields.labels(
        lifetime.request("read " + name, () -> client.nodes().withName(name).require()));
  }

  /** Changes labels; writes nothing if all have the values. */
  void editLabels(Lifetime lifetime, Consumer<Map<String, String>> change)
      throws InterruptedException {
    lifetime.request(
        "label " + name,
        () -> client.nodes().withName(name).edit(node -> {
          Map<String, String> labels = new TreeMap<>(NodeFields.labels(node));
          change.accept(labels);
          return new NodeBuilder(node)
              .editMetadata()
              .withLabels(labels)
              .endMetadata()
              .build();
        }));
  }

  /**
   * Writes NVIDIA's resources as the kubelet does. Resources that were offered before stay, with quantity
   * 0. Capacity is the same as allocatable, because a real kubelet would otherwise copy the capacity of
   * an unknown resource into allocatable.
   */
  void offer(Lifetime lifetime, Map<String, Integer> resources) throws InterruptedException {
    lifetime.request(
        "status of " + name,
        () -> client.nodes().withName(name).editStatus(node -> {
          var status = node.getStatus();
          return new NodeBuilder(node)
              .editOrNewStatus()
              .withCapacity(quantities(status == null ? Map.of() : status.getCapacity(), resources))
              .withAllocatable(
                  quantities(status == null ? Map.of() : status.getAllocatable(), resources))
              .endStatus()
              .build();
        }));
  }

  private static Map<String, Quantity> quantities(
      Map<String, Quantity> before, Map<String, Integer> resources) {
    Map<String, Quantity> after = new HashMap<>();
    if (before != null) {
      before.forEach((resource, quantity) -> after.put(
          resource,
          resource.equals(GpuResource.GPU)
                  || resource.equals(SHARED_GPUS)
                  || resource.startsWith(GpuResource.MIG_PREFIX)
              ? new Quantity("0")
              : quantity));
    }
    resources.forEach(
        (resource, count) -> after.put(resource, new Quantity(String.valueOf(count))));
    return after;
  }
}
