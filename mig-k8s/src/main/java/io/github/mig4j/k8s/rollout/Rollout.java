package io.github.mig4j.k8s.rollout;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.k8s.internal.InterruptibleFuture;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.rollout.RolloutRecord.CanaryState;
import io.github.mig4j.k8s.rollout.RolloutRecord.Control;
import io.github.mig4j.k8s.rollout.RolloutRecord.Wish;
import io.github.mig4j.text.KubernetesName;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * A configuration on its way to many nodes, a few at a time. Each node is changed and verified as
 * {@link io.github.mig4j.k8s.change.MigNode#apply} does it.
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
 * <p>A rollout is known by its name. Its record is the ConfigMap {@code mig4j-rollout-<name>} in the
 * operator's namespace, and whoever calls {@link #run} with the name of a rollout that has not ended
 * goes on with it: of several processes one works, the others stand by. {@link #status}, {@link
 * #pause}, {@link #resume} and {@link #abort} need nothing but the name, and can be called from
 * anywhere.
 *
 * <p>A rollout is immutable: each method that sets something returns a new one.
 */
public final class Rollout {

  private static final int LONGEST_NAME = 40;

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
   * @param cluster the way into the cluster
   * @param name lower-case letters, digits and {@code -}, up to 40
   */
  public Rollout(Cluster cluster, String name) {
    this(as(cluster, requireName(name)), name, ImmutableRolloutOptions.builder().build());
  }

  private static String requireName(String name) {
    if (name.length() > LONGEST_NAME || !name.matches("[a-z0-9]([a-z0-9-]*[a-z0-9])?")) {
      throw new IllegalArgumentException(
          "'%s' is no name for a rollout; use up to %d lower-case letters, digits and '-', e.g. 'split-small'"
              .formatted(name, LONGEST_NAME));
    }
    return name;
  }

  /** A process that continues a rollout has the identity of the one that began it. */
  private static Cluster as(Cluster cluster, String name) {
    return new Cluster(cluster.client(), cluster.settings().withIdentity("rollout-" + name));
  }

  private Rollout with(UnaryOperator<ImmutableRolloutOptions> change) {
    return new Rollout(cluster, name, change.apply(ImmutableRolloutOptions.copyOf(options)));
  }

  /**
   * Chooses the nodes that have some labels when the rollout begins. Those that come later are left
   * out.
   *
   * @param selector labels as kubectl takes them, e.g. {@code nvidia.com/gpu.product=NVIDIA-B200}
   * @return a rollout to these nodes
   * @throws IllegalArgumentException if the selector is blank, which would be every node there is
   */
  public Rollout nodes(String selector) {
    if (selector.isBlank()) {
      throw new IllegalArgumentException(
          "A blank selector means every node of the cluster; select those with GPUs, e.g. 'nvidia.com/mig.capable=true'");
    }
    return with(o -> o.withNodes(new NodeSet.Selected(selector)));
  }

  /**
   * Chooses nodes by name.
   *
   * @param names the nodes, at least one
   * @return a rollout to these nodes
   * @throws IllegalArgumentException if there is none
   */
  public Rollout nodes(Collection<String> names) {
    requireSome(names);
    return with(o -> o.withNodes(new NodeSet.Named(List.copyOf(names))));
  }

  /**
   * Chooses nodes, and a configuration for each.
   *
   * @param configs names of configurations by node
   * @return a rollout that needs no {@link #config}
   * @throws IllegalArgumentException if there is no node, or a name of a configuration is no label
   *     value
   */
  public Rollout plan(Map<String, String> configs) {
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
   * Says how the GPUs of the nodes are to be partitioned.
   *
   * @param config a name under {@code mig-configs} of the ConfigMap that the GPU Operator is pointed
   *     at; its content is fixed when the rollout begins
   * @return a rollout to this configuration
   * @throws IllegalArgumentException if the name is no label value
   */
  public Rollout config(String config) {
    return with(o -> o.withConfig(MigConfig.requireLabelValue(config)).withKind(ChangeKind.LAYOUT));
  }

  /**
   * Says how the GPUs of the nodes are to be shared, in place of {@link #config}.
   *
   * @param config a key of the ConfigMap that the GPU Operator gives to the device plugin; its content
   *     is fixed when the rollout begins
   * @return a rollout to this sharing configuration
   * @throws IllegalArgumentException if the name is no label value
   */
  public Rollout share(String config) {
    return with(
        o -> o.withConfig(KubernetesName.requireConfigName(config)).withKind(ChangeKind.SHARING));
  }

  /**
   * Says how many nodes are changed at once. Each takes a thread that waits.
   *
   * @param amount a number, or a part of the rollout's nodes; one node unless set
   * @return a rollout at this pace
   */
  public Rollout maxUnavailable(Amount amount) {
    return with(o -> o.withMaxUnavailable(amount));
  }

  /**
   * Begins with a few nodes, and waits when they are verified. If one of them fails the rollout stops;
   * one that is skipped, or had the configuration before, proves nothing and passes its turn on.
   *
   * @param nodes how many have to be changed and verified, at least 1
   * @param then what to wait for
   * @return a rollout with canaries
   * @throws IllegalArgumentException if the number is below 1
   */
  public Rollout canary(int nodes, Canary then) {
    return with(o -> o.withCanaries(atLeastOne("canaries", nodes)).withCanary(then));
  }

  /**
   * Says how many failed nodes stop the rollout. Nodes that are under way then come to their end.
   *
   * @param failures at least 1; the first failure unless set
   * @return a rollout that stops there
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
   * Says which nodes return to the configuration before, if nodes fail.
   *
   * @param which {@link RollBack#NONE} unless set
   * @return a rollout that cleans up like this
   */
  public Rollout onFailure(RollBack which) {
    return with(o -> o.withOnFailure(which));
  }

  /**
   * Allows to keep pods away from a node, or to evict those that use its GPUs, while it is changed. A
   * node that is in use and may not be drained is skipped.
   *
   * @param disruption what is allowed; {@link Disruption#NONE} unless set
   * @return a rollout that may do this
   */
  public Rollout disruption(Disruption disruption) {
    return with(o -> o.withDisruption(disruption));
  }

  /**
   * Looks at each node once more when it is verified; one that does not pass has failed.
   *
   * @param gate whether a node is well; called on several threads
   * @return a rollout with a health gate
   */
  public Rollout healthGate(Predicate<MigNodeStatus> gate) {
    return with(o -> o.withHealthGate(gate));
  }

  /**
   * Sets how long to watch for what cannot be seen at once, as {@link
   * io.github.mig4j.k8s.change.ApplyRequest#timings}.
   *
   * @param timings the timings
   * @return a rollout with these timings
   */
  public Rollout timings(ApplyTimings timings) {
    return with(o -> o.withTimings(timings));
  }

  /**
   * Sets how long one node may take in all.
   *
   * @param deadline more than zero; an hour unless set
   * @return a rollout with this deadline
   * @throws IllegalArgumentException if it is not positive
   */
  public Rollout nodeDeadline(Duration deadline) {
    if (deadline.isZero() || deadline.isNegative()) {
      throw new IllegalArgumentException(
          "The deadline of a node must be positive, but was %s; allow some minutes"
              .formatted(DurationText.of(deadline)));
    }
    return with(o -> o.withNodeDeadline(deadline));
  }

  /**
   * Tells what happens, on the thread that runs the rollout.
   *
   * @param listener receives the events; what it throws ends the run, which can be taken up again
   * @return a rollout that tells what it does
   */
  public Rollout onProgress(Consumer<RolloutEvent> listener) {
    return with(o -> o.withListener(listener));
  }

  /** How long nobody takes over from a process that has gone silent; tests have less patience. */
  Rollout lease(Duration lease) {
    return with(o -> o.withLease(lease));
  }

  /**
   * Says what would happen, and writes nothing.
   *
   * @return every node in its turn, with what speaks against it and what it would lose
   * @throws IllegalStateException if nodes or configuration are missing
   * @throws MigRefusedException if no node is selected
   * @throws io.github.mig4j.k8s.cluster.MigClusterException if the API server does not answer or does not
   *     allow it
   * @throws CancellationException if the thread is interrupted; its flag stays set
   */
  public RolloutPlan dryRun() {
    return interruptibly(() -> new RolloutRun(cluster, name, options).plan());
  }

  /**
   * Rolls out, or goes on with what was begun under this name, and returns when that has ended. While
   * it is paused or another process works on it, this waits. A rollout that has ended is only told.
   * Whoever goes on has to bring the same rules; the nodes and configurations are compared.
   *
   * @return what became of each node
   * @throws IllegalStateException if nodes or configuration are missing
   * @throws MigRefusedException if no node is selected, a configuration does not exist, or the rollout
   *     under this name is another one
   * @throws io.github.mig4j.k8s.cluster.MigConflictException if the record is deleted meanwhile
   * @throws io.github.mig4j.k8s.cluster.MigClusterException if the API server does not answer at the beginning,
   *     or does not allow it
   * @throws CancellationException if the thread is interrupted; its flag stays set, and {@code run}
   *     goes on from there
   */
  public RolloutStatus run() {
    return interruptibly(() -> new RolloutRun(cluster, name, options).run());
  }

  /**
   * As {@link #run}, on a thread of its own.
   *
   * @return the end to come, or one of the exceptions of {@link #run}; cancelling it interrupts the run
   */
  public CompletableFuture<RolloutStatus> start() {
    return InterruptibleFuture.start("mig4j-rollout-" + name, this::run);
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
          "Interrupted in rollout '%s'; run it again to go on".formatted(name));
    }
  }

  /**
   * The rollout as its record tells it.
   *
   * @return its status; empty if there is no rollout of this name
   * @throws io.github.mig4j.k8s.cluster.MigClusterException if the API server does not answer or does not
   *     allow it
   */
  public Optional<RolloutStatus> status() {
    return store().read().map(record -> record.status(name));
  }

  /**
   * Lets no further node begin until {@link #resume}, neither forth nor, where failures have stopped
   * the rollout, back. Nodes that are under way come to their end, and one that has failed returns.
   *
   * @throws MigRefusedException if there is no such rollout, it has ended, or it is being aborted
   */
  public void pause() {
    wish(control -> control.with(Wish.PAUSE));
  }

  /**
   * Lets the rollout go on after {@link #pause}, or approves its canaries.
   *
   * @throws MigRefusedException if there is no such rollout, it has ended, or it is being aborted
   */
  public void resume() {
    wish(control -> {
      Control running = control.with(Wish.RUN);
      return control.canary().isAwaited() ? running.with(CanaryState.PASSED) : running;
    });
  }

  /**
   * Ends the rollout once the nodes that are under way have come to their end. Nodes that were changed
   * stay so, also where failures have stopped it and they were about to return. Where no process works on it, {@link #run} ends it, or {@link #forget} without a look at
   * the nodes.
   *
   * @throws MigRefusedException if there is no such rollout, or it has ended
   */
  public void abort() {
    wish(control -> control.with(Wish.ABORT));
  }

  private void wish(UnaryOperator<Control> change) {
    RecordStore store = store();
    if (store.read().isEmpty()) {
      throw refused(
          "there is none of that name, for %s does not exist; run it first".formatted(store));
    }
    RolloutRecord unused = store.update(record -> {
      if (record.control().phase().isFinal()) {
        throw refused("it has ended (%s)".formatted(record.control().phase()));
      }
      Control after = change.apply(record.control());
      if (record.control().wish() == Wish.ABORT && after.wish() != Wish.ABORT) {
        throw refused("it is being aborted, which is not taken back; forget it and begin anew");
      }
      return record.with(after);
    });
  }

  /**
   * Deletes the record of a rollout that has ended, or that is to be aborted and on which no process
   * works, so that one of this name can begin anew. Does nothing if there is none.
   *
   * @throws MigRefusedException if it has not ended
   * @throws io.github.mig4j.k8s.cluster.MigClusterException if the API server does not answer or does not
   *     allow it
   */
  public void forget() {
    RecordStore store = store();
    Optional<Control> control = store.read().map(RolloutRecord::control);
    if (control.isPresent() && !control.get().phase().isFinal()) {
      if (control.get().wish() != Wish.ABORT) {
        throw refused(
            "it has not ended (%s); abort it first".formatted(control.get().shownPhase()));
      }
      Leadership.holder(cluster, cluster.operatorNamespace(), RolloutRun.recordName(name))
          .ifPresent(holder -> {
            throw refused(
                "it is being aborted by %s; try again when that has ended, or 15 seconds after it died"
                    .formatted(holder));
          });
    }
    if (control.isPresent()) {
      store.delete();
    }
  }

  private MigRefusedException refused(String reason) {
    return new MigRefusedException("Rollout '%s'".formatted(name), List.of(reason));
  }

  private RecordStore store() {
    return new RecordStore(cluster, cluster.operatorNamespace(), RolloutRun.recordName(name));
  }
}
