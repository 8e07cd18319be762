package io.github.mig4j.k8s.check;

import java.util.Locale;

/**
 * The kinds of {@link PreflightFinding}; docs/preflight.md says what each means and what helps.
 * Names are stable: a program may depend on them.
 */
public enum PreflightCode {
  /** There is no such node. */
  NODE_ABSENT,
  /** The kubelet does not answer. */
  NODE_NOT_READY,
  /** The node takes no new pods. */
  NODE_CORDONED,
  /** The node shows no NVIDIA GPU. */
  NO_GPU,
  /** The GPU's product is not told, not in the catalogue, or stands for several models. */
  UNKNOWN_PRODUCT,
  /** What the node itself reports of its GPUs differs from the model. */
  HARDWARE_DIFFERS,
  /** The driver is older than the first that partitions the GPU. */
  DRIVER_TOO_OLD,
  /** The GPUs cannot do MIG, or feature discovery says so. */
  NOT_MIG_CAPABLE,
  /** The number of GPUs is not told. */
  UNKNOWN_GPU_COUNT,
  /** The GPUs are shared among virtual machines by vGPU. */
  VGPU_NODE,
  /** The GPUs are meant for virtual machines, not for containers. */
  VM_WORKLOAD,
  /** The operator is told to leave the node alone. */
  OPERANDS_OFF,
  /** GPUs are given out by dynamic resource allocation instead of the device plugin. */
  DRA_NODE,
  /** Another system partitions the GPUs. */
  OTHER_OWNER,
  /** A GPUCluster manages the GPUs of the cluster by dynamic resource allocation. */
  DRA_CLUSTER,
  /** The cluster has no ClusterPolicy. */
  POLICY_ABSENT,
  /** The cluster has more than one ClusterPolicy. */
  SEVERAL_POLICIES,
  /** No MIG manager is meant to run on the node. */
  MANAGER_NOT_DEPLOYED,
  /** The node's MIG manager does not run. */
  MANAGER_NOT_READY,
  /** The node's MIG manager is older than its GPU. */
  MANAGER_TOO_OLD,
  /** The MIG manager reads no ConfigMap of one's own. */
  OPERATOR_OWNED_MAP,
  /** The ConfigMap that the MIG manager reads does not exist. */
  MAP_ABSENT,
  /** The MIG manager refuses the whole file. */
  MAP_REFUSED,
  /** The ConfigMap has no configuration of that name. */
  CONFIG_ABSENT,
  /** Something to say about the configuration on this node's GPUs. */
  LINT,
  /** The configuration and the way in which MIG devices are offered do not go together. */
  STRATEGY_CONFLICT,
  /** No entry of the configuration is for a GPU. */
  GPU_NOT_COVERED,
  /** The MIG manager is at work on the node. */
  CHANGE_IN_PROGRESS,
  /** The MIG manager has failed on this very name before. */
  FAILED_BEFORE,
  /** The MIG manager has stopped GPU clients and not started them again. */
  PAUSED,
  /** A label that nothing reads. */
  WRONG_LABEL_KEY,
  /** Pods use the node's GPUs. */
  BUSY_PODS,
  /** A drain would leave or lose pods that use the node's GPUs. */
  PODS_NOT_EVICTABLE,
  /** Pods hold resource claims, which may be for a GPU. */
  PODS_WITH_CLAIMS,
  /** The client may not do what is needed. */
  MISSING_PERMISSION,
  /** The API server does not say what the client may do. */
  PERMISSIONS_UNKNOWN;

  /** The name as it is printed, e.g. {@code node-not-ready}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
