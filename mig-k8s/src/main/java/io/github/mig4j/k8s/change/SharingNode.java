package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.check.SharingGoal;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.GpuSharing;
import java.util.Optional;

/**
 * A node whose GPUs are shared.
 *
 * <p>Containers that run keep their GPU while the device plugin changes its configuration, except
 * by MPS: what they run on depends on its daemon, which is started anew by every change and is gone
 * after a change to another kind. So such a change is refused while pods use the node's GPUs, unless
 * {@link SharingRequest#evenIfBusy} allows it. This library neither drains the node nor evicts
 * anybody.
 */
public final class SharingNode {

  private final Cluster cluster;
  private final String name;

  SharingNode(Cluster cluster, String name) {
    this.cluster = cluster;
    this.name = name;
  }

  /**
   * The configuration that the node asks for.
   *
   * @return a key of the ConfigMap, or empty if the node gets the operator's default
   * @throws MigRefusedException if there is no such node
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public Optional<String> config() {
    return Optional.ofNullable(
            Cluster.labels(cluster.requireNode(name)).get(Labels.DEVICE_PLUGIN_CONFIG))
        .filter(value -> !value.isEmpty());
  }

  /**
   * Prepares to apply a configuration of the ConfigMap that the GPU Operator is pointed at. The
   * node is asked for it under the name that carries its content's hash, which is published if it
   * is not yet.
   *
   * @param config a key of the ConfigMap
   * @return a request; nothing is read or written before one of its terminal methods
   * @throws IllegalArgumentException if the name is no label value
   */
  public SharingRequest apply(String config) {
    String unused = DevicePluginConfig.unshared().contentName(config);
    return request(new SharingGoal.Named(config));
  }

  /**
   * Prepares to share the GPUs and to keep every flag that the node's configuration sets; what comes
   * of both is published in the ConfigMap that the GPU Operator is pointed at.
   *
   * @param sharing what is shared
   * @return a request; nothing is read or written before one of its terminal methods
   */
  public SharingRequest share(GpuSharing sharing) {
    return request(new SharingGoal.Shared(Optional.of(sharing)));
  }

  /**
   * Prepares to end all sharing and to keep every flag that the node's configuration sets. The node
   * is asked for a configuration without sharing, whatever the operator's default is.
   *
   * @return a request; nothing is read or written before one of its terminal methods
   */
  public SharingRequest unshare() {
    return request(new SharingGoal.Shared(Optional.empty()));
  }

  /**
   * Prepares to go back to what the node asked for before the last change made by this library,
   * which every change records on the node. Undoing twice is the same as not undoing.
   *
   * @return a request; it is refused if nothing is recorded
   */
  public SharingRequest undo() {
    return request(SharingGoal.Previous.PREVIOUS);
  }

  private SharingRequest request(SharingGoal goal) {
    return new SharingRequest(
        cluster, name, ImmutableSharingOptions.builder().goal(goal).build());
  }
}
