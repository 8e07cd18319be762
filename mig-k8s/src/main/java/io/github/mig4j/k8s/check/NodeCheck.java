package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.config.MigConfigMap;
import io.github.mig4j.k8s.config.MigRole;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.node.GeneratedConfig;
import io.github.mig4j.k8s.node.GpuRecord;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.k8s.node.ModelReading;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.FindingCode;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.node.ComponentVersions;
import io.github.mig4j.node.HardwareEvidence;
import io.github.mig4j.node.MigSetting;
import io.github.mig4j.node.NodeEffect;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeLint;
import io.github.mig4j.node.NodeOffer;
import io.github.mig4j.text.ContentName;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Everything that can be checked about a node and a configuration before anything is written. It
 * goes on after a fault, so that all are told at once; good for one run.
 */
public final class NodeCheck {

  private static final Set<FindingCode> STRATEGY_CODES = Set.of(
      FindingCode.SHARED_INSTANCE_UNDER_MIXED,
      FindingCode.NOT_UNIFORM_UNDER_SINGLE,
      FindingCode.MIG_UNDER_NONE);

  private static final Set<String> WATCH = Set.of("list", "watch");

  private final Cluster cluster;
  private final String name;
  private final ApplyGoal goal;
  private final String config;
  private final ApplyGoal.Naming naming;
  private final StatedGpus statedGpus;
  private final Disruption disruption;
  private final PreflightFindings findings = new PreflightFindings();
  private Optional<NodeEffect> effect = Optional.empty();

  /** Prepares a check. */
  public NodeCheck(
      Cluster cluster,
      String name,
      ApplyGoal goal,
      ApplyGoal.Wanted wanted,
      StatedGpus statedGpus,
      Disruption disruption) {
    this.cluster = cluster;
    this.name = name;
    this.goal = goal;
    this.config = wanted.config();
    this.naming = wanted.naming();
    this.statedGpus = statedGpus;
    this.disruption = disruption;
  }

  /** What there is to say. */
  public Preflight preflight() {
    Checked checked = check();
    checkPermissions(checked, needed());
    checkClaim();
    return new Preflight(name, config, findings.sorted(), effect);
  }

  /**
   * What to do.
   *
   * @throws MigRefusedException with every error
   */
  public ApplyPlan requirePlan() {
    Checked checked = check();
    checkPermissions(
        checked,
        needed().stream().filter(permission -> !isShownInTime(permission)).toList());
    if (findings.hasErrors()) {
      throw new MigRefusedException(
          "Config '%s' on node %s".formatted(config, name),
          findings.sorted().stream()
              .filter(PreflightFinding::isError)
              .map(PreflightFinding::sentence)
              .toList());
    }
    return checked
        .plan()
        .orElseThrow(() -> new IllegalStateException("Where there is no plan there is an error"));
  }

  private MigRole role() {
    return goal == ApplyGoal.Again.AGAIN
        ? MigRole.RECOVER
        : disruption == Disruption.DRAIN ? MigRole.DRAIN : MigRole.APPLY;
  }

  /**
   * What the request takes beyond what the check itself does. Its map exists already, and logs only
   * explain a failure.
   */
  private List<Permission> needed() {
    return Permission.of(role()).stream()
        .filter(permission -> !Permission.of(MigRole.READ_ONLY).contains(permission))
        .filter(permission ->
            !(permission.verb().equals("create") && permission.resource().equals("configmaps")))
        .filter(permission -> !permission.resource().equals("pods/log"))
        .filter(permission -> !(permission.verb().equals("list")
            && permission.resource().equals("pods")
            && permission.scope() == Permission.Scope.OPERATOR_NAMESPACE))
        .toList();
  }

  /** Without a disruption a watch shows by itself, before the first write, that it is forbidden. */
  private boolean isShownInTime(Permission permission) {
    return disruption == Disruption.NONE
        && goal != ApplyGoal.Again.AGAIN
        && WATCH.contains(permission.verb());
  }

  /** A request finds out by itself, and tells it as a conflict. */
  private void checkClaim() {
    Optional<Node> node = read(() -> cluster.view().node(name));
    try {
      node.flatMap(ChangeRecord::read)
          .filter(record -> record.isLive(cluster.settings().clock().instant()))
          .ifPresent(record -> findings.error(
              PreflightCode.CHANGE_IN_PROGRESS,
              "somebody changes the node: " + record,
              "wait, or if that client is gone, recover the node"));
    } catch (MigConflictException unreadable) {
      findings.error(
          PreflightCode.CHANGE_IN_PROGRESS,
          "annotation %s cannot be read".formatted(ChangeRecord.KEY),
          "remove it with 'kubectl annotate node %s %s-'".formatted(name, ChangeRecord.KEY));
    }
  }

