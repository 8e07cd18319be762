package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.config.PluginPolicy;
import io.github.mig4j.k8s.config.SharingConfigMap;
import io.github.mig4j.k8s.internal.Cluster;
import java.util.Optional;

/**
 * The way to share the GPUs of a cluster's nodes.
 *
 * <pre>{@code
 * SharingClient sharing = SharingClient.of(client);
 * sharing.configMap("device-plugin-config").merge("l40s-four", DevicePluginConfig.of(GpuSharing.timeSlicing(4)));
 * sharing.use("device-plugin-config");                  // once for the cluster
 * SharingOutcome done = sharing.node("l40s-node").apply("l40s-four").await(Duration.ofMinutes(5));
 * System.out.println(done.allocatable());               // {nvidia.com/gpu=4}
 * }</pre>
 *
 * <p>A client holds no state of its own and is thread-safe; there is nothing to close.
 */
public final class SharingClient {

  private final Cluster cluster;

  private SharingClient(Cluster cluster) {
    this.cluster = cluster;
  }

  /**
   * Wraps a Kubernetes client, with default settings.
   *
   * @param client the client, which stays the caller's to close
   * @return a sharing client on it
   */
  public static SharingClient of(KubernetesClient client) {
    return new SharingClient(new Cluster(client, MigSettings.defaults()));
  }

  /**
   * This client with other settings, of which only the operator's namespace counts here. Where it is
   * not set, the ClusterPolicy tells it.
   *
   * @param settings the settings
   * @return a new client on the same Kubernetes client
   */
  public SharingClient with(MigSettings settings) {
    return new SharingClient(new Cluster(cluster.client(), settings));
  }

  /**
   * A ConfigMap of the device plugin's configurations in the operator's namespace, which need not
   * exist yet.
   *
   * @param name the map's name
   * @return a handle; nothing is read
   */
  public SharingConfigMap configMap(String name) {
    return new SharingConfigMap(cluster, name);
  }

  /**
   * The ConfigMap that the GPU Operator gives the device plugin.
   *
   * @return its name, or empty if there is no ClusterPolicy or it names none
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public Optional<String> configMap() {
    return cluster.clusterPolicy().map(PluginPolicy::new).flatMap(PluginPolicy::configMap);
  }

  /**
   * Points the GPU Operator at a ConfigMap, by {@code spec.devicePlugin.config.name} of the
   * ClusterPolicy, and leaves everything else as it is, {@code default} included. Every device plugin
   * of the cluster restarts for it. Setting what is set already writes nothing.
   *
   * <p>Where the operator was installed by Helm, set {@code devicePlugin.config.name} there too, or
   * the next {@code helm upgrade} takes it back.
   *
   * @param configMap the map's name
   * @throws MigRefusedException if the cluster has no ClusterPolicy, the map does not exist, or lacks
   *     a configuration that a node or the ClusterPolicy asks for, whose device plugin would not start
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public void use(String configMap) {
    cluster.onLatestVersion(() -> PluginPolicy.require(cluster).use(cluster, configMap(configMap)));
  }

  /**
   * A node.
   *
   * @param name the node's name
   * @return a handle; nothing is read
   */
  public SharingNode node(String name) {
    return new SharingNode(cluster, name);
  }
}
