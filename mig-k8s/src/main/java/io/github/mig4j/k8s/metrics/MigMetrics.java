package io.github.mig4j.k8s.metrics;

import io.github.mig4j.k8s.cluster.MigEvent;
import io.github.mig4j.k8s.cluster.MigListener;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.k8s.node.NodeCapacity;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.BitSet;
import java.util.Collection;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The meters of a {@code MigClient} and of a cluster's GPUs; docs/observability.md lists them.
 *
 * <pre>{@code
 * MigMetrics metrics = MigMetrics.of(registry);
 * MigClient mig = MigClient.of(client).with(MigSettings.defaults().withListener(metrics));
 * metrics.observe(mig.fleet().nodes());                 // once a minute, for example
 * }</pre>
 *
 * <p>It needs {@code io.micrometer:micrometer-core} on the class path. All methods can be called from any
 * thread.
 */
public final class MigMetrics implements MigListener {

  private static final String UNKNOWN = "none";

  private final MeterRegistry registry;
  private final ConcurrentHashMap<String, AtomicInteger> standings = new ConcurrentHashMap<>();
  private final MultiGauge states;
  private final MultiGauge free;
  private final MultiGauge stranded;

  private MigMetrics(MeterRegistry registry) {
    this.registry = registry;
    this.states = MultiGauge.builder("mig4j.node.state")
        .description("1 for the state that the MIG manager last reported for the node")
        .register(registry);
    this.free = MultiGauge.builder("mig4j.fleet.free.devices")
        .description("Devices that nodes offer and no pod uses")
        .register(registry);
    this.stranded = MultiGauge.builder("mig4j.fleet.stranded.slices")
        .description("Free memory slices on which no profile can be placed beside the layout")
        .register(registry);
  }

  /**
   * Registers the meters.
   *
   * @param registry the registry
   * @return a listener for {@code MigSettings}
   */
  public static MigMetrics of(MeterRegistry registry) {
    Objects.requireNonNull(registry, "registry");
    return new MigMetrics(registry);
  }

  @Override
  public void onEvent(MigEvent event) {
    Objects.requireNonNull(event, "event");
    if (event instanceof MigEvent.PhaseReached reached) {
      registry
          .timer("mig4j.change.phase", "phase", reached.phase())
          .record(reached.sincePrevious());
    } else if (event instanceof MigEvent.ChangeEnded ended) {
      registry.timer("mig4j.change", "outcome", ended.outcome().toJson()).record(ended.duration());
    } else if (event instanceof MigEvent.StandingChanged changed) {
      count(changed);
    } else if (event instanceof MigEvent.RequestEnded request) {
      registry
          .timer(
              "mig4j.request",
              "request",
              request.request(),
              "status",
              request.status() == 0 ? UNKNOWN : String.valueOf(request.status()))
          .record(request.duration());
    } else if (event instanceof MigEvent.RequestRepeated repeated) {
      registry
          .counter("mig4j.request.repeated", "status", String.valueOf(repeated.status()))
          .increment();
    }
  }

  private void count(MigEvent.StandingChanged changed) {
    if (!changed.previous().equals(MigEvent.StandingChanged.UNKNOWN)) {
      standing(changed.previous()).decrementAndGet();
    }
    if (!changed.standing().equals(MigEvent.StandingChanged.UNKNOWN)) {
      standing(changed.standing()).incrementAndGet();
      registry
          .counter(
              "mig4j.reconcile.changes",
              "standing",
              changed.standing(),
              "cause",
              changed.cause().isEmpty() ? UNKNOWN : changed.cause())
          .increment();
    }
  }

  private AtomicInteger standing(String standing) {
    return standings.computeIfAbsent(
        standing,
        key ->
            registry.gauge("mig4j.reconcile.nodes", Tags.of("standing", key), new AtomicInteger()));
  }

  /**
   * Sets the gauges of nodes and their GPUs; those of nodes that are not in the list are removed.
   *
   * @param nodes the nodes now, such as {@code mig.fleet().nodes()}
   */
  public void observe(Collection<NodeCapacity> nodes) {
    Objects.requireNonNull(nodes, "nodes");
    SortedMap<String, Long> freeDevices = new TreeMap<>();
    SortedMap<String, Integer> strandedSlices = new TreeMap<>();
    for (NodeCapacity node : nodes) {
      // A resource that is used up has a meter with 0.
      node.status().allocatable().keySet().forEach(any -> freeDevices.merge(any, 0L, Long::sum));
      node.free().forEach((resource, count) -> freeDevices.merge(resource, count, Long::sum));
      for (MigLayout layout : node.layouts().values()) {
        strandedSlices.merge(layout.gpu().id(), stranded(layout), Integer::sum);
      }
    }
    states.register(
        nodes.stream()
            .map(NodeCapacity::status)
            .<MultiGauge.Row<?>>map(status -> MultiGauge.Row.of(tags(status), 1))
            .toList(),
        true);
    free.register(rows("resource", freeDevices), true);
    stranded.register(rows("gpu", strandedSlices), true);
  }

  private static Tags tags(MigNodeStatus status) {
    return Tags.of(
        "node", status.node(), "state", status.state().map(MigState::toString).orElse(UNKNOWN));
  }

  private static Iterable<MultiGauge.Row<?>> rows(
      String tag, SortedMap<String, ? extends Number> counts) {
    return counts.entrySet().stream()
        .<MultiGauge.Row<?>>map(
            count -> MultiGauge.Row.of(Tags.of(tag, count.getKey()), count.getValue()))
        .toList();
  }

  /** Free memory slices that no placement beside this layout includes. */
  private static int stranded(MigLayout layout) {
    BitSet slices = new BitSet();
    layout.placements().forEach(place -> set(slices, place));
    layout.freePlacements().forEach(place -> set(slices, place));
    int used = slices.cardinality();
    return layout.gpu().memorySlices().orElse(used) - used;
  }

  private static void set(BitSet slices, Placement place) {
    slices.set(place.start(), place.start() + place.size());
  }

  /** The registry, e.g. {@code MIG meters of SimpleMeterRegistry}. */
  @Override
  public String toString() {
    return "MIG meters of " + registry.getClass().getSimpleName();
  }
}