  /** What came of the check; there is no plan if there is an error. */
  private record Checked(String namespace, Optional<ApplyPlan> plan) {}

  /** A configuration that was found, and where. */
  private record Choice(
      MigConfigSource source, MigConfigFile file, MigConfigDocument document, MigConfig content) {}

  private Checked check() {
    Optional<Node> node = read(this::node);
    Optional<GenericKubernetesResource> policy = read(this::policy);
    Optional<List<Pod>> managers = read(() -> Optional.of(cluster.view().managerPods(name)));
    String namespace = cluster.operatorNamespace(managers.orElse(List.of()));
    Optional<Choice> choice = policy.flatMap(p -> choice(MigConfigSource.of(p, name, namespace)));
    if (node.isEmpty()) {
      return new Checked(namespace, Optional.empty());
    }
    HardwareEvidence evidence = evidence(choice, namespace);
    MigNodeStatus status = MigNodeStatus.of(node.get(), cluster.settings(), evidence);
    boolean asked = status.config().equals(choice.map(c -> key(c, status)))
        && status.config().isPresent();
    Severity blocking = asked ? Severity.NOTE : Severity.ERROR;
    GpuRecord recorded = GpuRecord.read(node.get(), status, cluster.settings());
    List<GpuModel> models = statedGpus.modelsOr(status.model(), recorded);
    new NodeStateCheck(node.get(), status, models, cluster.settings(), findings)
        .check(policy, blocking);
    new ManagerCheck(node.get(), findings).check(policy, managers, models, blocking);
    checkChange(status, asked);
    boolean takesNothing = asked || goal.takesNothing(status);
    Optional<List<Pod>> pods = read(() -> Optional.of(cluster.view().pods(name)));
    ComponentCheck components = new ComponentCheck(node.get(), pods.orElse(List.of()));
    components.checkDriver(models, findings);
    checkPods(pods.orElse(List.of()), takesNothing ? Severity.NOTE : Severity.ERROR);
    ComponentVersions versions = components.versions(
        policy.map(ClusterPolicies::versions).orElse(ComponentVersions.unknown()));
    return new Checked(
        namespace,
        choice.flatMap(c -> plan(node.get(), status, recorded, c, policy, evidence, versions)));
  }

  /** What the node's own GPUs accept; where its MIG manager generates configurations, these are it. */
  private HardwareEvidence evidence(Optional<Choice> choice, String namespace) {
    return choice
        .filter(c -> c.source().kind() == MigConfigSource.Kind.GENERATED)
        .map(c -> HardwareEvidence.in(c.document()))
        .or(() -> read(() -> Optional.of(GeneratedConfig.read(cluster.view(), namespace, name))))
        .orElse(HardwareEvidence.none());
  }

  /** What the hardware accepts beats the catalogue. */
  private List<NodeGpu> corrected(Node node, List<NodeGpu> gpus, HardwareEvidence evidence) {
    Stream.concat(
            ModelReading.of(node, cluster.settings(), evidence).differences().stream(),
            gpus.stream()
                .map(NodeGpu::model)
                .distinct()
                .flatMap(model -> evidence.disagreements(model).stream())
                .map(HardwareEvidence.Disagreement::message))
        .forEach(difference -> findings.warning(
            PreflightCode.HARDWARE_DIFFERS,
            "ConfigMap %s lists what the node's GPUs accept, and it differs from the catalogue: %s"
                .formatted(GeneratedConfig.mapOf(name), difference),
            "the node's list is used; correct the model as docs/add-a-gpu.md describes"));
    return gpus.stream()
        .map(gpu -> new NodeGpu(
            gpu.index(), evidence.corrected(gpu.model()), gpu.deviceId(), gpu.subsystem()))
        .toList();
  }

  private Optional<Node> node() {
    Optional<Node> node = cluster.view().node(name);
    if (node.isEmpty()) {
      findings.error(PreflightCode.NODE_ABSENT, "there is no such node", "see 'kubectl get nodes'");
    }
    return node;
  }

