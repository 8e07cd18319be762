package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A change of one version of a node: if the node has changed since, the API server answers 409, or 422
 * where a path to remove no longer exists. {@link Cluster} reports both as a conflict.
 *
 * <p>It is a JSON patch (RFC 6902), the only kind that can both remove a key and set a whole list.
 */
public final class NodePatch {

  private final Node node;
  private final List<Map<String, Object>> operations = new ArrayList<>();
  private final Map<String, String> labels;
  private final Map<String, String> annotations;

  private NodePatch(Node node) {
    this.node = node;
    this.labels = new LinkedHashMap<>(NodeFields.labels(node));
    this.annotations = new LinkedHashMap<>(NodeFields.annotations(node));
  }

  public static NodePatch on(Node node) {
    return new NodePatch(node);
  }

  public NodePatch label(String key, String value) {
    set("/metadata/labels", labels, key, value);
    return this;
  }

  public NodePatch annotate(String key, String value) {
    set("/metadata/annotations", annotations, key, value);
    return this;
  }

  /** Records the change in progress. */
  public NodePatch record(ChangeRecord record) {
    return annotate(ChangeRecord.KEY, record.json());
  }

  public NodePatch removeLabel(String key) {
    if (labels.remove(key) != null) {
      operations.add(Map.of("op", "remove", "path", "/metadata/labels/" + escaped(key)));
    }
    return this;
  }

  public NodePatch removeAnnotation(String key) {
    if (annotations.remove(key) != null) {
      operations.add(Map.of("op", "remove", "path", "/metadata/annotations/" + escaped(key)));
    }
    return this;
  }

  /** Marks the node as unschedulable. */
  public NodePatch cordon() {
    add("/spec/unschedulable", true);
    return this;
  }

  private NodePatch uncordon() {
    if (NodeFields.isCordoned(node)) {
      operations.add(Map.of("op", "remove", "path", "/spec/unschedulable"));
    }
    return this;
  }

  /** Adds a taint, in place of one with the same key and effect. */
  public NodePatch taint(Taint taint) {
    List<Taint> taints = taints(other -> !isSame(other, taint));
    taints.add(taint);
    add("/spec/taints", taints);
    return this;
  }

  public NodePatch removeTaint(Taint taint) {
    List<Taint> rest = taints(other -> !isSame(other, taint));
    if (rest.size() < taints(other -> true).size()) {
      add("/spec/taints", rest);
    }
    return this;
  }

  /** Undoes what was done to the node for the time of a change. */
  public NodePatch undo(ChangeRecord.Done what) {
    return what == ChangeRecord.Done.CORDONED ? uncordon() : removeTaint(NodeGate.TAINT);
  }

  public static boolean has(Node node, Taint taint) {
    return node.getSpec() != null
        && node.getSpec().getTaints() != null
        && node.getSpec().getTaints().stream().anyMatch(other -> isSame(other, taint));
  }

  private static boolean isSame(Taint a, Taint b) {
    return a.getKey().equals(b.getKey()) && a.getEffect().equals(b.getEffect());
  }

  private List<Taint> taints(Predicate<Taint> kept) {
    @Nullable List<Taint> all = node.getSpec() == null ? null : node.getSpec().getTaints();
    return new ArrayList<>(all == null ? List.of() : all.stream().filter(kept).toList());
  }

  /** A map that does not exist is added as a whole. */
  private void set(String path, Map<String, String> current, String key, String value) {
    if (value.equals(current.get(key))) {
      return;
    }
    boolean absent = current.isEmpty();
    current.put(key, value);
    if (absent) {
      add(path, Map.of(key, value));
    } else {
      add(path + '/' + escaped(key), value);
    }
  }

  private void add(String path, Object value) {
    operations.add(Map.of("op", "add", "path", path, "value", value));
  }

  private static String escaped(String key) {
    return key.replace("~", "~0").replace("/", "~1");
  }

  public boolean isEmpty() {
    return operations.isEmpty();
  }

  /** The version that this patch was computed from. */
  public Node node() {
    return node;
  }

  public String json() {
    List<Map<String, Object>> guarded = new ArrayList<>(operations);
    guarded.add(Map.of(
        "op",
        "replace",
        "path",
        "/metadata/resourceVersion",
        "value",
        node.getMetadata().getResourceVersion()));
    return Serialization.asJson(guarded);
  }
}
