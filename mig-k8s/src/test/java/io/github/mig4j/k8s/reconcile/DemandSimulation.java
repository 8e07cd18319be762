package io.github.mig4j.k8s.reconcile;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.NodeCapacity;
import io.github.mig4j.k8s.reconcile.DemandArrivals.Arrival;
import io.github.mig4j.layout.MigLayout;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.PriorityQueue;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Plays pods that wait for MIG devices, a scheduler, and what cuts the GPUs. A pod that has waited for
 * an hour gives up. A change of a node takes two minutes, in which no pod can use it.
 */
final class DemandSimulation {

  static final double PATIENCE = 3_600;
  private static final double CHANGE = 120;
  private static final PolicyTarget.ForDemand PODS = new PolicyTarget.ForDemand(
      Collections.emptySortedMap(), PolicyTarget.ForDemand.Pods.SERVED, OptionalInt.empty());

  /** Which of the nodes with a free device gets a pod. */
  enum Scheduler {
    /** The one with the most slices in use, as {@code MostAllocated} for the devices. */
    PACKS,
    /** The one with the fewest slices in use, as {@code LeastAllocated} for equal pods. */
    SPREADS
  }

  /** What cuts the GPUs. */
  interface Cutter {
    /** Called after pods arrived, ended or gave up, and after changes. */
    void look(DemandSimulation simulation);

    /** The time was reached for which {@link DemandSimulation#wake} was called. */
    default void wake(DemandSimulation simulation) {}
  }

  /** Nothing. */
  static final Cutter NOTHING = simulation -> {};

  /**
   * What the pods got, by day.
   *
   * @param waited slice-seconds of waiting
   * @param asked slice-seconds that all pods would run
   * @param accepted memory slices of the pods that started
   * @param requested memory slices of all pods
   * @param cuts GPUs that were cut
   */
  record Result(
      double[] waited, double[] asked, double[] accepted, double[] requested, double[] cuts) {

    Result(int days) {
      this(
          new double[days], new double[days], new double[days], new double[days], new double[days]);
    }

    /** The time that pods wait, relative to the time that they ask for, by their memory slices. */
    double waiting() {
      return sum(waited) / sum(asked);
    }

    double acceptance() {
      return sum(accepted) / sum(requested);
    }

    double cutsPerDay() {
      return sum(cuts) / cuts.length;
    }

    Result ofDay(int day) {
      return new Result(
          new double[] {waited[day]},
          new double[] {asked[day]},
          new double[] {accepted[day]},
          new double[] {requested[day]},
          new double[] {cuts[day]});
    }

    private static double sum(double[] values) {
      return Arrays.stream(values).sum();
    }

    /** Counts a pod that waited until it started or gave up. */
    void count(DemandArrivals arrivals, Arrival pod, double waits, boolean isStarted) {
      int day = arrivals.day(pod.time());
      if (day >= 0) {
        waited[day] += waits * pod.slices();
        asked[day] += pod.lifetime() * pod.slices();
        requested[day] += pod.slices();
        if (isStarted) {
          accepted[day] += pod.slices();
        }
      }
    }
  }

  /** A node with its devices; whole GPUs have no layout. */
  static final class SimulatedNode {
    private final String name;
    private final MigLayout[] layouts;
    private final int[] free = new int[DemandArrivals.SLICES.length];
    private int pods;
    private int slicesUsed;
    private boolean isChanging;
    private Optional<Instant> changed = Optional.empty();
    private Optional<NodeCapacity> idle = Optional.empty();

    SimulatedNode(int number, int gpus) {
      name = "n%04d".formatted(number);
      layouts = new MigLayout[gpus];
    }

    boolean isIdle() {
      return pods == 0 && !isChanging;
    }

    private void offer() {
      Arrays.fill(free, 0);
      for (MigLayout layout : layouts) {
        if (layout != null) {
          layout
              .devices()
              .forEach((profile, count) -> free[DemandArrivals.PROFILES.indexOf(profile)] += count);
        }
      }
      idle = Optional.empty();
    }

    /** The node as the reconciler reads it, which is read again only after a change. */
    private NodeCapacity capacity() {
      if (idle.isEmpty()) {
        Node node = Nodes.object(name, Map.of(), layouts);
        SortedMap<Integer, MigLayout> byGpu = new TreeMap<>();
        for (int i = 0; i < layouts.length; i++) {
          if (layouts[i] != null) {
            byGpu.put(i, layouts[i]);
          }
        }
        idle = Optional.of(new NodeCapacity(
            MigNodeStatus.of(node), node.getMetadata().getLabels(), new TreeMap<>(), byGpu));
      }
      NodeCapacity now = idle.get();
      SortedMap<String, Long> used = new TreeMap<>();
      for (int i = 0; i < free.length; i++) {
        String resource = DemandArrivals.PROFILES.get(i).resourceName();
        long count = now.status().allocatable().getOrDefault(resource, 0L) - free[i];
        if (count > 0) {
          used.put(resource, count);
        }
      }
      return new NodeCapacity(now.status(), now.labels(), used, now.layouts());
    }
  }