  private Optional<GenericKubernetesResource> policy() {
    List<GenericKubernetesResource> policies = cluster.view().clusterPolicies();
    Optional<String> gpuCluster = policies.isEmpty() ? cluster.gpuCluster() : Optional.empty();
    if (gpuCluster.isPresent()) {
      findings.error(
          PreflightCode.DRA_CLUSTER,
          "GPUCluster %s manages the GPUs by dynamic resource allocation (GPU Operator 26.7 or later), so no MIG manager acts on node labels"
              .formatted(gpuCluster.get()),
          "request MIG devices by ResourceClaims; see 'kubectl get resourceslices'");
    } else if (policies.isEmpty()) {
      findings.error(
          PreflightCode.POLICY_ABSENT,
          "the cluster has no ClusterPolicy, so no GPU Operator manages MIG",
          "install NVIDIA's GPU Operator");
    } else if (policies.size() > 1) {
      findings.warning(
          PreflightCode.SEVERAL_POLICIES,
          "the cluster has ClusterPolicies %s, of which only the oldest counts, %s"
              .formatted(
                  policies.stream()
                      .map(policy -> policy.getMetadata().getName())
                      .sorted()
                      .toList(),
                  policies.get(0).getMetadata().getName()),
          "delete the others");
    }
    return policies.stream().findFirst();
  }

  private Optional<Choice> choice(MigConfigSource source) {
    if (source.kind() != MigConfigSource.Kind.OWN) {
      findings.note(
          PreflightCode.OPERATOR_OWNED_MAP,
          source.kind() == MigConfigSource.Kind.GENERATED
              ? "ClusterPolicy names no ConfigMap, so the MIG manager makes its own configurations"
              : "%s belongs to the GPU Operator, which reverts every change".formatted(source),
          "to publish configurations of your own, set spec.migManager.config.name, e.g. to mig-config");
    }
    Optional<MigConfigFile> file = read(() -> file(source));
    if (file.isPresent() && file.get().document().isEmpty()) {
      file.get().findings().stream()
          .filter(Finding::isError)
          .forEach(finding -> findings.error(
              PreflightCode.MAP_REFUSED,
              "%s makes every configuration fail: %s".formatted(source, place(finding)),
              "docs/lint.md explains " + finding.code()));
    }
    return file.flatMap(f -> f.document().flatMap(document -> choice(source, f, document)));
  }

  private Optional<MigConfigFile> file(MigConfigSource source) {
    Optional<MigConfigFile> file = source.read(cluster.view());
    if (file.isEmpty()) {
      findings.error(
          PreflightCode.MAP_ABSENT,
          source.kind() == MigConfigSource.Kind.GENERATED
              ? "%s does not exist, in which the node's MIG manager shows its configurations"
                  .formatted(source)
              : "%s does not exist, though the ClusterPolicy names it".formatted(source),
          source.kind() == MigConfigSource.Kind.OWN
              ? "merge a configuration into it"
              : "set spec.migManager.config.name, or see whether the MIG manager runs");
    }
    return file;
  }

  private Optional<Choice> choice(
      MigConfigSource source, MigConfigFile file, MigConfigDocument document) {
    Optional<MigConfig> content = document.config(config);
    if (content.isEmpty()
        && source.kind() == MigConfigSource.Kind.OWN
        && goal.otherwise().isPresent()) {
      MigConfig added = goal.otherwise().get();
      MigConfigFile with = MigConfigFile.read(document.with(config, added).toYaml());
      return Optional.of(new Choice(source, with, document, added));
    }
    if (content.isEmpty()) {
      List<String> names = names(document);
      findings.error(
          PreflightCode.CONFIG_ABSENT,
          "%s has no such configuration".formatted(source),
          "it has %s%s"
              .formatted(
                  names,
                  NearestName.to(config, names)
                      .map(" (did you mean %s?)"::formatted)
                      .orElse("")));
    }
    return content.map(c -> new Choice(source, file, document, c));
  }

  /** The hashed names say nothing to a reader who looks for a name to use. */
  private static List<String> names(MigConfigDocument document) {
    return document.configs().keySet().stream()
        .filter(key -> !document.configs().containsKey(ContentName.baseOf(key))
            || ContentName.baseOf(key).equals(key))
        .sorted()
        .toList();
  }

  /** Equal content under another name, where the MIG manager has given up on the first. */
  private String key(Choice choice, MigNodeStatus status) {
    if (choice.source().naming(naming) == ApplyGoal.Naming.EXACT) {
      return config;
    }
    String key = choice.content().contentName(config);
    String alias = choice.content().retryName(config, 2);
    boolean failed = status.state().equals(Optional.of(MigState.FAILED));
    boolean asksForKey = status.config().equals(Optional.of(key));
    boolean asksForAlias = status.config().equals(Optional.of(alias));
    return (asksForKey && failed) || (asksForAlias && !failed) ? alias : key;
  }

