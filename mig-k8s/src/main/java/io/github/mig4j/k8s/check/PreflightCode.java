package io.github.mig4j.k8s.check;

import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;

/**
 * The kinds of {@link Finding}s that a preflight has, beside those of lint; docs/preflight.md says what
 * each means and what to do.
 */
public enum PreflightCode implements Code {
  /** The node does not exist. */
  NODE_ABSENT,
  /** The kubelet does not answer. */
  NODE_NOT_READY,
  /** The node takes no new pods. */
  NODE_CORDONED,
  /** The node has no label of an NVIDIA GPU. */
  NO_GPU,
  /** The GPU's product has no label, is not in the catalogue, or can be one of several models. */
  UNKNOWN_PRODUCT,
  /** What the node itself reports of its GPUs differs from the model. */
  HARDWARE_DIFFERS,
  /** The driver is older than the first that partitions the GPU. */
  DRIVER_TOO_OLD,
  /** The GPUs cannot do MIG, or feature discovery says so. */
  NOT_MIG_CAPABLE,
  /** The labels do not show how many GPUs the node has. */
  UNKNOWN_GPU_COUNT,
  /** The node shows more GPUs than its labels describe, which is one model only. */
  SEVERAL_MODELS,
  /** What the device plugin would offer of the node's devices is not known, or it would not start. */
  DEVICES_UNCLEAR,
  /** The GPUs are shared among virtual machines by vGPU. */
  VGPU_NODE,
  /** The GPUs are meant for virtual machines, not for containers. */
  VM_WORKLOAD,
  /** A label keeps the operator away from the node. */
  OPERANDS_OFF,
  /** Dynamic resource allocation allocates the GPUs, not the device plugin. */
  DRA_NODE,
  /** Another system partitions the GPUs. */
  OTHER_OWNER,
  /** A GPUCluster manages the GPUs of the cluster by dynamic resource allocation. */
  DRA_CLUSTER,
  /** The cluster has no ClusterPolicy. */
  POLICY_ABSENT,
  /** The cluster has more than one ClusterPolicy. */
  SEVERAL_POLICIES,
  /** No MIG manager is deployed on the node. */
  MANAGER_NOT_DEPLOYED,
  /** The node's MIG manager is not ready. */
  MANAGER_NOT_READY,
  /** The node's MIG manager is older than its GPU. */
  MANAGER_TOO_OLD,
  /** No device plugin is meant to run on the node. */
  PLUGIN_NOT_DEPLOYED,
  /** The device plugin reads no ConfigMap. */
  SHARING_MAP_UNSET,
  /** The MIG manager reads no ConfigMap of one's own. */
  OPERATOR_OWNED_MAP,
  /** The ConfigMap that the MIG manager reads does not exist. */
  MAP_ABSENT,
  /** The MIG manager refuses the whole file. */
  MAP_REFUSED,
  /** The ConfigMap has no configuration of that name. */
  CONFIG_ABSENT,
  /** The configuration for whole GPUs enables MIG. */
  ENABLES_MIG,
  /** The node does not have the strategy of the ClusterPolicy yet. */
  STRATEGY_CONFLICT,
  /** No entry of the configuration selects a GPU. */
  GPU_NOT_COVERED,
  /** A change of the node is in progress. */
  CHANGE_IN_PROGRESS,
  /** The MIG manager failed on the same name before. */
  FAILED_BEFORE,
  /** The MIG manager stopped GPU clients and did not start them again. */
  PAUSED,
  /** The node has a label that no program reads. */
  WRONG_LABEL_KEY,
  /** Pods use the node's GPUs. */
  BUSY_PODS,
  /** A drain cannot evict pods that use the node's GPUs. */
  PODS_NOT_EVICTABLE,
  /** The operator's pods do not start on a node with the taint of the gate. */
  GATE_NOT_TOLERATED,
  /** The client lacks a permission. */
  MISSING_PERMISSION,
  /** The API server does not say what the client may do. */
  PERMISSIONS_UNKNOWN;

  /** The stable text of this code, e.g. {@code node-not-ready}. */
  @Override
  public String toString() {
    return text();
  }
}
