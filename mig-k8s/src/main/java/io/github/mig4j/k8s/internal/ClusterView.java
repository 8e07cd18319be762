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
 * How checks and waits read the cluster: with requests of their own, or from a watch that many share.
 * A view may be slightly behind the cluster, so every write is conditional on the version that it was
 * computed from.
 */
public interface ClusterView {

  /** A node; empty if it does not exist. */
  Optional<Node> node(String name);

  /** The pods of a node that concern its GPUs, and perhaps others. */
  List<Pod> pods(String node);

  /** MIG manager pods, at least those of this node. */
  List<Pod> managerPods(String node);

  /** The ClusterPolicies, the active one first; empty if none exists or the kind is not installed. */
  List<GenericKubernetesResource> clusterPolicies();

  /** A ConfigMap; empty if it does not exist. */
  Optional<ConfigMap> configMap(String namespace, String name);

  /** Whether this client may do something; empty if the API server does not say. */
  Optional<Boolean> mayI(SelfSubjectAccessReview review);

  /**
   * Passes a node's current version and every later one to the listener, in order.
   *
   * @param timeout how long the first version may take
   */
  Following follow(String node, ResourceEventHandler<Node> listener, Duration timeout)
      throws InterruptedException;

  /** Whether each question is a request of its own, so that the client decides about repetition. */
  default boolean sendsRequests() {
    return false;
  }

  /** Called before a node is written or a pod is evicted; throws if this process may no longer do so. */
  default void beforeWrite() {}

  /** Records a write that a watch may not have delivered yet. */
  default void wrote(Node after) {}

  /** Receives each version of an object, and nothing where it is deleted. */
  interface Versions<T> extends ResourceEventHandler<T> {
    void see(Optional<T> version);

    @Override
    default void onAdd(T object) {
      see(Optional.of(object));
    }

    @Override
    default void onUpdate(T before, T object) {
      see(Optional.of(object));
    }

    @Override
    default void onDelete(T object, boolean finalStateUnknown) {
      see(Optional.empty());
    }
  }

  /** A subscription, which ends when it is closed. */
  interface Following extends AutoCloseable {
    @Override
    void close();
  }
}
