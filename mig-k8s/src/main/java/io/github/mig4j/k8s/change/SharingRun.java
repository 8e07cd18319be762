package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.k8s.check.SharingPlan;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.config.PluginPolicy;
import io.github.mig4j.k8s.diagnosis.PluginPods;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.NodePatch;
import io.github.mig4j.k8s.internal.NodeWatch;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One execution of a {@link SharingRequest} that was found possible: publish, label, follow. */
public final class SharingRun {

  /** What the node asked for before the last change; empty for nothing. */
  public static final String PREVIOUS_KEY = "mig4j.github.io/previous-device-plugin-config";

  /**
   * The last configuration that was asked for while the node showed something else, so that what it
   * shows now is due to it.
   */
  static final String TELLING_KEY = "mig4j.github.io/telling-device-plugin-config";

  private static final Logger LOG = LoggerFactory.getLogger(SharingRun.class);

  /** More than anybody waits, and little enough to count in nanoseconds. */
  private static final Duration LONGEST = Duration.ofDays(3650);

  private final Cluster cluster;
  private final String name;
  private final SharingOptions options;
  private final long startNanos = System.nanoTime();

  SharingRun(Cluster cluster, String name, SharingOptions options) {
    this.cluster = cluster;
    this.name = name;
    this.options = options;
  }

  SharingOutcome run(SharingPlan plan, Duration deadline) {
    Duration limit = deadline.compareTo(LONGEST) < 0 ? deadline : LONGEST;
    step(
        ApplyPhase.CHECKED,
        "%s: %s".formatted(keyOrDefault(plan), plan.evidence().allocatable()));
    // The device plugins that start anew for another map show nothing for a while.
    boolean differs =
        options.map().isEmpty() || !plan.missing(cluster.requireNode(name)).isEmpty();
    publish(plan);
    try (NodeWatch watch = new NodeWatch(cluster, name, limit)) {
      Node before = cluster.onLatestVersion(() -> ask(plan, differs));
      boolean asked = asksFor(before, plan.key());
      step(
          ApplyPhase.REQUESTED,
          asked ? "the node asks for it already" : Labels.DEVICE_PLUGIN_CONFIG + "=" + plan.key());
      boolean proven =
          (differs && !plan.missing(before).isEmpty()) || (asked && isTelling(before, plan.key()));
      Optional<String> doubt = proven
          ? Optional.empty()
          : Optional.of(
              "the node offered the same before, so nothing shows that the device plugin has taken the configuration up");
      return follow(watch, plan, limit, doubt);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException(
          "Interrupted while waiting for node %s; it keeps asking for %s"
              .formatted(name, keyOrDefault(plan)));
    }
  }

  /** The operator's map has what all nodes ask for before the operator is pointed at it. */
  private void publish(SharingPlan plan) {
    if (!plan.unpublished().isEmpty()) {
      plan.source().map().publish(plan.source().namespace(), plan.unpublished());
    }
    if (options.map().isPresent()) {
      cluster.onLatestVersion(
          () -> PluginPolicy.require(cluster).use(cluster, plan.source().map()));
    }
  }

  /** Labels the node, if it does not ask for it already; answers the node before that. */
  private Node ask(SharingPlan plan, boolean differs) {
    Node node = cluster.requireNode(name);
    if (!asksFor(node, plan.key())) {
      NodePatch patch = NodePatch.on(node).annotate(PREVIOUS_KEY, asked(node));
      if (differs && !plan.missing(node).isEmpty()) {
        patch.annotate(TELLING_KEY, plan.key());
      } else {
        patch.removeAnnotation(TELLING_KEY);
      }
      Node unused = cluster.patch(
          plan.key().isEmpty()
              ? patch.removeLabel(Labels.DEVICE_PLUGIN_CONFIG)
              : patch.label(Labels.DEVICE_PLUGIN_CONFIG, plan.key()));
    }
    return node;
  }

  private SharingOutcome follow(
      NodeWatch watch, SharingPlan plan, Duration limit, Optional<String> doubt)
      throws InterruptedException {
    Node node = read(plan);
    long offeredNanos = 0;
    boolean offered = false;
    boolean lookedOnceMore = false;
    while (true) {
      long now = System.nanoTime();
      List<String> missing = plan.missing(node);
      if (!missing.isEmpty()) {
        offered = false;
      } else if (!offered) {
        offered = true;
        offeredNanos = now;
        step(ApplyPhase.OFFERED, plan.evidence().allocatable().toString());
      }
      long untilStable =
          offered ? offeredNanos + options.stability().toNanos() - now : Long.MAX_VALUE;
      if (untilStable <= 0) {
        step(ApplyPhase.VERIFIED, doubt.orElse("the evidence held"));
        return new SharingOutcome(name, plan.key(), plan.evidence().allocatable(), doubt);
      }
      long left = limit.toNanos() - (now - startNanos);
      if (left <= 0 && lookedOnceMore) {
        throw late(plan, limit, missing);
      }
      lookedOnceMore = left <= 0;
      Optional<Node> told = watch.next(Math.min(left, untilStable));
      // What a watch tells of the time before the request is read again.
      node = told.isPresent() && asksFor(told.get(), plan.key()) ? told.get() : read(plan);
    }
  }

  private Node read(SharingPlan plan) {
    Node node = cluster.node(name).orElseThrow(() -> NodeWatch.deleted(name));
    if (!asksFor(node, plan.key())) {
      throw new MigConflictException(
          "Node %s: somebody else set %s=%s while it was asked for %s. Agree on one, and apply it again"
              .formatted(name, Labels.DEVICE_PLUGIN_CONFIG, asked(node), keyOrDefault(plan)));
    }
    return node;
  }

  private SharingDeadlineException late(SharingPlan plan, Duration limit, List<String> missing) {
    return new SharingDeadlineException(
        "Node %s: waited %s for %s".formatted(name, limit, plan.evidence().allocatable()),
        missing.isEmpty()
            ? List.of("that has not held for %s yet".formatted(options.stability()))
            : missing,
        PluginPods.troubles(cluster, plan.source().namespace(), name));
  }

  private static boolean asksFor(Node node, String key) {
    return asked(node).equals(key);
  }

  private static boolean isTelling(Node node, String key) {
    return key.equals(Cluster.annotations(node).get(TELLING_KEY));
  }

  public static String asked(Node node) {
    return Cluster.labels(node).getOrDefault(Labels.DEVICE_PLUGIN_CONFIG, "");
  }

  private static String keyOrDefault(SharingPlan plan) {
    return plan.key().isEmpty() ? "the operator's default" : plan.key();
  }

  private void step(ApplyPhase phase, String detail) {
    LOG.info("node={} phase={} detail=\"{}\"", name, phase, detail);
    options
        .listener()
        .accept(
            new ApplyEvent(name, phase, Duration.ofNanos(System.nanoTime() - startNanos), detail));
  }
}
