package io.github.mig4j.k8s.reconcile;

import com.fasterxml.jackson.annotation.JsonValue;
import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.text.JsonFields;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.immutables.value.Value;
import org.jspecify.annotations.Nullable;

/** A pod that asks for MIG devices, by resource names or by claims, and that the scheduler found no node for. */
@Value.Immutable
public interface WaitingPod extends JsonForm {

  /**
   * Reads a pod without its claims.
   *
   * @param pod the pod, such as one from an informer's cache
   * @return empty if the pod does not wait for a node, or asks for no MIG device by a resource name
   */
  static Optional<WaitingPod> of(Pod pod) {
    Objects.requireNonNull(pod, "pod");
    return PodReader.read(pod);
  }

  /**
   * A condition of a required node affinity.
   *
   * @param subject whether it is about a label or a field of the node
   * @param key the label or the field, of which Kubernetes has {@code metadata.name} only
   * @param operator how the value is compared
   * @param values with what
   */
  record NodeCondition(Subject subject, String key, Operator operator, List<String> values)
      implements JsonForm {

    public NodeCondition {
      Objects.requireNonNull(subject, "subject");
      Objects.requireNonNull(key, "key");
      Objects.requireNonNull(operator, "operator");
      values = List.copyOf(Objects.requireNonNull(values, "values"));
    }

    /** What a condition is about. */
    public enum Subject implements JsonName {
      /** A label. */
      LABEL,
      /** A field. */
      FIELD
    }

    /** How a value is compared. */
    public enum Operator {
      /** It is one of the values. */
      IN("In"),
      /** It is none of the values, or the node does not have it. */
      NOT_IN("NotIn"),
      /** The node has it. */
      EXISTS("Exists"),
      /** The node does not have it. */
      DOES_NOT_EXIST("DoesNotExist"),
      /** It is a whole number above the only value. */
      GT("Gt"),
      /** It is a whole number below the only value. */
      LT("Lt");

      private final String word;

      Operator(String word) {
        this.word = word;
      }

      static Optional<Operator> of(@Nullable String word) {
        return Stream.of(values()).filter(each -> each.word.equals(word)).findFirst();
      }

      /** The word of Kubernetes, e.g. {@code NotIn}. */
      @Override
      @JsonValue
      public String toString() {
        return word;
      }
    }

    /**
     * {@return whether a node meets the condition, as the scheduler decides}
     *
     * @param node the node's name
     * @param labels its labels
     */
    public boolean isMetBy(String node, Map<String, String> labels) {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(labels, "labels");
      Optional<String> value = Optional.ofNullable(
          subject == Subject.LABEL ? labels.get(key) : key.equals("metadata.name") ? node : null);
      return switch (operator) {
        case IN -> value.filter(values::contains).isPresent();
        case NOT_IN -> value.filter(values::contains).isEmpty();
        case EXISTS -> value.isPresent();
        case DOES_NOT_EXIST -> value.isEmpty();
        case GT -> compared(value).filter(sign -> sign > 0).isPresent();
        case LT -> compared(value).filter(sign -> sign < 0).isPresent();
      };
    }

    private Optional<Integer> compared(Optional<String> value) {
      try {
        return values.size() == 1
            ? value.map(text -> Long.compare(Long.parseLong(text), Long.parseLong(values.get(0))))
            : Optional.empty();
      } catch (NumberFormatException noNumber) {
        return Optional.empty();
      }
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("subject", subject)
          .and("key", key)
          .and("operator", operator)
          .and("values", values)
          .map();
    }

    /** The condition, e.g. {@code zone In [a, b]}. */
    @Override
    public String toString() {
      return "%s %s%s".formatted(key, operator, values.isEmpty() ? "" : " " + values);
    }
  }

  /** {@return the namespace and the name, e.g. {@code ml/train-0}} */
  String name();

  /**
   * {@return the devices that it asks for by resource names or by claims, which must be on one
   * node: counts of at least 1 by profile; empty if its claims are {@link #unread}}
   */
  @Value.NaturalOrder
  SortedMap<MigProfile, Integer> devices();

  /** {@return the labels that its node must have} */
  @Value.Redacted
  @Value.NaturalOrder
  SortedMap<String, String> nodeSelector();

  /**
   * {@return the terms of the required node affinity, of which its node must meet one with all its
   * conditions; empty if every node will do} A term without a condition is met by no node. The
   * products that its claims select are a condition of each term, on the label {@code
   * gpu.nvidia.com/productName}.
   */
  @Value.Redacted
  List<List<NodeCondition>> nodeAffinity();

  /**
   * {@return whether a node has the labels and meets the conditions that the pod requires of its node}
   *
   * @param node the node's name
   * @param labels its labels
   */
  default boolean isFor(String node, Map<String, String> labels) {
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(labels, "labels");
    return labels.entrySet().containsAll(nodeSelector().entrySet())
        && (nodeAffinity().isEmpty()
            || nodeAffinity().stream()
                .anyMatch(term -> !term.isEmpty()
                    && term.stream().allMatch(condition -> condition.isMetBy(node, labels))));
  }

  /** {@return its priority, 0 unless it has a priority class; the higher is served first} */
  @Value.Redacted
  int priority();

  /** {@return when it was created; of equal priorities the oldest is served first} */
  @Value.Redacted
  Instant since();

  /**
   * {@return why no GPU is cut for it whatever the nodes are, with a remedy; empty if GPUs can be
   * cut for it}
   */
  @Value.Redacted
  Optional<String> unread();

  @Override
  default Map<String, Object> toJson() {
    return JsonFields.of("name", name())
        .and("devices", devices())
        .and("nodeSelector", nodeSelector())
        .and("nodeAffinity", nodeAffinity())
        .and("priority", priority())
        .and("since", since().toString())
        .and("unread", unread())
        .map();
  }

  /** Builds a {@link WaitingPod}. */
  final class Builder extends ImmutableWaitingPod.Builder {
    Builder() {}
  }
}
