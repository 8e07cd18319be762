package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
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
import java.util.ArrayList;
import java.util.Collection;
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
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Which idle GPUs are cut for pods that wait, as {@link PendingPods} promises it. An object makes one plan:
 *
 * <ol>
 *   <li>A pod whose devices are free on a node is not planned for, and that node is kept.
 *   <li>The {@link Planner} cuts the GPUs of all nodes that may be changed for all other pods together, and
 *       for what the stock lacks.
 *   <li>The changes of each node are accepted unless they exceed the bounds or break the stock, and pods take
 *       the devices. Changes that serve no pod and that the stock does not need are dropped.
 *   <li>A pod whose devices the plan has divided among nodes is planned for alone, on one node.
 *   <li>For each pod that is left the decisive reason is found.
 * </ol>
 */
final class GpuCuts {

  private static final String AFFINITY = "affinity ";

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

  /**
   * A plan that is not made yet.
   *
   * @param kept nodes that must stay as they are, each with the reason
   */
  GpuCuts(Collection<NodeCapacity> nodes, PolicyTarget.ForDemand target, Map<String, String> kept) {
    nodes.stream()
        .sorted(Comparator.comparing(node -> node.status().node()))
        .forEach(node -> this.nodes.put(node.status().node(), node));
    this.target = target;
    this.kept = kept;
    this.before = existing(Map.of());
  }

  /**
   * Makes the plan.
   *
   * @param pods in the order in which they are served
   * @param offers whether pods may take the free devices of a node
   */
  PendingPods solve(List<WaitingPod> pods, Predicate<NodeCapacity> offers) {
    nodes.forEach((name, node) ->
        free.put(name, offers.test(node) ? DemandMix.migDevices(node.free()) : new TreeMap<>()));
    List<WaitingPod> left = new ArrayList<>();
    Search search = new Search(free.keySet());
    for (WaitingPod pod : pods) {
      if (pod.unread().isPresent()) {
        answers.put(
            pod,
            new PodAnswer.Unserved(pod, PodAnswer.Reason.NOT_READ, pod.unread().get()));
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
    return new PendingPods(answers.values(), changes);
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

  private NodeCapacity node(String name) {
    return Objects.requireNonNull(nodes.get(name), name);
  }

  private boolean isFor(WaitingPod pod, String node) {
    return pod.isFor(node, node(node).labels());
  }

  static boolean isSchedulable(NodeCapacity node) {
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
      isBounded = candidates.keySet().removeIf(name -> node(name).layouts().isEmpty());
    }
    return candidates;
  }

  /** Why a node must not be cut. */
  private Optional<String> reasonToKeep(String name) {
    NodeCapacity node = node(name);
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
    NodeCapacity node = node(name);
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
    return DemandMix.migDevices(node(node).status().allocatable());
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
        : new GpuCuts(
                nodes.values(),
                new PolicyTarget.ForDemand(
                    new TreeMap<>(), PolicyTarget.ForDemand.Pods.SERVED, target.maxGpus()),
                keptBesides(changes.keySet()))
            .solve(unserved, GpuCuts::isSchedulable).answers().stream()
                .filter(PodAnswer.Served.class::isInstance)
                .map(PodAnswer::pod)
                .collect(Collectors.toSet());
    // Pods that ask for the same have the same answer.
    Map<List<Object>, PodAnswer.Unserved> found = new HashMap<>();
    unserved.forEach(pod -> {
      boolean isByStock = servedWithoutStock.contains(pod);
      PodAnswer.Unserved answer = found.computeIfAbsent(
          List.of(kind(pod), isByStock), any -> unserved(pod, candidates, isByStock));
      answers.put(pod, new PodAnswer.Unserved(pod, answer.reason(), answer.detail()));
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
      return new PodAnswer.Unserved(
          pod,
          PodAnswer.Reason.NO_NODE,
          "no node meets its nodeSelector and its required node affinity; change them or label a node");
    }
    if (able.isEmpty()) {
      return new PodAnswer.Unserved(
          pod,
          PodAnswer.Reason.NO_MODEL,
          "no GPU of these nodes has %s; see the profiles of their models"
              .formatted(pod.devices().keySet().stream()
                  .map(MigProfile::toString)
                  .collect(Collectors.joining(", "))));
    }
    if (isServedWithoutStock) {
      return new PodAnswer.Unserved(
          pod,
          PodAnswer.Reason.STOCK,
          "a cut would leave less than the stock; reduce the stock or add GPUs");
    }
    if (able.stream().noneMatch(candidates::containsKey)) {
      List<String> reasons =
          able.stream().flatMap(name -> reasonToKeep(name).stream()).toList();
      if (reasons.size() == able.size()) {
        return new PodAnswer.Unserved(pod, PodAnswer.Reason.NODES_KEPT, joined(reasons));
      }
    }
    if (isBounded) {
      return new PodAnswer.Unserved(
          pod,
          PodAnswer.Reason.BOUNDS,
          "at most %d GPUs may have MIG devices; raise maxGpus"
              .formatted(target.maxGpus().orElseThrow()));
    }
    return new PodAnswer.Unserved(
        pod,
        PodAnswer.Reason.NO_ROOM,
        "its devices do not fit on the idle GPUs beside those of other pods; add GPUs or wait");
  }

  static String joined(List<String> reasons) {
    return reasons.size() > 3
        ? "%s; and %d more".formatted(String.join("; ", reasons.subList(0, 3)), reasons.size() - 3)
        : String.join("; ", reasons);
  }

  private boolean isAble(String name, WaitingPod pod) {
    Optional<GpuModel> model = node(name).status().model();
    return isFor(pod, name)
        && model.isPresent()
        && pod.devices().keySet().stream().allMatch(p -> model.get().profile(p).isPresent());
  }
}
