package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSyntaxException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The file that one MIG manager pod reads: the ConfigMap's content, as late as a kubelet refreshes
 * the volume, or what is generated for the node's GPUs.
 */
final class ConfigFile implements AutoCloseable {

  private static final String KEY = "config.yaml";

  private final KubernetesClient client;
  private final String namespace;
  private final String configMap;
  private final MigConfigDocument generated;
  private final Duration lag;
  private final Background background;

  private Map<String, String> mounted = Map.of();
  private @Nullable SharedIndexInformer<ConfigMap> refresh;

  ConfigFile(
      KubernetesClient client,
      String namespace,
      String configMap,
      MigConfigDocument generated,
      Duration lag,
      Background background) {
    this.client = client;
    this.namespace = namespace;
    this.configMap = configMap;
    this.generated = generated;
    this.lag = lag;
    this.background = background;
  }

  /** Mounts the volume; a pod whose ConfigMap does not exist waits for it. */
  void mount(Lifetime lifetime, Duration retry) throws InterruptedException {
    if (configMap.isEmpty()) {
      return;
    }
    while (!read(lifetime)) {
      lifetime.pause(retry);
    }
    if (!lag.isZero()) {
      lifetime.request("watch ConfigMap " + configMap, this::follow);
    }
  }

  /**
   * What the file says now.
   *
   * @throws MigConfigSyntaxException if it is refused
   */
  MigConfigDocument document(Lifetime lifetime) throws InterruptedException {
    if (configMap.isEmpty()) {
      return generated;
    }
    if (lag.isZero()) {
      read(lifetime);
    }
    return MigConfigDocument.parse(text());
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

  /** Whether there is such a map; one that was deleted stays mounted as it was. */
  private boolean read(Lifetime lifetime) throws InterruptedException {
    ConfigMap map = lifetime.request(
        "read ConfigMap " + configMap,
        () -> client.configMaps().inNamespace(namespace).withName(configMap).get());
    if (map == null) {
      return false;
    }
    mounted(map.getData());
    return true;
  }

  private SharedIndexInformer<ConfigMap> follow() {
    SharedIndexInformer<ConfigMap> informer = client
        .configMaps()
        .inNamespace(namespace)
        .withName(configMap)
        .inform(new ResourceEventHandler<>() {
          @Override
          public void onAdd(ConfigMap map) {
            later(map);
          }

          @Override
          public void onUpdate(ConfigMap before, ConfigMap map) {
            later(map);
          }

          @Override
          public void onDelete(ConfigMap map, boolean finalStateUnknown) {}
        });
    synchronized (this) {
      refresh = informer;
    }
    return informer;
  }

  private void later(ConfigMap map) {
    background.after(lag, "refresh " + configMap, lifetime -> mounted(map.getData()));
  }
}
