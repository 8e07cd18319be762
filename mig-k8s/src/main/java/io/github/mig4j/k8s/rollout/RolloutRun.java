package io.github.mig4j.k8s.rollout;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.MigException;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.k8s.change.MigNode;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.config.MigConfigMap;
import io.github.mig4j.k8s.config.MigOperator;
import io.github.mig4j.k8s.config.SharingConfigMap;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.GpuClaims;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.internal.Leadership;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.internal.SharedView;
import io.github.mig4j.k8s.rollout.RolloutPlan.PlannedNode;
import io.github.mig4j.k8s.rollout.RolloutRecord.Content;
import io.github.mig4j.k8s.rollout.RolloutRecord.Control;
import io.github.mig4j.k8s.rollout.RolloutRecord.Entry;
import io.github.mig4j.k8s.rollout.RolloutRecord.NodeState;
import io.github.mig4j.k8s.rollout.RolloutRecord.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A run of a rollout in one process: it checks the options, acquires the Lease, and works. */
final class RolloutRun {

  private static final Logger LOG = LoggerFactory.getLogger(RolloutRun.class);

  private static final Duration LIST_TIMEOUT = Duration.ofMinutes(5);

  /** How long to wait after a read that the API server did not answer. */
  private static final Duration READ_INTERVAL = Duration.ofSeconds(2);

  private final Cluster cluster;
  private final String name;
  private final RolloutOptions options;
  private final String namespace;

  RolloutRun(Cluster cluster, String name, RolloutOptions options) {
    this.namespace = cluster.operatorNamespace();
    MigSettings settings = cluster.settings().withOperatorNamespace(namespace);
    this.cluster = new Cluster(cluster.client(), settings);
    this.name = name;
    this.options = options;
  }

  static String recordName(String rollout) {
    return "mig4j-rollout-" + rollout;
  }

  RolloutPlan plan() throws InterruptedException {
    SortedMap<String, String> configs = configs();
    try (SharedView view = open(configs.keySet(), () -> {})) {
      Cluster shared = cluster.with(view);
      GpuClaims claims = new GpuClaims(cluster);
      List<PlannedNode> planned = new ArrayList<>();
      for (String node : inOrder(configs.keySet(), view)) {
        String config = configs.getOrDefault(node, "");
        planned.add(new PlannedNode(
            new Content(options.kind(), config, config)
                .request(new MigNode(shared, node))
                .disruption(options.disruption())
                .preflight(),
            claims.using(view.cachedPods(node)).stream()
                .map(GpuPods::name)
                .sorted()
                .toList()));
      }
      return new RolloutPlan(name, planned, options.maxUnavailable().of(planned.size()));
    }
  }

  RolloutStatus run() throws InterruptedException {
    RecordStore store = new RecordStore(cluster, namespace, recordName(name));
    Optional<RolloutRecord> known = store.read();
    if (known.isEmpty()) {
      // Missing configurations are reported before the first write, and before a long wait.
      requireContents(configs());
    }
    while (true) {
      if (known.filter(record -> record.control().phase().isFinal()).isPresent()) {
        RolloutRecord end = repaired(store, requireSame(known.get()));
        if (end.control().phase().isFinal()) {
          return end.status(name);
        }
      }
      Optional<RolloutStatus> end = lead(store);
      if (end.isPresent()) {
        return end.get();
      }
      known = readAgain(store);
    }
  }

  /** A rollout that is done goes on with the nodes that have drifted since. */
  private RolloutRecord repaired(RecordStore store, RolloutRecord end) throws InterruptedException {
    if (end.control().phase() != RolloutPhase.DONE || !hasSameContent(end)) {
      return end;
    }
    Map<String, Entry> drifted = drifted(end);
    return drifted.isEmpty()
        ? end
        : store.update(
            last -> last.control().phase() == RolloutPhase.DONE ? last.reopened(drifted) : last);
  }

