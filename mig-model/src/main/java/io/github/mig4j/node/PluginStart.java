package io.github.mig4j.node;

import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.node.ComponentVersions.Rule;
import io.github.mig4j.sharing.GpuSharing;
import io.github.mig4j.sharing.SharedResource;
import io.github.mig4j.sharing.SharingKind;
import io.github.mig4j.text.GpuResource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What one version of the device plugin does when it starts (k8s-device-plugin internal/rm,
 * cmd/nvidia-device-plugin).
 *
 * @param versions the version, among others
 * @param devices devices by resource name, as they are offered without sharing
 * @param resources what pods can be given, by resource name; none if it exits
 * @param exit why it exits; empty if it does not
 */
record PluginStart(
    ComponentVersions versions,
    SortedMap<String, Integer> devices,
    SortedMap<String, Long> resources,
    Optional<String> exit) {

  /** What NVML says of a device beside its slices. */
  private static final Set<Budget> ATTRIBUTES =
      EnumSet.complementOf(EnumSet.of(Budget.COMPUTE_SLICES, Budget.MEMORY_SLICES));

  static PluginStart of(
      Map<NodeGpu, MigSetting> gpus,
      MigStrategy strategy,
      Optional<GpuSharing> sharing,
      ComponentVersions versions) {
    Optional<String> unfit = whyUnfit(gpus, strategy, versions);
    SortedMap<String, Integer> devices =
        unfit.isPresent() ? new TreeMap<>() : devices(gpus, strategy, versions);
    SortedMap<String, Long> resources = shared(devices, sharing);
    Optional<String> exit =
        whyNoMps(gpus, strategy, sharing).or(() -> unfit).or(() -> tooMany(resources));
    return new PluginStart(
        versions,
        Collections.unmodifiableSortedMap(devices),
        Collections.unmodifiableSortedMap(exit.isEmpty() ? resources : new TreeMap<>()),
        exit);
  }

  boolean offersTheSame(PluginStart other) {
    return devices.equals(other.devices)
        && resources.equals(other.resources)
        && exit.equals(other.exit);
  }

  private static Optional<String> whyUnfit(
      Map<NodeGpu, MigSetting> gpus, MigStrategy strategy, ComponentVersions versions) {
    return switch (strategy) {
      case NONE -> Optional.empty();
      case SINGLE -> whyNotUniform(gpus);
      case MIXED ->
        versions.follow(Rule.COMPUTE_SLICES_STOP_MIXED).orElse(true)
            ? whyNoResource(gpus)
            : Optional.empty();
    };
  }

  private static SortedMap<String, Integer> devices(
      Map<NodeGpu, MigSetting> gpus, MigStrategy strategy, ComponentVersions versions) {
    SortedMap<String, Integer> devices = new TreeMap<>();
    gpus.forEach((gpu, setting) -> {
      if (strategy == MigStrategy.NONE || !setting.migEnabled()) {
        devices.merge(GpuResource.GPU, 1, Integer::sum);
      } else {
        setting
            .devices()
            .forEach((profile, count) -> devices.merge(
                strategy == MigStrategy.SINGLE ? GpuResource.GPU : resourceName(profile, versions),
                count,
                Integer::sum));
      }
    });
    return devices;
  }

  private static String resourceName(MigProfile profile, ComponentVersions versions) {
    MigProfile instance = profile.gpuInstance();
    return versions.follow(Rule.FULL_PROFILE_NAMES).orElse(true)
        ? instance.resourceName()
        : new MigProfile(instance.gpuSlices(), instance.gpuSlices(), instance.memoryGb(), "")
            .resourceName();
  }

  /** Of several entries for one resource the most replicas are offered. */
  private static SortedMap<String, Long> shared(
      SortedMap<String, Integer> devices, Optional<GpuSharing> sharing) {
    SortedMap<String, Long> offered = new TreeMap<>();
    devices.forEach((name, count) -> {
      String offeredName = name;
      long replicas = 1;
      for (SharedResource entry : entries(sharing, name)) {
        offeredName = sharing.orElseThrow().offeredName(entry);
        replicas = Math.max(replicas, entry.replicas());
      }
      offered.merge(offeredName, count * replicas, Long::sum);
    });
    return offered;
  }

  static List<SharedResource> entries(Optional<GpuSharing> sharing, String name) {
    return sharing.map(GpuSharing::resources).orElse(List.of()).stream()
        .filter(entry -> entry.name().equals(name))
        .toList();
  }

  private static Optional<String> tooMany(SortedMap<String, Long> resources) {
    return resources.entrySet().stream()
        .filter(resource -> resource.getValue() > Integer.MAX_VALUE)
        .findFirst()
        .map(resource ->
            "The device plugin would offer %d %s, more than a node can hold; use fewer replicas"
                .formatted(resource.getValue(), resource.getKey()));
  }

  private static Optional<String> whyNoMps(
      Map<NodeGpu, MigSetting> gpus, MigStrategy strategy, Optional<GpuSharing> sharing) {
    if (sharing.filter(some -> some.kind() == SharingKind.MPS).isEmpty()) {
      return Optional.empty();
    }
    if (strategy == MigStrategy.MIXED) {
      return Optional.of(
          "The device plugin does not start with MPS under strategy mixed; use time-slicing, or"
              + " another strategy");
    }
    return strategy == MigStrategy.SINGLE && isAnyInMigMode(gpus)
        ? Optional.of(
            "The device plugin does not start with MPS where MIG devices are offered as %s; use time-slicing"
                .formatted(GpuResource.GPU))
        : Optional.empty();
  }

  static boolean isAnyInMigMode(Map<NodeGpu, MigSetting> gpus) {
    return gpus.values().stream().anyMatch(MigSetting::migEnabled);
  }

  private static Optional<String> whyNoResource(Map<NodeGpu, MigSetting> gpus) {
    return gpus.values().stream()
        .flatMap(setting -> setting.devices().keySet().stream())
        .filter(profile -> !profile.isWholeGpuInstance())
        .findFirst()
        .map(profile ->
            "Under strategy mixed the device plugin has no resource for %s and does not start; use %s"
                .formatted(profile, profile.gpuInstance()));
  }

  /** Under strategy single: no GPU is in MIG mode, or all devices have the same attributes. */
  private static Optional<String> whyNotUniform(Map<NodeGpu, MigSetting> gpus) {
    if (!isAnyInMigMode(gpus)) {
      return Optional.empty();
    }
    boolean hasEmpty =
        gpus.values().stream().anyMatch(setting -> setting.devices().isEmpty());
    if (!hasEmpty && isUniform(gpus)) {
      return Optional.empty();
    }
    Map<String, List<NodeGpu>> alike = new LinkedHashMap<>();
    gpus.forEach((gpu, setting) -> alike
        .computeIfAbsent(gpu.model().id() + setting, any -> new ArrayList<>())
        .add(gpu));
    long profiles = gpus.values().stream()
        .flatMap(setting -> setting.devices().keySet().stream())
        .distinct()
        .count();
    return Optional.of(
        "Under strategy single the device plugin starts only if all GPUs are cut into one profile or none, but %s%s; use strategy mixed"
            .formatted(
                alike.values().stream()
                    .map(group -> "%s: %s".formatted(Selection.name(group), gpus.get(group.get(0))))
                    .collect(Collectors.joining(", ")),
                hasEmpty || profiles > 1 ? "" : ", and these devices are not of one size"));
  }

  private static boolean isUniform(Map<NodeGpu, MigSetting> gpus) {
    List<Device> devices = gpus.entrySet().stream()
        .flatMap(
            gpu -> gpu.getValue().devices().keySet().stream().map(p -> new Device(gpu.getKey(), p)))
        .toList();
    return devices.stream().allMatch(devices.get(0)::isLike);
  }

  /** A MIG device on a GPU, of which the plugin compares what NVML says of it, not the name. */
  private record Device(NodeGpu gpu, MigProfile profile) {

    boolean isLike(Device other) {
      if (profile.gpuSlices() != other.profile.gpuSlices()
          || profile.computeSlices() != other.profile.computeSlices()) {
        return false;
      }
      boolean allKnown = true;
      for (Budget budget : ATTRIBUTES) {
        OptionalInt mine = amount(budget);
        OptionalInt theirs = other.amount(budget);
        boolean known = mine.isPresent() && theirs.isPresent();
        if (known && !mine.equals(theirs)) {
          return false;
        }
        allKnown &= known;
      }
      return allKnown || profile.equals(other.profile);
    }

    private OptionalInt amount(Budget budget) {
      Optional<GpuInstanceProfile> known = gpu.model().profile(profile);
      return known.isPresent() ? known.get().amount(budget) : OptionalInt.empty();
    }
  }
}
