package io.github.mig4j.k8s.reconcile;

import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.dra.ClaimAllocator;
import io.github.mig4j.k8s.dra.DraGpu;
import io.github.mig4j.k8s.dra.DraNode;
import io.github.mig4j.k8s.dra.DraSnapshot;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.node.MigFleet;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.k8s.node.NodeCapacity;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.plan.Demand;
import io.github.mig4j.plan.DemandItem;
import io.github.mig4j.plan.FleetPlan;
import io.github.mig4j.plan.PlanGpu;
import io.github.mig4j.plan.PlanNode;
import io.github.mig4j.plan.Planner;
import io.github.mig4j.text.GpuResource;
import io.github.mig4j.text.JsonFields;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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

  private static final String AFFINITY = "affinity ";
  private static final PolicyTarget.ForDemand ANY = new PolicyTarget.ForDemand(
      Collections.emptySortedMap(), PolicyTarget.ForDemand.Pods.SERVED, OptionalInt.empty());

  private final Map<String, NodeCapacity> nodes = new LinkedHashMap<>();
  private final PolicyTarget.ForDemand target;
  private final Map<String, String> kept;

  /** The devices of all nodes before any change. */
  private final SortedMap<MigProfile, Integer> before;

  private final Map<String, SortedMap<MigProfile, Integer>> free = new TreeMap<>();
  private final Set<String> usedNow = new HashSet<>();
  private final Map<WaitingPod, PodAnswer> answers = new LinkedHashMap<>();
  private final SortedMap<String, SortedMap<Integer, MigLayout>> changes = new TreeMap<>();
  private boolean isBounded;

  private PendingPods(
      List<NodeCapacity> nodes, PolicyTarget.ForDemand target, Map<String, String> kept) {
    nodes.stream()
        .sorted(Comparator.comparing(node -> node.status().node()))
        .forEach(node -> this.nodes.put(node.status().node(), node));
    this.target = target;
    this.kept = kept;
    this.before = existing(Map.of());
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
    List<WaitingPod> sorted = pods.stream().sorted(ORDER).toList();
    PendingPods plan = new PendingPods(nodes, target, kept);
    plan.solve(
        target.pods() == PolicyTarget.ForDemand.Pods.SERVED ? sorted : List.of(),
        PendingPods::isSchedulable);
    return plan;
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
  private PendingPods and(PendingPods other) {
    List<PodAnswer> all = Stream.concat(answers().stream(), other.answers().stream())
        .sorted(Comparator.comparing(PodAnswer::pod, ORDER))
        .toList();
    answers.clear();
    all.forEach(answer -> answers.put(answer.pod(), answer));
    changes.putAll(other.changes);
    return this;
  }

  /**
   * A plan for pods with claims. Whether a pod fits is what the scheduler would decide; for the others GPUs
   * are cut by their profiles.
   */
  private static final class ClaimPlan {

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
          .map(any ->
              "no MIG manager runs there because of its label %s=dra; change its GPUs by hand"
                  .formatted(Labels.ALLOCATION_MODE));
    }

    PendingPods solve(List<PodReader.Claiming> pods) {
      List<WaitingPod> left = new ArrayList<>();
      for (PodReader.Claiming each : pods) {
        answer(each).ifPresentOrElse(answers::add, () -> left.add(onProducts(each)));
      }
      PendingPods plan = new PendingPods(List.copyOf(nodes.values()), ANY, kept);
      // The scheduler has refused what is free.
      plan.solve(left, any -> false);
      answers.forEach(answer -> plan.answers.put(answer.pod(), answer));
      return plan;
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
        ClaimAllocator.Outcome outcome =
            allocator.allocate(each.claims(), node -> isFor(pod, node));
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
        return Optional.of(unserved(
            pod,
            PodAnswer.Reason.NO_NODE,
            "no node has devices of NVIDIA's DRA driver; install it, or request %s"
                .formatted(pod.devices().firstKey().resourceName())));
      }
      List<DraNode> having =
          published.stream().filter(node -> hasProduct(node, each.products())).toList();
      return having.isEmpty()
          ? Optional.of(unserved(
              pod,
              PodAnswer.Reason.NO_MODEL,
              "no node has GPUs of product %s; select another productName"
                  .formatted(String.join(" or ", new TreeSet<>(each.products())))))
          : keptOf(pod, having);
    }

    /** That none of the nodes for the pod can be cut whatever it asks for; empty if one can. */
    private Optional<PodAnswer> keptOf(WaitingPod pod, List<DraNode> having) {
      List<DraNode> able =
          having.stream().filter(node -> isFor(pod, node.name())).toList();
      List<String> reasons =
          able.stream().flatMap(node -> reasonNeverToCut(node).stream()).toList();
      return able.isEmpty() || reasons.size() < able.size()
          ? Optional.empty()
          : Optional.of(unserved(pod, PodAnswer.Reason.NODES_KEPT, joined(reasons)));
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
      return Optional.of(unserved(pod, PodAnswer.Reason.NOT_READ, reason));
    }

    /** A node that has no Node object among those with GPUs has no labels that are known. */
    private boolean isFor(WaitingPod pod, String name) {
      @Nullable NodeCapacity node = nodes.get(name);
      return node == null
          ? pod.isFor(name, Map.of())
          : isSchedulable(node) && pod.isFor(name, node.labels());
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
          || node.gpus().stream()
              .flatMap(gpu -> gpu.product().stream())
              .anyMatch(products::contains);
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

  /** {@return an answer for each pod, in the order in which they are served} */
  public List<PodAnswer> answers() {
    return List.copyOf(answers.values());
  }

  /**
   * {@return the layout of each GPU of the nodes to change, by node and index; a GPU without a
   * layout stays whole}
   */
  public SortedMap<String, SortedMap<Integer, MigLayout>> changes() {
    return Collections.unmodifiableSortedMap(changes);
  }

  @Override
  public Map<String, Object> toJson() {
    Map<String, Map<Integer, Map<MigProfile, Integer>>> devices = new TreeMap<>();
    changes.forEach((node, byGpu) -> {
      Map<Integer, Map<MigProfile, Integer>> ofNode = new TreeMap<>();
      byGpu.forEach((gpu, layout) -> ofNode.put(gpu, layout.devices()));
      devices.put(node, ofNode);
    });
    return JsonFields.of("pods", answers()).and("changes", devices).map();
  }

  /** Solves for pods, which may take free devices of some nodes. */
  private void solve(List<WaitingPod> pods, Predicate<NodeCapacity> offers) {
    nodes.forEach((name, node) ->
        free.put(name, offers.test(node) ? DemandMix.migDevices(node.free()) : new TreeMap<>()));
    List<WaitingPod> left = new ArrayList<>();
    Search search = new Search(free.keySet());
    for (WaitingPod pod : pods) {
      if (pod.unread().isPresent()) {
        answers.put(pod, unserved(pod, PodAnswer.Reason.NOT_READ, pod.unread().get()));
        continue;
      }
      Optional<String> node = search.take(pod);
      node.ifPresent(usedNow::add);
      node.ifPresentOrElse(name -> answers.put(pod, new PodAnswer.Fits(pod, name)), () -> {
        left.add(pod);
        answers.put(pod, new PodAnswer.Fits(pod, "")); // Keeps the order; replaced below.
      });
    }
    cut(left);
  }

  /** Takes devices from nodes. Nodes that had too few for a pod have too few for the next one of its kind. */
  private final class Search {
    private final List<String> among;
    private final Map<List<Object>, Integer> firstByKind = new HashMap<>();

    Search(Collection<String> among) {
      this.among = List.copyOf(among);
    }

    /** Takes the devices of a pod from the first node that has all of them. */
    Optional<String> take(WaitingPod pod) {
      List<Object> kind = kind(pod);
      int at = firstByKind.getOrDefault(kind, 0);
      while (at < among.size() && !hasAll(among.get(at), pod)) {
        at++;
      }
      firstByKind.put(kind, at);
      if (at == among.size()) {
        return Optional.empty();
      }
      SortedMap<MigProfile, Integer> devices = Objects.requireNonNull(free.get(among.get(at)));
      pod.devices().forEach((profile, count) -> devices.merge(profile, -count, Integer::sum));
      return Optional.of(among.get(at));
    }

    private boolean hasAll(String node, WaitingPod pod) {
      SortedMap<MigProfile, Integer> devices = Objects.requireNonNull(free.get(node));
      return isFor(pod, node)
          && pod.devices().entrySet().stream()
              .allMatch(need -> devices.getOrDefault(need.getKey(), 0) >= need.getValue());
    }
  }

  private static List<Object> kind(WaitingPod pod) {
    return List.of(pod.devices(), pod.nodeSelector(), pod.nodeAffinity());
  }

  private boolean isFor(WaitingPod pod, String node) {
    return pod.isFor(node, Objects.requireNonNull(nodes.get(node)).labels());
  }

  private static boolean isSchedulable(NodeCapacity node) {
    return !node.status().cordoned() && !node.status().ready().equals(Optional.of(false));
  }

  private void cut(List<WaitingPod> left) {
    Map<String, PlanNode> candidates = candidates();
    boolean lacksStock = target.stock().entrySet().stream()
        .anyMatch(each -> before.getOrDefault(each.getKey(), 0) < each.getValue());
    if ((!left.isEmpty() || lacksStock) && !candidates.isEmpty()) {
      DemandMix mix = DemandMix.of(left, nodes.values());
      accept(plan(left, candidates), mix);
      serve(left);
      dropUseless(mix, lacksStock);
      serveUndivided(left, candidates, mix);
    }
    List<WaitingPod> unserved = left.stream().filter(pod -> !isServed(pod)).toList();
    if (!unserved.isEmpty()) {
      explain(unserved, candidates);
    }
  }

  private boolean isServed(WaitingPod pod) {
    return answers.get(pod) instanceof PodAnswer.Served;
  }

  private void serve(List<WaitingPod> pods) {
    Search search = new Search(changes.keySet());
    pods.stream()
        .filter(pod -> !isServed(pod))
        .forEach(pod ->
            search.take(pod).ifPresent(node -> answers.put(pod, new PodAnswer.Served(pod, node))));
  }

  /** A pod needs all its devices on one node, while a plan for all pods may divide them among nodes. */
  private void serveUndivided(
      List<WaitingPod> left, Map<String, PlanNode> candidates, DemandMix mix) {
    Set<List<Object>> hopeless = new HashSet<>();
    for (WaitingPod pod : left) {
      int devices = pod.devices().values().stream().mapToInt(Integer::intValue).sum();
      if (devices > 1
          && !isServed(pod)
          && !hopeless.contains(kind(pod))
          && !serveByOne(pod, candidates.values(), mix)) {
        hopeless.add(kind(pod));
      }
    }
    serve(left);
  }

  /** Cuts the first node on which a pod can have all its devices; of nodes with equal GPUs one is tried. */
  private boolean serveByOne(WaitingPod pod, Collection<PlanNode> candidates, DemandMix mix) {
    Set<List<PlanGpu>> tried = new HashSet<>();
    for (PlanNode node : candidates) {
      if (!changes.containsKey(node.name())
          && isFor(pod, node.name())
          && tried.add(gpus(node))
          && serveBy(node, pod, mix)) {
        return true;
      }
    }
    return false;
  }

  private static List<PlanGpu> gpus(PlanNode node) {
    return IntStream.range(0, node.gpuCount()).mapToObj(node::gpu).toList();
  }

  /** Cuts a node for one pod if it can have all devices there. */
  private boolean serveBy(PlanNode node, WaitingPod pod, DemandMix mix) {
    List<DemandItem> items = new ArrayList<>();
    pod.devices().forEach((profile, count) -> items.add(DemandItem.of(profile, count)));
    FleetPlan plan = Planner.of(List.of(node)).plan(new Demand(items));
    if (!plan.unmet().isEmpty()) {
      return false;
    }
    accept(plan, mix);
    serve(List.of(pod));
    if (!isServed(pod) && changes.containsKey(node.name())) {
      drop(node.name(), mix);
    }
    return isServed(pod);
  }

  private void drop(String name, DemandMix mix) {
    mix.replace(devices(Objects.requireNonNull(changes.remove(name)).values()), existing(name));
  }

  private Map<String, PlanNode> candidates() {
    Map<String, PlanNode> candidates = new TreeMap<>();
    nodes.forEach((name, node) -> {
      if (reasonToKeep(name).isEmpty()) {
        node.toPlanNode().ifPresent(plan -> candidates.put(name, plan));
      }
    });
    int cut = cutGpus(Map.of());
    if (target.maxGpus().isPresent() && cut >= target.maxGpus().getAsInt()) {
      isBounded = candidates
          .keySet()
          .removeIf(name -> Objects.requireNonNull(nodes.get(name)).layouts().isEmpty());
    }
    return candidates;
  }

  /** Why a node must not be cut. */
  private Optional<String> reasonToKeep(String name) {
    NodeCapacity node = Objects.requireNonNull(nodes.get(name));
    if (kept.containsKey(name)) {
      return Optional.of("node %s: %s".formatted(name, kept.get(name)));
    }
    if (node.isPinned()) {
      return Optional.of("node %s: pods use its GPUs".formatted(name));
    }
    if (usedNow.contains(name)) {
      return Optional.of("node %s: its devices are for other pods that wait".formatted(name));
    }
    if (node.status().state().filter(state -> state != MigState.SUCCESS).isPresent()) {
      return Optional.of(
          "node %s: its MIG state is %s".formatted(name, node.status().state().get()));
    }
    return node.obstacles().stream().findFirst();
  }

  private FleetPlan plan(List<WaitingPod> left, Map<String, PlanNode> candidates) {
    SortedMap<MigProfile, Integer> elsewhere = DemandMix.sum(
        nodes.keySet().stream().filter(name -> !candidates.containsKey(name)).map(this::existing));
    SortedMap<MigProfile, Integer> stock = new TreeMap<>();
    target.stock().forEach((profile, count) -> {
      int missing = count - elsewhere.getOrDefault(profile, 0);
      if (missing > 0) {
        stock.put(profile, missing);
      }
    });
    List<DemandItem> items = new ArrayList<>();
    stock.forEach((profile, count) -> items.add(DemandItem.of(profile, count).priority(1)));
    SortedMap<MigProfile, Integer> covered = new TreeMap<>(stock);
    for (WaitingPod pod : left) {
      pod.devices().forEach((profile, count) -> {
        int byStock = needsLabels(pod) ? 0 : Math.min(count, covered.getOrDefault(profile, 0));
        covered.merge(profile, -byStock, Integer::sum);
        if (count > byStock) {
          items.add(item(profile, count - byStock, pod));
        }
      });
    }
    return Planner.of(
            candidates.values().stream().map(node -> withAffinities(node, left)).toList())
        .plan(new Demand(items));
  }

  private static boolean needsLabels(WaitingPod pod) {
    return !pod.nodeSelector().isEmpty() || !pod.nodeAffinity().isEmpty();
  }

  private static DemandItem item(MigProfile profile, int count, WaitingPod pod) {
    DemandItem item = DemandItem.of(profile, count);
    for (Map.Entry<String, String> label : pod.nodeSelector().entrySet()) {
      item = item.onNodesWith(label.getKey(), label.getValue());
    }
    return pod.nodeAffinity().isEmpty()
        ? item
        : item.onNodesWith(AFFINITY + pod.nodeAffinity(), "");
  }

  /** The planner knows labels only, so that a node has one for each pod's affinity that it meets. */
  private static PlanNode withAffinities(PlanNode node, List<WaitingPod> left) {
    PlanNode labelled = node;
    for (WaitingPod pod : left) {
      if (!pod.nodeAffinity().isEmpty() && pod.isFor(node.name(), node.labels())) {
        labelled = labelled.label(AFFINITY + pod.nodeAffinity(), "");
      }
    }
    return labelled;
  }

  /** Accepts the changes that neither exceed the bounds nor break the stock; whole nodes first. */
  private void accept(FleetPlan plan, DemandMix mix) {
    List<String> changed = plan.nodes().stream()
        .filter(node -> !plan.changes(node).isEmpty())
        .sorted(Comparator.comparing((String node) -> existing(node).size())
            .thenComparing(Function.identity()))
        .toList();
    for (String name : changed) {
      SortedMap<Integer, MigLayout> layouts = new TreeMap<>(plan.layouts(name));
      mix.replace(existing(name), devices(layouts.values()));
      plan.changes(name)
          .forEach(gpu -> layouts.computeIfPresent(gpu, (any, layout) -> mix.filled(layout)));
      changes.put(name, layouts);
      boolean exceeds = exceedsBounds();
      isBounded |= exceeds;
      if (exceeds || !keepsStock()) {
        drop(name, mix);
        continue;
      }
      cutOthers(name, layouts, plan.changes(name), mix);
      layouts.values().removeIf(layout -> layout.devices().isEmpty());
      free.put(name, devices(layouts.values()));
    }
  }

  /**
   * Cuts the other GPUs of a node too, while the nodes offer too little: none of them can be cut as soon
   * as a pod runs on one.
   */
  private void cutOthers(
      String name, SortedMap<Integer, MigLayout> layouts, Collection<Integer> cut, DemandMix mix) {
    NodeCapacity node = Objects.requireNonNull(nodes.get(name));
    GpuModel model = node.status().model().orElseThrow();
    MigLayout whole = MigLayout.on(model).build();
    int spareGpus = spareGpus();
    for (int gpu = 0; gpu < node.status().gpus().orElse(0) && mix.isShort(model); gpu++) {
      MigLayout now = layouts.getOrDefault(gpu, whole);
      boolean isWhole = now.devices().isEmpty();
      if (cut.contains(gpu) || (isWhole && spareGpus <= 0)) {
        continue;
      }
      mix.replace(now.devices(), Map.of());
      MigLayout filled = mix.filled(whole);
      layouts.put(gpu, filled);
      if (exceedsBounds() || !keepsStock()) {
        layouts.put(gpu, now);
        mix.replace(filled.devices(), now.devices());
      } else if (isWhole) {
        spareGpus--;
      }
    }
  }

  /** {@return the whole GPUs beyond one and a half times those that pods use} */
  private int spareGpus() {
    long whole = 0;
    long used = 0;
    for (Map.Entry<String, NodeCapacity> each : nodes.entrySet()) {
      NodeCapacity node = each.getValue();
      SortedMap<Integer, MigLayout> layouts = changes.get(each.getKey());
      whole += layouts == null
          ? node.status().allocatable().getOrDefault(GpuResource.GPU, 0L)
          : node.status().gpus().orElse(0) - cutGpus(layouts);
      used += node.used().getOrDefault(GpuResource.GPU, 0L);
    }
    return (int) (whole - used * 3 / 2);
  }

  private boolean exceedsBounds() {
    OptionalInt max = target.maxGpus();
    return max.isPresent() && cutGpus(changes) > Math.max(max.getAsInt(), cutGpus(Map.of()));
  }

  /** How many GPUs have MIG devices after some changes. */
  private int cutGpus(Map<String, SortedMap<Integer, MigLayout>> after) {
    int cut = 0;
    for (Map.Entry<String, NodeCapacity> node : nodes.entrySet()) {
      NodeCapacity now = node.getValue();
      SortedMap<Integer, MigLayout> layouts = after.getOrDefault(node.getKey(), now.layouts());
      cut +=
          layouts.isEmpty() && !DemandMix.migDevices(now.status().allocatable()).isEmpty()
              ? now.status().gpus().orElse(1)
              : cutGpus(layouts);
    }
    return cut;
  }

  private static int cutGpus(SortedMap<Integer, MigLayout> layouts) {
    return (int)
        layouts.values().stream().filter(layout -> !layout.devices().isEmpty()).count();
  }

  /** Whether no profile of the stock has less than declared because of the changes. */
  private boolean keepsStock() {
    if (target.stock().isEmpty()) {
      return true;
    }
    SortedMap<MigProfile, Integer> after = existing(changes);
    return target.stock().entrySet().stream()
        .allMatch(each -> after.getOrDefault(each.getKey(), 0)
            >= Math.min(each.getValue(), before.getOrDefault(each.getKey(), 0)));
  }

  /** The devices of all nodes after some changes. */
  private SortedMap<MigProfile, Integer> existing(
      Map<String, SortedMap<Integer, MigLayout>> after) {
    return DemandMix.sum(nodes.keySet().stream().map(name -> {
      SortedMap<Integer, MigLayout> layouts = after.get(name);
      return layouts == null ? existing(name) : devices(layouts.values());
    }));
  }

  private SortedMap<MigProfile, Integer> existing(String node) {
    return DemandMix.migDevices(Objects.requireNonNull(nodes.get(node)).status().allocatable());
  }

  private static SortedMap<MigProfile, Integer> devices(Collection<MigLayout> layouts) {
    return DemandMix.sum(layouts.stream().map(MigLayout::devices));
  }

  /** Removes the changes that serve no pod and that the stock does not need. */
  private void dropUseless(DemandMix mix, boolean lacksStock) {
    Set<String> serving = answers.values().stream()
        .filter(PodAnswer.Served.class::isInstance)
        .map(served -> ((PodAnswer.Served) served).node())
        .collect(Collectors.toSet());
    for (String name : List.copyOf(changes.keySet())) {
      if (!serving.contains(name)) {
        int lacking = lacking(existing(changes));
        SortedMap<Integer, MigLayout> dropped = Objects.requireNonNull(changes.remove(name));
        if (!keepsStock() || (lacksStock && lacking(existing(changes)) > lacking)) {
          changes.put(name, dropped);
        } else {
          mix.replace(devices(dropped.values()), existing(name));
        }
      }
    }
  }

  private int lacking(SortedMap<MigProfile, Integer> devices) {
    return target.stock().entrySet().stream()
        .mapToInt(each -> Math.max(0, each.getValue() - devices.getOrDefault(each.getKey(), 0)))
        .sum();
  }

  private void explain(List<WaitingPod> unserved, Map<String, PlanNode> candidates) {
    Set<WaitingPod> servedWithoutStock = target.stock().isEmpty()
        ? Set.of()
        : of(
                unserved,
                List.copyOf(nodes.values()),
                new PolicyTarget.ForDemand(
                    new TreeMap<>(), PolicyTarget.ForDemand.Pods.SERVED, target.maxGpus()),
                keptBesides(changes.keySet()))
            .answers()
            .stream()
            .filter(PodAnswer.Served.class::isInstance)
            .map(PodAnswer::pod)
            .collect(Collectors.toSet());
    // Pods that ask for the same have the same answer.
    Map<List<Object>, PodAnswer.Unserved> found = new HashMap<>();
    unserved.forEach(pod -> {
      boolean isByStock = servedWithoutStock.contains(pod);
      PodAnswer.Unserved answer = found.computeIfAbsent(
          List.of(kind(pod), isByStock), any -> unserved(pod, candidates, isByStock));
      answers.put(pod, unserved(pod, answer.reason(), answer.detail()));
    });
  }

  private Map<String, String> keptBesides(Set<String> more) {
    Map<String, String> all = new HashMap<>(kept);
    more.forEach(name -> all.put(name, "it is cut for other pods"));
    return all;
  }

  private PodAnswer.Unserved unserved(
      WaitingPod pod, Map<String, PlanNode> candidates, boolean isServedWithoutStock) {
    List<String> able =
        nodes.keySet().stream().filter(name -> isAble(name, pod)).toList();
    if (nodes.keySet().stream().noneMatch(name -> isFor(pod, name)) && needsLabels(pod)) {
      return unserved(
          pod,
          PodAnswer.Reason.NO_NODE,
          "no node meets its nodeSelector and its required node affinity; change them or label a node");
    }
    if (able.isEmpty()) {
      return unserved(
          pod,
          PodAnswer.Reason.NO_MODEL,
          "no GPU of these nodes has %s; see the profiles of their models"
              .formatted(pod.devices().keySet().stream()
                  .map(MigProfile::toString)
                  .collect(Collectors.joining(", "))));
    }
    if (isServedWithoutStock) {
      return unserved(
          pod,
          PodAnswer.Reason.STOCK,
          "a cut would leave less than the stock; reduce the stock or add GPUs");
    }
    if (able.stream().noneMatch(candidates::containsKey)) {
      List<String> reasons =
          able.stream().flatMap(name -> reasonToKeep(name).stream()).toList();
      if (reasons.size() == able.size()) {
        return unserved(pod, PodAnswer.Reason.NODES_KEPT, joined(reasons));
      }
    }
    if (isBounded) {
      return unserved(
          pod,
          PodAnswer.Reason.BOUNDS,
          "at most %d GPUs may have MIG devices; raise maxGpus"
              .formatted(target.maxGpus().orElseThrow()));
    }
    return unserved(
        pod,
        PodAnswer.Reason.NO_ROOM,
        "its devices do not fit on the idle GPUs beside those of other pods; add GPUs or wait");
  }

  private static String joined(List<String> reasons) {
    return reasons.size() > 3
        ? "%s; and %d more".formatted(String.join("; ", reasons.subList(0, 3)), reasons.size() - 3)
        : String.join("; ", reasons);
  }

  private boolean isAble(String name, WaitingPod pod) {
    Optional<GpuModel> model = Objects.requireNonNull(nodes.get(name)).status().model();
    return isFor(pod, name)
        && model.isPresent()
        && pod.devices().keySet().stream().allMatch(p -> model.get().profile(p).isPresent());
  }

  private static PodAnswer.Unserved unserved(
      WaitingPod pod, PodAnswer.Reason reason, String detail) {
    return new PodAnswer.Unserved(pod, reason, detail);
  }

  /** The numbers, e.g. {@code 12 pods wait, 2 nodes to change}. */
  @Override
  public String toString() {
    return "%d pods wait, %d nodes to change".formatted(answers.size(), changes.size());
  }
}
