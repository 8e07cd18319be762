package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.check.ConfigSourceCheck.Choice;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.internal.VerifiedRecord;
import io.github.mig4j.k8s.node.ExpectedOffers;
import io.github.mig4j.k8s.node.GeneratedConfig;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.lint.SourceLocation;
import io.github.mig4j.node.ComponentVersions;
import io.github.mig4j.node.HardwareEvidence;
import io.github.mig4j.node.MigSetting;
import io.github.mig4j.node.NodeCode;
import io.github.mig4j.node.NodeEffect;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeLint;
import io.github.mig4j.node.NodeOffer;
import io.github.mig4j.text.ContentName;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What prevents a layout of a node's GPUs. */
final class LayoutCheck {

  private final NodeCheck.Request request;
  private final ApplyGoal.Target.Layout target;
  private final MigSettings settings;
  private final PermissionCheck permissions;
  private final PreflightFindings findings;
  private Optional<NodeEffect> effect = Optional.empty();

  LayoutCheck(
      NodeCheck.Request request,
      ApplyGoal.Target.Layout target,
      PermissionCheck permissions,
      PreflightFindings findings) {
    this.request = request;
    this.target = target;
    this.settings = request.cluster().settings();
    this.permissions = permissions;
    this.findings = findings;
  }

  NodeCheck.Checked check(Optional<Node> node, Optional<GenericKubernetesResource> policy) {
    Cluster cluster = request.cluster();
    List<Pod> pods =
        permissions.read(() -> Optional.of(cluster.view().pods(request.node()))).orElse(List.of());
    Optional<List<Pod>> managers = managers(pods);
    String namespace = cluster.operatorNamespace(managers.orElse(List.of()));
    Optional<Choice> choice =
        policy.flatMap(p -> new ConfigSourceCheck(cluster.view(), permissions, findings)
            .check(p, request.node(), namespace, target.name(), request.goal().fallback()));
    Optional<ApplyPlan> plan =
        node.flatMap(n -> check(n, policy, pods, managers, choice, evidence(choice, namespace))
            .map(p -> (ApplyPlan) p));
    return new NodeCheck.Checked(namespace, plan, effect);
  }

  /** Those of other nodes say in which namespace the operator runs, where this node has none. */
  private Optional<List<Pod>> managers(List<Pod> podsOfNode) {
    List<Pod> here = podsOfNode.stream().filter(GpuPods::isManager).toList();
    return here.isEmpty()
        ? permissions.read(() -> Optional.of(request.cluster().view().managerPods(request.node())))
        : Optional.of(here);
  }

  /** What the node's own GPUs accept; where its MIG manager generates configurations, these are it. */
  private HardwareEvidence evidence(Optional<Choice> choice, String namespace) {
    return choice
        .filter(c -> c.source().kind() == MigConfigSource.Kind.GENERATED)
        .map(c -> HardwareEvidence.in(c.document()))
        .or(() -> permissions.read(() ->
            Optional.of(GeneratedConfig.read(request.cluster().view(), namespace, request.node()))))
        .orElse(HardwareEvidence.none());
  }

  private Optional<LayoutPlan> check(
      Node node,
      Optional<GenericKubernetesResource> policy,
      List<Pod> pods,
      Optional<List<Pod>> managers,
      Optional<Choice> choice,
      HardwareEvidence evidence) {
    MigNodeStatus status = MigNodeStatus.of(node, settings, evidence);
    boolean requested = status.config().isPresent()
        && status.config().equals(choice.map(c -> key(c, node, status)));
    Severity blocking = requested ? Severity.NOTE : Severity.ERROR;
    GpuCheck gpus = new GpuCheck(node, status, request.gpus(), settings, evidence, findings);
    List<GpuModel> models = gpus.models();
    new NodeStateCheck(node, status, models, settings, findings).check(policy, blocking);
    new ManagerCheck(node, findings).check(policy, managers, models, blocking);
    checkChange(node, status, requested);
    boolean keepsPods = requested || request.goal().keepsPods(status);
    ComponentCheck components = new ComponentCheck(node, pods);
    components.checkDriver(models, findings);
    new PodCheck(permissions.using(pods), request.disruption(), findings)
        .check(
            keepsPods ? Severity.NOTE : Severity.ERROR,
            "a change takes the GPUs from them, so drain the node first");
    MigStrategy strategy = policy.flatMap(ClusterPolicies::strategy).orElse(status.strategy());
    ComponentVersions versions = components.versions(
        policy.map(ClusterPolicies::versions).orElse(ComponentVersions.unknown()));
    return choice.flatMap(c -> plan(node, status, gpus.gpus(c.document()), c, strategy, versions));
  }

