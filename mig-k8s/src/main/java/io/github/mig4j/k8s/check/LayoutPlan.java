package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.config.MigConfigMap;
import io.github.mig4j.k8s.diagnosis.Diagnoser;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeOffer;
import io.github.mig4j.text.ContentName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A layout that passed every check.
 *
 * @param node the node as it was checked
 * @param mapName the ConfigMap that the node's MIG manager reads
 * @param document what that map holds
 * @param content the configuration to be applied
 * @param offer what the node offers afterwards
 * @param base the name to which the content's hash is added; empty if the key is an exact name
 * @param key the name under which the node requests the configuration
 */
record LayoutPlan(
    Node node,
    String mapName,
    MigConfigDocument document,
    MigConfig content,
    NodeOffer offer,
    String base,
    String key)
    implements ApplyPlan {

  @Override
  public LayoutPlan on(Node later) {
    return new LayoutPlan(later, mapName, document, content, offer, base, key);
  }

  @Override
  public Optional<ApplyPlan> underOtherName() {
    if (base.isEmpty()) {
      return Optional.empty();
    }
    String first = content.contentName(base);
    String other = key.equals(first) ? content.retryName(base, 2) : first;
    return Optional.of(new LayoutPlan(node, mapName, document, content, offer, base, other));
  }

  @Override
  public ChangeKind kind() {
    return ChangeKind.LAYOUT;
  }

  @Override
  public String recordedName() {
    return base.isEmpty() ? key : content.contentName(base);
  }

  @Override
  public String contentHash() {
    return content.contentHash();
  }

  @Override
  public String plainName() {
    return base.isEmpty() ? key : base;
  }

  @Override
  public List<NodeGpu> gpus() {
    return List.copyOf(offer.gpus().keySet());
  }

  @Override
  public boolean isInForce(MigSettings settings) {
    MigNodeStatus status = MigNodeStatus.of(node, settings);
    Map<String, String> labels = NodeFields.labels(node);
    return requestsContent(settings)
        && status.state().equals(Optional.of(MigState.SUCCESS))
        && status.paused().isEmpty()
        && offer.resourceDifferences(status.allocatable(), labels).isEmpty()
        && (!labels.containsKey(Labels.GPU_COUNT)
            || offer.labelDifferences(labels).isEmpty());
  }

  @Override
  public boolean isOfferedBefore(MigSettings settings) {
    return !requestsContent(settings)
        && offer
            .resourceDifferences(
                MigNodeStatus.of(node, settings).allocatable(), NodeFields.labels(node))
            .isEmpty();
  }

  /** Only a name that carries the content's hash shows for sure what the node requested. */
  private boolean requestsContent(MigSettings settings) {
    return ContentName.withoutRepetition(kind().requested(node, settings))
        .endsWith("-" + content.contentHash());
  }

  @Override
  public boolean disturbsPods() {
    return true;
  }

  @Override
  public boolean isUnpublished() {
    return !document.config(key).equals(Optional.of(content));
  }

  @Override
  public Diagnosis diagnosis(Cluster cluster, MigNodeStatus last) {
    return Diagnoser.of(cluster, last).diagnosis();
  }

  /** The other name as well, so that the kubelet refreshes the file once for both. */
  @Override
  public void publish(Cluster cluster) {
    List<String> names = new ArrayList<>(List.of(key));
    underOtherName().ifPresent(other -> names.add(other.key()));
    new MigConfigMap(cluster, mapName).add(names, content);
  }
}
