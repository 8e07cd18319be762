package io.github.mig4j.config;

import io.github.mig4j.gpu.GpuBoard;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.PciDeviceId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Makes the configurations that mig-parted generates for a node without a file of its own. */
final class ConfigGenerator {

  /** Instances by size, which together fill a GPU of so many compute slices. */
  private static final Map<Integer, Map<Integer, Integer>> BALANCED =
      Map.of(7, Map.of(1, 2, 2, 1, 3, 1), 4, Map.of(1, 2, 2, 1));

  private final List<GpuModel> models;

  ConfigGenerator(List<GpuModel> models) {
    this.models = models.stream().filter(GpuModel::supportsMig).distinct().toList();
    this.models.stream()
        .filter(model -> isMixed() && model.boards().isEmpty())
        .findFirst()
        .ifPresent(model -> {
          throw new IllegalArgumentException(
              "Among several models each needs a PCI device id for its device-filter, but %s has no id"
                  .formatted(model.id()));
        });
  }

  MigConfigDocument generate() {
    SortedMap<String, MigConfig> configs = new TreeMap<>();
    configs.put("all-disabled", MigConfig.of(MigConfigSpec.allDisabled()));
    configs.put("all-enabled", MigConfig.of(entry(List.of(), Map.of())));
    byName().forEach((profile, modelsByCount) -> {
      List<MigConfigSpec> entries = new ArrayList<>();
      modelsByCount.forEach((count, some) -> entries.add(entry(some, Map.of(profile, count))));
      configs.put("all-" + profile.label(), new MigConfig(entries));
    });
    List<MigConfigSpec> balanced = balanced();
    if (!balanced.isEmpty()) {
      configs.put("all-balanced", new MigConfig(balanced));
    }
    return new MigConfigDocument(configs);
  }

  private boolean isMixed() {
    return models.size() > 1;
  }

  private SortedMap<MigProfile, SortedMap<Integer, List<GpuModel>>> byName() {
    SortedMap<MigProfile, SortedMap<Integer, List<GpuModel>>> byName = new TreeMap<>();
    for (GpuModel model : models) {
      for (GpuInstanceProfile profile : model.profiles()) {
        byName
            .computeIfAbsent(profile.profile(), any -> new TreeMap<>())
            .computeIfAbsent(profile.maxInstances(), any -> new ArrayList<>())
            .add(model);
      }
    }
    return byName;
  }

  /** An entry for some models; no filter is needed where there is only one. */
  private MigConfigSpec entry(List<GpuModel> some, Map<MigProfile, Integer> devices) {
    List<DeviceFilter> filters = !isMixed()
        ? List.of()
        : some.stream()
            .flatMap(model -> model.boards().stream())
            .map(GpuBoard::id)
            .distinct()
            .sorted()
            .map(DeviceFilter::of)
            .toList();
    return MigConfigSpec.builder()
        .addAllDeviceFilters(filters)
        .devices(DeviceSelector.ALL)
        .migEnabled(true)
        .putAllMigDevices(devices)
        .build();
  }

  /** If two models share a board's id, no filter can distinguish them, and the first one gets it. */
  private List<MigConfigSpec> balanced() {
    List<MigConfigSpec> entries = new ArrayList<>();
    Set<PciDeviceId> taken = new HashSet<>();
    for (GpuModel model : models) {
      Map<MigProfile, Integer> devices = balanced(model);
      List<PciDeviceId> ids = model.boards().stream().map(GpuBoard::id).toList();
      if (!devices.isEmpty() && (ids.isEmpty() || !taken.containsAll(ids))) {
        entries.add(entry(List.of(model), devices));
      }
      taken.addAll(ids);
    }
    return entries;
  }

  private static Map<MigProfile, Integer> balanced(GpuModel model) {
    List<GpuInstanceProfile> plain =
        model.profiles().stream().filter(p -> p.profile().suffix().isEmpty()).toList();
    int slots = plain.stream().mapToInt(p -> p.profile().gpuSlices()).max().orElse(0);
    Map<MigProfile, Integer> devices = new TreeMap<>();
    for (Map.Entry<Integer, Integer> size :
        BALANCED.getOrDefault(slots, Map.of()).entrySet()) {
      Optional<GpuInstanceProfile> most = plain.stream()
          .filter(profile -> profile.profile().gpuSlices() == size.getKey())
          .max(Comparator.comparingInt(GpuInstanceProfile::maxInstances));
      if (most.isEmpty()) {
        return Map.of();
      }
      devices.put(most.get().profile(), size.getValue());
    }
    return devices;
  }
}
