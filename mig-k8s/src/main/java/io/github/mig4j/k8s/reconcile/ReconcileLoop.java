package io.github.mig4j.k8s.reconcile;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.internal.Leadership;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.internal.SharedView;
import io.github.mig4j.layout.MigLayout;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reconciles every node that is due, on one thread, as long as this process is the leader. */
final class ReconcileLoop {

  private static final Logger LOG = LoggerFactory.getLogger(ReconcileLoop.class);
  private static final Duration LIST_TIMEOUT = Duration.ofMinutes(1);

  /** A look costs no request, and the clock of this process may jump while it waits for a window. */
  private static final Duration MAX_WAIT = Duration.ofMinutes(5);

  /** The name in the queue of the plan for pods that wait; no node has it. */
  private static final String PODS = "";

  /** The name in the queue of what this client may watch; no node has it. */
  private static final String WATCHES = " ";

  /** When to look at the watches again; a look at one that is open costs no request. */
  private static final Duration WATCHES_PAUSE = Duration.ofSeconds(2);

  /** When to look again at a node whose look threw an exception. */
  private static final Duration ERROR_PAUSE = Duration.ofMinutes(1);

  private final Cluster cluster;
  private final ApplyTimings timings;
  private final Consumer<ReconcileOutcome> listener;
  private final CompletableFuture<@Nullable Void> end = new CompletableFuture<>();
  private final DueNodes due = new DueNodes();
  private final DemandPlanner demand = new DemandPlanner();
  private final ConcurrentSkipListMap<String, ReconcileOutcome> outcomes =
      new ConcurrentSkipListMap<>();
  private volatile List<MigPolicy> policies;
  private volatile boolean isLeader;
  private final Map<String, NodeFacts> read = new ConcurrentHashMap<>();
  private final Standings standings;
  private volatile List<PodAnswer> answers = List.of();
  private Map<String, SortedMap<Integer, MigLayout>> planned = Map.of();
  private Optional<PodReader.Waiting> before = Optional.empty();
  private Instant claimsRead = Instant.EPOCH;
  private NodeReconcile.Unwatched unwatched = NodeReconcile.Unwatched.NOTHING;

  ReconcileLoop(
      Cluster cluster,
      List<MigPolicy> policies,
      ApplyTimings timings,
      Consumer<ReconcileOutcome> listener) {
    this.cluster = cluster;
    this.standings = new Standings(cluster::report);
    this.policies = List.copyOf(policies);
    this.timings = timings;
    this.listener = listener;
  }

  SortedMap<String, ReconcileOutcome> outcomes() {
    return new TreeMap<>(outcomes);
  }

  List<PodAnswer> answers() {
    return answers;
  }

  void use(List<MigPolicy> others) {
    policies = List.copyOf(others);
    markOutcomes();
    due.mark(PODS, DemandPlanner.BATCH);
  }

  void lead(boolean leads) {
    isLeader = leads;
    LOG.info("reconciler leading={}", leads);
    if (leads) {
      read.keySet().forEach(node -> due.mark(node, Duration.ZERO));
      due.mark(PODS, DemandPlanner.BATCH);
    } else {
      outcomes.clear();
      answers = List.of();
      standings.forgetAll();
    }
    synchronized (this) {
      notifyAll();
    }
  }

  /** Ends the work for good. */
  void fail(Throwable failure) {
    LOG.error("reconciler stopped", failure);
    boolean unused = end.completeExceptionally(failure);
  }

