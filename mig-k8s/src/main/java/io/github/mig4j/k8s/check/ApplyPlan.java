package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.node.NodeOffer;
import java.util.Map;
import java.util.Optional;

/**
 * What was found to be possible, before anything is written.
 *
 * @param node the node as it was checked
 * @param mapName the ConfigMap that the node's MIG manager reads
 * @param document what that map holds
 * @param content the configuration to be applied
 * @param offer what the node offers afterwards
 * @param key the name under which the node is asked for it
 */
public record ApplyPlan(
    Node node,
    String mapName,
    MigConfigDocument document,
    MigConfig content,
    NodeOffer offer,
    String key) {

  /** Whether the configuration that was in force means the same for this node. */
  public enum Sameness {
    /** It does, so that the MIG manager has nothing to do. */
    SAME,
    /** It does not, or is not known. */
    UNKNOWN
  }

  public ApplyPlan on(Node later) {
    return new ApplyPlan(later, mapName, document, content, offer, key);
  }

  public ApplyPlan as(String otherKey) {
    return new ApplyPlan(node, mapName, document, content, offer, otherKey);
  }

  /** Whether the node asks for it under this very name. */
  public boolean isAskedFor(MigSettings settings) {
    return key.equals(Cluster.labels(node).get(settings.configLabel()));
  }

  /** Whether the node requests the configuration and shows all evidence that it is in force. */
  public boolean isInForce(MigSettings settings) {
    MigNodeStatus status = MigNodeStatus.of(node, settings);
    Map<String, String> labels = Cluster.labels(node);
    return sameness(settings.configLabel()) == Sameness.SAME
        && status.state().equals(Optional.of(MigState.SUCCESS))
        && status.paused().isEmpty()
        && offer.resourceDifferences(status.allocatable(), labels).isEmpty()
        && (!labels.containsKey(Labels.GPU_COUNT)
            || offer.labelDifferences(labels).isEmpty());
  }

  /** Only a name with the content's hash says for sure what was requested before. */
  public Sameness sameness(String label) {
    return Cluster.labels(node)
            .getOrDefault(label, "")
            .matches(".*-" + content.contentHash() + "(-r[0-9]+)?")
        ? Sameness.SAME
        : Sameness.UNKNOWN;
  }

  /** Whether the plain name is requested, whose content the map decides. */
  public boolean isExact(String config) {
    return key.equals(config);
  }

  /** Whether it has to be allowed, which a write is not that is not going to happen. */
  boolean takes(Permission permission, MigSettings settings) {
    return switch (permission.verb()) {
      case "patch" -> !isAskedFor(settings) || !isInForce(settings);
      case "update" -> !document.config(key).equals(Optional.of(content));
      default -> true;
    };
  }
}
