package io.github.mig4j.k8s.rollout;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.StatusDetails;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.internal.Cluster;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A rollout's ConfigMap; every write holds only on the version that was read. */
final class RecordStore {

  private final Cluster cluster;
  private final String namespace;
  private final String name;

  RecordStore(Cluster cluster, String namespace, String name) {
    this.cluster = cluster;
    this.namespace = namespace;
    this.name = name;
  }

  @Override
  public String toString() {
    return "ConfigMap %s/%s".formatted(namespace, name);
  }

  Optional<RolloutRecord> read() {
    return cluster.configMap(namespace, name).map(this::record);
  }

  /**
   * Creates the record.
   *
   * @throws MigConflictException if there is one already
   */
  void create(RolloutRecord record) {
    ConfigMap map = new ConfigMapBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace(namespace)
        .addToLabels("app.kubernetes.io/managed-by", "mig4j")
        .endMetadata()
        .withData(record.data())
        .build();
    ConfigMap unused = cluster.call(
        "create configmap %s/%s".formatted(namespace, name),
        () -> cluster.client().configMaps().inNamespace(namespace).resource(map).create());
  }

  /**
   * Changes the record, on its latest version.
   *
   * @return the record as it was written
   * @throws MigConflictException if it is gone
   */
  RolloutRecord update(UnaryOperator<RolloutRecord> change) {
    return cluster.onLatestVersion(() -> {
      ConfigMap before = cluster.configMap(namespace, name).orElseThrow(this::gone);
      RolloutRecord after = change.apply(record(before));
      Map<String, String> data = after.data();
      if (!data.equals(before.getData())) {
        ConfigMap map = new ConfigMapBuilder(before).withData(data).build();
        ConfigMap unused = cluster.call(
            "update configmap %s/%s".formatted(namespace, name),
            () -> cluster
                .client()
                .configMaps()
                .inNamespace(namespace)
                .resource(map)
                .update());
      }
      return after;
    });
  }

  void delete() {
    List<StatusDetails> unused = cluster.call(
        "delete configmap %s/%s".formatted(namespace, name), () -> handle().delete());
  }

  /**
   * Tells what others want, now and whenever that changes, and if that will not be told any more;
   * closed by the caller.
   */
  AutoCloseable watch(
      Consumer<RolloutRecord.Control> listener, Consumer<RuntimeException> onEnd, Duration patience)
      throws InterruptedException {
    String what = "list and watch configmap %s/%s".formatted(namespace, name);
    SharedIndexInformer<ConfigMap> informer = handle()
        .runnableInformer(0)
        .exceptionHandler((started, failure) -> Cluster.mayPass(failure));
    informer.addEventHandler(new ResourceEventHandler<>() {
      @Override
      public void onAdd(ConfigMap map) {
        listener.accept(record(map).control());
      }

      @Override
      public void onUpdate(ConfigMap before, ConfigMap map) {
        if (!wish(before).equals(wish(map))) {
          listener.accept(record(map).control());
        }
      }

      @Override
      public void onDelete(ConfigMap map, boolean unknown) {
        onEnd.accept(gone());
      }
    });
    boolean started = false;
    try {
      cluster.await(what, informer.start(), patience);
      cluster.onFailure(what, informer.stopped(), onEnd);
      started = true;
    } finally {
      if (!started) {
        informer.close();
      }
    }
    return informer;
  }

  private MigConflictException gone() {
    return new MigConflictException(
        "%s is gone, which is the record of a rollout. Begin it anew; what is in force stays so"
            .formatted(this));
  }

  private static String wish(ConfigMap map) {
    @Nullable Map<String, String> data = map.getData();
    return data == null ? "" : data.get("wish") + " " + data.get("canary");
  }

  private Resource<ConfigMap> handle() {
    return cluster.client().configMaps().inNamespace(namespace).withName(name);
  }

  private RolloutRecord record(ConfigMap map) {
    @Nullable Map<String, String> data = map.getData();
    return RolloutRecord.read(toString(), data == null ? Map.of() : data);
  }
}
