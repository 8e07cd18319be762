package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Taint;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The gate: the taint that keeps new pods off a node until it is verified. A change has it for its
 * duration and records it; the gate of a new node outlasts changes and has an annotation.
 */
public final class NodeGate {

  public static final Taint TAINT =
      new Taint("NoSchedule", "mig4j.github.io/unverified", null, "true");

  /** The annotation of a new node that is gated; its value is the policy. */
  public static final String KEY = "mig4j.github.io/gated-by";

  /** What helps where the operator's pods do not run on a gated node. */
  public static final String TOLERATION_REMEDY =
      "add the toleration {key: %s, operator: Exists} to spec.daemonsets.tolerations of the ClusterPolicy, with helm daemonsets.tolerations"
          .formatted(TAINT.getKey());

  private NodeGate() {}

  /** Why a gate would prevent what it waits for, if the DaemonSets do not tolerate it. */
  public static String untolerated(GenericKubernetesResource policy) {
    return "the DaemonSets of ClusterPolicy %s do not tolerate the taint %s, so the operator's pods do not start on a gated node"
        .formatted(policy.getMetadata().getName(), TAINT.getKey());
  }

  /** Whether the operator's pods run on a node that is gated. */
  public static boolean isToleratedBy(GenericKubernetesResource policy) {
    return isTolerated(TAINT, ClusterPolicies.tolerations(policy));
  }

  /** Whether a pod with these tolerations can start on a node with a taint, as the scheduler decides. */
  public static boolean isTolerated(Taint taint, List<Map<String, String>> tolerations) {
    return tolerations.stream().anyMatch(toleration -> tolerates(toleration, taint));
  }

  private static boolean tolerates(Map<String, String> toleration, Taint taint) {
    String effect = toleration.getOrDefault("effect", "");
    String key = toleration.getOrDefault("key", "");
    boolean isExists = "Exists".equals(toleration.get("operator"));
    boolean isValue = isExists
        || toleration
            .getOrDefault("value", "")
            .equals(Optional.ofNullable(taint.getValue()).orElse(""));
    return (effect.isEmpty() || effect.equals(taint.getEffect()))
        && (key.isEmpty() ? isExists : key.equals(taint.getKey()))
        && isValue;
  }

  /** Whether a node is gated as a new one. */
  public static boolean isClosed(Node node) {
    return NodeFields.annotations(node).containsKey(KEY);
  }

  /** Gates a new node of a policy; a taint that it registered with becomes this gate. */
  public static void close(Cluster cluster, String node, String policy) {
    cluster.onLatestVersion(() -> {
      Node now = cluster.requireNode(node);
      NodePatch patch = NodePatch.on(now).annotate(KEY, policy);
      write(cluster, NodePatch.has(now, TAINT) ? patch : patch.taint(TAINT));
    });
  }

  /** Removes the gate of a new node. */
  public static void open(Cluster cluster, String node) {
    cluster.onLatestVersion(() -> {
      Optional<Node> now = cluster.node(node);
      now.ifPresent(
          each -> write(cluster, NodePatch.on(each).removeAnnotation(KEY).removeTaint(TAINT)));
    });
  }

  private static void write(Cluster cluster, NodePatch patch) {
    if (!patch.isEmpty()) {
      Node unused = cluster.patch(patch);
    }
  }
}