  private void checkChange(Node node, MigNodeStatus status, boolean requested) {
    MigState state = status.state().orElse(MigState.UNKNOWN);
    String current = status.config().orElse("");
    if (state.isAtWork()) {
      findings.add(
          requested ? Severity.NOTE : Severity.WARNING,
          PreflightCode.CHANGE_IN_PROGRESS,
          "the MIG manager is applying '%s' (state %s)".formatted(current, state),
          requested
              ? "the change waits for it"
              : "wait until it is done, because this change begins only then");
    }
    if (requested && state == MigState.FAILED && !continues(node, current)) {
      // Nothing would make the manager act, so waiting for it is in vain.
      findings.add(
          request.goal() instanceof ApplyGoal.RollBack ? Severity.ERROR : Severity.WARNING,
          PreflightCode.FAILED_BEFORE,
          "the MIG manager has failed to apply '%s' and does not try a name again"
              .formatted(current),
          "delete the node's MIG manager pod with 'kubectl delete pods -A -l app=nvidia-mig-manager --field-selector spec.nodeName=%s', or apply another configuration first"
              .formatted(status.node()));
    }
  }

  /**
   * Equal content under another name, where the MIG manager would not act on the first again: it has given
   * up, or it has applied it, and the node has lost the devices since.
   */
  private String key(Choice choice, Node node, MigNodeStatus status) {
    String base = base(choice);
    if (base.isEmpty()) {
      return target.name();
    }
    String key = choice.content().contentName(base);
    String alias = choice.content().retryName(base, 2);
    if (continues(node, key)) {
      return status.config().equals(Optional.of(alias)) ? alias : key;
    }
    boolean isSpent = status.state().equals(Optional.of(MigState.FAILED))
        || hasLostDevices(choice.content(), node, status);
    boolean requestsKey = status.config().equals(Optional.of(key));
    boolean requestsAlias = status.config().equals(Optional.of(alias));
    return (requestsKey && isSpent) || (requestsAlias && !isSpent) ? alias : key;
  }

  /**
   * Whether the content was verified on the node, which reports success and offers other devices now, and
   * none of the content. A node that offers nothing may only restart its device plugin.
   */
  private boolean hasLostDevices(MigConfig content, Node node, MigNodeStatus status) {
    boolean wasInForce = VerifiedRecord.read(node, ChangeKind.LAYOUT)
        .filter(record -> record.content().equals(content.contentHash()))
        .isPresent();
    if (!wasInForce
        || !status.state().equals(Optional.of(MigState.SUCCESS))
        || !status.paused().isEmpty()
        || status.model().isEmpty()
        || status.gpus().orElse(0) == 0) {
      return false;
    }
    Set<String> offered = status.allocatable().keySet();
    try {
      return !offered.isEmpty()
          && Collections.disjoint(
              offered,
              NodeOffer.after(
                      content,
                      NodeGpu.several(status.model().get(), status.gpus().getAsInt()),
                      status.strategy())
                  .resources()
                  .keySet());
    } catch (IllegalArgumentException notForTheseGpus) {
      return false;
    }
  }

