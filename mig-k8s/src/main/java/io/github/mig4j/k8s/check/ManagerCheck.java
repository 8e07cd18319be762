package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.client.readiness.Readiness;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.node.ComponentVersions.Version;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Whether a MIG manager acts on the node's label, and knows its GPU. */
record ManagerCheck(Node node, PreflightFindings findings) {

  /** The container of the operator's DaemonSet (gpu-operator, assets/state-mig-manager). */
  private static final String CONTAINER = "nvidia-mig-manager";

  /** Findings from which it follows that no MIG manager runs. */
  private static final Set<PreflightCode> REASONS_FOR_NONE = Set.of(
      PreflightCode.NO_GPU,
      PreflightCode.NOT_MIG_CAPABLE,
      PreflightCode.VGPU_NODE,
      PreflightCode.VM_WORKLOAD,
      PreflightCode.OPERANDS_OFF,
      PreflightCode.DRA_NODE,
      PreflightCode.DRA_CLUSTER);

  /**
   * Looks at label and pods.
   *
   * @param policy may switch the MIG manager off for all nodes
   * @param managers the MIG manager pods of the cluster, empty if they may not be listed
   * @param models the models of the node's GPUs, as far as they are known
   * @param blocking how severe it is if the manager cannot act now
   */
  void check(
      Optional<GenericKubernetesResource> policy,
      Optional<List<Pod>> managers,
      List<GpuModel> models,
      Severity blocking) {
    List<Pod> here = managers.orElse(List.of()).stream()
        .filter(pod -> GpuPods.isOn(pod, node.getMetadata().getName()))
        .toList();
    if (policy.isPresent() && !ClusterPolicies.deploysMigManager(policy.get())) {
      findings.error(
          PreflightCode.MANAGER_NOT_DEPLOYED,
          "ClusterPolicy %s has spec.migManager.enabled=false"
              .formatted(policy.get().getMetadata().getName()),
          "set it to true");
    } else if (!findings.hasAny(REASONS_FOR_NONE)) {
      checkDeployment(here, managers.isPresent(), blocking);
    }
    models.forEach(gpu -> here.forEach(pod -> checkVersion(pod, gpu)));
  }

  private void checkDeployment(List<Pod> here, boolean listed, Severity blocking) {
    String deploy = NodeFields.labels(node).getOrDefault(Labels.DEPLOY_MIG_MANAGER, "");
    if (!deploy.isEmpty() && !deploy.equals("true") && !deploy.equals(Labels.PAUSED)) {
      findings.error(
          PreflightCode.MANAGER_NOT_DEPLOYED,
          "label %s=%s keeps the MIG manager off the node"
              .formatted(Labels.DEPLOY_MIG_MANAGER, deploy),
          "set it to true");
      return;
    }
    if (!listed || here.stream().anyMatch(Readiness::isPodReady)) {
      return;
    }
    if (!here.isEmpty()) {
      checkPods(here, blocking);
    } else if (deploy.isEmpty() && isOperatedOn()) {
      findings.error(
          PreflightCode.MANAGER_NOT_DEPLOYED,
          "the operator runs no MIG manager on the node, since the node is not labelled as MIG capable",
          "wait for GPU Feature Discovery, or label it with 'kubectl label node %s %s=true'"
              .formatted(node.getMetadata().getName(), Labels.MIG_CAPABLE));
    } else if (deploy.isEmpty()) {
      findings.warning(
          PreflightCode.MANAGER_NOT_DEPLOYED,
          "nothing shows that a MIG manager runs on the node, neither a pod nor label %s"
              .formatted(Labels.DEPLOY_MIG_MANAGER),
          "see 'kubectl get pods -A -o wide -l app=nvidia-mig-manager'");
    } else {
      findings.add(
          blocking,
          PreflightCode.MANAGER_NOT_READY,
          "the node has no MIG manager pod, although its label requires one",
          "see 'kubectl get pods -A -o wide -l app=nvidia-mig-manager'");
    }
  }

  private boolean isOperatedOn() {
    return NodeFields.labels(node).keySet().stream()
        .anyMatch(key -> key.startsWith(Labels.DEPLOY_PREFIX));
  }

  private void checkPods(List<Pod> here, Severity blocking) {
    for (Pod pod : here) {
      String namespace = pod.getMetadata().getNamespace();
      String name = pod.getMetadata().getName();
      condition(pod)
          .ifPresent(condition -> findings.add(
              blocking,
              PreflightCode.MANAGER_NOT_READY,
              "MIG manager pod %s/%s is not ready (%s)".formatted(namespace, name, condition),
              "see 'kubectl describe pod -n %s %s'".formatted(namespace, name)));
    }
  }

  /** Why a pod is not ready, e.g. {@code CrashLoopBackOff}; empty if no kubelet has spoken yet. */
  private static Optional<String> condition(Pod pod) {
    PodStatus status = pod.getStatus();
    if (status == null || status.getPhase() == null) {
      return Optional.empty();
    }
    return Stream.of(status.getInitContainerStatuses(), status.getContainerStatuses())
        .filter(statuses -> statuses != null)
        .flatMap(List::stream)
        .map(container -> container.getState())
        .filter(state -> state != null)
        .map(ContainerState::getWaiting)
        .filter(waiting -> waiting != null && waiting.getReason() != null)
        .map(waiting -> waiting.getReason())
        .findFirst()
        .or(() -> Optional.of(status.getPhase()));
  }

  private void checkVersion(Pod pod, GpuModel gpu) {
    pod.getSpec().getContainers().stream()
        .filter(container -> CONTAINER.equals(container.getName()))
        .map(Container::getImage)
        .filter(image -> image != null)
        .findFirst()
        .flatMap(Version::parse)
        .ifPresent(version -> ManagerSupport.lacking(version, gpu)
            .ifPresent(support -> findings.add(
                support.severity(),
                PreflightCode.MANAGER_TOO_OLD,
                "MIG manager %s is older than %s, the first that supports %s"
                    .formatted(version, support.version(), gpu.id()),
                "upgrade the GPU Operator")));
  }
}
