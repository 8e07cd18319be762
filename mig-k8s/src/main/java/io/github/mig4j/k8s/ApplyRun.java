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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One execution of an {@link ApplyRequest}: check, publish, label, follow. */
final class ApplyRun {

  private static final Logger LOG = LoggerFactory.getLogger(ApplyRun.class);

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
    try (NodeWatch watch = new NodeWatch(cluster, name)) {
      publish(plan);
      ApplyTracker tracker = request(plan);
      return follow(watch, tracker, plan, deadline);
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
            status.problems().isEmpty()
                ? "the node has no label %s, so its GPU is not known; is feature discovery running?"
                    .formatted(Labels.GPU_PRODUCT)
                : String.join("; ", status.problems())));
    if (!model.supportsMig()) {
      throw refused(new Violation.MigNotSupported(model).message());
    }
    List<NodeGpu> gpus = NodeGpu.several(model, gpus(status, document, model));
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
  private int gpus(MigNodeStatus status, MigConfigDocument document, GpuModel model) {
    if (statedGpus.isPresent()) {
      return statedGpus.getAsInt();
    }
    if (status.gpus().isPresent()) {
      return status.gpus().getAsInt();
    }
    long offered = status.allocatable().getOrDefault("nvidia.com/gpu", 0L);
    Optional<Integer> perGpu = status
        .config()
        .flatMap(document::config)
        .filter(inForce -> inForce.entries().size() == 1)
        .map(inForce -> inForce.entries().get(0).migDevices().values().stream()
            .mapToInt(n -> n)
            .sum())
        .filter(devices -> devices > 0 && offered > 0 && offered % devices == 0);
    return perGpu
        .map(devices -> (int) (offered / devices))
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

  private void publish(Plan plan) {
    if (plan.document.config(plan.key).equals(Optional.of(plan.content))) {
      return;
    }
    new MigConfigMap(cluster, plan.mapName).add(config, plan.key, plan.content);
  }

  /** Labels the node, if it does not ask for the configuration already. */
  private ApplyTracker request(Plan plan) {
    String label = cluster.settings().configLabel();
    Node before = plan.node;
    boolean asked = plan.key.equals(Cluster.labels(before).get(label));
    if (!asked) {
      Node unused = cluster.onLatestVersion(() -> label(before, label, plan.key));
    }
    long now = System.nanoTime();
    step(
        ApplyPhase.REQUESTED, now, asked ? "the node asks for it already" : label + "=" + plan.key);
    return new ApplyTracker(
        cluster.settings(),
        timings,
        plan.key,
        plan.expectation,
        before,
        sameness(plan, before, label),
        now,
        this::step);
  }

  private Node label(Node before, String label, String key) {
    Node now = cluster.requireNode(name);
    if (!sameLabel(now, before, label)) {
      throw new MigConflictException(
          "Node %s was asked for '%s' by somebody else just now. Agree on who labels the node and apply again"
              .formatted(name, Cluster.labels(now).get(label)));
    }
    return cluster.label(now, label, key);
  }

  private static boolean sameLabel(Node a, Node b, String label) {
    return Cluster.labels(a)
        .getOrDefault(label, "")
        .equals(Cluster.labels(b).getOrDefault(label, ""));
  }

  private static ApplyTracker.Sameness sameness(Plan plan, Node before, String label) {
    return plan.document
            .config(Cluster.labels(before).getOrDefault(label, ""))
            .equals(Optional.of(plan.content))
        ? ApplyTracker.Sameness.SAME
        : ApplyTracker.Sameness.UNKNOWN;
  }

  private ApplyOutcome follow(NodeWatch watch, ApplyTracker tracker, Plan plan, Duration deadline) {
    long deadlineNanos = startNanos + deadline.toNanos();
    Node node = plan.node;
    boolean lookedOnceMore = false;
    try {
      while (true) {
        long now = System.nanoTime();
        ApplyTracker.Decision decision = tracker.observe(node, now);
        if (decision instanceof ApplyTracker.Decision.Done done) {
          return done.outcome();
        }
        ApplyTracker.Decision.Wait wait = (ApplyTracker.Decision.Wait) decision;
        if (now >= deadlineNanos) {
          if (lookedOnceMore) {
            throw deadlinePassed(deadline, plan, node, wait.missing());
          }
          // The watch may be behind.
          node = cluster.requireNode(name);
          lookedOnceMore = true;
          continue;
        }
        @Nullable Node next = watch.next(Math.min(deadlineNanos, wait.untilNanos()) - now);
        if (next != null) {
          node = next;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException(
          "Interrupted while waiting for node %s; the change to '%s' goes on there"
              .formatted(name, plan.key));
    }
  }

  private MigDeadlineException deadlinePassed(
      Duration deadline, Plan plan, Node node, List<String> missing) {
    return new MigDeadlineException(
        "Node %s: waited %s for %s, but %s"
            .formatted(name, deadline, plan.expectation.resources(), String.join(", ", missing)),
        StatusReader.read(node, cluster.settings()));
  }

  private MigRefusedException refused(String reason) {
    return new MigRefusedException(subject, List.of(reason));
  }

  private void step(ApplyPhase phase, long nanos, String detail) {
    LOG.info("node={} config={} phase={} detail=\"{}\"", name, config, phase, detail);
    listener.accept(new ApplyEvent(name, phase, Duration.ofNanos(nanos - startNanos), detail));
  }
}
