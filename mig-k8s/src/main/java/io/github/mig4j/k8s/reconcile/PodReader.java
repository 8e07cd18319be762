package io.github.mig4j.k8s.reconcile;

import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.config.MigRole;
import io.github.mig4j.k8s.dra.DraClient;
import io.github.mig4j.k8s.dra.DraSnapshot;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.GpuClaims;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.internal.WatchPermission;
import io.github.mig4j.k8s.reconcile.WaitingPod.NodeCondition;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads the pods that wait for MIG devices. Claims are read only if such a pod has some. */
final class PodReader {

  /**
   * The pods that wait.
   *
   * @param byResource those that ask by resource names only
   * @param byClaim those that ask by claims
   * @param claims the claims of all of them, e.g. {@code ml/train}, whatever they are for
   * @param snapshot what the claims ask for, and what there is; empty if no pod has claims, or they cannot
   *     be read
   */
  record Waiting(
      List<WaitingPod> byResource,
      List<Claiming> byClaim,
      Set<String> claims,
      Optional<DraSnapshot> snapshot) {

    /** Whether the device plugin offers a node's devices, as far as is known: no DRA driver does. */
    boolean offersResources(String node, Map<String, String> labels) {
      return !isForDra(labels)
          && snapshot.flatMap(known -> known.inventory().node(node)).isEmpty();
    }

    /** All pods. */
    List<WaitingPod> all() {
      return Stream.concat(byResource.stream(), byClaim.stream().map(Claiming::pod))
          .toList();
    }
  }

  /**
   * A pod that asks for devices by claims.
   *
   * @param claims its claims that are not allocated, e.g. {@code ml/train}; empty if not all are known, or it
   *     is not known for which nodes it is
   * @param products the product names of which its GPU must have one; empty if each will do
   */
  record Claiming(WaitingPod pod, List<String> claims, Set<String> products) {}

  private final List<WaitingPod> byResource = new ArrayList<>();
  private final List<Claiming> byClaim = new ArrayList<>();

  private PodReader() {}

  /** Whether the operator runs no device plugin and no MIG manager on a node. */
  static boolean isForDra(Map<String, String> labels) {
    return "dra".equals(labels.get(Labels.ALLOCATION_MODE));
  }

  /**
   * The pods that wait, among others.
   *
   * @param before an earlier answer, whose snapshot is used again if the claims are the same
   */
  static Waiting read(Cluster cluster, Collection<Pod> pods, Optional<Waiting> before) {
    PodReader reader = new PodReader();
    List<Pod> claiming = new ArrayList<>();
    for (Pod pod : pods) {
      if (pod.getSpec() != null && isUnschedulable(pod)) {
        if (GpuPods.hasClaims(pod)) {
          claiming.add(pod);
        } else {
          read(pod).ifPresent(reader.byResource::add);
        }
      }
    }
    return claiming.isEmpty()
        ? new Waiting(reader.byResource, List.of(), Set.of(), Optional.empty())
        : reader.readClaiming(cluster, claiming, before);
  }

  private Waiting readClaiming(Cluster cluster, List<Pod> pods, Optional<Waiting> before) {
    Set<String> claims = pods.stream()
        .flatMap(pod -> claims(pod).stream().flatMap(claim -> name(claim, pod).stream()))
        .collect(Collectors.toUnmodifiableSet());
    DraSnapshot snapshot;
    try {
      snapshot = before
          .filter(known -> known.claims.equals(claims))
          .flatMap(Waiting::snapshot)
          .orElseGet(() -> new DraClient(cluster).snapshot());
    } catch (MigClusterException e) {
      return unread(
          pods,
          e.forbidden()
              .map(what -> ", because " + WatchPermission.missing(what, MigRole.PENDING.roleName()))
              .orElseGet(() -> ": " + e.getMessage()));
    } catch (MigRefusedException e) {
      return unread(pods, ", because " + String.join("; ", e.reasons()));
    }
    pods.forEach(pod -> add(pod, snapshot));
    return new Waiting(byResource, byClaim, claims, Optional.of(snapshot));
  }

  private Waiting unread(List<Pod> pods, String why) {
    for (Pod pod : pods) {
      Optional<WaitingPod> asking = read(pod);
      asking.ifPresentOrElse(
          byResource::add,
          () -> byClaim.add(new Claiming(
              waiting(pod).unread("its claims cannot be read" + why).build(),
              List.of(),
              Set.of())));
    }
    return new Waiting(byResource, byClaim, Set.of(), Optional.empty());
  }

  private void add(Pod pod, DraSnapshot snapshot) {
    Set<String> open = new LinkedHashSet<>();
    Optional<String> unknown = Optional.empty();
    List<String> allocated = new ArrayList<>();
    for (PodResourceClaim claim : claims(pod)) {
      Optional<String> name = name(claim, pod);
      if (name.isEmpty()) {
        // A status without a name says that no claim is needed.
        unknown = unknown.or(() -> GpuClaims.status(claim, pod).isPresent()
            ? Optional.empty()
            : Optional.of(
                "its claim '%s' is not created from its template %s yet; see 'kubectl describe pod'"
                    .formatted(claim.getName(), claim.getResourceClaimTemplateName())));
      } else if (!snapshot.hasClaim(name.get())) {
        unknown =
            unknown.or(() -> name.map("ResourceClaim %s does not exist; create it"::formatted));
      } else {
        (snapshot.isAllocated(name.get()) ? allocated : open).add(name.get());
      }
    }
    List<String> distinct = List.copyOf(open);
    add(pod, distinct, unknown, allocated, snapshot.asked(distinct));
  }