  private void checkChange(MigNodeStatus status, boolean asked) {
    MigState state = status.state().orElse(MigState.UNKNOWN);
    String current = status.config().orElse("");
    if (state == MigState.PENDING || state == MigState.REBOOTING) {
      findings.add(
          asked ? Severity.NOTE : Severity.WARNING,
          PreflightCode.CHANGE_IN_PROGRESS,
          "the MIG manager is at work (%s) on '%s'".formatted(state, current),
          asked ? "apply waits for it" : "wait for it, for this change only begins after it");
    }
    if (asked && state == MigState.FAILED) {
      findings.warning(
          PreflightCode.FAILED_BEFORE,
          "the MIG manager has failed on '%s' and does not try a name again".formatted(current),
          "delete the node's MIG manager pod, or ask for another configuration first");
    }
  }

  private void checkPods(List<Pod> pods, Severity inTheWay) {
    List<Pod> using = GpuPods.using(pods);
    boolean drains = disruption == Disruption.DRAIN;
    if (!using.isEmpty()) {
      findings.add(
          drains ? Severity.NOTE : inTheWay,
          PreflightCode.BUSY_PODS,
          "pods use the node's GPUs: %s".formatted(GpuPods.names(using)),
          drains
              ? "they are evicted"
              : "a change takes the GPUs from them, so drain the node first");
    }
    List<Pod> staying = using.stream()
        .filter(pod -> GpuPods.kind(pod) != GpuPods.Kind.EVICTABLE)
        .toList();
    if (drains && !staying.isEmpty()) {
      findings.add(
          inTheWay,
          PreflightCode.PODS_NOT_EVICTABLE,
          "pods that use the node's GPUs are not evicted, since nobody would make them again or their DaemonSet would make them here: %s"
              .formatted(GpuPods.names(staying)),
          "delete them, or wait until they are done");
    }
    List<Pod> claiming = GpuPods.withClaims(pods);
    if (!claiming.isEmpty()) {
      findings.note(
          PreflightCode.PODS_WITH_CLAIMS,
          "pods hold resource claims: %s".formatted(GpuPods.names(claiming)),
          "make sure that these are not for the node's GPUs");
    }
  }

  private Optional<ApplyPlan> plan(
      Node node,
      MigNodeStatus status,
      GpuRecord recorded,
      Choice choice,
      Optional<GenericKubernetesResource> policy,
      HardwareEvidence evidence,
      ComponentVersions versions) {
    List<NodeGpu> gpus = corrected(node, gpus(status, node, recorded, choice.document()), evidence);
    if (gpus.isEmpty()) {
      return Optional.empty();
    }
    MigStrategy strategy = policy.flatMap(ClusterPolicies::strategy).orElse(status.strategy());
    checkStrategy(status, node, strategy);
    checkContent(choice, gpus, strategy);
    effect = Optional.of(effect(choice, gpus, status));
    return findings.hasErrors()
        ? Optional.empty()
        : Optional.of(new ApplyPlan(
            node,
            choice.source().map(),
            choice.document(),
            choice.content(),
            NodeOffer.after(choice.content(), gpus, strategy).withVersions(versions),
            key(choice, status)));
  }

  /** What is on the GPUs now is known where the configuration in force is. */
  private static NodeEffect effect(Choice choice, List<NodeGpu> gpus, MigNodeStatus status) {
    Optional<MigConfig> inForce = status
        .config()
        .filter(config -> status.state().equals(Optional.of(MigState.SUCCESS)))
        .flatMap(choice.document()::config);
    Map<NodeGpu, MigSetting> current = new LinkedHashMap<>();
    inForce.ifPresent(config -> NodeEffect.of(config, gpus)
        .gpus()
        .forEach(each -> each.after().ifPresent(setting -> current.put(each.gpu(), setting))));
    return current.size() == gpus.size()
        ? NodeEffect.of(choice.content(), current)
        : NodeEffect.of(choice.content(), gpus);
  }

  /**
   * The caller's, or as many as there are of the model that the labels name. Several models at once
   * only the record of the last change tells. None if unknown.
   */
  private List<NodeGpu> gpus(
      MigNodeStatus status, Node node, GpuRecord recorded, MigConfigDocument document) {
    if (statedGpus instanceof StatedGpus.Each stated) {
      return stated.gpus();
    }
    if (recorded.models().size() > 1 && statedGpus == StatedGpus.Nothing.NOTHING) {
      return recorded.gpus();
    }
    Optional<GpuModel> model = status
        .model()
        .or(() -> recorded.models().stream().findFirst())
        .filter(GpuModel::supportsMig);
    OptionalInt count = model.isPresent()
        ? count(status, node, recorded, document, model.get())
        : OptionalInt.empty();
    return count.isPresent() ? NodeGpu.several(model.get(), count.getAsInt()) : List.of();
  }

