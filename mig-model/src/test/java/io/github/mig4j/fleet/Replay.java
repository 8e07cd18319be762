package io.github.mig4j.fleet;

import io.github.mig4j.fleet.Arrivals.Arrival;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/**
 * What a policy did with recorded arrivals, in memory slices. A request that does not fit when it
 * arrives is rejected.
 */
final class Replay {

  /** Chooses and places an instance, or returns {@link Fleet#NONE}; may move others. */
  @FunctionalInterface
  interface Scheduler {
    long place(Replay replay, FleetRequest request);
  }

  private static final class Running {
    private final double departure;
    private long instance;

    Running(double departure, long instance) {
      this.departure = departure;
      this.instance = instance;
    }
  }

  private final Fleet fleet;
  private final Map<Long, Running> running = new HashMap<>();
  private long free;

  private final double[] askedByDay;
  private final double[] acceptedByDay;
  private long asked;
  private long accepted;
  private long acceptedOfAll;
  private double freeSliceTime;
  private double span;

  private Replay(Arrivals arrivals, Fleet fleet) {
    this.fleet = fleet;
    free = (long) Arrivals.SLICES_OF_GPU * arrivals.gpus();
    askedByDay = new double[arrivals.days()];
    acceptedByDay = new double[arrivals.days()];
  }

  static Replay of(Arrivals arrivals, Fleet fleet, Scheduler scheduler) {
    Replay replay = new Replay(arrivals, fleet);
    replay.run(arrivals, scheduler);
    return replay;
  }

  private void run(Arrivals arrivals, Scheduler scheduler) {
    PriorityQueue<Running> byEnd =
        new PriorityQueue<>((a, b) -> Double.compare(a.departure, b.departure));
    FleetRequest[] requests =
        Arrivals.PROFILES.stream().map(fleet::request).toArray(FleetRequest[]::new);
    double time = arrivals.warm();
    for (Arrival arrival : arrivals.all()) {
      while (!byEnd.isEmpty() && byEnd.peek().departure <= arrival.time()) {
        Running ended = byEnd.poll();
        time = elapsed(time, ended.departure);
        end(ended);
      }
      time = elapsed(time, arrival.time());
      long instance = scheduler.place(this, requests[arrival.profile()]);
      if (instance != Fleet.NONE) {
        Running started = new Running(arrival.departure(), instance);
        byEnd.add(started);
        running.put(instance, started);
        free -= arrival.slices();
      }
      count(arrivals, arrival, instance == Fleet.NONE ? 0 : arrival.slices());
    }
  }

  private void end(Running ended) {
    running.remove(ended.instance);
    free += fleet.placementOf(ended.instance).size();
    fleet.free(ended.instance);
  }

  /** Counts the free slices until a time; the later one of both times. */
  private double elapsed(double from, double to) {
    if (to <= from) {
      return from;
    }
    freeSliceTime += free * (to - from);
    span += to - from;
    return to;
  }

  Fleet fleet() {
    return fleet;
  }

  /** The memory slices without an instance. */
  long freeSlices() {
    return free;
  }

  /** Moves an instance to a free placement of the same profile. */
  void move(long from, long to) {
    fleet.occupy(to);
    fleet.free(from);
    Running moved = running.remove(from);
    moved.instance = to;
    running.put(to, moved);
  }

  private void count(Arrivals arrivals, Arrival arrival, int slices) {
    acceptedOfAll += slices;
    if (arrival.time() >= arrivals.warm()) {
      asked += arrival.slices();
      accepted += slices;
      int day = arrivals.day(arrival);
      if (day < askedByDay.length) {
        askedByDay[day] += arrival.slices();
        acceptedByDay[day] += slices;
      }
    }
  }

  /** The accepted share of the slices that were requested after the warm-up. */
  double acceptance() {
    return (double) accepted / asked;
  }

  /** The accepted slices of all requests, those of the warm-up included. */
  long acceptedOfAll() {
    return acceptedOfAll;
  }

  /** The mean number of slices without an instance after the warm-up. */
  double unallocatedSlices() {
    return freeSliceTime / span;
  }

  /** The accepted share of each day with requests. */
  double[] acceptanceByDay() {
    return IntStream.range(0, askedByDay.length)
        .filter(day -> askedByDay[day] > 0)
        .mapToDouble(day -> acceptedByDay[day] / askedByDay[day])
        .toArray();
  }
}
