package io.github.mig4j.k8s;

import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a client of this library has to be allowed, by what it does: no more and no less than the
 * requests that it sends.
 */
public enum MigRole {
  /** {@link MigClient#nodes}, {@link MigNode#status} and {@link MigNode#preflight}. */
  READ_ONLY("read-only"),
  /**
   * Those, {@link MigConfigMap}, {@link MigNode#apply}, {@link MigNode#rollback}, {@link
   * MigNode#disable} and {@link MigNode#markCapable}.
   */
  APPLY("apply"),
  /** Those, on nodes that are {@linkplain Disruption#DRAIN drained}. */
  DRAIN("drain"),
  /** Those, over many nodes: {@code io.github.mig4j.k8s.rollout.Rollout}. */
  ROLLOUT("rollout"),
  /** {@link MigNode#recover}, and what {@link #READ_ONLY} grants. */
  RECOVER("recover"),
  /** {@link MigOperator}, and {@code io.github.mig4j.k8s.sharing.SharingClient.use}. */
  SETUP("setup"),
  /** The ConfigMaps and nodes of {@code io.github.mig4j.k8s.sharing.SharingClient}. */
  SHARE("share"),
  /** {@code io.github.mig4j.k8s.dra.DraClient}: the inventory, claims and device classes. */
  CLAIM("claim");

  private final String manifest;

  MigRole(String file) {
    this.manifest = read("rbac/" + file + ".yaml");
  }

  /**
   * A ClusterRole, and a Role in namespace {@code gpu-operator}; of {@link #CLAIM} only the former,
   * since claims live in the namespaces of their pods. To whom they are given is up to the
   * reader: {@code kubectl create clusterrolebinding} and {@code rolebinding}.
   *
   * @return YAML for {@code kubectl apply -f}
   */
  public String manifest() {
    return manifest;
  }

  /**
   * As {@link #manifest()}, for an operator in another namespace.
   *
   * @param operatorNamespace the namespace in which the GPU Operator and its ConfigMaps live
   * @return YAML for {@code kubectl apply -f}
   */
  public String manifest(String operatorNamespace) {
    return manifest.replace(
        "namespace: " + MigSettings.DEFAULT_NAMESPACE, "namespace: " + operatorNamespace);
  }

  /** What the manifest grants. */
  Set<Permission> permissions() {
    return Stream.of(manifest.split("(?m)^---$", -1))
        .flatMap(MigRole::permissionsOf)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private static Stream<Permission> permissionsOf(String document) {
    return document.contains("kind: ClusterRole")
        ? granted(
            Serialization.unmarshal(document, ClusterRole.class).getRules(),
            Permission.Scope.CLUSTER)
        : granted(
            Serialization.unmarshal(document, Role.class).getRules(),
            Permission.Scope.OPERATOR_NAMESPACE);
  }

  private static Stream<Permission> granted(List<PolicyRule> rules, Permission.Scope scope) {
    return rules.stream()
        .flatMap(rule -> rule.getApiGroups().stream()
            .flatMap(group -> rule.getResources().stream()
                .flatMap(resource -> rule.getVerbs().stream()
                    .map(verb -> new Permission(verb, group, resource, scope)))));
  }

  private static String read(String resource) {
    try (@Nullable InputStream in = MigRole.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("The library lacks its resource " + resource);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
