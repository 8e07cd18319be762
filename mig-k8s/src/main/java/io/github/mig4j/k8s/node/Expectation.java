package io.github.mig4j.k8s.node;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.node.MigSetting;
import io.github.mig4j.node.NodeEffect;
import io.github.mig4j.node.NodeGpu;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a node offers when a configuration is in force: the evidence that {@code ApplyTracker} awaits.
 *
 * @param strategy how MIG devices are offered
 * @param gpus the physical GPUs of the node
 * @param wholeGpus GPUs without MIG mode
 * @param devices MIG devices on all GPUs of the node
 */
public record Expectation(
    MigStrategy strategy,
    List<NodeGpu> gpus,
    int wholeGpus,
    SortedMap<MigProfile, Integer> devices) {

  private static final String GPU = "nvidia.com/gpu";
  private static final String MIG = "nvidia.com/mig-";
  private static final String SHARED = ".shared";

  /** The expectation for a node to which a configuration without lint errors is applied. */
  public static Expectation of(MigConfig config, List<NodeGpu> gpus, MigStrategy strategy) {
    SortedMap<MigProfile, Integer> devices = new TreeMap<>();
    int whole = 0;
    for (NodeEffect.GpuEffect effect : NodeEffect.of(config, gpus).gpus()) {
      MigSetting after = effect
          .after()
          .orElseThrow(() ->
              new IllegalArgumentException("No entry selects GPU %d, so its devices are unknown"
                  .formatted(effect.gpu().index())));
      whole += after.migEnabled() ? 0 : 1;
      after.devices().forEach((profile, count) -> devices.merge(profile, count, Integer::sum));
    }
    return new Expectation(strategy, List.copyOf(gpus), whole, devices);
  }

  /** The resources by name, as the device plugin offers them without sharing. */
  public SortedMap<String, Long> resources() {
    SortedMap<String, Long> resources = new TreeMap<>();
    switch (strategy) {
      case NONE -> resources.put(GPU, (long) gpus.size());
      case SINGLE -> resources.put(GPU, devices.isEmpty() ? (long) gpus.size() : total());
      case MIXED -> {
        devices.forEach((profile, count) -> resources.put(profile.resourceName(), (long) count));
        if (wholeGpus > 0) {
          resources.put(GPU, (long) wholeGpus);
        }
      }
    }
    return resources;
  }

  /**
   * The node's allocatable resources that differ from the expectation. For shared devices, feature
   * discovery reports the number of replicas.
   */
  public List<String> resourceDifferences(MigNodeStatus status, Map<String, String> labels) {
    List<String> differences = new ArrayList<>();
    SortedMap<String, Long> offered = new TreeMap<>(status.allocatable());
    offered
        .keySet()
        .removeIf(name -> !name.startsWith(MIG) && !name.equals(GPU) && !name.equals(GPU + SHARED));
    resources().forEach((name, count) -> {
      long expected = count * replicas(name, labels);
      Long plain = offered.remove(name);
      Long shared = offered.remove(name + SHARED);
      long actual = (plain == null ? 0 : plain) + (shared == null ? 0 : shared);
      if (actual != expected) {
        differences.add("%s is %d instead of %d".formatted(name, actual, expected));
      }
    });
    offered.forEach(
        (name, count) -> differences.add("%s is %d instead of 0".formatted(name, count)));
    return differences;
  }

  private static long replicas(String resource, Map<String, String> labels) {
    String value = labels.getOrDefault(resource + ".replicas", "1");
    return value.matches("[1-9][0-9]{0,5}") ? Long.parseLong(value) : 1;
  }

  /** The labels of feature discovery that differ from the expectation; a missing label is a difference. */
  public List<String> discoveryDifferences(Map<String, String> labels) {
    SortedMap<String, String> expected = new TreeMap<>();
    List<String> differences = new ArrayList<>();
    switch (strategy) {
      case NONE -> expected.put(Labels.GPU_COUNT, String.valueOf(gpus.size()));
      case SINGLE -> {
        expected.put(Labels.GPU_COUNT, String.valueOf(devices.isEmpty() ? gpus.size() : total()));
        differences.addAll(productDifference(labels));
      }
      case MIXED -> {
        expected.put(Labels.GPU_COUNT, String.valueOf(gpus.size()));
        labels.keySet().stream()
            .filter(key -> key.startsWith(MIG) && key.endsWith(".count"))
            .forEach(key -> expected.put(key, "0"));
        devices.forEach(
            (profile, count) -> expected.put(profile.resourceName() + ".count", count.toString()));
      }
    }
    if (gpus.stream().map(NodeGpu::model).distinct().count() > 1) {
      // Feature discovery reports one model for all GPUs.
      expected.remove(Labels.GPU_COUNT);
    }
    expected.forEach((key, value) -> {
      String actual = labels.get(key);
      if (!value.equals(actual)) {
        differences.add(
            actual == null
                ? "label %s is absent instead of %s".formatted(key, value)
                : "label %s is %s instead of %s".formatted(key, actual, value));
      }
    });
    return differences;
  }

  private List<String> productDifference(Map<String, String> labels) {
    String product = labels.getOrDefault(Labels.GPU_PRODUCT, "");
    String cut = product.replaceFirst("-SHARED$", "");
    boolean agrees = devices.isEmpty()
        ? !product.contains("-MIG-")
        : cut.endsWith("-MIG-" + devices.firstKey().toString().replace('+', '.'));
    return agrees
        ? List.of()
        : List.of("label %s is %s, which is not %s"
            .formatted(
                Labels.GPU_PRODUCT,
                product,
                devices.isEmpty() ? "a whole GPU" : "partitioned into " + devices.firstKey()));
  }

  private long total() {
    return devices.values().stream().mapToLong(Integer::longValue).sum();
  }
}