  /**
   * The caller's number, the labels', or, where these count MIG devices, what follows from the
   * configuration in force; or else that of the last change.
   */
  private OptionalInt count(
      MigNodeStatus status,
      Node node,
      GpuRecord recorded,
      MigConfigDocument document,
      GpuModel model) {
    if (statedGpus instanceof StatedGpus.Count stated) {
      return OptionalInt.of(stated.count());
    }
    if (status.gpus().isPresent()) {
      return status.gpus();
    }
    int migDevices = Cluster.number(node, Labels.GPU_COUNT);
    Optional<Integer> perGpu = status
        .config()
        .filter(inForce -> status.state().equals(Optional.of(MigState.SUCCESS)))
        .flatMap(document::config)
        .filter(inForce -> inForce.entries().size() == 1)
        .map(inForce -> inForce.entries().get(0).migDevices().values().stream()
            .mapToInt(n -> n)
            .sum())
        .filter(each -> each > 0 && migDevices > 0 && migDevices % each == 0);
    if (perGpu.isPresent()) {
      return OptionalInt.of(migDevices / perGpu.get());
    }
    if (recorded.gpus().isEmpty()) {
      findings.error(
          PreflightCode.UNKNOWN_GPU_COUNT,
          "the labels do not tell how many %s the node has".formatted(model.id()),
          "state it with gpus(...)");
      return OptionalInt.empty();
    }
    return OptionalInt.of(recorded.gpus().size());
  }

  /** While the device plugin changes over, the labels are not yet those that will be expected. */
  private void checkStrategy(MigNodeStatus status, Node node, MigStrategy strategy) {
    if (Cluster.labels(node).containsKey(Labels.MIG_STRATEGY) && status.strategy() != strategy) {
      findings.warning(
          PreflightCode.STRATEGY_CONFLICT,
          "the ClusterPolicy says strategy %s, but the node's labels are those of %s"
              .formatted(strategy, status.strategy()),
          "wait until the operator has rolled it out");
    }
  }

  private void checkContent(Choice choice, List<NodeGpu> gpus, MigStrategy strategy) {
    NodeLint.of(choice.file(), gpus, strategy, config).stream()
        .filter(
            finding -> finding.isError() || finding.place().config().equals(Optional.of(config)))
        .filter(finding -> finding.code() != FindingCode.UNCOVERED_GPU)
        .forEach(finding -> findings.add(
            finding.severity(),
            STRATEGY_CODES.contains(finding.code())
                ? PreflightCode.STRATEGY_CONFLICT
                : PreflightCode.LINT,
            place(finding),
            "docs/lint.md explains " + finding.code()));
    // What such a GPU holds afterwards nobody can know beforehand, so it could not be verified.
    gpus.stream()
        .filter(gpu -> choice.content().entries().stream().noneMatch(gpu::isSelectedBy))
        .forEach(gpu -> findings.error(
            PreflightCode.GPU_NOT_COVERED,
            "no entry is for GPU %d, so it keeps what it has".formatted(gpu.index()),
            "add one, if only with mig-enabled: false"));
  }

  private static String place(Finding finding) {
    return "%s:%s: %s".formatted(MigConfigMap.KEY, finding.place(), finding.message());
  }

  private void checkPermissions(Checked checked, List<Permission> needed) {
    for (Permission permission : needed) {
      if (checked.plan().isPresent()
          && !checked.plan().get().takes(permission, cluster.settings())) {
        continue;
      }
      Optional<Boolean> allowed = cluster.view().mayI(permission.review(checked.namespace()));
      if (allowed.isEmpty()) {
        findings.note(
            PreflightCode.PERMISSIONS_UNKNOWN,
            "the API server does not say what this client may do",
            "make sure that it has what MigRole.%s.manifest() grants".formatted(role()));
        return;
      }
      if (!allowed.get()) {
        reportForbidden(permission.describe(checked.namespace()));
      }
    }
  }

  /** Reads something, where not being allowed to is only one more finding. */
  private <T> Optional<T> read(Supplier<Optional<T>> reading) {
    try {
      return reading.get();
    } catch (MigClusterException e) {
      reportForbidden(e.forbidden().orElseThrow(() -> e));
      return Optional.empty();
    }
  }

  private void reportForbidden(String what) {
    findings.error(
        PreflightCode.MISSING_PERMISSION,
        "this client is not allowed to " + what,
        "grant it what MigRole.%s.manifest() has".formatted(role()));
  }
}
