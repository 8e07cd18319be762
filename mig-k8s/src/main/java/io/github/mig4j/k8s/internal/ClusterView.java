package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How checks and waits see the cluster: each by requests of its own, or many together by one watch.
 * What is seen may be a moment behind; every write is made on a version that was read for it.
 */
public interface ClusterView {

  /** A node; empty if there is none. */
  Optional<Node> node(String name);

  /** The pods of a node as far as they concern its GPUs. */
  List<Pod> pods(String node);

  /** The MIG manager's pods, at least those of this node. */
  List<Pod> managerPods(String node);

  /** The one that counts first; empty if there is none or the kind is not installed. */
  List<GenericKubernetesResource> clusterPolicies();

  /** A ConfigMap; empty if there is none. */
  Optional<ConfigMap> configMap(String namespace, String name);

  /** Whether this client may do something; empty if the API server does not say. */
  Optional<Boolean> mayI(SelfSubjectAccessReview asked);

  /**
   * Tells a node's present version and every one that follows, in order.
   *
   * @param patience how long the first may take
   */
  Following follow(String node, ResourceEventHandler<Node> listener, Duration patience)
      throws InterruptedException;

  /** Called before a node is written or a pod is evicted; throws where that is no longer allowed. */
  default void beforeWrite() {}

  /** Takes note of a write, which may be seen only later. */
  default void wrote(Node after) {}

  /** Ends when it is closed. */
  interface Following extends AutoCloseable {
    @Override
    void close();
  }
}
