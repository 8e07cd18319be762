package io.github.mig4j.k8s.reconcile;

import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.node.MigFleet;
import io.github.mig4j.k8s.node.NodeCapacity;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.text.JsonFields;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * How idle GPUs are cut for pods that wait, and the answer for each pod. This is a pure function of the
 * pods and the nodes.
 *
 * <ul>
 *   <li>No node with a pod on its GPUs is changed, nor one that the caller keeps.
 *   <li>Nothing is cut for a pod whose devices are free on a node.
 *   <li>The stock is not reduced below what is declared.
 *   <li>A node is changed only if a pod is served by it, or the stock needs it. As few GPUs as possible are
 *       cut for them. The rest of these GPUs is cut in the proportion of what pods use and wait for; so
 *       are the node's other GPUs, as long as all nodes together offer less of a profile than what pods
 *       wait for plus one and a half times what they use, and whole GPUs are left in the same way.
 * </ul>
 */
public final class PendingPods implements JsonForm {

  private static final Comparator<WaitingPod> ORDER = Comparator.comparing(WaitingPod::priority)
      .reversed()
      .thenComparing(WaitingPod::since)
      .thenComparing(WaitingPod::name);

  /** Every pod is served, without a stock and bounds. */
  static final PolicyTarget.ForDemand ANY = new PolicyTarget.ForDemand(
      Collections.emptySortedMap(), PolicyTarget.ForDemand.Pods.SERVED, OptionalInt.empty());

  private final List<PodAnswer> answers;
  private final SortedMap<String, SortedMap<Integer, MigLayout>> changes;

  PendingPods(
      Collection<PodAnswer> answers, SortedMap<String, SortedMap<Integer, MigLayout>> changes) {
    this.answers = List.copyOf(answers);
    this.changes = Collections.unmodifiableSortedMap(changes);
  }

  /**
   * Finds the fewest idle GPUs to cut.
   *
   * @param pods the pods that wait
   * @param nodes the nodes of the policy, with what pods use
   * @param target the stock and the bounds
   * @param kept nodes that must stay as they are, each with the reason
   * @return an answer for each pod, and the changes
   */
  public static PendingPods of(
      Collection<WaitingPod> pods,
      List<NodeCapacity> nodes,
      PolicyTarget.ForDemand target,
      Map<String, String> kept) {
    Objects.requireNonNull(pods, "pods");
    Objects.requireNonNull(nodes, "nodes");
    Objects.requireNonNull(target, "target");
    Objects.requireNonNull(kept, "kept");
    List<WaitingPod> served = target.pods() == PolicyTarget.ForDemand.Pods.SERVED
        ? pods.stream().sorted(ORDER).toList()
        : List.of();
    return new GpuCuts(nodes, target, kept).solve(served, GpuCuts::isSchedulable);
  }

  /**
   * Not API; use {@code MigClient.pendingPods}.
   *
   * @param cluster the way into the cluster
   * @return an answer for each pod of the cluster that waits, without a stock and bounds
   */
  public static PendingPods of(Cluster cluster) {
    List<Pod> pods = cluster.allPods();
    PodReader.Waiting waiting = PodReader.read(cluster, pods, Optional.empty());
    List<NodeCapacity> nodes = MigFleet.of(cluster, pods);
    List<NodeCapacity> ofPlugin = nodes.stream()
        .filter(node -> waiting.offersResources(node.status().node(), node.labels()))
        .toList();
    return of(waiting.byResource(), ofPlugin, ANY, Map.of())
        .and(ofClaims(waiting, nodes, Optional.empty()));
  }

  /**
   * The answers for pods with claims, on the nodes whose devices NVIDIA's DRA driver publishes.
   *
   * @param nodes all nodes with GPUs
   * @param keepsAll why none of these nodes may be changed
   */
  static PendingPods ofClaims(
      PodReader.Waiting waiting, List<NodeCapacity> nodes, Optional<String> keepsAll) {
    List<PodReader.Claiming> pods = waiting.byClaim().stream()
        .sorted(Comparator.comparing(PodReader.Claiming::pod, ORDER))
        .toList();
    return waiting
        .snapshot()
        .map(snapshot -> new ClaimPlan(snapshot, nodes, keepsAll).solve(pods))
        .orElseGet(() ->
            of(pods.stream().map(PodReader.Claiming::pod).toList(), List.of(), ANY, Map.of()));
  }

  /** This plan and another one, which have no pod and no node in common. */
  PendingPods and(PendingPods other) {
    SortedMap<String, SortedMap<Integer, MigLayout>> all = new TreeMap<>(changes);
    all.putAll(other.changes);
    return new PendingPods(
        Stream.concat(answers.stream(), other.answers.stream())
            .sorted(Comparator.comparing(PodAnswer::pod, ORDER))
            .toList(),
        all);
  }

  /** {@return an answer for each pod, in the order in which they are served} */
  public List<PodAnswer> answers() {
    return answers;
  }

  /**
   * {@return the layout of each GPU of the nodes to change, by node and index; a GPU without a
   * layout stays whole}
   */
  public SortedMap<String, SortedMap<Integer, MigLayout>> changes() {
    return changes;
  }

  @Override
  public Map<String, Object> toJson() {
    Map<String, Map<Integer, Map<MigProfile, Integer>>> devices = new TreeMap<>();
    changes.forEach((node, byGpu) -> {
      Map<Integer, Map<MigProfile, Integer>> ofNode = new TreeMap<>();
      byGpu.forEach((gpu, layout) -> ofNode.put(gpu, layout.devices()));
      devices.put(node, ofNode);
    });
    return JsonFields.of("pods", answers).and("changes", devices).map();
  }

  /** The numbers, e.g. {@code 12 pods wait, 2 nodes to change}. */
  @Override
  public String toString() {
    return "%d pods wait, %d nodes to change".formatted(answers.size(), changes.size());
  }
}
