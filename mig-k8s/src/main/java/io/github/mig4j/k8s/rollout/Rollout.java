package io.github.mig4j.k8s.rollout;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.k8s.internal.InterruptibleFuture;
import io.github.mig4j.k8s.internal.Leadership;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.rollout.RolloutRecord.CanaryState;
import io.github.mig4j.k8s.rollout.RolloutRecord.Control;
import io.github.mig4j.k8s.rollout.RolloutRecord.Request;
import io.github.mig4j.text.KubernetesName;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Applies a configuration to many nodes, a few at a time. Each node is changed and verified as by
 * {@link io.github.mig4j.k8s.change.MigNode#apply}.
 *
 * <pre>{@code
 * RolloutStatus end = mig.rollout("split-small")
 *     .nodes("nvidia.com/gpu.product=NVIDIA-B200")
 *     .config("b200-split-small")
 *     .maxUnavailable(Amount.percent(10))
 *     .canary(2, Canary.awaitApproval())
 *     .stopAfterFailures(3)
 *     .onFailure(RollBack.FAILED)
 *     .disruption(Disruption.DRAIN)
 *     .onProgress(System.out::println)
 *     .run();
 * }</pre>
 *
 * <p>A rollout is identified by its name. Its record is the ConfigMap {@code mig4j-rollout-<name>} in
 * the operator's namespace. {@link #run} with the name of a rollout that has not ended continues it: of
 * several processes one works, and the others stand by. {@link #status}, {@link #pause}, {@link
 * #resume} and {@link #abort} need only the name, and can be called in any process.
 *
 * <p>A rollout is immutable: each method that sets something returns a new one.
 */
public final class Rollout {

  private static final int MAX_NAME_LENGTH = 40;

  private final Cluster cluster;
  private final String name;
  private final RolloutOptions options;

  private Rollout(Cluster cluster, String name, RolloutOptions options) {
    this.cluster = cluster;
    this.name = name;
    this.options = options;
  }

  /**
   * Not API; use {@code MigClient.rollout}.
   *
   * @param cluster requests to the API server
   * @param name lower-case letters, digits and {@code -}, up to 40
   */
  public Rollout(Cluster cluster, String name) {
    this(as(cluster, requireName(name)), name, ImmutableRolloutOptions.builder().build());
  }

  private static String requireName(String name) {
    if (name.length() > MAX_NAME_LENGTH || !KubernetesName.isDnsLabel(name)) {
      throw new IllegalArgumentException(
          "Not a name of a rollout: '%s'; use up to %d lower-case letters, digits and '-', e.g. 'split-small'"
              .formatted(name, MAX_NAME_LENGTH));
    }
    return name;
  }

  /** Every process that works on a rollout has the same identity on the nodes. */
  private static Cluster as(Cluster cluster, String name) {
    return new Cluster(cluster.client(), cluster.settings().withIdentity("rollout-" + name));
  }

  private Rollout with(UnaryOperator<ImmutableRolloutOptions> change) {
    return new Rollout(cluster, name, change.apply(ImmutableRolloutOptions.copyOf(options)));
  }

  /**
   * Chooses the nodes that match a label selector when the rollout begins. Nodes that are added later
   * are not included.
   *
   * @param selector a label selector as kubectl takes it, e.g. {@code nvidia.com/gpu.product=NVIDIA-B200}
   * @return a rollout to these nodes
   * @throws IllegalArgumentException if the selector is blank, which would match every node
   */
  public Rollout nodes(String selector) {
    Objects.requireNonNull(selector, "selector");
    if (selector.isBlank()) {
      throw new IllegalArgumentException(
          "The selector must not be blank, because that matches every node of the cluster; select nodes with GPUs, e.g. 'nvidia.com/mig.capable=true'");
    }
    return with(o -> o.withNodes(new NodeSet.Selected(selector)));
  }

  /**
   * {@return a rollout to nodes, chosen by name}
   *
   * @param names the nodes, at least one
   * @throws IllegalArgumentException if the list is empty
   */
  public Rollout nodes(Collection<String> names) {
    Objects.requireNonNull(names, "names");
    requireSome(names);
    return with(o -> o.withNodes(new NodeSet.Named(List.copyOf(names))));
  }

  /**
   * {@return a rollout of a configuration for each node, which needs no {@link #config}}
   *
   * @param configs the name of the configuration for each node
   * @throws IllegalArgumentException if the map is empty, or a configuration's name is not a label
   *     value
   */
  public Rollout plan(Map<String, String> configs) {
    Objects.requireNonNull(configs, "configs");
    requireSome(configs.keySet());
    configs.values().forEach(MigConfig::requireLabelValue);
    return with(o -> o.withNodes(new NodeSet.Planned(new TreeMap<>(configs))));
  }

  private static void requireSome(Collection<String> nodes) {
    if (nodes.isEmpty()) {
      throw new IllegalArgumentException("A rollout needs nodes, but the list is empty; name one");
    }
  }

  /**
   * {@return a rollout of a layout of the nodes' GPUs}
   *
   * @param config a name under {@code mig-configs} in the ConfigMap that the GPU Operator uses; its
   *     content must not change during the rollout
   * @throws IllegalArgumentException if the name is not a label value
   */
  public Rollout config(String config) {
    Objects.requireNonNull(config, "config");
    return with(o -> o.withConfig(MigConfig.requireLabelValue(config)).withKind(ChangeKind.LAYOUT));
  }

  /**
   * {@return a rollout of a sharing configuration, instead of {@link #config}}
   *
   * @param config a key of the ConfigMap that the device plugin reads; its content is fixed when the
   *     rollout begins
   * @throws IllegalArgumentException if the name is not a label value
   */
  public Rollout share(String config) {
    Objects.requireNonNull(config, "config");
    return with(
        o -> o.withConfig(KubernetesName.requireConfigName(config)).withKind(ChangeKind.SHARING));
  }

  /**
   * Limits how many nodes are changed at the same time. Each of them needs a thread.
   *
   * @param amount a number or a percentage of the rollout's nodes; one node by default
   * @return a rollout with this limit
   */
  public Rollout maxUnavailable(Amount amount) {
    Objects.requireNonNull(amount, "amount");
    return with(o -> o.withMaxUnavailable(amount));
  }

  /**
   * Begins with a few nodes, and waits when they are verified. If one of them fails, the rollout stops.
   * A node that is skipped, or had the configuration before, is not counted, and another node takes its
   * place.
   *
   * @param nodes how many nodes have to be changed and verified, at least 1
   * @param then how long to wait after them
   * @return a rollout with canaries
   * @throws IllegalArgumentException if the number is below 1
   */
  public Rollout canary(int nodes, Canary then) {
    Objects.requireNonNull(then, "then");
    return with(o -> o.withCanaries(atLeastOne("canaries", nodes)).withCanary(then));
  }

  /**
   * Sets how many failed nodes stop the rollout. Changes in progress are finished first.
   *
   * @param failures at least 1; 1 by default
   * @return a rollout that stops after as many failures
   * @throws IllegalArgumentException if the number is below 1
   */
  public Rollout stopAfterFailures(int failures) {
    return with(o -> o.withStopAfterFailures(atLeastOne("failures to stop after", failures)));
  }

  private static int atLeastOne(String what, int number) {
    if (number < 1) {
      throw new IllegalArgumentException(
          "The number of %s must be at least 1, but was %d".formatted(what, number));
    }
    return number;
  }

  /**
   * Chooses which nodes are rolled back to their previous configuration when nodes fail.
   *
   * @param which {@link RollBack#NONE} by default
   * @return a rollout with this choice
   */
  public Rollout onFailure(RollBack which) {
    Objects.requireNonNull(which, "which");
    return with(o -> o.withOnFailure(which));
  }

  /**
   * Allows to cordon a node, or to evict the pods that use its GPUs, during its change. A node that is
   * in use and may not be drained is skipped.
   *
   * @param disruption what is allowed; {@link Disruption#NONE} by default
   * @return a rollout with this permission
   */
  public Rollout disruption(Disruption disruption) {
    return with(o -> o.withDisruption(disruption));
  }

  /**
   * Adds a check of each node after it is verified. A node that the check rejects has failed.
   *
   * @param gate returns whether a node is healthy; called on several threads
   * @return a rollout with a health gate
   */
  public Rollout healthGate(Predicate<MigNodeStatus> gate) {
    Objects.requireNonNull(gate, "gate");
    return with(o -> o.withHealthGate(gate));
  }

  /**
   * Sets how long to wait for each kind of evidence, as {@link
   * io.github.mig4j.k8s.change.ApplyRequest#timings}.
   *
   * @param timings the timings
   * @return a rollout with these timings
   */
  public Rollout timings(ApplyTimings timings) {
    return with(o -> o.withTimings(timings));
  }

  /**
   * {@return a rollout with a limit for the change of one node}
   *
   * @param deadline a positive duration; one hour by default
   * @throws IllegalArgumentException if it is not positive
   */
  public Rollout nodeDeadline(Duration deadline) {
    Objects.requireNonNull(deadline, "deadline");
    if (deadline.isZero() || deadline.isNegative()) {
      throw new IllegalArgumentException(
          "The deadline of a node must be positive, but was %s; allow some minutes"
              .formatted(DurationText.of(deadline)));
    }
    return with(o -> o.withNodeDeadline(deadline));
  }

  /**
   * Sets a listener, which is called on the thread that runs the rollout.
   *
   * @param listener receives the events; an exception from it ends the run, and another run continues
   * @return a rollout with this listener
   */
  public Rollout onProgress(Consumer<RolloutEvent> listener) {
    return with(o -> o.withListener(listener));
  }

  /** How long after the last renewal of the Lease another process takes over; shorter in tests. */
  Rollout lease(Duration lease) {
    return with(o -> o.withLease(lease));
  }

  /**
   * Computes what would happen, without a write.
   *
   * @return every node in the order of its change, with its problems and the effect
   * @throws IllegalStateException if nodes or configuration are missing
   * @throws MigRefusedException if the selector matches no node
   * @throws io.github.mig4j.k8s.cluster.MigClusterException if the API server does not answer or does not
   *     allow it
   * @throws CancellationException if the thread is interrupted; its interrupt flag stays set
   */
  public RolloutPlan dryRun() {
    return interruptibly(() -> new RolloutRun(cluster, name, options).plan());
  }

  /**
   * Starts the rollout, or continues the one with this name, and returns when it has ended. This method
   * waits while the rollout is paused or another process works on it. For a rollout that has ended it
   * returns the recorded end. A process that continues a rollout needs the same options; nodes and
   * configurations are compared with the record.
   *
   * @return the outcome of each node
   * @throws IllegalStateException if nodes or configuration are missing
   * @throws MigRefusedException if the selector matches no node, a configuration does not exist, or the
   *     rollout with this name has other nodes or configurations
   * @throws io.github.mig4j.k8s.cluster.MigConflictException if the record is deleted during the run
   * @throws io.github.mig4j.k8s.cluster.MigClusterException if the API server does not answer at the beginning,
   *     or does not allow it
   * @throws CancellationException if the thread is interrupted; its interrupt flag stays set, and the
   *     next {@code run} continues
   */
  public RolloutStatus run() {
    return interruptibly(() -> new RolloutRun(cluster, name, options).run());
  }

  /**
   * As {@link #run}, on a thread of its own.
   *
   * @return a future of the status, or of an exception of {@link #run}; cancelling it, {@code
   *     orTimeout} and {@code completeExceptionally} interrupt the run
   */
  public CompletableFuture<RolloutStatus> start() {
    return InterruptibleFuture.start(
        cluster.settings().threads(), "mig4j-rollout-" + name, this::run);
  }

  private interface Call<T> {
    T run() throws InterruptedException;
  }

  private <T> T interruptibly(Call<T> call) {
    try {
      return call.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException(
          "Interrupted in rollout '%s'; run it again to continue".formatted(name));
    }
  }

  /**
   * {@return the rollout according to its record; empty if no rollout has this name}
   *
   * @throws io.github.mig4j.k8s.cluster.MigClusterException if the API server does not answer or does not
   *     allow it
   */
  public Optional<RolloutStatus> status() {
    return store().read().map(record -> record.status(name));
  }

  /**
   * Starts no further node until {@link #resume}, and no further rollback of a node that has not failed.
   * Changes in progress are finished, and nodes that have failed are still rolled back.
   *
   * @throws MigRefusedException if no rollout has this name, it has ended, or an abort was requested
   */
  public void pause() {
    request(control -> control.with(Request.PAUSE));
  }

  /**
   * Continues the rollout after {@link #pause}, or approves its canaries.
   *
   * @throws MigRefusedException if no rollout has this name, it has ended, or an abort was requested
   */
  public void resume() {
    request(control -> {
      Control running = control.with(Request.RUN);
      return control.canary().isAwaited() ? running.with(CanaryState.PASSED) : running;
    });
  }

  /**
   * Ends the rollout after the changes in progress. Changed nodes stay changed, also those whose
   * rollback has not started. If no process works on the rollout, {@link #run} ends it; {@link #forget}
   * ends it without reading the nodes.
   *
   * @throws MigRefusedException if no rollout has this name, or it has ended
   */
  public void abort() {
    request(control -> control.with(Request.ABORT));
  }

  private void request(UnaryOperator<Control> change) {
    RecordStore store = store();
    if (store.read().isEmpty()) {
      throw refused("it does not exist, because there is no %s; run it first".formatted(store));
    }
    RolloutRecord unused = store.update(record -> {
      if (record.control().phase().isFinal()) {
        throw refused("it has ended (%s)".formatted(record.control().phase()));
      }
      Control after = change.apply(record.control());
      if (record.control().requested() == Request.ABORT && after.requested() != Request.ABORT) {
        throw refused(
            "an abort was requested, which is final; forget this rollout and start a new one");
      }
      return record.with(after);
    });
  }

  /**
   * Deletes the record of a rollout that has ended, or whose abort was requested and on which no process
   * works. After that a new rollout can have this name. Does nothing if no rollout has this name.
   *
   * @throws MigRefusedException if it has not ended
   * @throws io.github.mig4j.k8s.cluster.MigClusterException if the API server does not answer or does not
   *     allow it
   */
  public void forget() {
    store().delete(this::requireForgettable);
  }

  private void requireForgettable(RolloutRecord record) {
    Control control = record.control();
    if (control.phase().isFinal()) {
      return;
    }
    if (control.requested() != Request.ABORT) {
      throw refused("it has not ended (%s); abort it first".formatted(control.shownPhase()));
    }
    Leadership.holder(cluster, cluster.operatorNamespace(), RolloutRun.recordName(name))
        .ifPresent(holder -> {
          throw refused(
              "%s is aborting it; try again when that process has ended, or 15 s after it crashed"
                  .formatted(holder));
        });
  }

  private MigRefusedException refused(String reason) {
    return new MigRefusedException("Rollout '%s'".formatted(name), List.of(reason));
  }

  private RecordStore store() {
    return new RecordStore(cluster, cluster.operatorNamespace(), RolloutRun.recordName(name));
  }

  /** The name, e.g. {@code rollout week-48}. */
  @Override
  public String toString() {
    return "rollout " + name;
  }
}
