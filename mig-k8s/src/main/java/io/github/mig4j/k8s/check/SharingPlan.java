package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.k8s.config.SharingConfigMap;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.node.NodeReading;
import io.github.mig4j.node.NodeOffer;
import java.util.List;
import java.util.Map;

/**
 * A change that passed every check.
 *
 * @param source the map to publish to, and its namespace
 * @param key what the node is to ask for; empty for nothing
 * @param unpublished what the map lacks for that
 * @param offer what the node offers in the end
 */
public record SharingPlan(
    Source source, String key, Map<String, String> unpublished, NodeOffer offer) {

  /** Where the operator takes configurations from. */
  public record Source(String namespace, SharingConfigMap map) {}

  /** What the node does not show yet; silence is missing too. */
  public List<String> missing(Node node) {
    return offer.differences(NodeReading.offered(node), Cluster.labels(node));
  }
}
