package io.github.mig4j.k8s.config;

import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.text.JsonFields;
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
public enum MigRole {
  /**
   * {@code MigClient.nodes}, {@code MigNode.status}, {@code MigNode.preflight}, and {@code
   * MigNode.diagnose} without the logs.
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
  /** {@code MigClient.nodeEvents}, beside the role of the change. */
  EVENTS("events");

  private final String manifest;

  MigRole(String file) {
    this.manifest = read("rbac/" + file + ".yaml");
  }

  /**
   * A ClusterRole, and a Role in namespace {@code gpu-operator}. {@link #CLAIM} and {@link
   * #EVENTS} have only a ClusterRole: claims are in the namespaces of their pods, and Events of nodes in
   * namespace {@code default}. Bind them with {@code kubectl create
   * clusterrolebinding} and {@code kubectl create rolebinding}.
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

  private static String read(String resource) {
    try (@Nullable InputStream in = MigRole.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("This library has no resource " + resource);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The name in JSON, in lower case with dashes.
   *
   * @return the name
   */
  @JsonValue
  public String toJson() {
    return JsonFields.name(this);
  }
}
