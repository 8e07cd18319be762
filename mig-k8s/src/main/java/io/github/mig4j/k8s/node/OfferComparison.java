package io.github.mig4j.k8s.node;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.GpuResources;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.internal.Quantities;
import io.github.mig4j.node.NodeOffer;
import io.github.mig4j.text.JsonFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;

/**
 * How what a node offers compares with what it should offer: with its configuration if that is known,
 * otherwise with its own labels.
 *
 * @param result what agrees and what does not
 * @param basis what the node's resources were compared with
 * @param differences where they differ, one sentence each
 */
public record OfferComparison(Result result, Basis basis, List<String> differences)
    implements JsonForm {

  private static final String COUNT = ".count";
  private static final String REPLICAS = ".replicas";

  /** What agrees and what does not. */
  public enum Result implements JsonName {
    /** Resources and labels are right. */
    AGREES,
    /** The resources are not as the labels say, which are right if they are compared with the configuration. */
    RESOURCES_DIFFER,
    /** The resources are right, the labels are not. */
    LABELS_DIFFER,
    /** The node offers more than its labels count. */
    MORE_GPUS,
    /** The node has no GPU device, according to resources and labels, but should have some. */
    NO_DEVICES,
    /** Resources and labels agree with each other, but not with the configuration. */
    OTHER_DEVICES,
    /** A change is in progress, or the resources are not known. */
    NOT_COMPARED
  }

  /** What a node's resources are compared with. */
  public enum Basis implements JsonName {
    /** The content of the configuration that the node requests. */
    CONFIGURATION,
    /** The labels of GPU Feature Discovery; the content of the configuration is not known. */
    LABELS,
    /** Nothing. */
    NOTHING
  }

  /** Copies the sentences. */
  public OfferComparison {
    Objects.requireNonNull(result, "result");
    Objects.requireNonNull(basis, "basis");
    Objects.requireNonNull(differences, "differences");
    differences = List.copyOf(differences);
  }

  /** {@return a comparison without differences: nothing was compared} */
  public static OfferComparison none() {
    return new OfferComparison(Result.NOT_COMPARED, Basis.NOTHING, List.of());
  }

  /** Compares the node with what it should offer, if that is known, or with its labels. */
  static OfferComparison of(Node node, MigStrategy strategy, Optional<NodeOffer> expected) {
    if (Quantities.allocatable(node).isEmpty()) {
      return none();
    }
    return expected
        .map(offer -> withConfiguration(node, offer))
        .or(() -> NodeReading.labelled(node, strategy).map(offer -> withLabels(node, offer)))
        .orElseGet(OfferComparison::none);
  }

  private static OfferComparison withConfiguration(Node node, NodeOffer expected) {
    SortedMap<String, Long> offered = NodeReading.offered(node);
    List<String> resources = expected.resourceDifferences(offered, NodeFields.labels(node));
    List<String> labels = expected.labelDifferences(NodeFields.labels(node));
    List<String> all = new ArrayList<>(resources);
    all.addAll(labels);
    boolean isRight = resources.isEmpty() && labels.isEmpty();
    if (isRight && offered.isEmpty() && expected.devicePluginExit().isPresent()) {
      return new OfferComparison(
          Result.NO_DEVICES,
          Basis.CONFIGURATION,
          List.of(expected.devicePluginExit().orElseThrow()));
    }
    Result result;
    if (isRight) {
      result = Result.AGREES;
    } else if (offered.isEmpty() && countsNoDevice(node)) {
      result = Result.NO_DEVICES;
    } else if (isMore(node, expected, offered)) {
      result = Result.MORE_GPUS;
    } else if (labels.isEmpty()) {
      result = Result.RESOURCES_DIFFER;
    } else {
      result = resources.isEmpty() ? Result.LABELS_DIFFER : Result.OTHER_DEVICES;
    }
    return new OfferComparison(result, Basis.CONFIGURATION, all);
  }

  private static OfferComparison withLabels(Node node, NodeOffer labelled) {
    SortedMap<String, Long> offered = NodeReading.offered(node);
    List<String> differences = labelled.resourceDifferences(offered, NodeFields.labels(node));
    Result result = Result.RESOURCES_DIFFER;
    if (offered.isEmpty() && labelled.resources().isEmpty()) {
      result = Result.NO_DEVICES;
    } else if (differences.isEmpty()) {
      result = Result.AGREES;
    } else if (isMore(node, labelled, offered)) {
      result = Result.MORE_GPUS;
    }
    return new OfferComparison(result, Basis.LABELS, differences);
  }

  /** Whether every resource is there, and at least one more than the GPUs of the labels can be. */
  private static boolean isMore(Node node, NodeOffer expected, SortedMap<String, Long> offered) {
    boolean more = offered.entrySet().stream()
        .anyMatch(each -> each.getValue() / replicas(node, each.getKey())
            > expected.resources().getOrDefault(each.getKey().replace(".shared", ""), 0L));
    boolean less = expected.resources().entrySet().stream()
        .anyMatch(each -> (offered.getOrDefault(each.getKey(), 0L)
                + offered.getOrDefault(each.getKey() + ".shared", 0L))
            < each.getValue());
    return more && !less;
  }

  private static long replicas(Node node, String resource) {
    String label = resource.replace(".shared", "") + REPLICAS;
    return Math.max(1, NodeFields.number(NodeFields.labels(node), label).orElse(1));
  }

  private static boolean countsNoDevice(Node node) {
    return NodeFields.labels(node).entrySet().stream()
            .filter(label -> label.getKey().endsWith(COUNT) && !label.getValue().equals("0"))
            .map(label -> label.getKey().substring(0, label.getKey().length() - COUNT.length()))
            .noneMatch(resource -> MigProfile.ofResourceName(resource).isPresent())
        && NodeFields.labels(node)
            .getOrDefault(GpuResources.GPU + REPLICAS, "0")
            .equals("0");
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("result", result)
        .and("basis", basis)
        .and("differences", differences)
        .map();
  }
}
