package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.PodResourceClaimStatus;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which pods hold GPU devices through a ResourceClaim: the pod names the claim, and only the claim says
 * which driver its devices are from. Claims are read for pods that have some, and each one once.
 */
public final class GpuClaims {

  private static final String GROUP = "resource.k8s.io";

  /** The driver of GPUs and MIG devices (kubernetes-sigs/dra-driver-nvidia-gpu). */
  private static final String DRIVER = "gpu.nvidia.com";

  /** The newest comes first; the allocation has the same form in each. */
  private static final List<String> VERSIONS = List.of("v1", "v1beta2", "v1beta1");

  private final Cluster cluster;

  /** By namespace and name. The allocation of a claim stays while a pod uses it. */
  private final Map<String, Boolean> allocated = new ConcurrentHashMap<>();

  /** The one kind that the server has, or none; null before the server is asked. */
  private volatile @Nullable List<ResourceDefinitionContext> kinds;

  public GpuClaims(Cluster cluster) {
    this.cluster = cluster;
  }

  /** Pods that use a node's GPUs, by a resource or by a claim. */
  public List<Pod> using(List<Pod> podsOfNode) {
    List<Pod> byResource = GpuPods.using(podsOfNode);
    return Stream.concat(
            byResource.stream(),
            GpuPods.withClaims(podsOfNode).stream()
                .filter(pod -> !byResource.contains(pod))
                .filter(this::holdsGpu))
        .toList();
  }

  private boolean holdsGpu(Pod pod) {
    return pod.getSpec().getResourceClaims().stream()
        .flatMap(claim -> name(claim, pod).stream())
        .anyMatch(name -> isOfGpu(pod.getMetadata().getNamespace(), name));
  }

  /** Of a claim that is made from a template the status of the pod has the name. */
  public static Optional<String> name(PodResourceClaim claim, Pod pod) {
    return Optional.ofNullable(claim.getResourceClaimName())
        .or(() -> status(claim, pod).map(PodResourceClaimStatus::getResourceClaimName));
  }

  /** What the pod's status says of a claim; without a name that no claim is needed. */
  public static Optional<PodResourceClaimStatus> status(PodResourceClaim claim, Pod pod) {
    return Stream.ofNullable(pod.getStatus())
        .flatMap(status -> Stream.ofNullable(status.getResourceClaimStatuses()))
        .flatMap(List::stream)
        .filter(status -> claim.getName().equals(status.getName()))
        .findFirst();
  }

  private boolean isOfGpu(String namespace, String name) {
    String key = namespace + "/" + name;
    @Nullable Boolean known = allocated.get(key);
    if (known != null) {
      return known;
    }
    Optional<GenericKubernetesResource> claim =
        kinds().stream().findFirst().flatMap(served -> read(served, namespace, name));
    if (claim.isEmpty() || claim.get().get("status", "allocation") == null) {
      return false;
    }
    boolean ofGpu =
        claim.get().get("status", "allocation", "devices", "results") instanceof List<?> results
            && results.stream().anyMatch(GpuClaims::isGpu);
    allocated.put(key, ofGpu);
    return ofGpu;
  }

  /** Admin access, e.g. for monitoring, does not take the device. */
  private static boolean isGpu(Object result) {
    return result instanceof Map<?, ?> device
        && DRIVER.equals(device.get("driver"))
        && !Boolean.TRUE.equals(device.get("adminAccess"));
  }

  private Optional<GenericKubernetesResource> read(
      ResourceDefinitionContext served, String namespace, String name) {
    return Optional.ofNullable(cluster.call(
        "get resourceclaim %s/%s".formatted(namespace, name),
        () -> cluster
            .client()
            .genericKubernetesResources(served)
            .inNamespace(namespace)
            .withName(name)
            .get()));
  }

  /** The kind in the newest version that the server has; empty if it has none. */
  private List<ResourceDefinitionContext> kinds() {
    List<ResourceDefinitionContext> known = kinds;
    if (known == null) {
      known = VERSIONS.stream()
          .filter(version -> cluster.call(
              "get the API %s/%s".formatted(GROUP, version),
              () -> cluster.client().supports(GROUP + "/" + version, "ResourceClaim")))
          .limit(1)
          .map(GpuClaims::in)
          .toList();
      kinds = known;
    }
    return known;
  }

  private static ResourceDefinitionContext in(String version) {
    return new ResourceDefinitionContext.Builder()
        .withGroup(GROUP)
        .withVersion(version)
        .withKind("ResourceClaim")
        .withPlural("resourceclaims")
        .withNamespaced(true)
        .build();
  }
}
