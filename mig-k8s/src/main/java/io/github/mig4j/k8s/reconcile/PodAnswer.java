package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import io.github.mig4j.text.JsonFields;
import java.util.Map;
import java.util.Objects;

/** Which node will serve a pod that waits, or why none can. */
public sealed interface PodAnswer extends JsonForm {

  /** {@return the pod that waits} */
  WaitingPod pod();

  /** {@return the answer in words: one line without a full stop} */
  default String message() {
    return toString();
  }

  /**
   * A node offers the devices already, so nothing is cut for the pod.
   *
   * @param pod the pod
   * @param node a node whose devices are free
   */
  record Fits(WaitingPod pod, String node) implements PodAnswer {
    public Fits {
      Objects.requireNonNull(pod, "pod");
      Objects.requireNonNull(node, "node");
    }

    @Override
    public String toString() {
      return "%s: node %s has its devices free, so it waits for something else; see 'kubectl describe pod'"
          .formatted(pod.name(), node);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("pod", pod.name())
          .and("answer", "fits")
          .and("node", node)
          .and("message", message())
          .map();
    }
  }

  /**
   * A node offers the devices when it is cut as planned.
   *
   * @param pod the pod
   * @param node the node
   */
  record Served(WaitingPod pod, String node) implements PodAnswer {
    public Served {
      Objects.requireNonNull(pod, "pod");
      Objects.requireNonNull(node, "node");
    }

    @Override
    public String toString() {
      return "%s: node %s will serve it after a change of its layout".formatted(pod.name(), node);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("pod", pod.name())
          .and("answer", "served")
          .and("node", node)
          .and("message", message())
          .map();
    }
  }

  /** Why no node is cut for a pod. */
  enum Reason implements JsonName {
    /** It cannot be told which nodes are for the pod. */
    NOT_READ,
    /** No node has the labels that the pod requires. */
    NO_NODE,
    /** No GPU of the nodes that are for the pod has the profiles. */
    NO_MODEL,
    /** Each node that could be cut has pods on its GPUs, or must stay as it is. */
    NODES_KEPT,
    /** More GPUs would have MIG devices than allowed. */
    BOUNDS,
    /** Less than the stock would remain. */
    STOCK,
    /** The devices do not fit beside those of other pods. */
    NO_ROOM
  }

  /**
   * No node will serve the pod.
   *
   * @param pod the pod
   * @param reason the kind of the reason
   * @param detail the reason in words, with what to do
   */
  record Unserved(WaitingPod pod, Reason reason, String detail) implements PodAnswer {
    public Unserved {
      Objects.requireNonNull(pod, "pod");
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(detail, "detail");
    }

    @Override
    public String toString() {
      return "%s: no node will serve it: %s".formatted(pod.name(), detail);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("pod", pod.name())
          .and("answer", "unserved")
          .and("reason", reason)
          .and("message", message())
          .map();
    }
  }
}
