package io.github.mig4j.k8s.check;

import io.github.mig4j.JsonName;

/**
 * What a change may do to the pods that use a node's GPUs. The MIG manager itself protects none of
 * them: it fails where a GPU is in use, or takes it away (gpu-operator#262). A change of
 * time-slicing leaves them their GPUs. A change from or to MPS restarts or ends the daemon on which
 * their programs depend.
 */
public enum Disruption implements JsonName {

  /** Nothing: a change that disturbs pods is refused while pods use the node's GPUs. */
  NONE,

  /** As {@link #NONE}, and no new pod comes to the node until the change is verified. */
  CORDON,

  /**
   * As {@link #CORDON}, and the pods that use GPUs are evicted. Disruption budgets are respected;
   * pods of DaemonSets, mirror pods and pods that use no GPU stay. A node with a pod that no
   * controller would recreate is refused.
   */
  DRAIN,

  /**
   * The pods keep running, and their programs may fail. This allows a change from or to MPS on a node
   * in use; a layout is refused as with {@link #NONE}.
   */
  IGNORE_PODS
}
