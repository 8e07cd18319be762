package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.k8s.config.MigRole;
import io.github.mig4j.k8s.internal.Cluster;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One thing that a client may do.
 *
 * @param verb as RBAC spells it, e.g. {@code patch}
 * @param group the API group, empty for the core's
 * @param resource the plural, with a subresource after a slash, e.g. {@code pods/eviction}
 * @param scope where
 */
public record Permission(String verb, String group, String resource, Scope scope) {

  /** Where a permission holds. */
  public enum Scope {
    /** For the whole cluster, in every namespace. */
    CLUSTER,
    /** In the namespace of the GPU Operator. */
    OPERATOR_NAMESPACE
  }

  /** What the manifest of a role grants. */
  public static Set<Permission> of(MigRole role) {
    return Stream.of(role.manifest().split("(?m)^---$", -1))
        .flatMap(Permission::permissionsOf)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private static Stream<Permission> permissionsOf(String document) {
    return document.contains("kind: ClusterRole")
        ? granted(Serialization.unmarshal(document, ClusterRole.class).getRules(), Scope.CLUSTER)
        : granted(
            Serialization.unmarshal(document, Role.class).getRules(), Scope.OPERATOR_NAMESPACE);
  }

  private static Stream<Permission> granted(List<PolicyRule> rules, Permission.Scope scope) {
    return rules.stream()
        .flatMap(rule -> rule.getApiGroups().stream()
            .flatMap(group -> rule.getResources().stream()
                .flatMap(resource -> rule.getVerbs().stream()
                    .map(verb -> new Permission(verb, group, resource, scope)))));
  }

  /** The question whether the client has this permission. */
  SelfSubjectAccessReview review(String operatorNamespace) {
    return Cluster.review(
        verb, group, resource, scope == Scope.OPERATOR_NAMESPACE ? operatorNamespace : null);
  }

  /** For messages, e.g. {@code update configmaps in namespace gpu-operator}. */
  String describe(String operatorNamespace) {
    String what = verb + " " + resource + (group.isEmpty() ? "" : "." + group);
    return scope == Scope.CLUSTER ? what : what + " in namespace " + operatorNamespace;
  }
}