  private void add(
      Pod pod,
      List<String> open,
      Optional<String> unknown,
      List<String> allocated,
      DraSnapshot.Asked asked) {
    Optional<WaitingPod> byName = read(pod);
    Optional<String> unread = unknown.or(asked::unread);
    if (asked.devices().isEmpty() && (byName.isPresent() || unread.isEmpty())) {
      // As far as is known, the claims are for other devices, or allocated.
      byName.ifPresent(byResource::add);
      return;
    }
    Optional<String> mixed = byName
        .map(
            any ->
                "it requests MIG devices by resource names and by claims, and no node offers both; request them in one way")
        .or(() -> allocated.stream()
            .findFirst()
            .map(
                "its claim %s is allocated, which binds it to a node where it does not get the others; release that claim"
                    ::formatted));
    boolean isKnown = mixed.isEmpty() && unknown.isEmpty();
    Optional<String> affinity = unreadAffinity(pod.getSpec());
    byClaim.add(new Claiming(
        waiting(pod)
            .putAllDevices(isKnown ? asked.devices() : Map.of())
            .unread(mixed.or(() -> unread).or(() -> affinity))
            .build(),
        isKnown && affinity.isEmpty() ? open : List.of(),
        asked.products()));
  }

  private static List<PodResourceClaim> claims(Pod pod) {
    @Nullable List<PodResourceClaim> claims = pod.getSpec().getResourceClaims();
    return claims == null ? List.of() : claims;
  }

  private static Optional<String> name(PodResourceClaim claim, Pod pod) {
    return GpuClaims.name(claim, pod)
        .map(each -> "%s/%s".formatted(pod.getMetadata().getNamespace(), each));
  }

  /** A pod without its claims. */
  static Optional<WaitingPod> read(Pod pod) {
    SortedMap<String, Long> resources =
        pod.getSpec() == null ? new TreeMap<>() : GpuPods.devices(pod);
    SortedMap<MigProfile, Integer> devices = new TreeMap<>();
    resources.forEach((resource, count) -> MigProfile.ofResourceName(resource)
        .ifPresent(profile -> devices.put(profile, Math.toIntExact(Math.min(count, 1_000_000)))));
    if (devices.isEmpty() || !isUnschedulable(pod)) {
      return Optional.empty();
    }
    Optional<String> unread = resources.size() > devices.size()
        ? Optional.of("it also requests whole GPUs; request one kind")
        : unreadAffinity(pod.getSpec());
    return Optional.of(waiting(pod).putAllDevices(devices).unread(unread).build());
  }

  private static WaitingPod.Builder waiting(Pod pod) {
    @Nullable Map<String, String> selector = pod.getSpec().getNodeSelector();
    @Nullable Integer priority = pod.getSpec().getPriority();
    WaitingPod.Builder builder = new WaitingPod.Builder();
    builder
        .name(GpuPods.name(pod))
        .putAllNodeSelector(selector == null ? Map.of() : selector)
        .addAllNodeAffinity(affinity(pod.getSpec()))
        .priority(priority == null ? 0 : priority)
        .since(time(pod.getMetadata().getCreationTimestamp()));
    return builder;
  }

  private static boolean isUnschedulable(Pod pod) {
    return pod.getSpec().getNodeName() == null
        && pod.getMetadata().getDeletionTimestamp() == null
        && pod.getStatus() != null
        && pod.getStatus().getConditions().stream().anyMatch(PodReader::isUnschedulable);
  }

  private static boolean isUnschedulable(PodCondition condition) {
    return "PodScheduled".equals(condition.getType())
        && "False".equals(condition.getStatus())
        && "Unschedulable".equals(condition.getReason());
  }

  private static Instant time(@Nullable String text) {
    try {
      return text == null ? Instant.EPOCH : Instant.parse(text);
    } catch (DateTimeException e) {
      return Instant.EPOCH;
    }
  }

  private static Optional<String> unreadAffinity(PodSpec spec) {
    return terms(spec)
        .flatMap(PodReader::expressions)
        .map(NodeSelectorRequirement::getOperator)
        .filter(operator -> NodeCondition.Operator.of(operator).isEmpty())
        .findFirst()
        .map(
            "its required node affinity has the operator '%s', which is not known; choose nodes by a nodeSelector"
                ::formatted);
  }

  private static Stream<NodeSelectorTerm> terms(PodSpec spec) {
    return Stream.ofNullable(spec.getAffinity())
        .flatMap(affinity -> Stream.ofNullable(affinity.getNodeAffinity()))
        .flatMap(affinity ->
            Stream.ofNullable(affinity.getRequiredDuringSchedulingIgnoredDuringExecution()))
        .flatMap(required -> Stream.ofNullable(required.getNodeSelectorTerms()))
        .flatMap(List::stream);
  }

  private static Stream<NodeSelectorRequirement> expressions(NodeSelectorTerm term) {
    return Stream.of(term.getMatchExpressions(), term.getMatchFields())
        .flatMap(Stream::ofNullable)
        .flatMap(List::stream);
  }

  private static List<List<NodeCondition>> affinity(PodSpec spec) {
    return terms(spec)
        .map(term -> Stream.concat(
                conditions(term.getMatchExpressions(), NodeCondition.Subject.LABEL),
                conditions(term.getMatchFields(), NodeCondition.Subject.FIELD))
            .toList())
        .toList();
  }

  private static Stream<NodeCondition> conditions(
      @Nullable List<NodeSelectorRequirement> expressions, NodeCondition.Subject subject) {
    return Stream.ofNullable(expressions)
        .flatMap(List::stream)
        .flatMap(each -> NodeCondition.Operator.of(each.getOperator())
            .map(operator -> new NodeCondition(
                subject,
                each.getKey(),
                operator,
                each.getValues() == null ? List.of() : each.getValues()))
            .stream());
  }
}