  void awaitEnd(Duration atMost) throws InterruptedException {
    try {
      end.get(TimeUnit.NANOSECONDS.convert(atMost), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      LOG.debug("reconciler waited=\"{}\"", DurationText.of(atMost));
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException known
          ? known
          : new IllegalStateException(e.getCause());
    }
  }

  private void requireLeadership() {
    if (!isLeader) {
      throw new Leadership.LeadershipLost();
    }
  }

  /** Runs until the thread is interrupted. */
  void run() {
    try (SharedView view = SharedView.ofAll(cluster, this::requireLeadership, this::changed);
        DocumentWatch document = new DocumentWatch(cluster, this::markOutcomes)) {
      view.start(LIST_TIMEOUT);
      document.start(LIST_TIMEOUT);
      see(unwatched(view, document));
      Thread running = Thread.currentThread();
      view.onEnd(failure -> {
        fail(failure);
        running.interrupt();
      });
      due.mark(PODS, DemandPlanner.BATCH);
      NodeReconcile nodes = new NodeReconcile(cluster.with(view), timings, standings);
      while (true) {
        String node = due.take();
        if (node.equals(WATCHES)) {
          see(unwatched(view, document));
          continue;
        }
        awaitLeadership();
        step(nodes, view, node, document.document());
      }
    } catch (InterruptedException | CancellationException stopped) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException failure) {
      fail(failure);
    } finally {
      boolean unused = end.complete(null);
    }
  }

  private void markOutcomes() {
    outcomes.keySet().forEach(node -> due.mark(node, Duration.ZERO));
  }

  private static NodeReconcile.Unwatched unwatched(SharedView view, DocumentWatch document)
      throws InterruptedException {
    return new NodeReconcile.Unwatched(
        view.forbiddenNodes(), view.forbiddenPods(), document.forbidden(LIST_TIMEOUT));
  }

  /** Each node stands differently if a watch is forbidden, or allowed again. */
  private void see(NodeReconcile.Unwatched now) {
    due.mark(WATCHES, WATCHES_PAUSE);
    if (!now.equals(unwatched)) {
      unwatched = now;
      LOG.info("reconciler forbidden=\"{}\"", now);
      read.keySet().forEach(node -> due.mark(node, Duration.ZERO));
      due.mark(PODS, DemandPlanner.BATCH);
    }
  }

  private void changed(String node) {
    due.mark(node, node.equals(PODS) ? DemandPlanner.BATCH : Duration.ZERO);
  }

  private synchronized void awaitLeadership() throws InterruptedException {
    while (!isLeader) {
      wait();
    }
  }

  /** What goes wrong for one node is not a reason to stop for the others. */
  private void step(
      NodeReconcile nodes, SharedView view, String node, Optional<MigConfigDocument> document) {
    try {
      List<NodeFacts> all = facts(view);
      if (node.equals(PODS)) {
        plan(view, all, document);
        return;
      }
      Optional<NodeFacts> facts =
          all.stream().filter(each -> each.name().equals(node)).findFirst();
      if (facts.isEmpty()) {
        read.remove(node);
        outcomes.remove(node);
        standings.forget(node);
        return;
      }
      demand.see(node, !GpuPods.using(view.cachedPods(node)).isEmpty(), now());
      ReconcileOutcome outcome = nodes.reconcile(
          facts.get(), all, new NodeReconcile.Context(policies, planned, document, unwatched));
      boolean isChosen = policies.stream()
          .anyMatch(policy -> policy.nodes().contains(facts.get().node()));
      report(
          isChosen || unwatched.nodes().isPresent() ? outcome : nodes.finish(facts.get(), outcome));
    } catch (Leadership.LeadershipLost lost) {
      due.mark(node, Duration.ZERO);
    } catch (RuntimeException e) {
      LOG.warn("reconciler node={} again=\"{}\"", node, DurationText.of(ERROR_PAUSE), e);
      due.mark(node, ERROR_PAUSE);
    }
  }

  private Instant now() {
    return cluster.settings().clock().instant();
  }

  /** A node is read again only if it has changed. */
  private List<NodeFacts> facts(SharedView view) {
    List<NodeFacts> all = new ArrayList<>();
    for (Node cached : view.cachedNodes()) {
      String name = cached.getMetadata().getName();
      view.node(name).ifPresent(node -> {
        NodeFacts before = read.get(name);
        NodeFacts facts = before != null && NodeFields.isSameVersion(before.node(), node)
            ? before
            : NodeFacts.of(node, cluster.settings());
        read.put(name, facts);
        all.add(facts);
      });
    }
    return all;
  }

