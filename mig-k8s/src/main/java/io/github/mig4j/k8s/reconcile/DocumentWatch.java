package io.github.mig4j.k8s.reconcile;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.config.MigConfigMap;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.ClusterView.Versions;
import io.github.mig4j.k8s.internal.WatchPermission;
import io.github.mig4j.k8s.internal.WatchRetry;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Follows the MIG manager's ConfigMap, which the targets that name a configuration depend on. A request
 * for it that is forbidden is repeated until it is allowed.
 */
final class DocumentWatch implements AutoCloseable {

  private final Cluster cluster;
  private final Runnable onChange;
  private final WatchRetry retry = WatchRetry.patient();
  private @Nullable SharedIndexInformer<ConfigMap> informer;
  private @Nullable WatchPermission permission;
  private Optional<String> forbiddenPolicy = Optional.empty();
  private volatile Optional<MigConfigDocument> document = Optional.empty();

  /**
   * Creates a watch that {@link #start} starts.
   *
   * @param onChange called when the ConfigMap is read, changed or deleted
   */
  DocumentWatch(Cluster cluster, Runnable onChange) {
    this.cluster = cluster;
    this.onChange = onChange;
  }

  /** Returns when the ConfigMap is read, or waits for a permission. Without a ClusterPolicy there is none to follow. */
  void start(Duration timeout) throws InterruptedException {
    Optional<String> map;
    try {
      map = cluster.clusterPolicy().flatMap(ClusterPolicies::migConfigMap);
      forbiddenPolicy = Optional.empty();
    } catch (MigClusterException e) {
      if (e.forbidden().isEmpty()) {
        throw e;
      }
      forbiddenPolicy = e.forbidden();
      return;
    }
    if (map.isPresent()) {
      String namespace = cluster.operatorNamespace();
      String what = "list and watch configmap %s/%s".formatted(namespace, map.get());
      SharedIndexInformer<ConfigMap> made = cluster
          .client()
          .configMaps()
          .inNamespace(namespace)
          .withName(map.get())
          .runnableInformer(0)
          .addEventHandler((Versions<ConfigMap>) this::read)
          .exceptionHandler(retry);
      informer = made;
      permission =
          new WatchPermission(cluster, what, "configmaps", Optional.of(namespace), retry, made);
      cluster.await(what, retry.startedOrRefused(made), timeout);
    }
  }

  /** The request that is missing; empty if it is allowed. Starts again what could not be started. */
  Optional<String> forbidden(Duration timeout) throws InterruptedException {
    if (forbiddenPolicy.isPresent()) {
      start(timeout);
    }
    return permission == null ? forbiddenPolicy : permission.forbidden();
  }

  /** The configurations; empty if there is no ConfigMap, or it cannot be read. */
  Optional<MigConfigDocument> document() {
    return document;
  }

  private void read(Optional<ConfigMap> map) {
    document = map.flatMap(
        found -> MigConfigFile.read(Cluster.data(found, MigConfigMap.KEY)).document());
    onChange.run();
  }

  @Override
  public void close() {
    if (informer != null) {
      informer.close();
    }
  }
}