  private record Event(double time, int order, Runnable what) {}

  private final DemandArrivals arrivals;
  private final Scheduler scheduler;
  private final Cutter cutter;
  private final List<SimulatedNode> nodes = new ArrayList<>();
  private final List<Deque<Arrival>> waiting = new ArrayList<>();
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingDouble(Event::time).thenComparingInt(Event::order));
  private final Result result;
  private double now;
  private int order;
  private double wakeAt = Double.POSITIVE_INFINITY;

  private DemandSimulation(
      DemandArrivals arrivals, int gpusPerNode, Scheduler scheduler, Cutter cutter) {
    this.arrivals = arrivals;
    this.scheduler = scheduler;
    this.cutter = cutter;
    this.result = new Result(arrivals.days());
    for (int left = arrivals.gpus(); left > 0; left -= gpusPerNode) {
      nodes.add(new SimulatedNode(nodes.size(), Math.min(left, gpusPerNode)));
    }
    DemandArrivals.PROFILES.forEach(profile -> waiting.add(new ArrayDeque<>()));
  }

  /** Plays GPUs that are whole at first. */
  static Result play(DemandArrivals arrivals, int gpusPerNode, Scheduler scheduler, Cutter cutter) {
    return new DemandSimulation(arrivals, gpusPerNode, scheduler, cutter).run();
  }

  /** Plays GPUs that stay as they are. */
  static Result play(DemandArrivals arrivals, Scheduler scheduler, List<MigLayout> layouts) {
    DemandSimulation simulation = new DemandSimulation(arrivals, 1, scheduler, NOTHING);
    for (int i = 0; i < layouts.size(); i++) {
      simulation.nodes.get(i).layouts[0] = layouts.get(i);
      simulation.nodes.get(i).offer();
    }
    return simulation.run();
  }

  private Result run() {
    arrivals.all().forEach(pod -> at(pod.time(), () -> arrive(pod)));
    while (!events.isEmpty()) {
      Event event = events.remove();
      now = event.time;
      event.what.run();
    }
    return result;
  }

  private void at(double time, Runnable what) {
    events.add(new Event(time, order++, what));
  }

  /** Wakes the cutter after some time; of several times the first one counts. */
  void wake(Duration after) {
    double time = now + after.toMillis() / 1000.0;
    if (time < wakeAt) {
      wakeAt = time;
      at(time, () -> {
        if (wakeAt == time) {
          wakeAt = Double.POSITIVE_INFINITY;
          cutter.wake(this);
        }
      });
    }
  }

  private void arrive(Arrival pod) {
    Comparator<SimulatedNode> byUse = Comparator.comparingInt(node -> node.slicesUsed);
    Optional<SimulatedNode> node = nodes.stream()
        .filter(each -> !each.isChanging && each.free[pod.profile()] > 0)
        .min(scheduler == Scheduler.PACKS ? byUse.reversed() : byUse);
    if (node.isPresent()) {
      start(pod, node.get());
    } else {
      waiting.get(pod.profile()).add(pod);
      at(pod.time() + PATIENCE, () -> giveUp(pod));
    }
    cutter.look(this);
  }

  private void start(Arrival pod, SimulatedNode node) {
    result.count(arrivals, pod, now - pod.time(), true);
    node.free[pod.profile()]--;
    node.pods++;
    node.slicesUsed += pod.slices();
    at(now + pod.lifetime(), () -> end(pod, node));
  }

  private void end(Arrival pod, SimulatedNode node) {
    node.free[pod.profile()]++;
    node.pods--;
    node.slicesUsed -= pod.slices();
    serve(node);
    cutter.look(this);
  }

  private void giveUp(Arrival pod) {
    if (waiting.get(pod.profile()).remove(pod)) {
      result.count(arrivals, pod, PATIENCE, false);
      cutter.look(this);
    }
  }

  /** Starts pods that wait, the oldest first, on the free devices of a node. */
  private void serve(SimulatedNode node) {
    for (int i = 0; i < node.free.length; i++) {
      while (node.free[i] > 0 && !waiting.get(i).isEmpty()) {
        start(waiting.get(i).remove(), node);
      }
    }
  }

  /** Begins to change an idle node. */
  private void change(SimulatedNode node, MigLayout[] layouts) {
    node.isChanging = true;
    for (int i = 0; i < layouts.length; i++) {
      boolean isSame = layouts[i] == null
          ? node.layouts[i] == null
          : node.layouts[i] != null && layouts[i].devices().equals(node.layouts[i].devices());
      int day = arrivals.day(now);
      if (!isSame && day >= 0) {
        result.cuts[day]++;
      }
      node.layouts[i] = layouts[i];
    }
    node.offer();
    at(now + CHANGE, () -> {
      node.isChanging = false;
      node.changed = Optional.of(instant());
      serve(node);
      cutter.look(this);
    });
  }

  private Instant instant() {
    return Instant.EPOCH.plusMillis((long) (now * 1000));
  }

  /**
   * Cuts all GPUs of an idle node as soon as a pod waits for which none is being cut, into as many
   * devices of its profile as fit.
   */
  static final class Greedy implements Cutter {

    @Override
    public void look(DemandSimulation simulation) {
      for (int i = 0; i < simulation.waiting.size(); i++) {
        int profile = i;
        int coming = simulation.nodes.stream()
            .filter(node -> node.isChanging)
            .mapToInt(node -> node.free[profile])
            .sum();
        while (simulation.waiting.get(i).size() > coming) {
          Optional<SimulatedNode> idle =
              simulation.nodes.stream().filter(SimulatedNode::isIdle).findFirst();
          if (idle.isEmpty()) {
            return;
          }
          MigLayout[] layouts = new MigLayout[idle.get().layouts.length];
          Arrays.fill(layouts, DemandLayouts.full(profile));
          simulation.change(idle.get(), layouts);
          coming += idle.get().free[profile];
        }
      }
    }
  }

  /** Cuts as the reconciler does: by its plan, when it plans, and at its pace. */
  static final class OfReconciler implements Cutter {
    private final DemandPlanner planner = new DemandPlanner();
    private final Duration coolDown;
    private final int maxUnavailable;
    private SortedMap<String, SortedMap<Integer, MigLayout>> planned = new TreeMap<>();

    OfReconciler(Duration coolDown, int maxUnavailable) {
      this.coolDown = coolDown;
      this.maxUnavailable = maxUnavailable;
    }

    @Override
    public void look(DemandSimulation simulation) {
      simulation.nodes.forEach(node -> planner.see(node.name, node.pods > 0, simulation.instant()));
      begin(simulation);
      simulation.wake(DemandPlanner.BATCH);
    }

    @Override
    public void wake(DemandSimulation simulation) {
      if (simulation.nodes.stream().anyMatch(node -> node.isChanging)) {
        simulation.wake(DemandPlanner.CHANGING_PAUSE);
        return;
      }
      List<WaitingPod> pods = simulation.waiting.stream()
          .flatMap(Deque::stream)
          .map(OfReconciler::pod)
          .toList();
      planned = new TreeMap<>();
      if (pods.isEmpty()) {
        return;
      }
      PendingPods plan = planner.plan(
          PODS,
          coolDown,
          simulation.nodes.stream()
              .map(node -> new DemandPlanner.Candidate(node.capacity(), false, node.changed))
              .toList(),
          pods,
          simulation.instant());
      planned.putAll(plan.changes());
      begin(simulation);
      if (plan.answers().stream().anyMatch(PodAnswer.Unserved.class::isInstance)) {
        simulation.wake(DemandPlanner.UNSERVED_PAUSE);
      }
    }

    /** Changes planned nodes that no pod uses, as many as may be unavailable. */
    private void begin(DemandSimulation simulation) {
      if (planned.isEmpty()) {
        return;
      }
      long changing = simulation.nodes.stream().filter(node -> node.isChanging).count();
      for (SimulatedNode node : simulation.nodes) {
        if (changing >= maxUnavailable) {
          return;
        }
        if (node.isIdle() && planned.containsKey(node.name)) {
          SortedMap<Integer, MigLayout> byGpu = planned.remove(node.name);
          simulation.change(
              node,
              IntStream.range(0, node.layouts.length)
                  .mapToObj(byGpu::get)
                  .toArray(MigLayout[]::new));
          changing++;
        }
      }
    }

    private static WaitingPod pod(Arrival pod) {
      return new WaitingPod.Builder()
          .name("day/%012d-%d".formatted((long) (pod.time() * 1000), pod.profile()))
          .putDevices(DemandArrivals.PROFILES.get(pod.profile()), 1)
          .priority(0)
          .since(Instant.EPOCH.plusMillis((long) (pod.time() * 1000)))
          .build();
    }
  }
}
