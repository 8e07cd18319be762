package io.github.mig4j.k8s.cluster;

/**
 * The node labels of the GPU Operator, the MIG manager and GPU Feature Discovery.
 *
 * <p>Sources: NVIDIA/mig-parted bd7160f4 cmd/nvidia-mig-manager/main.go and
 * pkg/mig/reconfigure/reconfigure.go, NVIDIA/gpu-operator a22dbf67 controllers/state_manager.go,
 * NVIDIA/k8s-device-plugin 1b826acc internal/lm.
 */
public final class Labels {

  /** The requested configuration; the MIG manager starts a run when the value changes. */
  public static final String MIG_CONFIG = "nvidia.com/mig.config";

  /** A wrong key in some guides, which no component reads; the right one is {@link #MIG_CONFIG}. */
  public static final String MISTAKEN_MIG_CONFIG = "nvidia.com/mig-config";

  /** The state that the MIG manager last reported: pending, rebooting, success or failed. */
  public static final String MIG_CONFIG_STATE = "nvidia.com/mig.config.state";

  /** Whether any GPU of the node supports MIG; written by GPU Feature Discovery. */
  public static final String MIG_CAPABLE = "nvidia.com/mig.capable";

  /** single or mixed; absent under none. */
  public static final String MIG_STRATEGY = "nvidia.com/mig.strategy";

  /** The GPU's product name, with a suffix for MIG (strategy single) or sharing. */
  public static final String GPU_PRODUCT = "nvidia.com/gpu.product";

  /** The number of physical GPUs; under strategy single with MIG on, of MIG devices. */
  public static final String GPU_COUNT = "nvidia.com/gpu.count";

  /** Replicas of each shared device; 0 if every GPU is partitioned (strategy mixed). */
  public static final String GPU_REPLICAS = "nvidia.com/gpu.replicas";

  /** none, time-slicing or mps: how the devices are shared. */
  public static final String GPU_SHARING = "nvidia.com/gpu.sharing-strategy";

  /** The requested configuration of the device plugin: a key of its ConfigMap. */
  public static final String DEVICE_PLUGIN_CONFIG = "nvidia.com/device-plugin.config";

  /** Memory of the GPU, or of the MIG device under strategy single, in MiB. */
  public static final String GPU_MEMORY = "nvidia.com/gpu.memory";

  /** Whether the node has an NVIDIA GPU; written by the operator. */
  public static final String GPU_PRESENT = "nvidia.com/gpu.present";

  /** The prefix of the labels that say whether the operator runs an operand on this node. */
  public static final String DEPLOY_PREFIX = "nvidia.com/gpu.deploy.";

  /** Whether the operator runs a MIG manager on this node. */
  public static final String DEPLOY_MIG_MANAGER = DEPLOY_PREFIX + "mig-manager";

  /** Whether GPU clients that are not the operator's run on this node; also their node selector. */
  public static final String DEPLOY_CLIENT = DEPLOY_PREFIX + "client";

  /** Whether the DRA driver runs on this node; written where a GPUCluster replaces the policy. */
  public static final String DEPLOY_DRA_DRIVER = DEPLOY_PREFIX + "dra-driver";

  /** Whether the operator runs anything on this node, unless it is {@code false}. */
  public static final String DEPLOY_OPERANDS = DEPLOY_PREFIX + "operands";

  /** device-plugin or dra, in operators that support both. */
  public static final String ALLOCATION_MODE = "nvidia.com/gpu-operator.resource-allocation.mode";

  /** container, vm-passthrough or vm-vgpu; read if the operator supports virtual machines. */
  public static final String WORKLOAD_CONFIG = "nvidia.com/gpu.workload.config";

  /** The version of the vGPU driver; the operator deploys no MIG manager on a node with this label. */
  public static final String VGPU_HOST_DRIVER = "nvidia.com/vgpu.host-driver-version";

  /** The value of deploy labels during a run of the MIG manager. */
  public static final String PAUSED = "paused-for-mig-change";

  private Labels() {}
}
