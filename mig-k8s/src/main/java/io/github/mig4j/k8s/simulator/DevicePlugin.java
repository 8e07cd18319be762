package io.github.mig4j.k8s.simulator;

import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator.PluginVersion;
import io.github.mig4j.sharing.GpuSharing;
import io.github.mig4j.sharing.SharedResource;
import io.github.mig4j.sharing.SharingKind;
import io.github.mig4j.text.GpuResource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The resources that NVIDIA's device plugin registers for a node's GPUs, or the error with which it exits. */
final class DevicePlugin {

  private static final String GPU = GpuResource.GPU;

  private static final List<Budget> NVML_ATTRIBUTES = List.of(
      Budget.MEMORY_MIB,
      Budget.SMS,
      Budget.COPY_ENGINES,
      Budget.DECODERS,
      Budget.ENCODERS,
      Budget.JPEG_ENGINES,
      Budget.OFA_ENGINES);

  private DevicePlugin() {}

  /** The result of the plugin's start. */
  sealed interface Start {

    /** It registers these resources. */
    record Offer(SortedMap<String, Integer> resources) implements Start {}

    /** It exits, and the node offers nothing. */
    record Exit(String message) implements Start {}
  }

  static Start start(
      List<SimulatedGpu> gpus,
      MigStrategy strategy,
      Optional<GpuSharing> sharing,
      PluginVersion version) {
    boolean mps = sharing.filter(some -> some.kind() == SharingKind.MPS).isPresent();
    if (mps && strategy == MigStrategy.MIXED) {
      return new Start.Exit("using --mig-strategy=mixed is not supported with MPS");
    }
    Start start = start(gpus, strategy, version);
    if (mps
        && strategy == MigStrategy.SINGLE
        && start instanceof Start.Offer
        && gpus.stream().anyMatch(SimulatedGpu::migEnabled)) {
      return new Start.Exit("sharing using MPS is not supported for MIG devices");
    }
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

  private static Start start(List<SimulatedGpu> gpus, MigStrategy strategy, PluginVersion version) {
    return switch (strategy) {
      case NONE -> new Start.Offer(new TreeMap<>(Map.of(GPU, gpus.size())));
      case SINGLE -> single(gpus);
      case MIXED -> mixed(gpus, version);
    };
  }

  private static Start single(List<SimulatedGpu> gpus) {
    if (gpus.stream().noneMatch(SimulatedGpu::migEnabled)) {
      return new Start.Offer(new TreeMap<>(Map.of(GPU, gpus.size())));
    }
    if (gpus.stream().anyMatch(gpu -> !gpu.migEnabled())) {
      return new Start.Exit("invalid MIG configuration: all devices on the node must be configured"
          + " with the same migEnabled value: " + describe(gpus));
    }
    if (gpus.stream().anyMatch(gpu -> gpu.devices().isEmpty())) {
      return new Start.Exit(
          "invalid MIG configuration: at least one device with migEnabled=true was not configured"
              + " correctly: " + describe(gpus));
    }
    return hasOneType(gpus)
        ? new Start.Offer(new TreeMap<>(Map.of(
            GPU,
            gpus.stream()
                .flatMap(gpu -> gpu.devices().values().stream())
                .mapToInt(count -> count)
                .sum())))
        : new Start.Exit(
            "invalid MIG configuration: more than one MIG device type present on node: "
                + describe(gpus));
  }

  /** NVML's attributes decide, so that one name on two models is two types. */
  private static boolean hasOneType(List<SimulatedGpu> gpus) {
    return gpus.stream()
            .flatMap(gpu -> gpu.devices().keySet().stream()
                .map(profile -> attributes(gpu.model().profile(profile), profile)))
            .distinct()
            .count()
        == 1;
  }

  private static Object attributes(Optional<GpuInstanceProfile> known, MigProfile profile) {
    List<Integer> amounts = new ArrayList<>();
    known.ifPresent(
        of -> NVML_ATTRIBUTES.forEach(budget -> of.amount(budget).ifPresent(amounts::add)));
    return amounts.size() == NVML_ATTRIBUTES.size()
        ? List.of(profile.gpuSlices(), profile.computeSlices(), amounts)
        : profile;
  }

  private static Start mixed(List<SimulatedGpu> gpus, PluginVersion version) {
    SortedMap<String, Integer> resources = new TreeMap<>();
    for (SimulatedGpu gpu : gpus) {
      if (!gpu.migEnabled()) {
        resources.merge(GPU, 1, Integer::sum);
      }
      for (Map.Entry<MigProfile, Integer> devices : gpu.devices().entrySet()) {
        if (version == PluginVersion.V0_20 && !devices.getKey().isWholeGpuInstance()) {
          return new Start.Exit("MIG device of profile %s does not match any resource patterns"
              .formatted(devices.getKey()));
        }
        resources.merge(
            resource(devices.getKey().toString(), version), devices.getValue(), Integer::sum);
      }
    }
    return new Start.Offer(resources);
  }

  /** Before v0.20.0 the name only has to contain that of a profile without attributes. */
  private static String resource(String profile, PluginVersion version) {
    return GpuResource.MIG_PREFIX
        + switch (version) {
          case V0_19 -> profile.replaceFirst("^[0-9]+c\\.", "").replaceFirst("[+-].*$", "");
          case V0_20 -> profile.replace('+', '.');
        };
  }

  private static List<String> describe(List<SimulatedGpu> gpus) {
    return gpus.stream()
        .map(gpu -> gpu.index() + (gpu.migEnabled() ? " " + gpu.devices() : " without MIG"))
        .toList();
  }
}
