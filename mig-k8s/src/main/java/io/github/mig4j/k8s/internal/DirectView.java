package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Sends a request for each question, and opens a watch for each node. */
record DirectView(Cluster cluster) implements ClusterView {

  @Override
  public Optional<Node> node(String name) {
    return cluster.node(name);
  }

  @Override
  public List<Pod> pods(String node) {
    return cluster.podsOnNode(node);
  }

  @Override
  public List<Pod> managerPods(String node) {
    return cluster.managerPods();
  }

  @Override
  public List<GenericKubernetesResource> clusterPolicies() {
    return cluster.clusterPolicies();
  }

  @Override
  public Optional<ConfigMap> configMap(String namespace, String name) {
    return cluster.configMap(namespace, name);
  }

  @Override
  public Optional<Boolean> mayI(SelfSubjectAccessReview review) {
    return cluster.mayI(review);
  }

  @Override
  public boolean sendsRequests() {
    return true;
  }

  /** fabric8's informer reconnects and lists again without help. */
  @Override
  public Following follow(String node, ResourceEventHandler<Node> listener, Duration timeout)
      throws InterruptedException {
    SharedIndexInformer<Node> informer = cluster
        .client()
        .nodes()
        .withName(node)
        .runnableInformer(0)
        .addEventHandler(listener)
        .exceptionHandler(new WatchRetry());
    cluster.start("list and watch node " + node, informer, timeout);
    return informer::close;
  }
}