  /** The nodes that were verified and on which the configuration is not in force, with their new state. */
  private Map<String, Entry> drifted(RolloutRecord end) throws InterruptedException {
    Map<String, Entry> drifted = new LinkedHashMap<>();
    try (SharedView view = open(end.nodes().keySet(), () -> {})) {
      Cluster shared = cluster.with(view);
      end.nodes().forEach((name, entry) -> {
        boolean wasVerified =
            entry.state() == NodeState.VERIFIED || entry.state() == NodeState.VERIFIED_UNCHANGED;
        if (wasVerified) {
          view.node(name)
              .flatMap(node -> drifted(shared, node, end, entry))
              .ifPresent(now -> drifted.put(name, now));
        }
      });
    }
    return drifted;
  }

  /** What another client has requested by this library since then is not undone. */
  private Optional<Entry> drifted(Cluster shared, Node node, RolloutRecord record, Entry entry) {
    Content content = record.contents().get(entry.content());
    String label = content.kind().requested(node, cluster.settings());
    String requested = NodeFields.annotations(node).getOrDefault(content.kind().requestedKey(), "");
    if (!content.isRequestedBy(label) && !content.isRequestedBy(requested)) {
      return Optional.of(entry.with(
          NodeState.SKIPPED,
          "another client has requested '%s' since; use a rollout with another name to change it"
              .formatted(label)));
    }
    MigNode drifted = new MigNode(shared, node.getMetadata().getName());
    return content.request(drifted).preflight().inForce()
        ? Optional.empty()
        : Optional.of(entry.with(
            entry.state() == NodeState.VERIFIED ? NodeState.WAITING : NodeState.WAITING_UNCHANGED,
            ""));
  }

  /** The record after the Lease is lost. An API server that is away ends no rollout. */
  private Optional<RolloutRecord> readAgain(RecordStore store) throws InterruptedException {
    while (true) {
      try {
        return store.read();
      } catch (MigClusterException unanswered) {
        if (unanswered.retryAfter().isEmpty()) {
          throw unanswered;
        }
        LOG.warn("rollout={} unanswered=\"{}\"", name, unanswered.getMessage());
        TimeUnit.NANOSECONDS.sleep(READ_INTERVAL.toNanos());
      }
    }
  }

  /** Works on the rollout after this process has acquired the Lease; empty if it loses the Lease. */
  private Optional<RolloutStatus> lead(RecordStore store) throws InterruptedException {
    String me = Cluster.uniqueName();
    Term term =
        new Term(me, new Workers(name, cluster.settings().threads()), new LinkedBlockingDeque<>());
    AtomicBoolean leads = new AtomicBoolean();
    try (Leadership leadership = new Leadership(
        cluster, namespace, recordName(name), me, options.lease(), candidate(term, leads))) {
      while (!leads.get()) {
        term.events.take().run();
      }
      return Optional.of(work(store, term));
    } catch (Leadership.LeadershipLost lost) {
      LOG.warn("rollout={} leading=lost", name);
      return Optional.empty();
    }
  }

  /**
   * The time in which this process holds the Lease.
   *
   * @param leader a unique identity for this term
   * @param events the calls for the thread that decides, in order
   */
  record Term(String leader, Workers workers, BlockingDeque<Runnable> events) {
    /** Called before the record is written: listing all nodes can take longer than the Lease. */
    void requireLeadership() {
      if (workers.areStopped()) {
        throw new Leadership.LeadershipLost();
      }
    }

    /** Ends the run before any other event. */
    void fail(Throwable failure) {
      events.addFirst(() -> {
        if (failure instanceof Error error) {
          throw error;
        }
        throw failure instanceof RuntimeException known
            ? known
            : new IllegalStateException(failure);
      });
    }
  }

  private Leadership.Candidate candidate(Term term, AtomicBoolean leads) {
    return new Leadership.Candidate() {
      @Override
      public void onStartLeading() {
        term.events.add(() -> leads.set(true));
      }

      /**
       * Stops the workers on the thread of the election: the thread that decides may be busy. It is told
       * afterwards, because it would stop them without forbidding the writes of their end.
       */
      @Override
      public void onStopLeading() {
        term.workers.revoke();
        term.fail(new Leadership.LeadershipLost());
      }

      @Override
      public void onNewLeader(String leader) {
        term.events.add(() -> reportLeader(leader, term.leader));
      }

      @Override
      public void onFailure(Throwable failure) {
        term.workers.revoke();
        term.fail(failure);
      }
    };
  }

