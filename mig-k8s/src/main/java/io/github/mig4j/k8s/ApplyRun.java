package io.github.mig4j.k8s;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.config.MigStrategy;
import io.github.mig4j.config.NodeGpu;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.layout.Violation;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One execution of an {@link ApplyRequest}: check, publish, label, follow. */
final class ApplyRun {

  private static final Logger LOG = LoggerFactory.getLogger(ApplyRun.class);

  /** More than anybody waits, and little enough to count in nanoseconds. */
  private static final Duration LONGEST = Duration.ofDays(3650);

  /** How long to leave an API server alone that did not answer. */
  private static final Duration PAUSE = Duration.ofSeconds(5);

  private final Cluster cluster;
  private final String name;
  private final String config;
  private final ApplyRequest.Naming naming;
  private final ApplyTimings timings;
  private final OptionalInt statedGpus;
  private final Consumer<ApplyEvent> listener;
  private final String subject;
  private final long startNanos = System.nanoTime();

  ApplyRun(
      Cluster cluster,
      String name,
      String config,
      ApplyRequest.Naming naming,
      ApplyTimings timings,
      OptionalInt statedGpus,
      Consumer<ApplyEvent> listener) {
    this.cluster = cluster;
    this.name = name;
    this.config = config;
    this.naming = naming;
    this.timings = timings;
    this.statedGpus = statedGpus;
    this.listener = listener;
    this.subject = "Config '%s' on node %s".formatted(config, name);
  }

  /** What was found to be possible, before anything is written. */
  private record Plan(
      Node node,
      String mapName,
      MigConfigDocument document,
      MigConfig content,
      Expectation expectation,
      String key) {}

