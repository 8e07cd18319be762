package io.github.mig4j.sharing;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a node shows once a configuration is in force: what to hold the node against, since the
 * plugin reports no state (k8s-device-plugin internal/rm/device_map.go, internal/lm/resource.go).
 *
 * @param allocatable the exact count of every resource that is offered; any other {@code
 *     nvidia.com/gpu*} or {@code nvidia.com/mig-*} is absent, or 0 where it was offered before
 * @param labels the labels of feature discovery that tell the sharing: count, replicas, strategy and
 *     product of each resource, and {@code nvidia.com/mps.capable}
 */
public record SharingEvidence(
    SortedMap<String, Integer> allocatable, SortedMap<String, String> labels) {

  private static final String SHARED = "-SHARED";

  public SharingEvidence {
    Objects.requireNonNull(allocatable, "allocatable");
    Objects.requireNonNull(labels, "labels");
    allocatable = Collections.unmodifiableSortedMap(new TreeMap<>(allocatable));
    labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
  }

  static SharingEvidence of(DevicePluginConfig config, NodeDevices node) {
    Optional<SharingKind> kind = config.sharing().map(GpuSharing::kind);
    boolean mps = kind.equals(Optional.of(SharingKind.MPS));
    if (mps && (node.strategy() == MigStrategy.MIXED || node.migGpus() > 0)) {
      throw new IllegalArgumentException(
          ("The device plugin or feature discovery does not start: MPS goes with neither strategy"
                  + " mixed nor GPUs in MIG mode, but the strategy was %s and %d GPUs were; use time-slicing")
              .formatted(node.strategy(), node.migGpus()));
    }
    Labels labels = new Labels(config, node.product());
    labels.put("nvidia.com/mps.capable", mps);
    labels.gpus(node);
    return new SharingEvidence(allocatable(config, node), labels.labels);
  }

  private static SortedMap<String, Integer> allocatable(
      DevicePluginConfig config, NodeDevices node) {
    SortedMap<String, Integer> allocatable = new TreeMap<>();
    node.offered().forEach((name, devices) -> {
      // Of several entries for one resource the most replicas are offered.
      Optional<SharedResource> shared =
          entries(config, name).stream().max((a, b) -> a.replicas() - b.replicas());
      String offered =
          shared.map(some -> config.sharing().get().offeredName(some)).orElse(name);
      long count = (long) devices * shared.map(SharedResource::replicas).orElse(1);
      if (count > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "%d %s with %d replicas are more than a node can hold; use fewer replicas"
                .formatted(devices, name, shared.get().replicas()));
      }
      allocatable.put(offered, (int) count);
    });
    return allocatable;
  }

  private static List<SharedResource> entries(DevicePluginConfig config, String name) {
    return config.sharing().map(GpuSharing::resources).orElse(List.of()).stream()
        .filter(resource -> resource.name().equals(name))
        .toList();
  }

  /** The labels as feature discovery makes them. */
  private static final class Labels {
    private final SortedMap<String, String> labels = new TreeMap<>();
    private final DevicePluginConfig config;
    private final String product;

    Labels(DevicePluginConfig config, String product) {
      this.config = config;
      this.product = product;
    }

    void put(String key, Object value) {
      labels.put(key, String.valueOf(value));
    }

    void gpus(NodeDevices node) {
      int gpus = node.wholeGpus() + node.migGpus();
      if (node.strategy() == MigStrategy.SINGLE && node.migGpus() > 0) {
        MigProfile profile = node.migDevices().firstKey();
        resource(
            ResourceName.GPU,
            node.offered().getOrDefault(ResourceName.GPU, 0),
            migProduct(profile));
      } else if (node.wholeGpus() > 0) {
        resource(ResourceName.GPU, gpus, product);
      } else {
        describe(ResourceName.GPU, gpus, product, 0, "none");
      }
      if (node.strategy() == MigStrategy.MIXED) {
        node.migDevices()
            .forEach(
                (profile, count) -> resource(profile.resourceName(), count, migProduct(profile)));
      }
    }

    /** Of several entries for one resource the first is labelled. */
    private void resource(String name, int count, String plain) {
      List<SharedResource> entries = entries(config, name);
      if (entries.isEmpty()) {
        describe(name, count, plain, 1, "none");
      } else {
        GpuSharing sharing = config.sharing().get();
        String shown = sharing.renameByDefault() ? plain : plain + SHARED;
        describe(name, count, shown, entries.get(0).replicas(), sharing.kind().toString());
      }
    }

    private void describe(String name, int count, String shown, int replicas, String strategy) {
      for (Map.Entry<String, Object> fact : Map.<String, Object>of(
              "count", count,
              "product", shown,
              "replicas", replicas,
              "sharing-strategy", strategy)
          .entrySet()) {
        put(name + "." + fact.getKey(), fact.getValue());
      }
    }

    /**
     * No label may have a plus: {@code 1g.10gb+me} becomes {@code 1g.10gb.me} (k8s-device-plugin
     * internal/resource/nvml-mig-device.go).
     */
    private String migProduct(MigProfile profile) {
      return product + "-MIG-" + profile.toString().replace('+', '.');
    }
  }
}
