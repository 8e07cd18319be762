package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;

/** How a change sees the pods that it waits for: by a request, or from a watch. */
interface Sight {

  /** The pods of the node now. */
  List<Pod> podsOfNode() throws InterruptedException;

  /** The MIG manager's pods in a namespace now. */
  List<Pod> managerPods(String namespace) throws InterruptedException;

  /** Called before the node is changed, so that no later version of it is missed. */
  void followNode() throws InterruptedException;
}