  private boolean continues(Node node, String key) {
    return request.continues(node, ChangeKind.LAYOUT, ContentName.withoutRepetition(key))
        || request.continues(node, ChangeKind.LAYOUT, key);
  }

  /** The name to which the content's hash is added; empty if the name must stay as it is. */
  private String base(Choice choice) {
    if (choice.source().kind() != MigConfigSource.Kind.OWN) {
      return "";
    }
    return switch (target.naming()) {
      case EXACT -> "";
      case BY_CONTENT -> target.name();
      case RECORDED -> {
        String base = ContentName.withoutHash(target.name(), choice.content().contentHash());
        yield base.equals(target.name()) ? "" : base;
      }
    };
  }

  private Optional<LayoutPlan> plan(
      Node node,
      MigNodeStatus status,
      List<NodeGpu> gpus,
      Choice choice,
      MigStrategy strategy,
      ComponentVersions versions) {
    if (gpus.isEmpty()) {
      return Optional.empty();
    }
    checkStrategy(status, node, strategy);
    checkContent(choice, gpus, strategy);
    effect = Optional.of(effect(choice, gpus, status));
    if (findings.hasErrors()) {
      return Optional.empty();
    }
    NodeOffer offer = NodeOffer.after(choice.content(), gpus, strategy).withVersions(versions);
    if (request.goal() == ApplyGoal.Disable.DISABLE && !offer.devices().isEmpty()) {
      findings.error(
          PreflightCode.ENABLES_MIG,
          "'%s' enables MIG, so the node would not offer whole GPUs".formatted(target.name()),
          "correct it in " + choice.source());
      return Optional.empty();
    }
    return Optional.of(new LayoutPlan(
        node,
        choice.source().map(),
        choice.document(),
        choice.content(),
        offer,
        base(choice),
        key(choice, node, status)));
  }

  /** What is on the GPUs now is known where the configuration in force is. */
  private static NodeEffect effect(Choice choice, List<NodeGpu> gpus, MigNodeStatus status) {
    Map<NodeGpu, MigSetting> current = new LinkedHashMap<>();
    ExpectedOffers.inForce(status, choice.document())
        .ifPresent(config -> NodeEffect.of(config, gpus)
            .gpus()
            .forEach(each -> each.after().ifPresent(setting -> current.put(each.gpu(), setting))));
    return current.size() == gpus.size()
        ? NodeEffect.of(choice.content(), current)
        : NodeEffect.of(choice.content(), gpus);
  }

  /** While the device plugin changes over, the labels are not yet those that will be expected. */
  private void checkStrategy(MigNodeStatus status, Node node, MigStrategy strategy) {
    if (NodeFields.labels(node).containsKey(Labels.MIG_STRATEGY) && status.strategy() != strategy) {
      findings.warning(
          PreflightCode.STRATEGY_CONFLICT,
          "the ClusterPolicy says strategy %s, but the node's labels are those of %s"
              .formatted(strategy, status.strategy()),
          "wait until the operator has rolled out the strategy");
    }
  }

  private void checkContent(Choice choice, List<NodeGpu> gpus, MigStrategy strategy) {
    String config = target.name();
    NodeLint.of(choice.file(), gpus, strategy, config).stream()
        .filter(finding -> finding.isError()
            || finding.location().flatMap(SourceLocation::config).equals(Optional.of(config)))
        .filter(finding -> finding.code() != NodeCode.UNCOVERED_GPU)
        .forEach(finding -> findings.addLint(choice.source().toString(), finding));
    // What such a GPU holds afterwards is not known beforehand, so it could not be verified.
    gpus.stream()
        .filter(gpu -> choice.content().entries().stream().noneMatch(gpu::isSelectedBy))
        .forEach(gpu -> findings.error(
            PreflightCode.GPU_NOT_COVERED,
            "no entry selects GPU %d, so its devices stay as they are".formatted(gpu.index()),
            "add an entry for it, e.g. with mig-enabled: false"));
  }
}
