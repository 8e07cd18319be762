package io.github.mig4j.k8s.rollout;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.StatusDetails;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.WatchPermission;
import io.github.mig4j.k8s.internal.WatchRetry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A rollout's ConfigMap; every write is conditional on the version that was read. */
record RecordStore(Cluster cluster, String namespace, String name) {

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
   * @throws MigConflictException if it exists
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
        "create configmap %s/%s".formatted(namespace, name), () -> handle(map).create());
  }

  /**
   * Changes the latest version of the record.
   *
   * @return the record as it was written
   * @throws MigConflictException if it does not exist
   */
  RolloutRecord update(UnaryOperator<RolloutRecord> change) {
    return cluster.onLatestVersion(() -> {
      ConfigMap before = cluster.configMap(namespace, name).orElseThrow(this::deleted);
      RolloutRecord after = change.apply(record(before));
      Map<String, String> data = after.data();
      if (!data.equals(before.getData())) {
        ConfigMap map = new ConfigMapBuilder(before).withData(data).build();
        ConfigMap unused = cluster.call(
            "update configmap %s/%s".formatted(namespace, name),
            () -> handle(map).update());
      }
      return after;
    });
  }

  /**
   * Deletes the record, if it exists.
   *
   * @param check throws if the record must not be deleted; called again if another client changes the
   *     record before it is deleted
   */
  void delete(Consumer<RolloutRecord> check) {
    cluster.onLatestVersion(() -> {
      Optional<ConfigMap> map = cluster.configMap(namespace, name);
      if (map.isPresent()) {
        check.accept(record(map.get()));
        List<StatusDetails> unused = cluster.call(
            "delete configmap %s/%s".formatted(namespace, name),
            () -> handle()
                .lockResourceVersion(map.get().getMetadata().getResourceVersion())
                .delete());
      }
    });
  }

  /**
   * A watch of the record, which the caller closes.
   *
   * @param permission whether it is still allowed
   */
  record Watch(SharedIndexInformer<ConfigMap> informer, WatchPermission permission)
      implements AutoCloseable {
    @Override
    public void close() {
      informer.close();
    }
  }

  /**
   * Passes what an admin requests to the listener, now and at each change. {@code onEnd} is called if
   * the watch fails or the record is deleted.
   */
  Watch watch(
      Consumer<RolloutRecord.Control> listener, Consumer<RuntimeException> onEnd, Duration timeout)
      throws InterruptedException {
    String what = "list and watch configmap %s/%s".formatted(namespace, name);
    WatchRetry retry = new WatchRetry();
    SharedIndexInformer<ConfigMap> informer = handle().runnableInformer(0).exceptionHandler(retry);
    informer.addEventHandler(new ResourceEventHandler<>() {
      @Override
      public void onAdd(ConfigMap map) {
        listener.accept(record(map).control());
      }

      @Override
      public void onUpdate(ConfigMap before, ConfigMap map) {
        if (!requests(before).equals(requests(map))) {
          listener.accept(record(map).control());
        }
      }

      @Override
      public void onDelete(ConfigMap map, boolean unknown) {
        onEnd.accept(deleted());
      }
    });
    cluster.start(what, informer, timeout);
    cluster.onFailure(what, informer.stopped(), onEnd);
    return new Watch(
        informer,
        new WatchPermission(cluster, what, "configmaps", Optional.of(namespace), retry, informer));
  }

  private MigConflictException deleted() {
    return new MigConflictException(
        "%s, the record of a rollout, was deleted. Run the rollout again; nodes with the configuration are not changed again"
            .formatted(this));
  }

  private static String requests(ConfigMap map) {
    @Nullable Map<String, String> data = map.getData();
    return data == null ? "" : data.get("requested") + " " + data.get("canary");
  }

  private Resource<ConfigMap> handle() {
    return cluster.client().configMaps().inNamespace(namespace).withName(name);
  }

  private Resource<ConfigMap> handle(ConfigMap content) {
    return cluster.client().configMaps().inNamespace(namespace).resource(content);
  }

  private RolloutRecord record(ConfigMap map) {
    @Nullable Map<String, String> data = map.getData();
    return RolloutRecord.read(toString(), data == null ? Map.of() : data);
  }
}
