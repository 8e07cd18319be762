package io.github.mig4j.k8s.check;

/**
 * What a change may do to the pods that use a node's GPUs. The MIG manager itself looks after none:
 * it fails where a GPU is in use, or takes it away (gpu-operator#262).
 */
public enum Disruption {

  /** Nothing: a node whose GPUs are in use is refused. */
  NONE,

  /**
   * No new pod comes to the node until the change is verified; a node whose GPUs are in use is
   * refused.
   */
  CORDON,

  /**
   * As {@link #CORDON}, and the pods that use GPUs are evicted. Disruption budgets are respected;
   * pods of DaemonSets, mirror pods and pods that use no GPU stay. A node with a pod that nobody
   * would make again is refused.
   */
  DRAIN
}
