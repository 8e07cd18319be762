package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.check.ApplyGoal;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.check.NodeCheck;
import io.github.mig4j.k8s.check.Preflight;
import io.github.mig4j.k8s.check.StatedGpus;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.InterruptibleFuture;
import io.github.mig4j.node.NodeGpu;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A configuration about to be applied to a node. Nothing is read or written before {@link #await}.
 *
 * <p>A request is immutable: each method that sets something returns a new one.
 */
public final class ApplyRequest {

  private final Cluster cluster;
  private final String node;
  private final ApplyGoal goal;
  private final ApplyOptions options;

  ApplyRequest(Cluster cluster, String node, ApplyGoal goal, ApplyOptions options) {
    this.cluster = cluster;
    this.node = node;
    this.goal = goal;
    this.options = options;
  }

  private ApplyRequest with(ApplyOptions changed) {
    return new ApplyRequest(cluster, node, goal, changed);
  }

  /**
   * Tells each step as it is seen, on the thread that waits.
   *
   * @param listener receives the steps; what it throws ends the wait
   * @return a request that tells its steps
   */
  public ApplyRequest onProgress(Consumer<ApplyEvent> listener) {
    Objects.requireNonNull(listener, "listener");
    return with(options.with(listener));
  }

  /**
   * Sets how long to watch for what cannot be seen at once, and how long each stage may take.
   *
   * @param timings the timings
   * @return a request with these timings
   */
  public ApplyRequest timings(ApplyTimings timings) {
    Objects.requireNonNull(timings, "timings");
    return with(options.with(timings));
  }

  /**
   * States how many GPUs the node has, where neither its labels nor its last change tell.
   *
   * @param count physical GPUs, at least 1
   * @return a request that goes by this number
   * @throws IllegalArgumentException if the number is below 1
   */
  public ApplyRequest gpus(int count) {
    return with(options.with(new StatedGpus.Count(count)));
  }

  /**
   * States every GPU of the node. Needed for the first change where it has several models, since its
   * labels speak of one of them only; the next finds on the node with which GPUs this one reckoned. State them again to correct that.
   *
   * @param gpus all GPUs, with the indexes 0, 1, 2 and so on
   * @return a request that goes by these GPUs
   * @throws IllegalArgumentException if there is none, or the indexes are others
   */
  public ApplyRequest gpus(List<NodeGpu> gpus) {
    Objects.requireNonNull(gpus, "gpus");
    return with(options.with(new StatedGpus.Each(gpus)));
  }

  /**
   * Allows to keep pods away from the node, or to evict those that use its GPUs.
   *
   * @param disruption what is allowed; {@link Disruption#NONE} unless set
   * @return a request that may do this
   */
  public ApplyRequest disruption(Disruption disruption) {
    Objects.requireNonNull(disruption, "disruption");
    return with(options.with(disruption));
  }

  /**
   * Taints the node {@code mig4j.github.io/unverified=true:NoSchedule} until the change is verified,
   * so that no pod takes a GPU that is about to be cut, as happens on new nodes that come up with the
   * config label (gpu-operator#2670). A taint of the same key that somebody else has set stays.
   *
   * @return a request that closes the node
   */
  public ApplyRequest gated() {
    return with(options.with(ApplyOptions.Gate.CLOSED));
  }

  /**
   * Asks the node for the configuration before, if the change fails after the node was asked. The
   * failure is thrown all the same, and says how that went.
   *
   * @return a request that does not leave a failed change behind
   */
  public ApplyRequest rollbackOnFailure() {
    return with(options.with(ApplyOptions.OnFailure.ROLL_BACK));
  }

  /**
   * Says everything that speaks against this request, and writes nothing.
   *
   * @return the findings; one with an error is what {@link #await} would refuse for
   * @throws MigRefusedException if the node does not tell what the request is for, as with a
   *     rollback of a node that was never changed
   * @throws MigClusterException if the API server does not answer
   */
  public Preflight preflight() {
    return new NodeCheck(
            cluster, node, goal, goal.resolve(cluster, node), options.gpus(), options.disruption())
        .preflight();
  }

  /**
   * Checks everything that can be checked, asks the node for the configuration, and waits for the
   * evidence that it is in force. A node that has it in force already is only verified, and nothing
   * is written.
   *
   * @param deadline how long to wait in all, more than zero
   * @return how sure it is that the configuration is in force
   * @throws IllegalArgumentException if the deadline is not positive
   * @throws MigRefusedException if it cannot work; nothing was changed
   * @throws MigConflictException if somebody else changes the node, or asks it for something else
   * @throws MigFailedException if the MIG manager reports failure
   * @throws MigDeadlineException if the evidence did not come in time
   * @throws MigClusterException if the API server does not answer or does not allow it
   * @throws java.util.concurrent.CancellationException if the thread is interrupted; its flag stays
   *     set, and what the MIG manager has begun goes on
   */
  public ApplyOutcome await(Duration deadline) {
    Objects.requireNonNull(deadline, "deadline");
    return new ApplyRun(cluster, node, goal, options).run(requirePositive(deadline));
  }

  /**
   * As {@link #await}, on a thread of its own.
   *
   * @param deadline how long to wait in all, more than zero
   * @return the outcome to come, or one of the exceptions of {@link #await}; cancelling it interrupts
   *     the wait
   * @throws IllegalArgumentException if the deadline is not positive
   */
  public CompletableFuture<ApplyOutcome> start(Duration deadline) {
    Objects.requireNonNull(deadline, "deadline");
    ApplyRun run = new ApplyRun(cluster, node, goal, options);
    Duration limit = requirePositive(deadline);
    return InterruptibleFuture.start("mig4j-apply-" + node, () -> run.run(limit));
  }

  private static Duration requirePositive(Duration deadline) {
    if (deadline.isZero() || deadline.isNegative()) {
      throw new IllegalArgumentException(
          "A deadline lies ahead, but was %s; allow some minutes".formatted(deadline));
    }
    return deadline;
  }

  /** The node and the goal in one line. */
  @Override
  public String toString() {
    return "change of node %s to %s".formatted(node, goal);
  }
}
