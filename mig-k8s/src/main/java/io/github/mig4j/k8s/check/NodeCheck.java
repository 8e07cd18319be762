package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.config.MigRole;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.NodeGate;
import io.github.mig4j.k8s.internal.NodePatch;
import io.github.mig4j.k8s.node.GpuRecord;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.node.NodeEffect;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Not API: everything that can be checked about a change before anything is written. The check goes
 * on after a problem, so that all of them are reported at once. A check is good for one run.
 */
public final class NodeCheck {

  private static final Set<String> WATCH = Set.of("list", "watch");
  private static final Permission PATCH_NODES =
      new Permission("patch", "", "nodes", Permission.Scope.CLUSTER);

  private final Request request;
  private final ApplyGoal.Target target;
  private final PreflightFindings findings;
  private final PermissionCheck permissions;
  private Optional<Checked> passed = Optional.empty();

  /** Not API: what is requested of which node. */
  public record Request(
      Cluster cluster,
      String node,
      ApplyGoal goal,
      StatedGpus gpus,
      Disruption disruption,
      Gate gate,
      Attempt attempt) {

    /** Whether the node's record says that this very change is under way, after the request was made. */
    boolean continues(Node now, ChangeKind kind, String recordedName) {
      return attempt == Attempt.CONTINUED
          && ChangeRecord.read(now)
              .filter(record -> record.seen() != null && record.isOf(kind, recordedName))
              .isPresent();
    }
  }

  /** Not API: whether pods are kept away until the change is verified. */
  public enum Gate {
    /** They are not. */
    OPEN,
    /** They are, by a taint. */
    CLOSED
  }

  /** Not API: whether a check is of a new change or perhaps of one that is under way. */
  public enum Attempt {
    /** What the node's record says of an earlier attempt does not matter. */
    NEW,
    /** A change that the node's record says is under way continues, and is not checked as a new one. */
    CONTINUED
  }

  /** The result of a check; there is no plan if there is an error. */
  record Checked(String operatorNamespace, Optional<ApplyPlan> plan, Optional<NodeEffect> effect) {}

  /**
   * Prepares a check.
   *
   * @throws MigRefusedException if the node does not show what the request is for
   */
  public NodeCheck(Request request) {
    this.request = request;
    this.findings = new PreflightFindings(request.node());
    this.target = request.goal().resolve(request.cluster(), request.node());
    this.permissions = new PermissionCheck(request.cluster(), role(), findings);
  }

  /** The name of what is requested. */
  public String name() {
    return target.name();
  }

  /**
   * Every finding. Whoever only checks needs no permission to write: a permission that a change needs and
   * this client lacks is a note. What cannot be read is an error, since it is not checked.
   */
  public Preflight preflight() {
    Checked checked = check();
    checkPermissions(checked, permission -> true, Severity.NOTE);
    checkClaim();
    boolean inForce =
        checked.plan.filter(p -> p.isInForce(request.cluster().settings())).isPresent();
    return new Preflight(request.node(), target.name(), findings.sorted(), checked.effect, inForce);
  }

  /**
   * The plan of the change.
   *
   * @throws MigRefusedException with every error
   */
  public ApplyPlan requirePlan() {
    Checked checked = check();
    if (!isUnderWayOrDone(checked)) {
      checkPermissions(checked, permission -> !isShownInTime(checked, permission), Severity.ERROR);
    }
    if (findings.hasErrors()) {
      throw refused();
    }
    passed = Optional.of(checked);
    return checked.plan.orElseThrow(
        () -> new IllegalStateException("Where there is no plan there is an error"));
  }

  private MigRefusedException refused() {
    return MigRefusedException.of(
        "Config '%s' on node %s".formatted(target.name(), request.node()),
        findings.sorted().stream().filter(Finding::isError).toList());
  }

  /**
   * The failure of a change that has written nothing yet: if the API server did not allow a request, every
   * permission that the client lacks.
   */
  public RuntimeException beforeFirstWrite(RuntimeException failed) {
    if (failed instanceof MigClusterException answered
        && answered.forbidden().isPresent()
        && passed.isPresent()) {
      checkPermissions(passed.get(), permission -> !isNeverSent(permission), Severity.ERROR);
    }
    return findings.hasErrors() ? refused() : failed;
  }

  /** What the check that made the plan found beside it. */
  public List<Finding> findings() {
    return findings.sorted();
  }

  private Checked check() {
    Optional<Node> node = permissions.read(this::node);
    Optional<GenericKubernetesResource> policy = permissions.read(this::policy);
    policy.ifPresent(each -> checkGate(node, each));
    return target instanceof ApplyGoal.Target.Layout layout
        ? new LayoutCheck(request, layout, permissions, findings).check(node, policy)
        : new SharingCheck(request, target, permissions, findings).check(node, policy);
  }

