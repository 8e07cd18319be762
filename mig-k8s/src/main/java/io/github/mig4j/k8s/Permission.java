package io.github.mig4j.k8s;

import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;

/**
 * One thing that a client may do.
 *
 * @param verb as RBAC spells it, e.g. {@code patch}
 * @param group the API group, empty for the core's
 * @param resource the plural, with a subresource after a slash, e.g. {@code pods/eviction}
 * @param scope where
 */
record Permission(String verb, String group, String resource, Scope scope) {

  /** Where a permission holds. */
  enum Scope {
    /** For the whole cluster, in every namespace. */
    CLUSTER,
    /** In the namespace of the GPU Operator. */
    OPERATOR_NAMESPACE
  }

  /** The question whether the client has this permission. */
  SelfSubjectAccessReview review(String operatorNamespace) {
    String[] parts = resource.split("/", 2);
    return new SelfSubjectAccessReviewBuilder()
        .withNewSpec()
        .withNewResourceAttributes()
        .withVerb(verb)
        .withGroup(group)
        .withResource(parts[0])
        .withSubresource(parts.length > 1 ? parts[1] : null)
        .withNamespace(scope == Scope.OPERATOR_NAMESPACE ? operatorNamespace : null)
        .endResourceAttributes()
        .endSpec()
        .build();
  }

  /** For messages, e.g. {@code update configmaps in namespace gpu-operator}. */
  String describe(String operatorNamespace) {
    String what = verb + " " + resource + (group.isEmpty() ? "" : "." + group);
    return scope == Scope.CLUSTER ? what : what + " in namespace " + operatorNamespace;
  }
}
