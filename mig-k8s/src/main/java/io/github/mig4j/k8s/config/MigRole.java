package io.github.mig4j.k8s.config;

import io.github.mig4j.JsonName;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.text.KubernetesName;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The permissions that a client of this library needs for a task: exactly those of the requests that it
 * sends.
 */
public enum MigRole implements JsonName {
  /**
   * {@code MigClient.nodes}, {@code MigClient.pendingPods}, {@code MigNode.status}, {@code
   * MigNode.preflight}, and {@code MigNode.diagnose} without the logs.
   */
  READ_ONLY("read-only"),
  /**
   * Those, {@link MigConfigMap}, {@code MigNode.apply}, {@code MigNode.rollback}, {@code
   * MigNode.disable} and {@code MigNode.markCapable}.
   */
  APPLY("apply"),
  /** {@link #APPLY}, on nodes that are drained. */
  DRAIN("drain"),
  /** {@link #DRAIN}, for many nodes: {@code io.github.mig4j.k8s.rollout.Rollout}. */
  ROLLOUT("rollout"),
  /** {@link #READ_ONLY}, and {@code MigNode.recover}. */
  RECOVER("recover"),
  /** {@link MigOperator}, {@link MigConfigMap} and {@link SharingConfigMap}. */
  SETUP("setup"),
  /** {@link SharingConfigMap}, {@code MigNode.share} and {@code MigNode.unshare}. */
  SHARE("share"),
  /** {@code io.github.mig4j.k8s.dra.DraClient}: the inventory, claims and device classes. */
  CLAIM("claim"),
  /**
   * The claims of pods that wait, for {@code MigClient.pendingPods} beside {@link #READ_ONLY}, and for {@code
   * MigClient.reconciler} beside {@link #ROLLOUT}.
   */
  PENDING("pending"),
  /** {@code MigClient.nodeEvents}, beside the role of the change. */
  EVENTS("events");

  private static final String ACCOUNT = """
      ---
      apiVersion: v1
      kind: ServiceAccount
      metadata:
        name: %s
        namespace: %s
      """;
  private static final String CLUSTER_BINDING = """
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata:
        name: %s
      roleRef:
        apiGroup: rbac.authorization.k8s.io
        kind: ClusterRole
        name: %s
      """;
  private static final String BINDING = """
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: RoleBinding
      metadata:
        name: %s
        namespace: %s
      roleRef:
        apiGroup: rbac.authorization.k8s.io
        kind: Role
        name: %s
      """;
  private static final String SUBJECT = """
      subjects:
      - kind: ServiceAccount
        name: %s
        namespace: %s
      """;

  private final String manifest;

  MigRole(String file) {
    this.manifest = read("rbac/" + file + ".yaml");
  }

  /**
   * A ClusterRole, and a Role in namespace {@code gpu-operator}. {@link #CLAIM}, {@link #PENDING} and
   * {@link #EVENTS} have only a ClusterRole: claims are in the namespaces of their pods, and Events of nodes
   * in namespace {@code default}. {@link #bindings} gives them to a client.
   *
   * @return YAML for {@code kubectl apply -f}
   */
  public String manifest() {
    return manifest;
  }

  /**
   * As {@link #manifest()}, for an operator in another namespace.
   *
   * @param operatorNamespace the namespace of the GPU Operator and its ConfigMaps
   * @return YAML for {@code kubectl apply -f}
   */
  public String manifest(String operatorNamespace) {
    Objects.requireNonNull(operatorNamespace, "operatorNamespace");
    return manifest.replace(
        "namespace: " + MigSettings.DEFAULT_NAMESPACE, "namespace: " + operatorNamespace);
  }

  /**
   * A ServiceAccount, and the bindings that give it what {@link #manifest(String)} describes. It may have
   * several roles: the bindings are named after the account and the role.
   *
   * @param operatorNamespace the namespace of the GPU Operator and its ConfigMaps
   * @param accountNamespace the namespace of the account
   * @param account the name of the account
   * @return YAML for {@code kubectl apply -f}, to be appended to the manifest
   * @throws IllegalArgumentException if Kubernetes accepts no such namespace or account
   */
  public String bindings(String operatorNamespace, String accountNamespace, String account) {
    Objects.requireNonNull(operatorNamespace, "operatorNamespace");
    Objects.requireNonNull(accountNamespace, "accountNamespace");
    Objects.requireNonNull(account, "account");
    if (!KubernetesName.isDnsLabel(accountNamespace) || !KubernetesName.isDnsSubdomain(account)) {
      throw new IllegalArgumentException(
          "the namespace and the name of an account have lower-case letters, digits and hyphens, but were '%s' and '%s'"
              .formatted(accountNamespace, account));
    }
    String name = roleName().equals(account) ? account : account + "-" + roleName();
    String subject = SUBJECT.formatted(account, accountNamespace);
    String bindings = ACCOUNT.formatted(account, accountNamespace)
        + CLUSTER_BINDING.formatted(name, roleName())
        + subject;
    return this == CLAIM || this == PENDING || this == EVENTS
        ? bindings
        : bindings + BINDING.formatted(name, operatorNamespace, roleName()) + subject;
  }

  /**
   * {@return the name of its ClusterRole and Role in the {@link #manifest}, such as {@code
   * mig4j-read-only}}
   */
  public String roleName() {
    return "mig4j-" + toJson();
  }

  private static String read(String resource) {
    try (@Nullable InputStream in = MigRole.class.getResourceAsStream(resource)) {
      return new String(
          Objects.requireNonNull(in, resource).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
