package io.github.mig4j.fleet;

import io.github.mig4j.fleet.Arrivals.Arrival;
import java.util.PriorityQueue;

/**
 * What a policy did with recorded arrivals, in memory slices. A request that does not fit when it
 * arrives is rejected.
 */
final class Replay {

  /** Chooses and places an instance, or returns {@link Fleet#NONE}. */
  @FunctionalInterface
  interface Scheduler {
    long place(Fleet fleet, FleetRequest request);
  }

  private record Running(double departure, long instance) {}

  private final double[] askedByDay;
  private final double[] acceptedByDay;
  private long asked;
  private long accepted;
  private long acceptedOfAll;
  private double freeSliceTime;
  private double span;

  private Replay(int days) {
    askedByDay = new double[days];
    acceptedByDay = new double[days];
  }

  static Replay of(Arrivals arrivals, Fleet fleet, Scheduler scheduler) {
    Replay replay = new Replay(arrivals.days());
    PriorityQueue<Running> running =
        new PriorityQueue<>((a, b) -> Double.compare(a.departure, b.departure));
    FleetRequest[] requests =
        Arrivals.PROFILES.stream().map(fleet::request).toArray(FleetRequest[]::new);
    long free = (long) Arrivals.SLICES_OF_GPU * arrivals.gpus();
    double time = 0;
    for (Arrival arrival : arrivals.all()) {
      while (!running.isEmpty() && running.peek().departure <= arrival.time()) {
        Running ended = running.poll();
        replay.isFree(free, Math.max(time, arrivals.warm()), ended.departure);
        time = ended.departure;
        free += fleet.placementOf(ended.instance).size();
        fleet.free(ended.instance);
      }
      replay.isFree(free, Math.max(time, arrivals.warm()), arrival.time());
      time = arrival.time();
      long instance = scheduler.place(fleet, requests[arrival.profile()]);
      boolean isAccepted = instance != Fleet.NONE;
      if (isAccepted) {
        running.add(new Running(arrival.departure(), instance));
        free -= arrival.slices();
      }
      replay.count(arrivals, arrival, isAccepted ? arrival.slices() : 0);
    }
    return replay;
  }

  private void isFree(long slices, double from, double to) {
    if (to > from) {
      freeSliceTime += slices * (to - from);
      span += to - from;
    }
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
    return java.util.stream.IntStream.range(0, askedByDay.length)
        .filter(day -> askedByDay[day] > 0)
        .mapToDouble(day -> acceptedByDay[day] / askedByDay[day])
        .toArray();
  }
}