  private void reportLeader(String leader, String me) {
    if (leader.equals(me)) {
      return;
    }
    LOG.info("rollout={} leader={}", name, leader);
    options.listener().accept(new RolloutEvent.StandingBy(name, leader));
  }

  private RolloutStatus work(RecordStore store, Term term) throws InterruptedException {
    Optional<RolloutRecord> recorded = store.read();
    SortedMap<String, String> configs =
        recorded.map(this::requireSame).map(RolloutRecord::configs).orElseGet(this::configs);
    try (SharedView view = open(configs.keySet(), term.workers::requireActive)) {
      RolloutRecord record = recorded.isPresent()
          ? store.update(last -> {
            term.requireLeadership();
            return last.control().phase().isFinal() ? last : last.ledBy(term.leader);
          })
          : create(store, configs, view, term);
      view.onEnd(term::fail);
      Set<String> inProgress = inProgress(record, view);
      if (record.control().phase().isFinal()) {
        return record.status(name);
      }
      // A rollout that only has to be aborted needs no configuration.
      if (record.control().requested() != Request.ABORT || !inProgress.isEmpty()) {
        requireSameContent(record);
      }
      RolloutState state =
          new RolloutState(record, options.rules(record.nodes().size()), inProgress);
      return new RolloutLoop(cluster, view, name, options, state, store, term).run();
    }
  }

  private RolloutRecord create(
      RecordStore store, SortedMap<String, String> configs, SharedView view, Term term) {
    List<Content> contents = requireContents(configs);
    List<String> known = contents.stream().map(Content::config).toList();
    Map<String, Entry> nodes = new LinkedHashMap<>();
    for (String node : inOrder(configs.keySet(), view)) {
      int content = known.indexOf(configs.get(node));
      boolean requested = contents.get(content).isRequestedBy(label(view, node, options.kind()));
      nodes.put(
          node,
          new Entry(content, requested ? NodeState.WAITING_UNCHANGED : NodeState.WAITING, ""));
    }
    RolloutRecord record = new RolloutRecord(contents, Control.begin(), nodes, term.leader);
    int bytes = RolloutRecord.bytes(record.data());
    if (bytes > RolloutRecord.MAX_BYTES) {
      throw refused(
          "its record of %d nodes would have %d bytes, but an API server accepts about %d; use several rollouts"
              .formatted(nodes.size(), bytes, RolloutRecord.MAX_BYTES));
    }
    term.requireLeadership();
    store.create(record);
    return record;
  }

  private SharedView open(Set<String> names, Runnable writeCheck) throws InterruptedException {
    SharedView view = new SharedView(cluster, names, writeCheck);
    try {
      view.start(LIST_TIMEOUT);
      return view;
    } catch (InterruptedException | RuntimeException | Error e) {
      view.close();
      throw e;
    }
  }

  private SortedMap<String, String> configs() {
    SortedMap<String, String> configs = options.nodes().resolve(cluster, options.config());
    if (configs.isEmpty()) {
      throw refused(
          "%s matches no node; see 'kubectl get nodes --show-labels'".formatted(options.nodes()));
    }
    return configs;
  }

  /** Nodes with the fewest pods that use GPUs come first. */
  private static List<String> inOrder(Set<String> nodes, SharedView view) {
    Map<String, Integer> pods = nodes.stream()
        .collect(Collectors.toMap(
            node -> node, node -> GpuPods.using(view.cachedPods(node)).size()));
    return nodes.stream()
        .sorted(Comparator.comparing((String node) -> pods.getOrDefault(node, 0))
            .thenComparing(node -> node))
        .toList();
  }

  /**
   * The current content of the configurations.
   *
   * @throws MigRefusedException if the ConfigMap has no such configuration
   */
  private List<Content> requireContents(SortedMap<String, String> configs) {
    List<String> desired = configs.values().stream().distinct().sorted().toList();
    Optional<Map<String, String>> keys = keys(options.kind());
    List<String> missing = desired.stream()
        .filter(config -> keys.isPresent() && !keys.get().containsKey(config))
        .toList();
    if (!missing.isEmpty()) {
      throw refused("the ConfigMap has no configuration %s; add it to the ConfigMap first"
          .formatted(missing.stream()
              .map(config -> "'" + config + "'")
              .collect(Collectors.joining(" or "))));
    }
    return desired.stream().map(config -> content(options.kind(), config, keys)).toList();
  }

