package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.config.MigRole;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.GpuClaims;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.lint.Severity;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Whether this client is allowed to do what a change takes. */
record PermissionCheck(Cluster cluster, MigRole role, PreflightFindings findings) {

  /**
   * What the role grants beyond what the check itself does. Its map exists already, and logs only
   * explain a failure.
   */
  List<Permission> needed() {
    Set<Permission> ofTheCheck = Permission.of(MigRole.READ_ONLY);
    return Permission.of(role).stream()
        .filter(permission -> !ofTheCheck.contains(permission))
        .filter(permission ->
            !(permission.verb().equals("create") && permission.resource().equals("configmaps")))
        .filter(permission -> !permission.resource().equals("pods/log"))
        .filter(permission -> !(permission.verb().equals("list")
            && permission.resource().equals("pods")
            && permission.scope() == Permission.Scope.OPERATOR_NAMESPACE))
        .toList();
  }

  /**
   * Asks the API server about each permission.
   *
   * @param lacking how severe it is if the client lacks one
   */
  void check(Collection<Permission> permissions, String operatorNamespace, Severity lacking) {
    for (Permission permission : permissions) {
      Optional<Boolean> allowed = cluster.view().mayI(permission.review(operatorNamespace));
      if (allowed.isEmpty()) {
        findings.note(
            PreflightCode.PERMISSIONS_UNKNOWN,
            "the API server does not say what this client may do",
            "make sure that it has the permissions of ClusterRole " + role.roleName());
        return;
      }
      if (!allowed.get()) {
        report(lacking, permission.describe(operatorNamespace));
      }
    }
  }

  /** Reads something, where not being allowed to is only one more finding. */
  <T> Optional<T> read(Supplier<Optional<T>> reading) {
    try {
      return reading.get();
    } catch (MigClusterException e) {
      report(Severity.ERROR, e.forbidden().orElseThrow(() -> e));
      return Optional.empty();
    }
  }

  /** The pods that use a node's GPUs; claims that may not be read are one more finding. */
  List<Pod> using(List<Pod> podsOfNode) {
    return read(() -> Optional.of(new GpuClaims(cluster).using(podsOfNode)))
        .orElseGet(() -> GpuPods.using(podsOfNode));
  }

  private void report(Severity severity, String what) {
    findings.add(
        severity,
        PreflightCode.MISSING_PERMISSION,
        "this client is not allowed to " + what,
        "grant it the permissions of ClusterRole " + role.roleName());
  }
}
