package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.node.GpuOwner;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.k8s.node.ModelReading;
import io.github.mig4j.lint.Severity;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a node's own object says for or against partitioning its GPUs.
 *
 * @param models the models of its GPUs; none if they are not known
 */
record NodeStateCheck(
    Node node,
    MigNodeStatus status,
    List<GpuModel> models,
    MigSettings settings,
    PreflightFindings findings) {

  /**
   * Looks at everything.
   *
   * @param policy decides what some labels mean
   * @param blocking how bad it is if the node cannot act now
   */
  void check(Optional<GenericKubernetesResource> policy, Severity blocking) {
    checkReadiness(blocking);
    checkGpu();
    checkOperator(policy);
    checkOwners();
    checkPauses();
  }

  /** Whether the kubelet answers and the node takes pods. */
  void checkReadiness(Severity blocking) {
    NodeFields.ready(node)
        .filter(ready -> !"True".equals(ready.getStatus()))
        .ifPresent(ready -> findings.add(
            blocking,
            PreflightCode.NODE_NOT_READY,
            "the node's condition Ready is %s%s"
                .formatted(
                    ready.getStatus(),
                    ready.getReason() == null ? "" : " (" + ready.getReason() + ")"),
            "wait until its kubelet answers; see 'kubectl describe node %s'"
                .formatted(status.node())));
    if (NodeFields.isCordoned(node)) {
      findings.note(
          PreflightCode.NODE_CORDONED,
          "the node is cordoned, so no new pod can use the devices",
          "uncordon it afterwards with 'kubectl uncordon %s'".formatted(status.node()));
    }
  }

  private void checkGpu() {
    if (showsNoGpu()) {
      findings.error(
          PreflightCode.NO_GPU,
          "the node shows no NVIDIA GPU, neither by a label nor by a resource",
          "choose a node with label %s=true".formatted(Labels.GPU_PRESENT));
    } else if (models.isEmpty()) {
      checkProduct();
    } else {
      checkMemory();
      checkCapability();
    }
  }

  private void checkCapability() {
    if (models.stream().noneMatch(GpuModel::supportsMig)) {
      findings.error(
          PreflightCode.NOT_MIG_CAPABLE,
          "%s (%s) has no MIG".formatted(models.get(0).id(), models.get(0).architecture()),
          "share it by time-slicing or MPS instead");
    } else if (status.migCapable().equals(Optional.of(false))) {
      findings.error(
          PreflightCode.NOT_MIG_CAPABLE,
          "feature discovery says %s=false, though %s has MIG"
              .formatted(
                  Labels.MIG_CAPABLE,
                  models.stream()
                      .filter(GpuModel::supportsMig)
                      .map(GpuModel::id)
                      .collect(Collectors.joining(" and "))),
          "check whether the driver or the hypervisor withholds it with 'nvidia-smi -q -d MIG'");
    }
  }

  /** A statement and a record can differ from the label, which is about one of several models. */
  private void checkMemory() {
    ModelReading.memory(node).stream()
        .filter(memory -> models.stream().noneMatch(model -> model.agreesWithMemory(memory)))
        .forEach(memory -> findings.warning(
            PreflightCode.HARDWARE_DIFFERS,
            "label %s=%d is not the memory of %s"
                .formatted(
                    Labels.GPU_MEMORY,
                    memory,
                    models.stream().map(GpuModel::id).collect(Collectors.joining(" or "))),
            "check the GPUs with 'nvidia-smi -L' on the node"));
  }

  private boolean showsNoGpu() {
    return "false".equals(labels().get(Labels.GPU_PRESENT))
        || (labels().keySet().stream().noneMatch(key -> key.startsWith("nvidia.com/"))
            && status.allocatable().isEmpty());
  }

  private void checkProduct() {
    if (status.product().isEmpty()) {
      findings.error(
          PreflightCode.UNKNOWN_PRODUCT,
          "the node has no label %s, so its GPU is not known".formatted(Labels.GPU_PRODUCT),
          "deploy GPU Feature Discovery or set the label");
      return;
    }
    String product = status.product().get();
    if (settings.catalog().find(product).isEmpty()) {
      findings.error(
          PreflightCode.UNKNOWN_PRODUCT,
          "GPU product '%s' is not in the catalogue".formatted(product),
          "add its model as docs/add-a-gpu.md describes");
    } else {
      ModelReading.of(node, settings)
          .problem()
          .ifPresent(problem -> findings.error(
              PreflightCode.UNKNOWN_PRODUCT,
              "GPU product '%s' %s".formatted(product, problem.verdict()),
              problem.remedy()));
    }
  }

  private void checkOperator(Optional<GenericKubernetesResource> policy) {
    String driver = labels().getOrDefault(Labels.VGPU_HOST_DRIVER, "");
    if (!driver.isEmpty()) {
      findings.error(
          PreflightCode.VGPU_NODE,
          "label %s=%s makes this a node for vGPU, where the operator runs no MIG manager"
              .formatted(Labels.VGPU_HOST_DRIVER, driver),
          "partition it through the vGPU manager, or choose another node");
    }
    checkWorkload(policy);
    if ("false".equals(labels().get(Labels.DEPLOY_OPERANDS))) {
      findings.error(
          PreflightCode.OPERANDS_OFF,
          "label %s=false keeps the operator away from the node".formatted(Labels.DEPLOY_OPERANDS),
          "remove it with 'kubectl label node %s %s-'"
              .formatted(status.node(), Labels.DEPLOY_OPERANDS));
    }
    draMark()
        .ifPresent(mark -> findings.error(
            PreflightCode.DRA_NODE,
            "label %s says that GPUs are allocated by dynamic resource allocation, where the operator runs no MIG manager"
                .formatted(mark),
            "request MIG devices by ResourceClaims, or choose another node"));
  }

  private void checkWorkload(Optional<GenericKubernetesResource> policy) {
    String workload = labels().getOrDefault(Labels.WORKLOAD_CONFIG, "");
    if (!workload.startsWith("vm-")) {
      return;
    }
    boolean obeyed = policy.map(ClusterPolicies::servesVirtualMachines).orElse(true);
    findings.add(
        obeyed ? Severity.ERROR : Severity.WARNING,
        PreflightCode.VM_WORKLOAD,
        "label %s=%s gives the GPUs to virtual machines%s"
            .formatted(
                Labels.WORKLOAD_CONFIG,
                workload,
                obeyed
                    ? ", where the operator runs no MIG manager"
                    : ", once the ClusterPolicy has spec.sandboxWorkloads.enabled"),
        "set it to container, or choose another node");
  }

  private Optional<String> draMark() {
    if ("dra".equals(labels().get(Labels.ALLOCATION_MODE))) {
      return Optional.of(Labels.ALLOCATION_MODE + "=dra");
    }
    return "true".equals(labels().get(Labels.DEPLOY_DRA_DRIVER))
            && !labels().containsKey(Labels.DEPLOY_MIG_MANAGER)
        ? Optional.of(Labels.DEPLOY_DRA_DRIVER + "=true")
        : Optional.empty();
  }

  private void checkOwners() {
    GpuOwner.of(node)
        .forEach(owner -> findings.error(
            PreflightCode.OTHER_OWNER,
            "%s shows that %s partitions the node's GPUs"
                .formatted(owner.mark(), owner.system().product()),
            owner.system().remedy()));
  }

  private void checkPauses() {
    List<String> paused = status.paused();
    if (!paused.isEmpty() && status.state().filter(MigState::isAtWork).isEmpty()) {
      findings.warning(
          PreflightCode.PAUSED,
          "the MIG manager applies nothing, but has not started %s again, so the node offers no GPU"
              .formatted(String.join(", ", paused)),
          "delete the node's MIG manager pod, unless this change ends the pause");
    }
    String mistaken = labels().get(Labels.MISTAKEN_MIG_CONFIG);
    if (mistaken != null && !settings.configLabel().equals(Labels.MISTAKEN_MIG_CONFIG)) {
      findings.warning(
          PreflightCode.WRONG_LABEL_KEY,
          "no program reads the label %s=%s; the key is %s"
              .formatted(Labels.MISTAKEN_MIG_CONFIG, mistaken, settings.configLabel()),
          "remove it with 'kubectl label node %s %s-'"
              .formatted(status.node(), Labels.MISTAKEN_MIG_CONFIG));
    }
  }

  private Map<String, String> labels() {
    return NodeFields.labels(node);
  }
}