  private static Content content(
      ChangeKind kind, String config, Optional<Map<String, String>> keys) {
    return new Content(kind, config, keys.map(k -> k.get(config)).orElse(config));
  }

  /**
   * The content name of each published configuration; empty if the MIG manager of each node generates
   * its own layouts.
   */
  private Optional<Map<String, String>> keys(ChangeKind kind) {
    MigOperator operator = new MigOperator(cluster);
    Map<String, String> keys = new HashMap<>();
    if (kind == ChangeKind.SHARING) {
      operator
          .sharingMap()
          .flatMap(map -> new SharingConfigMap(cluster, map).read())
          .ifPresent(files -> files.forEach((name, file) ->
              file.config().ifPresent(config -> keys.put(name, config.contentName(name)))));
      return Optional.of(keys);
    }
    Optional<MigConfigDocument> document =
        operator.configMap().map(map -> new MigConfigMap(cluster, map)).flatMap(MigConfigMap::read);
    return document.map(published -> {
      published.configs().forEach((name, config) -> keys.put(name, config.contentName(name)));
      return keys;
    });
  }

  /** A recorded rollout is continued only with the same configuration and nodes. */
  private RolloutRecord requireSame(RolloutRecord record) {
    String requested = options.config();
    Set<String> recorded = record.configNames();
    if (!requested.isEmpty() && record.kind() != options.kind()) {
      throw refused(
          "the rollout with this name applies a %s configuration; choose another name, or abort and forget that rollout"
              .formatted(record.kind()));
    }
    if (!requested.isEmpty() && !recorded.equals(Set.of(requested))) {
      throw refused(
          "the rollout with this name applies %s, not '%s'; choose another name, or abort and forget that rollout"
              .formatted(quoted(recorded), requested));
    }
    if (!options.nodes().isOf(record.configs(), requested)) {
      throw refused(
          "the rollout with this name has %d nodes, which are not the requested ones (%s); choose another name, or abort and forget that rollout"
              .formatted(record.nodes().size(), options.nodes()));
    }
    return record;
  }

  private boolean hasSameContent(RolloutRecord record) {
    Optional<Map<String, String>> keys = keys(record.kind());
    return record.contents().stream()
        .allMatch(content -> content(record.kind(), content.config(), keys).equals(content));
  }

  private void requireSameContent(RolloutRecord record) {
    if (!hasSameContent(record)) {
      throw refused(
          "the ConfigMap has another content for %s than when the rollout began; restore it, or abort and forget this rollout"
              .formatted(quoted(record.configNames())));
    }
  }

  private static String quoted(Set<String> configs) {
    return configs.stream().sorted().map(c -> "'" + c + "'").collect(Collectors.joining(", "));
  }

  /**
   * Nodes whose change another process has started: the change is recorded on the node, or it has
   * ended and the rollout's record does not say so yet.
   */
  private Set<String> inProgress(RolloutRecord record, SharedView view) {
    String me = cluster.settings().identity().orElse("");
    return record.nodes().entrySet().stream()
        .filter(e -> view.node(e.getKey()).filter(n -> isChangedBy(me, n)).isPresent()
            || isAhead(record, e.getValue(), label(view, e.getKey(), record.kind())))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  /** Whether a node's label was changed or rolled back, and the rollout's record does not say so yet. */
  private static boolean isAhead(RolloutRecord record, Entry entry, String label) {
    boolean requested = record.contents().get(entry.content()).isRequestedBy(label);
    return record.control().phase() == RolloutPhase.ROLLING_BACK
        ? entry.state() == NodeState.VERIFIED && !requested
        : entry.state() == NodeState.WAITING && requested;
  }

  private static boolean isChangedBy(String identity, Node node) {
    try {
      return ChangeRecord.read(node)
          .filter(change -> change.by().equals(identity))
          .isPresent();
    } catch (MigException unreadable) {
      return false;
    }
  }

  private String label(SharedView view, String node, ChangeKind kind) {
    return view.node(node).map(n -> kind.requested(n, cluster.settings())).orElse("");
  }

  private MigRefusedException refused(String reason) {
    return new MigRefusedException("Rollout '%s'".formatted(name), List.of(reason));
  }
}
