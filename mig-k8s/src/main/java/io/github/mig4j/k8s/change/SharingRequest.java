package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.check.SharingCheck;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.config.SharingConfigMap;
import io.github.mig4j.k8s.internal.Cluster;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** A change of how a node's GPUs are shared, prepared and not yet made; immutable. */
public final class SharingRequest {

  private final Cluster cluster;
  private final String node;
  private final SharingOptions options;

  SharingRequest(Cluster cluster, String node, SharingOptions options) {
    this.cluster = cluster;
    this.node = node;
    this.options = options;
  }

  private SharingRequest with(UnaryOperator<ImmutableSharingOptions> change) {
    return new SharingRequest(cluster, node, change.apply(ImmutableSharingOptions.copyOf(options)));
  }

  /**
   * Tells each step as it is seen, on the thread that waits: {@code CHECKED}, {@code REQUESTED},
   * {@code OFFERED} and {@code VERIFIED}.
   *
   * @param steps receives the steps; what it throws ends the wait
   * @return a request that tells its steps
   */
  public SharingRequest onProgress(Consumer<ApplyEvent> steps) {
    return with(o -> o.withListener(steps));
  }

  /**
   * Sets how long the evidence has to hold before it is believed.
   *
   * @param window 5 seconds unless set; from none to a day
   * @return a request with this window
   * @throws IllegalArgumentException if the window is negative or longer than a day
   */
  public SharingRequest stability(Duration window) {
    if (window.isNegative() || window.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException(
          "The stability window is from PT0S to PT24H, but was " + window);
    }
    return with(o -> o.withStability(window));
  }

  /**
   * Points the GPU Operator at a ConfigMap on the way, as {@link SharingClient#use} does, once
   * everything that can be checked has been, and takes the configurations from that map.
   *
   * @param configMap the map's name; it is made if it does not exist
   * @return a request that does so
   * @throws IllegalArgumentException if the name is no name for a ConfigMap
   */
  public SharingRequest using(String configMap) {
    String name = new SharingConfigMap(cluster, configMap).name();
    return with(o -> o.withMap(name));
  }

  /**
   * Allows a change from or to MPS while pods use the node's GPUs. Their programs may hang or fail,
   * for the daemon that they depend on is started anew.
   *
   * @return a request that is not refused for such pods
   */
  public SharingRequest evenIfBusy() {
    return with(o -> o.withBusy(SharingOptions.Busy.ALLOWED));
  }

  /**
   * Checks whether the change can be made, and reads for that but writes nothing.
   *
   * @return every reason for which {@link #await} would refuse, each with its remedy; empty if there
   *     is none
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public List<String> obstacles() {
    return new SharingCheck(cluster, node, options).obstacles();
  }

  /**
   * Checks, asks the node for the configuration, and waits for the evidence: the exact allocatable
   * count of every GPU resource, and the labels of feature discovery. A node that has it already is
   * only verified.
   *
   * @param deadline how long to wait in all, more than zero; the kubelet alone may take a minute to
   *     refresh what was just published
   * @return what the node offers now
   * @throws IllegalArgumentException if the deadline is not positive
   * @throws MigRefusedException if it cannot work; nothing was changed
   * @throws MigConflictException if the node was deleted, or somebody asks it for something else
   * @throws SharingDeadlineException if the evidence did not come in time; the node keeps asking
   * @throws MigClusterException if the API server does not answer or does not allow it
   * @throws java.util.concurrent.CancellationException if the thread is interrupted; its flag stays
   *     set, and the node keeps asking
   */
  public SharingOutcome await(Duration deadline) {
    if (deadline.isZero() || deadline.isNegative()) {
      throw new IllegalArgumentException("The deadline must be positive, but was " + deadline);
    }
    return new SharingRun(cluster, node, options)
        .run(new SharingCheck(cluster, node, options).requirePlan(), deadline);
  }
}