  ApplyOutcome run(Duration deadline) {
    Plan plan = check();
    step(
        ApplyPhase.CHECKED,
        System.nanoTime(),
        "%s as %s: %s".formatted(config, plan.key, plan.expectation.resources()));
    Duration limit = deadline.compareTo(LONGEST) < 0 ? deadline : LONGEST;
    try (NodeWatch watch = new NodeWatch(cluster, name, limit)) {
      return follow(watch, request(plan, ApplyPhase.REQUESTED), limit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException(
          "Interrupted while waiting for node %s; what was asked of it goes on there"
              .formatted(name));
    }
  }

  private Plan check() {
    Node node = cluster.requireNode(name);
    MigNodeStatus status = StatusReader.read(node, cluster.settings());
    GenericKubernetesResource policy = cluster
        .clusterPolicy()
        .orElseThrow(
            () -> refused(
                "the cluster has no ClusterPolicy, so no GPU Operator manages MIG; install NVIDIA's GPU Operator"));
    String mapName = MigOperator.configMap(policy)
        .orElseThrow(() -> refused(
            "ClusterPolicy %s names no ConfigMap, so the MIG manager makes its own configurations; set spec.migManager.config.name"
                .formatted(policy.getMetadata().getName())));
    String namespace = cluster.operatorNamespace();
    MigConfigMap map = new MigConfigMap(cluster, mapName);
    MigConfigFile file = map.file(namespace)
        .orElseThrow(() -> refused(
            "ConfigMap %s/%s does not exist, though the ClusterPolicy names it; merge a configuration into it"
                .formatted(namespace, mapName)));
    MigConfigDocument document = map.document(namespace, file);
    MigConfig content = document
        .config(config)
        .orElseThrow(() -> refused("ConfigMap %s/%s has no such configuration; it has %s"
            .formatted(namespace, mapName, names(document))));
    GpuModel model = status
        .model()
        .orElseThrow(() -> refused(
            status.product().isEmpty()
                ? "the node has no label %s, so its GPU is not known; deploy GPU Feature Discovery or set the label"
                    .formatted(Labels.GPU_PRODUCT)
                : String.join("; ", status.problems())));
    if (!model.supportsMig()) {
      throw refused(new Violation.MigNotSupported(model).message());
    }
    List<NodeGpu> gpus =
        NodeGpu.several(model, gpus(status, StatusReader.gpuCount(node), document, model));
    MigStrategy strategy = strategy(policy, status);
    refuseIfAny(MigConfigMap.errors(file.lint(gpus, strategy, config)));
    refuseIfAny(uncovered(content, gpus));
    return new Plan(
        node,
        mapName,
        document,
        content,
        Expectation.of(content, gpus, strategy),
        key(content, status));
  }

  /** What such a GPU holds afterwards nobody can know beforehand, so it could not be verified. */
  private static List<String> uncovered(MigConfig content, List<NodeGpu> gpus) {
    return gpus.stream()
        .filter(gpu -> content.entries().stream().noneMatch(gpu::isSelectedBy))
        .map(gpu ->
            "no entry is for GPU %d, so it keeps what it has; add one, if only with mig-enabled: false"
                .formatted(gpu.index()))
        .toList();
  }

  private void refuseIfAny(List<String> reasons) {
    if (!reasons.isEmpty()) {
      throw new MigRefusedException(subject, reasons);
    }
  }

  /** The hashed names say nothing to a reader who looks for a name to use. */
  private static List<String> names(MigConfigDocument document) {
    return document.configs().keySet().stream()
        .filter(key -> !document.configs().containsKey(StatusReader.withoutHash(key))
            || StatusReader.withoutHash(key).equals(key))
        .sorted()
        .toList();
  }

  private static MigStrategy strategy(GenericKubernetesResource policy, MigNodeStatus status) {
    Object set = policy.get("spec", "mig", "strategy");
    for (MigStrategy strategy : MigStrategy.values()) {
      if (strategy.toString().equals(set)) {
        return strategy;
      }
    }
    return status.strategy();
  }

  /**
   * The caller's number, the labels', or, where these count MIG devices, what follows from the
   * configuration in force.
   */
  private int gpus(
      MigNodeStatus status, int migDevices, MigConfigDocument document, GpuModel model) {
    if (statedGpus.isPresent()) {
      return statedGpus.getAsInt();
    }
    if (status.gpus().isPresent()) {
      return status.gpus().getAsInt();
    }
    Optional<Integer> perGpu = status
        .config()
        .filter(inForce -> status.state().equals(Optional.of(MigState.SUCCESS)))
        .flatMap(document::config)
        .filter(inForce -> inForce.entries().size() == 1)
        .map(inForce -> inForce.entries().get(0).migDevices().values().stream()
            .mapToInt(n -> n)
            .sum())
        .filter(each -> each > 0 && migDevices > 0 && migDevices % each == 0);
    return perGpu
        .map(each -> migDevices / each)
        .orElseThrow(
            () -> refused("the labels do not tell how many %s the node has; state it with gpus(...)"
                .formatted(model.id())));
  }

  /** Equal content under another name, where the MIG manager has given up on the first. */
  private String key(MigConfig content, MigNodeStatus status) {
    if (naming == ApplyRequest.Naming.EXACT) {
      return config;
    }
    String key = content.contentName(config);
    String alias = content.retryName(config, 2);
    boolean failed = status.state().equals(Optional.of(MigState.FAILED));
    boolean asksForKey = status.config().equals(Optional.of(key));
    boolean asksForAlias = status.config().equals(Optional.of(alias));
    return (asksForKey && failed) || (asksForAlias && !failed) ? alias : key;
  }

  /** A request that was made: what was asked, and what tells whether it is done. */
  private record Request(Plan plan, ApplyTracker tracker, Node node) {}

  /** Publishes what is not published yet, and labels the node if it does not ask for it already. */
  private Request request(Plan plan, ApplyPhase phase) {
    if (!plan.document.config(plan.key).equals(Optional.of(plan.content))) {
      new MigConfigMap(cluster, plan.mapName).addAlias(plan.key, plan.content);
    }
    String label = cluster.settings().configLabel();
    Node before = plan.node;
    boolean asked = plan.key.equals(Cluster.labels(before).get(label));
    Node after = asked ? before : cluster.onLatestVersion(() -> label(before, label, plan.key));
    long now = System.nanoTime();
    step(phase, now, asked ? "the node asks for it already" : label + "=" + plan.key);
    ApplyTracker tracker = new ApplyTracker(
        cluster.settings(),
        timings,
        plan.key,
        plan.expectation,
        before,
        sameness(plan, before, label),
        now,
        this::step);
    return new Request(plan, tracker, after);
  }

  private Node label(Node before, String label, String key) {
    Node now = cluster.requireNode(name);
    String asked = Cluster.labels(now).getOrDefault(label, "");
    if (asked.equals(key)) {
      // Somebody wants the same, or the answer to our own request was lost.
      return now;
    }
    if (!asked.equals(Cluster.labels(before).getOrDefault(label, ""))) {
      throw new MigConflictException(
          "Node %s was asked for '%s' by somebody else just now. Agree on who labels the node and apply again"
              .formatted(name, asked));
    }
    return cluster.label(now, label, key);
  }

  /** Only a name that carries the content's hash tells for sure what was in force. */
  private static ApplyTracker.Sameness sameness(Plan plan, Node before, String label) {
    return Cluster.labels(before)
            .getOrDefault(label, "")
            .matches(".*-" + plan.content.contentHash() + "(-r[0-9]+)?")
        ? ApplyTracker.Sameness.SAME
        : ApplyTracker.Sameness.UNKNOWN;
  }

  private ApplyOutcome follow(NodeWatch watch, Request first, Duration limit)
      throws InterruptedException {
    Request request = first;
    Node node = first.node;
    boolean lookedOnceMore = false;
    while (true) {
      long now = System.nanoTime();
      ApplyTracker.Decision decision;
      try {
        decision = request.tracker.observe(node, now);
      } catch (MigFailedException failed) {
        request = retry(request, node, now - startNanos, failed);
        node = request.node;
        continue;
      }
      if (decision instanceof ApplyTracker.Decision.Done done) {
        return done.outcome();
      }
      ApplyTracker.Decision.Wait wait = (ApplyTracker.Decision.Wait) decision;
      long left = limit.toNanos() - (now - startNanos);
      if (left <= 0 && lookedOnceMore) {
        Plan plan = request.plan;
        Node last = node;
        return wait.meanwhile()
            .orElseThrow(() ->
                deadlinePassed(limit, plan, wait.missing(), diagnosis(status(last)), status(last)));
      }
      lookedOnceMore = left <= 0;
      node = next(watch, Math.min(left, wait.untilNanos() - now), limit, request.plan, node);
    }
  }

  /**
   * The node as it is next. Where nothing is told in time it is read, so that no verdict rests on a
   * watch that is behind; what a watch tells of the time before the request is read again as well.
   */
  private Node next(NodeWatch watch, long patienceNanos, Duration limit, Plan plan, Node last)
      throws InterruptedException {
    Optional<Node> told = watch.next(patienceNanos);
    while (told.isEmpty() || !asksFor(told.get(), plan.key)) {
      try {
        return cluster.node(name).orElseThrow(() -> NodeWatch.deleted(name));
      } catch (MigClusterException unanswered) {
        LOG.info("node={} config={} waiting=\"{}\"", name, config, message(unanswered));
        if (System.nanoTime() - startNanos >= limit.toNanos()) {
          throw deadlinePassed(
              limit,
              plan,
              List.of(message(unanswered)),
              Diagnosis.of(status(last), List.of()),
              status(last));
        }
        told = watch.next(PAUSE.toNanos());
      }
    }
    return told.get();
  }

  private static String message(MigClusterException e) {
    return String.valueOf(e.getMessage());
  }

  private boolean asksFor(Node node, String key) {
    return key.equals(Cluster.labels(node).get(cluster.settings().configLabel()));
  }

  /**
   * Asks again under the other name, if the manager failed without work, as it does for as long as
   * the kubelet has not refreshed the mounted ConfigMap; it does not try the same value again.
   */
  private Request retry(Request request, Node node, long sinceStart, MigFailedException failed) {
    boolean quick =
        !request.tracker.sawWork() && sinceStart < timings.propagation().toNanos();
    if (naming == ApplyRequest.Naming.EXACT || !quick) {
      throw failed.with(diagnosis(failed.lastSeen()));
    }
    Plan plan = request.plan;
    String first = plan.content.contentName(config);
    String other = plan.key.equals(first) ? plan.content.retryName(config, 2) : first;
    return request(
        new Plan(node, plan.mapName, plan.document, plan.content, plan.expectation, other),
        ApplyPhase.RETRIED);
  }

  private MigDeadlineException deadlinePassed(
      Duration limit, Plan plan, List<String> missing, Diagnosis diagnosis, MigNodeStatus last) {
    return new MigDeadlineException(
        "Node %s: waited %s for %s, but %s"
            .formatted(name, limit, plan.expectation.resources(), String.join(", ", missing)),
        last,
        diagnosis);
  }

  private Diagnosis diagnosis(MigNodeStatus last) {
    return new Examination(last, OperatorLogs.read(cluster, last)).diagnosis();
  }

  private MigNodeStatus status(Node node) {
    return StatusReader.read(node, cluster.settings());
  }

  private MigRefusedException refused(String reason) {
    return new MigRefusedException(subject, List.of(reason));
  }

  private void step(ApplyPhase phase, long nanos, String detail) {
    LOG.info("node={} config={} phase={} detail=\"{}\"", name, config, phase, detail);
    listener.accept(new ApplyEvent(name, phase, Duration.ofNanos(nanos - startNanos), detail));
  }
}
