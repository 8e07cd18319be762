package io.github.mig4j.k8s.config;

import io.github.mig4j.k8s.cluster.MigSettings;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What a client of this library has to be allowed, by what it does: no more and no less than the
 * requests that it sends.
 */
public enum MigRole {
  /** {@code MigClient.nodes}, {@code MigNode.status} and {@code MigNode.preflight}. */
  READ_ONLY("read-only"),
  /**
   * Those, {@link MigConfigMap}, {@code MigNode.apply}, {@code MigNode.rollback}, {@code
   * MigNode.disable} and {@code MigNode.markCapable}.
   */
  APPLY("apply"),
  /** Those, on nodes that are drained. */
  DRAIN("drain"),
  /** Those, over many nodes: {@code io.github.mig4j.k8s.rollout.Rollout}. */
  ROLLOUT("rollout"),
  /** {@code MigNode.recover}, and what {@link #READ_ONLY} grants. */
  RECOVER("recover"),
  /** {@link MigOperator}. */
  SETUP("setup"),
  /** {@link SharingConfigMap}, {@code MigNode.share} and {@code MigNode.unshare}. */
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
