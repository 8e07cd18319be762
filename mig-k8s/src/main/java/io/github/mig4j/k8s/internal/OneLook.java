package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A view for one look at a change: until it writes, it reads each node and each ConfigMap once. */
public final class OneLook implements ClusterView {

  private final ClusterView view;
  private final Map<String, Optional<Node>> nodes = new HashMap<>();
  private final Map<String, Optional<ConfigMap>> configMaps = new HashMap<>();

  /** A look through this view, by one thread. */
  public OneLook(ClusterView view) {
    this.view = view;
  }

  @Override
  public Optional<Node> node(String name) {
    return nodes.computeIfAbsent(name, view::node);
  }

  @Override
  public List<Pod> pods(String node) {
    return view.pods(node);
  }

  @Override
  public List<Pod> managerPods(String node) {
    return view.managerPods(node);
  }

  @Override
  public List<GenericKubernetesResource> clusterPolicies() {
    return view.clusterPolicies();
  }

  @Override
  public Optional<ConfigMap> configMap(String namespace, String name) {
    return configMaps.computeIfAbsent(
        namespace + "/" + name, unused -> view.configMap(namespace, name));
  }

  @Override
  public Optional<Boolean> mayI(SelfSubjectAccessReview review) {
    return view.mayI(review);
  }

  @Override
  public Following follow(String node, ResourceEventHandler<Node> listener, Duration timeout)
      throws InterruptedException {
    return view.follow(node, listener, timeout);
  }

  @Override
  public boolean sendsRequests() {
    return view.sendsRequests();
  }

  @Override
  public void beforeWrite() {
    nodes.clear();
    configMaps.clear();
    view.beforeWrite();
  }

  @Override
  public void wrote(Node after) {
    view.wrote(after);
  }
}
