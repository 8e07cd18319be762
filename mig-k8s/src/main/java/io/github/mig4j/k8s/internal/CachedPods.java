package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.client.informers.cache.BasicItemStore;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The pods on some nodes that concern their GPUs, as an informer last saw them: pods that request a
 * GPU or have resource claims, and NVIDIA's components. All other pods are dropped.
 */
final class CachedPods extends BasicItemStore<Pod> {

  private final Predicate<String> isKept;
  private final Consumer<String> listener;
  private final Map<String, Map<String, Pod>> byNode = new HashMap<>();

  CachedPods(Set<String> nodes) {
    this(nodes::contains, any -> {});
  }

  /**
   * A cache of the pods of some nodes.
   *
   * @param isKept whether the pods of a node are kept; those without a node have the name {@code ""}
   * @param listener receives the name of each node whose pods change
   */
  CachedPods(Predicate<String> isKept, Consumer<String> listener) {
    super(Cache::metaNamespaceKeyFunc);
    this.isKept = isKept;
    this.listener = listener;
  }

  synchronized List<Pod> of(String node) {
    return List.copyOf(byNode.getOrDefault(node, Map.of()).values());
  }

  @Override
  public synchronized @Nullable Pod put(String key, Pod pod) {
    @Nullable Pod before = remove(key);
    if (concernsGpus(pod)) {
      Pod trimmed = trimmed(pod);
      super.put(key, trimmed);
      byNode.computeIfAbsent(nodeOf(pod), node -> new HashMap<>()).put(key, trimmed);
      listener.accept(nodeOf(pod));
    }
    return before;
  }

  @Override
  public synchronized @Nullable Pod remove(String key) {
    @Nullable Pod removed = super.remove(key);
    if (removed != null) {
      byNode.computeIfPresent(nodeOf(removed), (node, podsOfNode) -> {
        podsOfNode.remove(key);
        return podsOfNode.isEmpty() ? null : podsOfNode;
      });
      listener.accept(nodeOf(removed));
    }
    return removed;
  }

  @Override
  public boolean isFullState() {
    return false;
  }

  private static String nodeOf(Pod pod) {
    return Objects.requireNonNullElse(pod.getSpec().getNodeName(), "");
  }

  private boolean concernsGpus(Pod pod) {
    return pod.getSpec() != null
        && isKept.test(nodeOf(pod))
        && (GpuPods.isManager(pod)
            || GpuPods.isOperand(pod)
            || GpuPods.hasClaims(pod)
            || requestsGpu(pod));
  }

  private static boolean requestsGpu(Pod pod) {
    return Stream.of(pod.getSpec().getContainers(), pod.getSpec().getInitContainers())
        .filter(containers -> containers != null)
        .flatMap(Collection::stream)
        .map(Container::getResources)
        .filter(resources -> resources != null)
        .flatMap(CachedPods::resources)
        .anyMatch(resource -> resource.startsWith("nvidia.com/"));
  }

  private static Stream<String> resources(ResourceRequirements requirements) {
    return Stream.of(requirements.getRequests(), requirements.getLimits())
        .filter(quantities -> quantities != null)
        .flatMap(quantities -> quantities.keySet().stream());
  }

  private static Pod trimmed(Pod pod) {
    return new PodBuilder(pod)
        .editMetadata()
        .withManagedFields()
        .endMetadata()
        .editSpec()
        .withVolumes()
        .withTolerations()
        .endSpec()
        .build();
  }
}