  /** A change of the layout stops the operator's pods on the node, which would not start again. */
  private void checkGate(Optional<Node> node, GenericKubernetesResource policy) {
    if (request.gate() == Gate.CLOSED && !NodeGate.isToleratedBy(policy)) {
      boolean isGated = node.filter(each -> NodePatch.has(each, NodeGate.TAINT)).isPresent();
      findings.add(
          target.kind() == ChangeKind.LAYOUT && !isGated ? Severity.ERROR : Severity.WARNING,
          PreflightCode.GATE_NOT_TOLERATED,
          NodeGate.untolerated(policy),
          NodeGate.TOLERATION_REMEDY);
    }
  }

  private Optional<Node> node() {
    Optional<Node> node = request.cluster().view().node(request.node());
    if (node.isEmpty()) {
      findings.error(
          PreflightCode.NODE_ABSENT, "the node does not exist", "see 'kubectl get nodes'");
    }
    return node;
  }

  private Optional<GenericKubernetesResource> policy() {
    List<GenericKubernetesResource> policies = request.cluster().view().clusterPolicies();
    Optional<String> gpuCluster =
        policies.isEmpty() ? request.cluster().gpuCluster() : Optional.empty();
    if (gpuCluster.isPresent()) {
      findings.error(
          PreflightCode.DRA_CLUSTER,
          ClusterPolicies.replacedBy(gpuCluster.get()),
          ClusterPolicies.REPLACED_REMEDY);
    } else if (policies.isEmpty()) {
      findings.error(
          PreflightCode.POLICY_ABSENT, ClusterPolicies.MISSING, ClusterPolicies.MISSING_REMEDY);
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

  private MigRole role() {
    if (request.goal() == ApplyGoal.Recover.RECOVER) {
      return MigRole.RECOVER;
    }
    if (request.disruption() == Disruption.DRAIN) {
      return MigRole.DRAIN;
    }
    return target.kind() == ChangeKind.SHARING ? MigRole.SHARE : MigRole.APPLY;
  }

  private void checkPermissions(Checked checked, Predicate<Permission> which, Severity lacking) {
    permissions.check(
        permissions.needed().stream()
            .filter(which)
            .filter(
                permission -> checked.plan.map(plan -> needs(plan, permission)).orElse(true))
            .toList(),
        checked.operatorNamespace,
        lacking);
  }

  private boolean needs(ApplyPlan plan, Permission permission) {
    boolean correctsRecord = request.gpus().areStated()
        && !plan.gpus().isEmpty()
        && GpuRecord.differs(plan.node(), plan.gpus());
    return plan.needs(permission, request.cluster().settings())
        || (permission.verb().equals("patch") && correctsRecord);
  }

  /** One look at a change asks for permissions once, before the change begins. */
  private boolean isUnderWayOrDone(Checked checked) {
    return request.attempt() == Attempt.CONTINUED
        && checked
            .plan
            .filter(plan -> request.continues(plan.node(), plan.kind(), plan.recordedName())
                || plan.isInForce(request.cluster().settings()))
            .isPresent();
  }

  /**
   * Without a disruption a watch shows by itself, before the first write, that it is forbidden; so does
   * the patch of the node, if that is the first write. Nobody is asked about them beforehand.
   */
  private boolean isShownInTime(Checked checked, Permission permission) {
    boolean patchIsFirst = checked.plan.filter(plan -> !plan.isUnpublished()).isPresent();
    boolean isShown = (request.disruption() == Disruption.NONE
            || request.disruption() == Disruption.IGNORE_PODS)
        && request.goal() != ApplyGoal.Recover.RECOVER
        && (WATCH.contains(permission.verb()) || (patchIsFirst && permission.equals(PATCH_NODES)));
    return isShown || isNeverSent(permission);
  }

  /** One look watches nothing. */
  private boolean isNeverSent(Permission permission) {
    return request.attempt() == Attempt.CONTINUED && permission.verb().equals("watch");
  }

  /** A request finds out by itself, and reports it as a conflict. */
  private void checkClaim() {
    Cluster cluster = request.cluster();
    Optional<Node> node = permissions.read(() -> cluster.view().node(request.node()));
    try {
      node.flatMap(ChangeRecord::read)
          .filter(record -> record.isLive(cluster.settings().clock().instant()))
          .ifPresent(record -> findings.error(
              PreflightCode.CHANGE_IN_PROGRESS,
              "another client changes the node: " + record,
              "wait until it is done, or recover the node if that client no longer runs"));
    } catch (MigConflictException unreadable) {
      findings.error(
          PreflightCode.CHANGE_IN_PROGRESS,
          "annotation %s cannot be read".formatted(ChangeRecord.KEY),
          "remove it with 'kubectl annotate node %s %s-'"
              .formatted(request.node(), ChangeRecord.KEY));
    }
  }
}
