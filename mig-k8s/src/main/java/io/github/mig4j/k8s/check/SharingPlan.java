package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.k8s.config.SharingConfigMap;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.node.NodeReading;
import io.github.mig4j.sharing.SharingEvidence;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * A change that passed every check.
 *
 * @param source the map to publish to, and its namespace
 * @param key what the node is to ask for; empty for nothing
 * @param unpublished what the map lacks for that
 * @param evidence what the node shows in the end
 */
public record SharingPlan(
    Source source, String key, Map<String, String> unpublished, SharingEvidence evidence) {

  /** Where the operator takes configurations from. */
  public record Source(String namespace, SharingConfigMap map) {}

  /** What the node does not show yet; silence is missing too. */
  public List<String> missing(Node node) {
    List<String> missing = new ArrayList<>();
    SortedMap<String, Integer> offered = NodeReading.offered(node);
    evidence.allocatable().forEach((resource, count) -> {
      int actual = offered.getOrDefault(resource, 0);
      if (actual != count) {
        missing.add("%s is %d instead of %d".formatted(resource, actual, count));
      }
    });
    offered.forEach((resource, count) -> {
      if (!evidence.allocatable().containsKey(resource)) {
        missing.add("%s is %d instead of 0".formatted(resource, count));
      }
    });
    Map<String, String> labels = Cluster.labels(node);
    evidence.labels().forEach((label, value) -> {
      String actual = labels.get(label);
      if (actual == null) {
        missing.add("label %s is absent instead of %s".formatted(label, value));
      } else if (!actual.equals(value)) {
        missing.add("label %s is %s instead of %s".formatted(label, actual, value));
      }
    });
    return missing;
  }
}
