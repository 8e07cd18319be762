package io.github.mig4j.k8s.rollout;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.MigException;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.k8s.change.MigNode;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.config.MigConfigMap;
import io.github.mig4j.k8s.config.MigOperator;
import io.github.mig4j.k8s.config.SharingConfigMap;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.internal.SharedView;
import io.github.mig4j.k8s.rollout.RolloutPlan.PlannedNode;
import io.github.mig4j.k8s.rollout.RolloutRecord.Content;
import io.github.mig4j.k8s.rollout.RolloutRecord.Control;
import io.github.mig4j.k8s.rollout.RolloutRecord.Entry;
import io.github.mig4j.k8s.rollout.RolloutRecord.Mark;
import io.github.mig4j.k8s.rollout.RolloutRecord.Wish;
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
import java.util.UUID;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One process's part in a rollout: fix what it is, win the right to work on it, and work. */
final class RolloutRun {

  private static final Logger LOG = LoggerFactory.getLogger(RolloutRun.class);

  private static final Duration LISTING = Duration.ofMinutes(5);

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
    try (SharedView outlook = outlook(configs.keySet(), () -> {})) {
      Cluster shared = cluster.with(outlook);
      List<PlannedNode> planned = new ArrayList<>();
      for (String node : inOrder(configs.keySet(), outlook)) {
        MigNode checked = new MigNode(shared, node);
        String config = configs.getOrDefault(node, "");
        planned.add(new PlannedNode(
            (options.kind() == ChangeKind.LAYOUT ? checked.apply(config) : checked.share(config))
                .disruption(options.disruption())
                .preflight(),
            GpuPods.using(outlook.seenPods(node)).stream()
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
      // What is missing is told before anything is written, and before a long wait.
      requireContents(configs());
    }
    while (true) {
      if (known.filter(record -> record.control().phase().isFinal()).isPresent()) {
        return requireSame(known.get()).status(name);
      }
      Optional<RolloutStatus> end = lead(store);
      if (end.isPresent()) {
        return end.get();
      }
      known = store.read();
    }
  }

  /** Works on the rollout once that is this process's right; empty if the right is lost again. */
  private Optional<RolloutStatus> lead(RecordStore store) throws InterruptedException {
    String me = processIdentity();
    Part part = new Part(me, new Workers(name), new LinkedBlockingDeque<>());
    AtomicBoolean leads = new AtomicBoolean();
    try (Leadership leadership = new Leadership(
        cluster, namespace, recordName(name), me, options.lease(), candidate(part, leads))) {
      while (!leads.get()) {
        part.inbox.take().run();
      }
      return Optional.of(work(store, part));
    } catch (Leadership.Lost lost) {
      LOG.warn("rollout={} leading=lost", name);
      return Optional.empty();
    }
  }

  /**
   * What this process has for one time of leading.
   *
   * @param leader who it is; nobody is that twice
   * @param inbox what the one who decides is told, in order
   */
  record Part(String leader, Workers workers, BlockingDeque<Runnable> inbox) {
    /** Before the record is written: a list of all nodes can take longer than a Lease lasts. */
    void requireLead() {
      if (workers.areStopped()) {
        throw new Leadership.Lost();
      }
    }

    /** Ends the run before anything else is looked at. */
    void fail(Throwable failure) {
      inbox.addFirst(() -> {
        if (failure instanceof Error error) {
          throw error;
        }
        throw failure instanceof RuntimeException known
            ? known
            : new IllegalStateException(failure);
      });
    }
  }

  private Leadership.Candidate candidate(Part part, AtomicBoolean leads) {
    return new Leadership.Candidate() {
      @Override
      public void won() {
        part.inbox.add(() -> leads.set(true));
      }

      /** Workers stop at once, whatever the one who decides is doing. */
      @Override
      public void lost() {
        part.fail(new Leadership.Lost());
        part.workers.dismiss();
      }

      @Override
      public void sees(String leader) {
        part.inbox.add(() -> tellLeader(leader, part.leader));
      }

      @Override
      public void fails(Throwable failure) {
        part.fail(failure);
        part.workers.dismiss();
      }
    };
  }

  private void tellLeader(String leader, String me) {
    if (leader.equals(me)) {
      return;
    }
    LOG.info("rollout={} leader={}", name, leader);
    options.listener().accept(new RolloutEvent.StandingBy(name, leader));
  }

  private static String processIdentity() {
    return "%s-%s"
        .formatted(
            System.getenv().getOrDefault("HOSTNAME", "mig4j"),
            UUID.randomUUID().toString().substring(0, 8));
  }

  private RolloutStatus work(RecordStore store, Part part) throws InterruptedException {
    Optional<RolloutRecord> begun = store.read();
    SortedMap<String, String> configs =
        begun.map(this::requireSame).map(RolloutRecord::configs).orElseGet(this::configs);
    try (SharedView outlook = outlook(configs.keySet(), part.workers::requireRight)) {
      RolloutRecord record = begun.isPresent()
          ? store.update(last -> {
            part.requireLead();
            return last.control().phase().isFinal() ? last : last.ledBy(part.leader);
          })
          : begin(store, configs, outlook, part);
      outlook.onEnd(part::fail);
      Set<String> inTheMiddle = inTheMiddle(record, outlook);
      if (record.control().phase().isFinal()) {
        return record.status(name);
      }
      // What only has to be ended needs no configuration.
      if (record.control().wish() != Wish.ABORT || !inTheMiddle.isEmpty()) {
        requireSameContent(record);
      }
      RolloutState course =
          new RolloutState(record, options.rules(record.nodes().size()), inTheMiddle);
      return new RolloutLoop(cluster.with(outlook), name, options, course, store, part).run();
    }
  }

  private RolloutRecord begin(
      RecordStore store, SortedMap<String, String> configs, SharedView outlook, Part part) {
    List<Content> contents = requireContents(configs);
    List<String> known = contents.stream().map(Content::config).toList();
    Map<String, Entry> nodes = new LinkedHashMap<>();
    for (String node : inOrder(configs.keySet(), outlook)) {
      int content = known.indexOf(configs.get(node));
      boolean asks = contents.get(content).isAskedForBy(label(outlook, node, options.kind()));
      nodes.put(node, new Entry(content, asks ? Mark.KEPT : Mark.WAITING, ""));
    }
    RolloutRecord record = new RolloutRecord(contents, Control.begin(), nodes, part.leader);
    int bytes = RolloutRecord.bytes(record.data());
    if (bytes > RolloutRecord.MAX_BYTES) {
      throw refused(
          "its record of %d nodes would hold %d bytes, but an API server accepts about %d; divide it into several"
              .formatted(nodes.size(), bytes, RolloutRecord.MAX_BYTES));
    }
    part.requireLead();
    store.create(record);
    return record;
  }

  private SharedView outlook(Set<String> names, Runnable right) throws InterruptedException {
    SharedView outlook = new SharedView(cluster, names, right);
    boolean started = false;
    try {
      outlook.start(LISTING);
      started = true;
      return outlook;
    } finally {
      if (!started) {
        outlook.close();
      }
    }
  }

  private SortedMap<String, String> configs() {
    SortedMap<String, String> configs = options.nodes().resolve(cluster, options.config());
    if (configs.isEmpty()) {
      throw refused("no node has what %s asks for; see 'kubectl get nodes --show-labels'"
          .formatted(options.nodes()));
    }
    return configs;
  }

  /** Fewest pods that use GPUs first. */
  private static List<String> inOrder(Set<String> nodes, SharedView outlook) {
    Map<String, Integer> pods = nodes.stream()
        .collect(Collectors.toMap(
            node -> node, node -> GpuPods.using(outlook.seenPods(node)).size()));
    return nodes.stream()
        .sorted(Comparator.comparing((String node) -> pods.getOrDefault(node, 0))
            .thenComparing(node -> node))
        .toList();
  }

  /**
   * What the configurations hold now.
   *
   * @throws MigRefusedException if the map lacks one
   */
  private List<Content> requireContents(SortedMap<String, String> configs) {
    List<String> wanted = configs.values().stream().distinct().sorted().toList();
    Optional<Map<String, String>> keys = keys(options.kind());
    List<String> missing = wanted.stream()
        .filter(config -> keys.isPresent() && !keys.get().containsKey(config))
        .toList();
    if (!missing.isEmpty()) {
      throw refused("the ConfigMap has no configuration %s; merge it first"
          .formatted(missing.stream()
              .map(config -> "'" + config + "'")
              .collect(Collectors.joining(" or "))));
    }
    return wanted.stream().map(config -> content(options.kind(), config, keys)).toList();
  }

  private static Content content(
      ChangeKind kind, String config, Optional<Map<String, String>> keys) {
    return new Content(kind, config, keys.map(k -> k.get(config)).orElse(config));
  }

  /**
   * The name by its content that each published configuration has; empty if each node has its own
   * layouts, made by its MIG manager.
   */
  private Optional<Map<String, String>> keys(ChangeKind kind) {
    MigOperator operator = new MigOperator(cluster);
    Map<String, String> keys = new HashMap<>();
    if (kind == ChangeKind.SHARING) {
      operator
          .sharingMap()
          .flatMap(map -> new SharingConfigMap(cluster, map).read())
          .ifPresent(files -> files.forEach((name, file) -> file.config()
              .ifPresent(config -> keys.put(
                  name,
                  name.endsWith("-" + config.contentHash()) ? name : config.contentName(name)))));
      return Optional.of(keys);
    }
    Optional<MigConfigDocument> document =
        operator.configMap().map(map -> new MigConfigMap(cluster, map)).flatMap(MigConfigMap::read);
    return document.map(published -> {
      published.configs().forEach((name, config) -> keys.put(name, config.contentName(name)));
      return keys;
    });
  }

  /** A rollout under this name is gone on with only if it is to the same. */
  private RolloutRecord requireSame(RolloutRecord record) {
    String asked = options.config();
    Set<String> recorded = record.configNames();
    if (!asked.isEmpty() && record.kind() != options.kind()) {
      throw refused(
          "the one under this name is of a %s configuration; choose another name, or abort and forget that one"
              .formatted(record.kind()));
    }
    if (!asked.isEmpty() && !recorded.equals(Set.of(asked))) {
      throw refused(
          "the one under this name is to %s, not to '%s'; choose another name, or abort and forget that one"
              .formatted(quoted(recorded), asked));
    }
    if (!options.nodes().isOf(record.configs(), asked)) {
      throw refused(
          "the one under this name, of %d nodes, is not what is asked for now (%s); choose another name, or abort and forget that one"
              .formatted(record.nodes().size(), options.nodes()));
    }
    return record;
  }

  private void requireSameContent(RolloutRecord record) {
    Optional<Map<String, String>> keys = keys(record.kind());
    List<Content> now = record.contents().stream()
        .map(content -> content(record.kind(), content.config(), keys))
        .toList();
    if (!now.equals(record.contents())) {
      throw refused(
          "%s was changed in the ConfigMap since it began; restore it, or abort and forget this one"
              .formatted(quoted(record.configNames())));
    }
  }

  private static String quoted(Set<String> configs) {
    return configs.stream().sorted().map(c -> "'" + c + "'").collect(Collectors.joining(", "));
  }

  /**
   * Nodes on which a process before this one has begun something, by what they say themselves: its
   * change is recorded on them, or that has ended and the rollout's record does not say so yet.
   */
  private Set<String> inTheMiddle(RolloutRecord record, SharedView outlook) {
    String me = cluster.settings().identity().orElse("");
    return record.nodes().entrySet().stream()
        .filter(e -> outlook.node(e.getKey()).filter(n -> isChangedBy(me, n)).isPresent()
            || isAhead(record, e.getValue(), label(outlook, e.getKey(), record.kind())))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  /** Whether a node asks for what the record says it is yet to be asked for, forth or back. */
  private static boolean isAhead(RolloutRecord record, Entry entry, String label) {
    boolean asks = record.contents().get(entry.content()).isAskedForBy(label);
    return record.control().phase() == RolloutPhase.ROLLING_BACK
        ? entry.mark() == Mark.VERIFIED && !asks
        : entry.mark() == Mark.WAITING && asks;
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

  private String label(SharedView outlook, String node, ChangeKind kind) {
    return outlook
        .node(node)
        .map(n -> Cluster.labels(n).getOrDefault(kind.label(cluster.settings()), ""))
        .orElse("");
  }

  private MigRefusedException refused(String reason) {
    return new MigRefusedException("Rollout '%s'".formatted(name), List.of(reason));
  }
}
