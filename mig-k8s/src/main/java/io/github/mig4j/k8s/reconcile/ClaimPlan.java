package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.dra.ClaimAllocator;
import io.github.mig4j.k8s.dra.DraGpu;
import io.github.mig4j.k8s.dra.DraNode;
import io.github.mig4j.k8s.dra.DraSnapshot;
import io.github.mig4j.k8s.node.NodeCapacity;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A plan for pods with claims. Whether a pod fits is what the scheduler would decide; for the others GPUs
 * are cut by their profiles.
 */
final class ClaimPlan {

  private final List<DraNode> published;
  private final SortedMap<String, NodeCapacity> nodes = new TreeMap<>();
  private final ClaimAllocator allocator;
  private final Map<String, String> kept = new TreeMap<>();
  private final Map<String, String> podOfClaim = new HashMap<>();
  private final List<PodAnswer> answers = new ArrayList<>();

  ClaimPlan(DraSnapshot snapshot, List<NodeCapacity> all, Optional<String> keepsAll) {
    this.published = snapshot.inventory().nodes();
    this.allocator = snapshot.allocator();
    for (DraNode node : published) {
      all.stream()
          .filter(each -> each.status().node().equals(node.name()))
          .findFirst()
          .map(each -> each.publishing(node))
          .ifPresent(each -> nodes.put(node.name(), each));
      keepsAll.or(() -> reasonToKeep(node)).ifPresent(reason -> kept.put(node.name(), reason));
    }
  }

  private Optional<String> reasonToKeep(DraNode node) {
    if (node.gpus().stream().anyMatch(gpu -> gpu.form() == DraGpu.Form.PARTITIONABLE)) {
      return Optional.of("its driver creates devices when they are claimed, so no GPU is cut");
    }
    if (node.toPlanNode().isEmpty()) {
      return Optional.of(
          "a model, a PCI address or a layout of its GPUs is unknown, or a ResourceSlice is missing; see 'kubectl get resourceslices -o yaml'");
    }
    return Optional.ofNullable(nodes.get(node.name()))
        .filter(each -> PodReader.isForDra(each.labels()))
        .map(any -> "no MIG manager runs there because of its label %s=dra; change its GPUs by hand"
            .formatted(Labels.ALLOCATION_MODE));
  }

  PendingPods solve(List<PodReader.Claiming> pods) {
    List<WaitingPod> left = new ArrayList<>();
    for (PodReader.Claiming each : pods) {
      answer(each).ifPresentOrElse(answers::add, () -> left.add(onProducts(each)));
    }
    // The scheduler has refused what is free.
    return new GpuCuts(nodes.values(), PendingPods.ANY, kept)
        .solve(left, any -> false)
        .and(new PendingPods(answers, new TreeMap<>()));
  }

  /** The answer without a cut; empty if a cut may serve the pod. */
  private Optional<PodAnswer> answer(PodReader.Claiming each) {
    WaitingPod pod = each.pod();
    Optional<String> shared =
        each.claims().stream().filter(podOfClaim::containsKey).findFirst();
    each.claims().forEach(claim -> podOfClaim.putIfAbsent(claim, pod.name()));
    if (shared.isPresent()) {
      return notRead(
          pod,
          "it shares claim %s with pod %s and can run where that pod runs; see the answer for that pod"
              .formatted(shared.get(), podOfClaim.get(shared.get())));
    }
    if (!each.claims().isEmpty()) {
      ClaimAllocator.Outcome outcome = allocator.allocate(each.claims(), node -> isFor(pod, node));
      if (outcome instanceof ClaimAllocator.Allocated allocated) {
        take(allocated.node());
        return Optional.of(new PodAnswer.Fits(pod, allocated.node()));
      }
      if (outcome instanceof ClaimAllocator.Fails fails) {
        return notRead(pod, fails.reason());
      }
      if (outcome == ClaimAllocator.Unallocated.GIVEN_UP) {
        return notRead(pod, ClaimAllocator.reasonToGiveUp(each.claims()));
      }
    }
    if (pod.unread().isPresent()) {
      return notRead(pod, pod.unread().get());
    }
    if (published.isEmpty()) {
      return Optional.of(new PodAnswer.Unserved(
          pod,
          PodAnswer.Reason.NO_NODE,
          "no node has devices of NVIDIA's DRA driver; install it, or request %s"
              .formatted(pod.devices().firstKey().resourceName())));
    }
    List<DraNode> having =
        published.stream().filter(node -> hasProduct(node, each.products())).toList();
    return having.isEmpty()
        ? Optional.of(new PodAnswer.Unserved(
            pod,
            PodAnswer.Reason.NO_MODEL,
            "no node has GPUs of product %s; select another productName"
                .formatted(String.join(" or ", new TreeSet<>(each.products())))))
        : keptOf(pod, having);
  }

