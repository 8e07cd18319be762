package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.node.ComponentVersions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The only reader of the GPU Operator's custom resource, {@code nvidia.com/v1 ClusterPolicy}, of which
 * a cluster has one.
 */
public final class ClusterPolicies {

  /** Its group, version, kind and plural. */
  public static final ResourceDefinitionContext CONTEXT = new ResourceDefinitionContext.Builder()
      .withGroup("nvidia.com")
      .withVersion("v1")
      .withKind("ClusterPolicy")
      .withPlural("clusterpolicies")
      .withNamespaced(false)
      .build();

  /** The custom resource that replaces the ClusterPolicy where GPUs are allocated by DRA. */
  public static final ResourceDefinitionContext GPU_CLUSTER =
      new ResourceDefinitionContext.Builder()
          .withGroup("nvidia.com")
          .withVersion("v1alpha1")
          .withKind("GPUCluster")
          .withPlural("gpuclusters")
          .withNamespaced(false)
          .build();

  /** NVIDIA's controllers use the oldest, and of two equally old ones the first by name (active_config.go). */
  public static final Comparator<GenericKubernetesResource> BY_PRECEDENCE = Comparator.comparing(
          (GenericKubernetesResource policy) -> policy.getMetadata().getCreationTimestamp(),
          Comparator.nullsLast(Comparator.naturalOrder()))
      .thenComparing(policy -> policy.getMetadata().getName());

  /** Why nothing works without one; for findings and refusals. */
  public static final String MISSING =
      "the cluster has no ClusterPolicy, so no GPU Operator manages its GPUs";

  /** What helps. */
  public static final String MISSING_REMEDY = "install NVIDIA's GPU Operator with helm";

  /** What helps where a GPUCluster replaces it. */
  public static final String REPLACED_REMEDY =
      "request MIG devices by ResourceClaims; see 'kubectl get resourceslices'";

  private ClusterPolicies() {}

  /** Why nothing works with a GPUCluster; for findings and refusals. */
  public static String replacedBy(String gpuCluster) {
    return "GPUCluster %s manages the GPUs by dynamic resource allocation (GPU Operator 26.7 or later), so no MIG manager acts on node labels"
        .formatted(gpuCluster);
  }

  /**
   * The policy of a cluster; empty if no GPU Operator manages its GPUs.
   *
   * @throws MigRefusedException if a GPUCluster replaces it
   */
  public static Optional<GenericKubernetesResource> find(Cluster cluster) {
    Optional<GenericKubernetesResource> policy = cluster.clusterPolicy();
    Optional<String> gpuCluster = policy.isEmpty() ? cluster.gpuCluster() : Optional.empty();
    if (gpuCluster.isPresent()) {
      throw new MigRefusedException(
          "ClusterPolicy", List.of(replacedBy(gpuCluster.get()) + "; " + REPLACED_REMEDY));
    }
    return policy;
  }

  /** The policy of a cluster that must have one; as {@link #find}. */
  public static GenericKubernetesResource require(Cluster cluster) {
    return find(cluster)
        .orElseThrow(() ->
            new MigRefusedException("ClusterPolicy", List.of(MISSING + "; " + MISSING_REMEDY)));
  }

  public static Optional<MigStrategy> strategy(GenericKubernetesResource policy) {
    return text(policy, "spec", "mig", "strategy").flatMap(MigStrategy::parse);
  }

  /** The ConfigMap that MIG managers read; empty if each generates its own. */
  public static Optional<String> migConfigMap(GenericKubernetesResource policy) {
    return text(policy, "spec", "migManager", "config", "name");
  }

  /** The ConfigMap that device plugins read; empty if they read none. */
  public static Optional<String> sharingMap(GenericKubernetesResource policy) {
    return text(policy, "spec", "devicePlugin", "config", "name");
  }

  /** The sharing configuration of nodes that request none. */
  public static Optional<String> defaultSharing(GenericKubernetesResource policy) {
    return text(policy, "spec", "devicePlugin", "config", "default");
  }

  /** The namespace that the operator writes into the status. */
  public static Optional<String> namespace(GenericKubernetesResource policy) {
    return text(policy, "status", "namespace");
  }

  /** The text at a path; empty if it is not set or empty. */
  private static Optional<String> text(GenericKubernetesResource policy, Object... path) {
    return policy.get(path) instanceof String value && !value.isEmpty()
        ? Optional.of(value)
        : Optional.empty();
  }

  /** The tolerations of every DaemonSet of the operator; each with the keys of a pod's toleration. */
  public static List<Map<String, String>> tolerations(GenericKubernetesResource policy) {
    List<Map<String, String>> tolerations = new ArrayList<>();
    if (policy.get("spec", "daemonsets", "tolerations") instanceof List<?> list) {
      for (Object each : list) {
        if (each instanceof Map<?, ?> toleration) {
          Map<String, String> texts = new TreeMap<>();
          toleration.forEach((key, value) -> texts.put(key.toString(), String.valueOf(value)));
          tolerations.add(texts);
        }
      }
    }
    return tolerations;
  }

  /** The versions of components, as far as the policy states them; the chart states each. */
  public static ComponentVersions versions(GenericKubernetesResource policy) {
    return text(policy, "spec", "devicePlugin", "version")
        .flatMap(ComponentVersions.Version::parse)
        .map(version ->
            ComponentVersions.unknown().with(ComponentVersions.Component.DEVICE_PLUGIN, version))
        .orElse(ComponentVersions.unknown());
  }

  /** The chart's default is to deploy it. */
  public static boolean deploysMigManager(GenericKubernetesResource policy) {
    return !Boolean.FALSE.equals(policy.get("spec", "migManager", "enabled"));
  }

  /** Whether nodes can run virtual machines; otherwise their labels for that have no effect. */
  public static boolean servesVirtualMachines(GenericKubernetesResource policy) {
    return Boolean.TRUE.equals(policy.get("spec", "sandboxWorkloads", "enabled"));
  }
}
