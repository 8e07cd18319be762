package io.github.mig4j.k8s;

import java.time.Duration;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * A configuration about to be applied to a node. Nothing is read or written before {@link #await}.
 *
 * <p>A request is immutable: each method that sets something returns a new one.
 */
public final class ApplyRequest {

  /** Which of a configuration's two names the node is asked for. */
  enum Naming {
    BY_CONTENT,
    EXACT
  }

  private final Cluster cluster;
  private final String node;
  private final String config;
  private final Naming naming;
  private final ApplyTimings timings;
  private final OptionalInt gpus;
  private final Consumer<ApplyEvent> listener;

  ApplyRequest(Cluster cluster, String node, String config, Naming naming) {
    this(cluster, node, config, naming, ApplyTimings.defaults(), OptionalInt.empty(), event -> {});
  }

  private ApplyRequest(
      Cluster cluster,
      String node,
      String config,
      Naming naming,
      ApplyTimings timings,
      OptionalInt gpus,
      Consumer<ApplyEvent> listener) {
    this.cluster = cluster;
    this.node = node;
    this.config = config;
    this.naming = naming;
    this.timings = timings;
    this.gpus = gpus;
    this.listener = listener;
  }

  /**
   * Tells each step as it is seen, on the thread that waits.
   *
   * @param listener receives the steps; what it throws ends the wait
   * @return a request that tells its steps
   */
  public ApplyRequest onProgress(Consumer<ApplyEvent> listener) {
    return new ApplyRequest(cluster, node, config, naming, timings, gpus, listener);
  }

  /**
   * Sets how long to watch for what cannot be seen at once.
   *
   * @param timings the timings
   * @return a request with these timings
   */
  public ApplyRequest timings(ApplyTimings timings) {
    return new ApplyRequest(cluster, node, config, naming, timings, gpus, listener);
  }

  /**
   * States how many GPUs the node has, where its labels do not tell.
   *
   * @param count physical GPUs, at least 1
   * @return a request that goes by this number
   * @throws IllegalArgumentException if the number is below 1
   */
  public ApplyRequest gpus(int count) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "A node to partition has at least 1 GPU, but count was " + count);
    }
    return new ApplyRequest(
        cluster, node, config, naming, timings, OptionalInt.of(count), listener);
  }

  /**
   * Checks everything that can be checked, asks the node for the configuration, and waits for the
   * evidence that it is in force. A node that has it in force already is only verified.
   *
   * @param deadline how long to wait in all, more than zero
   * @return how sure it is that the configuration is in force
   * @throws IllegalArgumentException if the deadline is not positive
   * @throws MigRefusedException if it cannot work; nothing was written
   * @throws MigConflictException if somebody else asks the node for something else
   * @throws MigFailedException if the MIG manager reports failure
   * @throws MigDeadlineException if the evidence did not come in time
   * @throws MigClusterException if the API server does not answer or does not allow it
   * @throws java.util.concurrent.CancellationException if the thread is interrupted; its flag stays
   *     set, and the node's change goes on
   */
  public ApplyOutcome await(Duration deadline) {
    if (deadline.isZero() || deadline.isNegative()) {
      throw new IllegalArgumentException(
          "A deadline lies ahead, but was %s; allow some minutes".formatted(deadline));
    }
    return new ApplyRun(cluster, node, config, naming, timings, gpus, listener).run(deadline);
  }
}
