package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.github.mig4j.config.ConfigCode;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.k8s.internal.ClusterView.Versions;
import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.SourceLocation;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The file that one MIG manager pod reads: the ConfigMap's content with the delay of a kubelet's volume,
 * or the generated configurations for the node's GPUs.
 */
final class ConfigFile implements AutoCloseable {

  /** Whether mig-parted can detect that a configuration is applied. */
  enum Recognition {
    /** It compares devices. */
    BY_DEVICES,
    /** It compares text, which differs for zero counts and for unusual spellings of a profile. */
    NEVER
  }

  record Selection(MigConfig config, Recognition recognition) {}

  private static final Set<Code> UNRECOGNISABLE =
      Set.of(ConfigCode.ZERO_COUNT, ConfigCode.NON_CANONICAL_PROFILE);

  private static final String KEY = "config.yaml";

  private final SimulatedCluster cluster;
  private final String configMap;
  private final MigConfigDocument generated;

  private Map<String, String> mounted = Map.of();
  private volatile boolean missing;
  private @Nullable SharedIndexInformer<ConfigMap> refresh;

  ConfigFile(SimulatedCluster cluster, MigConfigDocument generated) {
    this.cluster = cluster;
    this.configMap = cluster.currentPolicy().configMap();
    this.generated = generated;
  }

  /** Mounts the volume; a pod waits until its ConfigMap exists. */
  void mount(Lifetime lifetime) throws InterruptedException {
    if (configMap.isEmpty()) {
      return;
    }
    while (!read(lifetime)) {
      lifetime.pause(cluster.timings().retry());
    }
    if (!cluster.timings().configMapLag().isZero()) {
      lifetime.request("watch ConfigMap " + configMap, this::follow);
    }
  }

  /**
   * The configuration with a name; without a name, the only one in the file.
   *
   * @throws Reconfiguration.RunFailedException if the file is rejected or has no such configuration
   */
  Selection select(String name, Lifetime lifetime)
      throws InterruptedException, Reconfiguration.RunFailedException {
    if (cluster.timings().configMapLag().isZero() && !configMap.isEmpty()) {
      read(lifetime);
    }
    MigConfigFile file = MigConfigFile.read(configMap.isEmpty() ? generated.toYaml() : text());
    MigConfigDocument document = file.document()
        .orElseThrow(() -> invalid("Error parsing config file: "
            + file.findings().stream().filter(Finding::isError).findFirst().orElseThrow()));
    if (name.isEmpty() && document.configs().size() != 1) {
      throw invalid(
          "Error selecting MIG config: missing required flag 'selected-config' when more than one config available");
    }
    String selected = name.isEmpty() ? document.configs().keySet().iterator().next() : name;
    MigConfig config = document
        .config(selected)
        .orElseThrow(() ->
            invalid("Error selecting MIG config: selected mig-config not present: " + selected));
    boolean unrecognisable = file.findings().stream()
        .filter(finding -> UNRECOGNISABLE.contains(finding.code()))
        .anyMatch(finding ->
            finding.location().flatMap(SourceLocation::config).equals(Optional.of(selected)));
    return new Selection(config, unrecognisable ? Recognition.NEVER : Recognition.BY_DEVICES);
  }

  private static Reconfiguration.RunFailedException invalid(String line) {
    return new Reconfiguration.RunFailedException(
        line, "failed to validate MIG configuration: exit status 1");
  }

  /** Publishes the generated configurations in a ConfigMap that is owned by this pod. */
  void publish(Lifetime lifetime, String node, Pod owner) throws InterruptedException {
    if (!configMap.isEmpty()) {
      return;
    }
    ConfigMap map = new ConfigMapBuilder()
        .withNewMetadata()
        .withName(node + "-mig-config")
        .withNamespace(cluster.namespace())
        .addToLabels("app.kubernetes.io/component", MigManagerPod.APP)
        .addToLabels("nvidia.com/node-name", node)
        .addNewOwnerReference()
        .withApiVersion("v1")
        .withKind("Pod")
        .withName(owner.getMetadata().getName())
        .withUid(owner.getMetadata().getUid())
        .endOwnerReference()
        .endMetadata()
        .addToData(KEY, generated.toYaml())
        .build();
    lifetime.request(
        "publish " + map.getMetadata().getName(),
        () -> cluster.client().configMaps().resource(map).createOr(existing -> existing.update()));
  }

  /** Refreshes the volume now, as a kubelet does when its pod changes. */
  void refresh(Lifetime lifetime) throws InterruptedException {
    if (!configMap.isEmpty()) {
      read(lifetime);
    }
  }

  @Override
  public void close() {
    SharedIndexInformer<ConfigMap> open;
    synchronized (this) {
      open = refresh;
      refresh = null;
    }
    if (open != null) {
      open.close();
    }
  }

  private synchronized String text() {
    return mounted.getOrDefault(KEY, "");
  }

  private synchronized void mounted(@Nullable Map<String, String> data) {
    mounted = data == null ? Map.of() : Map.copyOf(data);
  }

  /** Whether the ConfigMap exists; a deleted one stays mounted. */
  private boolean read(Lifetime lifetime) throws InterruptedException {
    ConfigMap map = lifetime.request(
        "read ConfigMap " + configMap,
        () -> cluster
            .client()
            .configMaps()
            .inNamespace(cluster.namespace())
            .withName(configMap)
            .get());
    missing = map == null;
    if (map == null) {
      return false;
    }
    mounted(map.getData());
    return true;
  }

  /** Whether the ConfigMap did not exist when it was last read. */
  boolean isMissing() {
    return missing;
  }

  private SharedIndexInformer<ConfigMap> follow() {
    SharedIndexInformer<ConfigMap> informer = cluster
        .client()
        .configMaps()
        .inNamespace(cluster.namespace())
        .withName(configMap)
        .inform((Versions<ConfigMap>) map -> map.ifPresent(this::later));
    synchronized (this) {
      refresh = informer;
    }
    return informer;
  }

  private void later(ConfigMap map) {
    cluster
        .background()
        .after(
            cluster.timings().configMapLag(),
            "refresh " + configMap,
            lifetime -> mounted(map.getData()));
  }
}
