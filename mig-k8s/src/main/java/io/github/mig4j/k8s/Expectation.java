package io.github.mig4j.k8s;

import io.github.mig4j.config.DeviceFilter;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.config.MigStrategy;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import io.github.mig4j.layout.Violation;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a node offers once a configuration is in force: the evidence that {@link ApplyTracker} waits
 * for.
 *
 * @param strategy how MIG devices are offered
 * @param gpus physical GPUs on the node
 * @param wholeGpus GPUs without MIG mode
 * @param emptyMigGpus GPUs in MIG mode without devices
 * @param devices MIG devices on the node together
 */
record Expectation(
    MigStrategy strategy,
    int gpus,
    int wholeGpus,
    int emptyMigGpus,
    SortedMap<MigProfile, Integer> devices) {

  private static final String GPU = "nvidia.com/gpu";
  private static final String MIG = "nvidia.com/mig-";
  private static final String SHARED = ".shared";

  /**
   * Derives what a configuration makes of a node.
   *
   * @throws MigRefusedException with every reason, if it cannot be in force there
   */
  static Expectation of(
      String subject, MigConfig config, GpuModel model, int gpus, MigStrategy strategy) {
    Set<String> reasons = new LinkedHashSet<>();
    SortedMap<MigProfile, Integer> devices = new TreeMap<>();
    Set<SortedMap<MigProfile, Integer>> layouts = new LinkedHashSet<>();
    int whole = 0;
    int empty = 0;
    for (int index = 0; index < gpus; index++) {
      MigConfigSpec entry = lastFor(config, model, index);
      if (entry == null) {
        reasons.add(
            "no entry is for GPU %d, so it keeps what it has; add one, if only with mig-enabled: false"
                .formatted(index));
      } else if (!entry.migEnabled()) {
        whole++;
      } else {
        layouts.add(entry.migDevices());
        empty += entry.migDevices().isEmpty() ? 1 : 0;
        entry.migDevices().forEach((profile, count) -> devices.merge(profile, count, Integer::sum));
        reasons.addAll(refusals(model, entry, strategy));
      }
    }
    if (strategy == MigStrategy.SINGLE && !layouts.isEmpty()) {
      Set<MigProfile> profiles = devices.keySet();
      if (profiles.size() > 1 || whole > 0 || empty > 0) {
        reasons.add(
            "under strategy single every GPU must be cut into devices of one profile, but they hold %s on %d of %d GPUs; use strategy mixed"
                .formatted(devices, gpus - whole - empty, gpus));
      }
    }
    if (!reasons.isEmpty()) {
      throw new MigRefusedException(subject, List.copyOf(reasons));
    }
    return new Expectation(strategy, gpus, whole, empty, devices);
  }

  private static List<String> refusals(GpuModel model, MigConfigSpec entry, MigStrategy strategy) {
    List<String> reasons = new ArrayList<>();
    PlacementResult result = MigLayout.place(model, entry.migDevices());
    if (result instanceof PlacementResult.Rejected rejected) {
      rejected.violations().stream().map(Violation::message).forEach(reasons::add);
    }
    for (MigProfile profile : entry.migDevices().keySet()) {
      if (strategy == MigStrategy.MIXED && !profile.isWholeGpuInstance()) {
        reasons.add(
            "under strategy mixed the device plugin has no resource for %s and stops; use %s"
                .formatted(profile, profile.gpuInstance()));
      }
    }
    return reasons;
  }

  private static @Nullable MigConfigSpec lastFor(MigConfig config, GpuModel model, int index) {
    MigConfigSpec last = null;
    for (MigConfigSpec entry : config.entries()) {
      if (entry.devices().selects(index) && matches(entry.deviceFilters(), model)) {
        last = entry;
      }
    }
    return last;
  }

  private static boolean matches(List<DeviceFilter> filters, GpuModel model) {
    return filters.isEmpty()
        || filters.stream()
            .anyMatch(filter -> model.boards().stream()
                .anyMatch(b -> b.id().deviceFilter().equalsIgnoreCase(filter.text())));
  }

  /** The resources by name, as the device plugin offers them when nothing is shared. */
  SortedMap<String, Long> resources() {
    SortedMap<String, Long> resources = new TreeMap<>();
    switch (strategy) {
      case NONE -> resources.put(GPU, (long) gpus);
      case SINGLE -> resources.put(GPU, devices.isEmpty() ? (long) gpus : total());
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
   * Where the node's allocatable resources are not what they have to be. Devices may be shared;
   * then feature discovery says how often each is offered.
   */
  List<String> resourceDifferences(MigNodeStatus status, Map<String, String> labels) {
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

  /** Where feature discovery does not say what it has to; silence is a difference too. */
  List<String> discoveryDifferences(Map<String, String> labels) {
    SortedMap<String, String> expected = new TreeMap<>();
    List<String> differences = new ArrayList<>();
    switch (strategy) {
      case NONE -> expected.put(Labels.GPU_COUNT, String.valueOf(gpus));
      case SINGLE -> {
        expected.put(Labels.GPU_COUNT, String.valueOf(devices.isEmpty() ? gpus : total()));
        differences.addAll(productDifference(labels));
      }
      case MIXED -> {
        expected.put(Labels.GPU_COUNT, String.valueOf(gpus));
        labels.keySet().stream()
            .filter(key -> key.startsWith(MIG) && key.endsWith(".count"))
            .forEach(key -> expected.put(key, "0"));
        devices.forEach(
            (profile, count) -> expected.put(profile.resourceName() + ".count", count.toString()));
      }
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
                devices.isEmpty() ? "a whole GPU" : "cut into " + devices.firstKey()));
  }

  private long total() {
    return devices.values().stream().mapToLong(Integer::longValue).sum();
  }
}
