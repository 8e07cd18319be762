package io.github.mig4j.k8s.simulator;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.sharing.GpuSharing;
import io.github.mig4j.sharing.SharedResource;
import io.github.mig4j.sharing.SharingKind;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The resources that NVIDIA's device plugin registers for a node's GPUs, or the error with which it exits. */
final class DevicePlugin {

  private static final String GPU = "nvidia.com/gpu";

  private DevicePlugin() {}

  /** The result of the plugin's start. */
  sealed interface Start {

    /** It registers these resources. */
    record Offer(SortedMap<String, Integer> resources) implements Start {}

    /** It exits, and the node offers nothing. */
    record Exit(String message) implements Start {}
  }

  static Start start(List<SimulatedGpu> gpus, MigStrategy strategy, Optional<GpuSharing> sharing) {
    boolean mps = sharing.filter(some -> some.kind() == SharingKind.MPS).isPresent();
    if (mps && strategy == MigStrategy.MIXED) {
      return new Start.Exit("using --mig-strategy=mixed is not supported with MPS");
    }
    if (mps && gpus.stream().anyMatch(SimulatedGpu::migEnabled)) {
      return new Start.Exit("MPS is not supported for MIG devices");
    }
    Start start = start(gpus, strategy);
    return start instanceof Start.Offer offer && sharing.isPresent()
        ? new Start.Offer(shared(offer.resources(), sharing.get()))
        : start;
  }

  /** Multiplies each shared device by its replicas. */
  private static SortedMap<String, Integer> shared(
      SortedMap<String, Integer> devices, GpuSharing sharing) {
    SortedMap<String, Integer> offered = new TreeMap<>(devices);
    sharing.resources().forEach(resource -> offered.remove(resource.name()));
    for (SharedResource resource : sharing.resources()) {
      int count = devices.getOrDefault(resource.name(), 0);
      if (count > 0) {
        offered.merge(sharing.offeredName(resource), count * resource.replicas(), Math::max);
      }
    }
    return offered;
  }

  static Start start(List<SimulatedGpu> gpus, MigStrategy strategy) {
    return switch (strategy) {
      case NONE -> new Start.Offer(new TreeMap<>(Map.of(GPU, gpus.size())));
      case SINGLE -> single(gpus);
      case MIXED -> mixed(gpus);
    };
  }

  /** The profile of all devices of a node, if there is only one and every GPU has devices. */
  static Optional<MigProfile> uniformProfile(List<SimulatedGpu> gpus) {
    List<MigProfile> profiles =
        gpus.stream().flatMap(gpu -> gpu.devices().keySet().stream()).distinct().toList();
    return profiles.size() == 1 && gpus.stream().noneMatch(gpu -> gpu.devices().isEmpty())
        ? Optional.of(profiles.get(0))
        : Optional.empty();
  }

  private static Start single(List<SimulatedGpu> gpus) {
    if (gpus.stream().noneMatch(SimulatedGpu::migEnabled)) {
      return new Start.Offer(new TreeMap<>(Map.of(GPU, gpus.size())));
    }
    return uniformProfile(gpus)
        .<Start>map(profile ->
            new Start.Offer(new TreeMap<>(Map.of(GPU, FeatureDiscovery.count(gpus, profile)))))
        .orElseGet(() -> new Start.Exit("invalid MIG configuration for strategy single: "
            + gpus.stream().map(DevicePlugin::describe).toList()));
  }

  private static Start mixed(List<SimulatedGpu> gpus) {
    SortedMap<String, Integer> resources = new TreeMap<>();
    for (SimulatedGpu gpu : gpus) {
      if (!gpu.migEnabled()) {
        resources.merge(GPU, 1, Integer::sum);
      }
      for (Map.Entry<MigProfile, Integer> devices : gpu.devices().entrySet()) {
        if (!devices.getKey().isWholeGpuInstance()) {
          return new Start.Exit("MIG device of profile %s does not match any resource patterns"
              .formatted(devices.getKey()));
        }
        resources.merge(devices.getKey().resourceName(), devices.getValue(), Integer::sum);
      }
    }
    return new Start.Offer(resources);
  }

  private static String describe(SimulatedGpu gpu) {
    return gpu.index() + (gpu.migEnabled() ? " " + gpu.devices() : " without MIG");
  }
}
