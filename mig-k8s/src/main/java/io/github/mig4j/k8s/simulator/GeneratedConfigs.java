package io.github.mig4j.k8s.simulator;

import io.github.mig4j.config.DeviceFilter;
import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The configurations that the MIG manager makes up for a node where no ConfigMap is named. */
final class GeneratedConfigs {

  /** How many devices of 1, 2 and 3 slices {@code all-balanced} has, by the GPU's slices. */
  private static final Map<Integer, List<Integer>> BALANCED =
      Map.of(7, List.of(2, 1, 1), 4, List.of(2, 1));

  private GeneratedConfigs() {}

  static MigConfigDocument of(List<GpuModel> node) {
    List<GpuModel> models =
        node.stream().distinct().filter(GpuModel::supportsMig).toList();
    Map<String, List<MigConfigSpec>> configs = new LinkedHashMap<>();
    configs.put("all-disabled", List.of(MigConfigSpec.allDisabled()));
    configs.put("all-enabled", List.of(entry(List.of(), new TreeMap<>())));
    for (GpuModel model : models) {
      List<DeviceFilter> filters = node.stream().distinct().count() > 1
          ? model.boards().stream().map(board -> DeviceFilter.of(board.id())).toList()
          : List.of();
      for (GpuInstanceProfile profile : model.profiles()) {
        SortedMap<MigProfile, Integer> all = new TreeMap<>();
        all.put(profile.profile(), profile.maxInstances());
        configs
            .computeIfAbsent(
                "all-" + profile.profile().toString().replace('+', '.'), any -> new ArrayList<>())
            .add(entry(filters, all));
      }
      balanced(model)
          .ifPresent(devices -> configs
              .computeIfAbsent("all-balanced", any -> new ArrayList<>())
              .add(entry(filters, devices)));
    }
    MigConfigDocument document = MigConfigDocument.empty();
    for (Map.Entry<String, List<MigConfigSpec>> config : configs.entrySet()) {
      document = document.with(config.getKey(), new MigConfig(config.getValue()));
    }
    return document;
  }

  private static Optional<SortedMap<MigProfile, Integer>> balanced(GpuModel model) {
    List<Integer> counts = BALANCED.getOrDefault(model.computeSlices(), List.of());
    SortedMap<MigProfile, Integer> devices = new TreeMap<>();
    for (int slices = 1; slices <= counts.size(); slices++) {
      int size = slices;
      Optional<GpuInstanceProfile> profile = model.profiles().stream()
          .filter(p -> p.profile().gpuSlices() == size)
          .max(Comparator.comparingInt(GpuInstanceProfile::maxInstances));
      if (profile.isEmpty()) {
        return Optional.empty();
      }
      devices.put(profile.get().profile(), counts.get(slices - 1));
    }
    return devices.isEmpty() ? Optional.empty() : Optional.of(devices);
  }

  private static MigConfigSpec entry(
      List<DeviceFilter> filters, SortedMap<MigProfile, Integer> devices) {
    return MigConfigSpec.builder()
        .addAllDeviceFilters(filters)
        .devices(DeviceSelector.ALL)
        .migEnabled(true)
        .putAllMigDevices(devices)
        .build();
  }
}
