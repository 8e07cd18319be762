package io.github.mig4j.node;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.GpuProduct;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.sharing.GpuSharing;
import io.github.mig4j.sharing.SharedResource;
import io.github.mig4j.sharing.SharingKind;
import io.github.mig4j.text.GpuResource;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The labels that say how a node's GPUs are cut and shared, as GPU Feature Discovery derives them
 * (k8s-device-plugin internal/lm).
 */
final class DiscoveryLabels {

  static final String MPS_CAPABLE = "nvidia.com/mps.capable";

  private final SortedMap<String, String> labels = new TreeMap<>();
  private final Map<NodeGpu, MigSetting> gpus;
  private final Optional<GpuSharing> sharing;

  private DiscoveryLabels(Map<NodeGpu, MigSetting> gpus, Optional<GpuSharing> sharing) {
    this.gpus = gpus;
    this.sharing = sharing;
  }

  /**
   * Every set of labels that feature discovery may write: on a node of several products the labels
   * {@code nvidia.com/gpu.*} describe one of them, another at each run; a product with whole GPUs
   * is preferred.
   *
   * @return at least one
   */
  static List<SortedMap<String, String>> possible(
      Map<NodeGpu, MigSetting> gpus, MigStrategy strategy, Optional<GpuSharing> sharing) {
    if (strategy == MigStrategy.SINGLE && PluginStart.isAnyInMigMode(gpus)) {
      DiscoveryLabels single = new DiscoveryLabels(gpus, sharing);
      single.single();
      return List.of(single.finish());
    }
    boolean anyWhole = gpus.values().stream().anyMatch(setting -> !setting.migEnabled());
    return gpus.entrySet().stream()
        .filter(gpu -> gpu.getValue().migEnabled() != anyWhole)
        .map(gpu -> product(gpu.getKey().model()))
        .distinct()
        .map(product -> {
          DiscoveryLabels labels = new DiscoveryLabels(gpus, sharing);
          labels.wholeGpus(product, anyWhole ? 1 : 0);
          if (strategy == MigStrategy.MIXED) {
            labels.devices(MigProfile::resourceName);
          }
          return labels.finish();
        })
        .toList();
  }

  private SortedMap<String, String> finish() {
    boolean mps = sharing.filter(some -> some.kind() == SharingKind.MPS).isPresent();
    labels.put(MPS_CAPABLE, String.valueOf(mps));
    return Collections.unmodifiableSortedMap(labels);
  }

  /** Where every GPU is in MIG mode, there is no replica of a whole one. */
  private void wholeGpus(String product, int replicas) {
    long count = gpus.keySet().stream()
        .filter(gpu -> product(gpu.model()).equals(product))
        .count();
    GpuProduct.Label label = GpuProduct.Label.of(product);
    if (replicas == 0) {
      put(GpuResource.GPU, count, label, 0, "none");
    } else {
      resource(GpuResource.GPU, count, label);
    }
  }

  /** The devices of each profile under a name, labelled with the first GPU that has one. */
  private void devices(Function<MigProfile, String> name) {
    firstGpus()
        .forEach((profile, gpu) -> resource(
            name.apply(profile),
            count(profile),
            GpuProduct.Label.of(product(gpu.model())).with(profile)));
  }

  /** Feature discovery compares the devices' names only. */
  private void single() {
    boolean hasEmpty =
        gpus.values().stream().anyMatch(setting -> setting.devices().isEmpty());
    if (hasEmpty || firstGpus().size() > 1) {
      NodeGpu first = gpus.entrySet().stream()
          .filter(gpu -> gpu.getValue().migEnabled())
          .findFirst()
          .orElseThrow()
          .getKey();
      put(GpuResource.GPU, 0, GpuProduct.Label.of(product(first.model())).invalid(), 0, "");
      return;
    }
    devices(any -> GpuResource.GPU);
  }

  /** The first GPU that has a device of each profile. */
  private Map<MigProfile, NodeGpu> firstGpus() {
    Map<MigProfile, NodeGpu> first = new LinkedHashMap<>();
    gpus.forEach((gpu, setting) ->
        setting.devices().keySet().forEach(profile -> first.putIfAbsent(profile, gpu)));
    return first;
  }

  private long count(MigProfile profile) {
    return gpus.values().stream()
        .mapToLong(setting -> setting.devices().getOrDefault(profile, 0))
        .sum();
  }

  /** Of several entries for one resource the first is labelled. */
  private void resource(String name, long count, GpuProduct.Label label) {
    List<SharedResource> entries = PluginStart.entries(sharing, name);
    if (entries.isEmpty()) {
      put(name, count, label, 1, "none");
    } else {
      GpuSharing some = sharing.orElseThrow();
      put(
          name,
          count,
          some.renameByDefault() ? label : label.sharing(),
          entries.get(0).replicas(),
          some.kind().toString());
    }
  }

  private void put(
      String name, long count, GpuProduct.Label label, int replicas, String sharingStrategy) {
    labels.put(name + ".count", String.valueOf(count));
    labels.put(name + ".product", label.toString());
    labels.put(name + ".replicas", String.valueOf(replicas));
    labels.put(name + ".sharing-strategy", sharingStrategy);
  }

  /** The product label of a model, or its id where none is known. */
  private static String product(GpuModel model) {
    return model.products().isEmpty() ? model.id() : model.products().get(0).label();
  }
}
