package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.check.NodeCheck;
import io.github.mig4j.k8s.check.Preflight;
import io.github.mig4j.k8s.check.StatedGpus;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.k8s.internal.InterruptibleFuture;
import io.github.mig4j.node.NodeGpu;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A change of a node that is prepared: of its layout or of its sharing. Nothing is read or written
 * before {@link #preflight}, {@link #await} or {@link #start}.
 *
 * <p>A request is immutable: each method that sets something returns a new one.
 */
public final class ApplyRequest {

  private final ApplyLook.Subject subject;
  private final ApplyOptions options;

  ApplyRequest(ApplyLook.Subject subject) {
    this.subject = subject;
    this.options = subject.options();
  }

  private ApplyRequest with(ApplyOptions changed) {
    return new ApplyRequest(subject.with(changed));
  }

  /**
   * Reports each step as it is seen, on the thread that waits.
   *
   * @param listener receives the steps; what it throws ends the wait
   * @return a request that reports its steps
   */
  public ApplyRequest onProgress(Consumer<ApplyEvent> listener) {
    return with(options.withListener(listener));
  }

  /**
   * Sets how long to wait for what cannot be seen at once, and how long each stage may take. A sharing
   * configuration has no stages; of its timings only {@link ApplyTimings#stability} and {@link
   * ApplyTimings#drain} matter.
   *
   * @param timings the timings
   * @return a request with these timings
   */
  public ApplyRequest timings(ApplyTimings timings) {
    return with(options.withTimings(timings));
  }

  /**
   * States how many GPUs the node has, where neither its labels nor its last change show it. Only a
   * layout needs it.
   *
   * @param count physical GPUs, at least 1
   * @return a request that assumes this number
   * @throws IllegalArgumentException if the number is below 1
   */
  public ApplyRequest gpus(int count) {
    return with(options.withGpus(new StatedGpus.Count(count)));
  }

  /**
   * States every GPU of the node. The first layout of a node with several models needs it, since the
   * labels name only one of them. The change records the GPUs on the node for the next one; state them
   * again to correct that.
   *
   * @param gpus all GPUs, with the indexes 0, 1, 2 and so on
   * @return a request that assumes these GPUs
   * @throws IllegalArgumentException if the list is empty, or the indexes are others
   */
  public ApplyRequest gpus(List<NodeGpu> gpus) {
    Objects.requireNonNull(gpus, "gpus");
    return with(options.withGpus(new StatedGpus.Each(gpus)));
  }

  /**
   * Allows to keep pods away from the node, or to evict those that use its GPUs.
   *
   * @param disruption what is allowed; {@link Disruption#NONE} unless set
   * @return a request that may do this
   */
  public ApplyRequest disruption(Disruption disruption) {
    return with(options.withDisruption(disruption));
  }

  /**
   * Taints the node {@code mig4j.github.io/unverified=true:NoSchedule} until the change is verified,
   * so that no pod takes a GPU that is about to change, as happens on new nodes that come up with the
   * config label (gpu-operator#2670). A taint of the same key that another client has set stays. The
   * operator's DaemonSets must tolerate the taint, since a change stops and starts their pods.
   *
   * @return a request that taints the node
   */
  public ApplyRequest gated() {
    return with(options.withGate(NodeCheck.Gate.CLOSED));
  }

  /**
   * Rolls the node back to its previous configuration, if the change fails after the node was
   * labelled. The failure is thrown all the same, and its message says how the rollback ended.
   *
   * @return a request that undoes a failed change
   */
  public ApplyRequest rollbackOnFailure() {
    return with(options.withOnFailure(ApplyOptions.OnFailure.ROLL_BACK));
  }

  /**
   * Reports everything that prevents this request, and writes nothing. The permissions of {@code
   * MigRole.READ_ONLY} are enough: a permission that only the change needs is a note if the client lacks
   * it, although {@link #await} would then refuse the request.
   *
   * @return the findings; for an error {@link #await} would refuse the request
   * @throws MigRefusedException if the node does not show what the request is for, as with a
   *     rollback of a node that was never changed
   * @throws MigClusterException if the API server does not answer
   */
  public Preflight preflight() {
    return new NodeCheck(
            options.check(subject.cluster(), subject.node(), subject.goal(), NodeCheck.Attempt.NEW))
        .preflight();
  }

  /**
   * Checks everything that can be checked, requests the configuration by the node's label, and waits
   * for the evidence that it is in force. A node on which it is in force already is only verified, and
   * nothing is written.
   *
   * @param deadline how long to wait in all, more than zero; for sharing at least two minutes, since
   *     the kubelet may refresh what was just published a minute late
   * @return how sure it is that the configuration is in force
   * @throws IllegalArgumentException if the deadline is not positive
   * @throws MigRefusedException if it cannot work; nothing was changed
   * @throws MigConflictException if another client changes the node, or labels it otherwise
   * @throws MigFailedException if the MIG manager reports failure
   * @throws MigDeadlineException if the evidence did not come in time
   * @throws MigClusterException if the API server does not answer or does not allow it, before the
   *     node was labelled; later the change waits for the API server until its deadline
   * @throws java.util.concurrent.CancellationException if the thread is interrupted; its flag stays
   *     set, and the operator continues its work
   */
  public ApplyOutcome await(Duration deadline) {
    return ApplyWait.until(requirePositive(deadline), subject);
  }

  /**
   * Takes one look at the change, does what is to be done now, and returns without waiting for anything
   * but the API server's answers. The first look checks everything that can be checked and requests the
   * configuration; later looks follow it. Repeat the call, with the same request, after the time that the
   * answer names or when the node changes, for as long as the configuration is desired.
   *
   * <p>Looks may be far apart and made by different processes: what earlier looks have seen is in the
   * node's record. If looks have missed that the GPU's clients stopped and started, the log of the MIG
   * manager replaces it, or the outcome says that this proof is missing. On a node on which the
   * configuration is in force, a look writes nothing.
   *
   * <p>A client that sets {@code MigSettings.identity} continues only what was begun under the same
   * identity, and receives {@link ApplyStep.Conflict} while another client changes the node. A client
   * without an identity continues any change to the same configuration. A look of a rollback continues a
   * rollback that was the last change; it does not undo that.
   *
   * <p>The answers contain what {@link #await} throws, except that the API server does not answer. After
   * each exception the next look continues where this one stopped.
   *
   * @return what the look shows
   * @throws MigClusterException if the API server does not answer or does not allow it
   * @throws java.util.concurrent.CancellationException if the thread is interrupted; its flag stays set
   * @throws IllegalStateException if the Kubernetes client is closed
   */
  public ApplyStep poll() {
    return new ApplyLook(subject).look();
  }

  /**
   * As {@link #await}, on a thread of its own, which {@code MigSettings.threads} makes.
   *
   * @param deadline how long to wait in all, more than zero
   * @return the future outcome, or one of the exceptions of {@link #await}; cancelling it, {@code
   *     orTimeout} and {@code completeExceptionally} interrupt the wait
   * @throws IllegalArgumentException if the deadline is not positive
   */
  public CompletableFuture<ApplyOutcome> start(Duration deadline) {
    Duration limit = requirePositive(deadline);
    return InterruptibleFuture.start(
        subject.cluster().settings().threads(),
        "mig4j-apply-" + subject.node(),
        () -> ApplyWait.until(limit, subject));
  }

  private static Duration requirePositive(Duration deadline) {
    if (Objects.requireNonNull(deadline, "deadline").isZero() || deadline.isNegative()) {
      throw new IllegalArgumentException(
          "The deadline must be positive, but was %s; allow some minutes"
              .formatted(DurationText.of(deadline)));
    }
    return deadline;
  }

  /** The node and the goal in one line. */
  @Override
  public String toString() {
    return "change of node %s to %s".formatted(subject.node(), subject.goal());
  }
}