  /** That none of the nodes for the pod can be cut whatever it asks for; empty if one can. */
  private Optional<PodAnswer> keptOf(WaitingPod pod, List<DraNode> having) {
    List<DraNode> able = having.stream().filter(node -> isFor(pod, node.name())).toList();
    List<String> reasons =
        able.stream().flatMap(node -> reasonNeverToCut(node).stream()).toList();
    return able.isEmpty() || reasons.size() < able.size()
        ? Optional.empty()
        : Optional.of(
            new PodAnswer.Unserved(pod, PodAnswer.Reason.NODES_KEPT, GpuCuts.joined(reasons)));
  }

  private Optional<String> reasonNeverToCut(DraNode published) {
    String name = published.name();
    @Nullable NodeCapacity node = nodes.get(name);
    Optional<String> reason = Optional.empty();
    if (node == null) {
      reason = Optional.of(
          "it has no label of the GPU Operator, so no MIG manager runs there; change its GPUs by hand");
    } else if (published.gpus().stream().map(DraGpu::product).distinct().count() > 1) {
      reason =
          Optional.of("its GPUs have several products, so none is cut; change its GPUs by hand");
    }
    return reason.map(each -> "node %s: %s".formatted(name, kept.getOrDefault(name, each)));
  }

  private static Optional<PodAnswer> notRead(WaitingPod pod, String reason) {
    return Optional.of(new PodAnswer.Unserved(pod, PodAnswer.Reason.NOT_READ, reason));
  }

  /** A node that has no Node object among those with GPUs has no labels that are known. */
  private boolean isFor(WaitingPod pod, String name) {
    @Nullable NodeCapacity node = nodes.get(name);
    return node == null
        ? pod.isFor(name, Map.of())
        : GpuCuts.isSchedulable(node) && pod.isFor(name, node.labels());
  }

  /** The devices of the node are not offered to the pods that follow. */
  private void take(String name) {
    kept.putIfAbsent(name, "its devices are for other pods that wait");
    nodes.computeIfPresent(
        name,
        (any, node) -> new NodeCapacity(
            node.status(), node.labels(), node.status().allocatable(), node.layouts()));
  }

  private static boolean hasProduct(DraNode node, Set<String> products) {
    return products.isEmpty()
        || node.gpus().stream().flatMap(gpu -> gpu.product().stream()).anyMatch(products::contains);
  }

  /** The pod, which needs a node with one of the products. */
  private static WaitingPod onProducts(PodReader.Claiming each) {
    if (each.products().isEmpty()) {
      return each.pod();
    }
    WaitingPod.NodeCondition condition = new WaitingPod.NodeCondition(
        WaitingPod.NodeCondition.Subject.LABEL,
        NodeCapacity.PRODUCT,
        WaitingPod.NodeCondition.Operator.IN,
        each.products().stream().sorted().toList());
    List<List<WaitingPod.NodeCondition>> terms =
        each.pod().nodeAffinity().isEmpty() ? List.of(List.of()) : each.pod().nodeAffinity();
    return ((ImmutableWaitingPod) ImmutableWaitingPod.copyOf(each.pod()))
        .withNodeAffinity(terms.stream()
            .map(term -> Stream.concat(term.stream(), Stream.of(condition)).toList())
            .toList());
  }
}