  private void report(ReconcileOutcome outcome) {
    if (!isLeader) {
      return;
    }
    ReconcileOutcome before = outcomes.put(outcome.node(), outcome);
    standings.see(outcome);
    outcome
        .requeueAfter()
        .ifPresent(
            after -> due.mark(outcome.node(), after.compareTo(MAX_WAIT) < 0 ? after : MAX_WAIT));
    if (before != null && before.standing().equals(outcome.standing())) {
      return;
    }
    LOG.info(
        "reconciler node={} standing=\"{}\"", outcome.node(), outcome.standing().message());
    listener.accept(outcome);
    if (outcome.standing() instanceof NodeStanding.AsDeclared) {
      goOn(outcome);
    }
  }

  /** A node that is as declared makes room for those that wait for it. */
  private void goOn(ReconcileOutcome declared) {
    outcomes.values().stream()
        .filter(other -> other.policy().equals(declared.policy()))
        .filter(other -> other.standing() instanceof NodeStanding.Waiting waiting
            && (waiting.cause() == NodeStanding.Cause.BUDGET
                || waiting.cause() == NodeStanding.Cause.CANARY))
        .forEach(other -> due.mark(other.node(), Duration.ZERO));
    if (hasDemand()) {
      due.mark(PODS, DemandPlanner.BATCH);
    }
  }

  private boolean hasDemand() {
    return policies.stream()
        .flatMap(policy -> policy.gpus().values().stream())
        .anyMatch(PolicyTarget.ForDemand.class::isInstance);
  }

  private void plan(SharedView view, List<NodeFacts> all, Optional<MigConfigDocument> document) {
    if (!hasDemand() || !unwatched.isNothing()) {
      return;
    }
    List<PendingPods> plans = new ArrayList<>();
    Set<String> unfinished = new HashSet<>();
    PodReader.Waiting waiting = waiting(view);
    for (MigPolicy policy : policies) {
      if (DemandPlanner.isChanging(policy, all)) {
        due.mark(PODS, DemandPlanner.CHANGING_PAUSE);
        all.stream()
            .filter(facts -> policy.nodes().contains(facts.node()))
            .forEach(facts -> unfinished.add(facts.name()));
        continue;
      }
      policy.gpus().forEach((id, target) -> {
        if (target instanceof PolicyTarget.ForDemand own) {
          plans.add(demand.plan(policy, own, id, all, view::cachedPods, waiting, document, now()));
        }
      });
    }
    plans.add(DemandPlanner.planClaims(waiting, all, document));
    report(DemandPlanner.answers(plans, answers, waiting.all()));
    Map<String, SortedMap<Integer, MigLayout>> changes = new HashMap<>();
    plans.forEach(plan -> changes.putAll(plan.changes()));
    planned.forEach((node, layouts) -> {
      if (unfinished.contains(node)) {
        changes.putIfAbsent(node, layouts);
      }
    });
    planned = changes;
    planned.keySet().forEach(node -> due.mark(node, Duration.ZERO));
    boolean isUnserved = plans.stream()
        .flatMap(plan -> plan.answers().stream())
        .anyMatch(PodAnswer.Unserved.class::isInstance);
    if (isUnserved) {
      due.mark(PODS, DemandPlanner.UNSERVED_PAUSE);
    }
  }

  /** The pods that wait; their claims are read again when others wait, or after a pause. */
  private PodReader.Waiting waiting(SharedView view) {
    Instant now = now();
    boolean isFresh =
        !now.isBefore(claimsRead) && now.isBefore(claimsRead.plus(DemandPlanner.UNSERVED_PAUSE));
    Optional<PodReader.Waiting> known = isFresh ? before : Optional.empty();
    PodReader.Waiting waiting = PodReader.read(cluster, view.cachedPods(PODS), known);
    if (!waiting.snapshot().equals(known.flatMap(PodReader.Waiting::snapshot))) {
      claimsRead = now;
    }
    before = Optional.of(waiting);
    return waiting;
  }

  private void report(List<PodAnswer> now) {
    List<PodAnswer> before = answers;
    answers = now;
    now.stream()
        .filter(answer -> !before.contains(answer))
        .forEach(answer ->
            LOG.info("reconciler pod={} answer=\"{}\"", answer.pod().name(), answer.message()));
  }
}
