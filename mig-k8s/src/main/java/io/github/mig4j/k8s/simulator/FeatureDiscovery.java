package io.github.mig4j.k8s.simulator;

import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.sharing.GpuSharing;
import io.github.mig4j.sharing.SharedResource;
import io.github.mig4j.sharing.SharingKind;
import io.github.mig4j.text.GpuResource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;

/** The labels that GPU Feature Discovery derives from a node's GPUs. */
final class FeatureDiscovery {

  private static final String GPU = GpuResource.GPU;

  /** The labels that feature discovery owns; those it no longer derives are removed. */
  private static final Pattern OWNED = Pattern.compile("nvidia\\.com/(?:"
      + "gpu\\.(?:product|count|replicas|sharing-strategy|memory|family|machine|multiprocessors"
      + "|compute\\..+|slices\\..+|engines\\..+)"
      + "|mig-(?:\\d+c\\.)?\\d+g\\..+|mig\\.capable|mig\\.strategy|mps\\.capable)");

  private static final Map<Budget, String> ENGINES = Map.of(
      Budget.COPY_ENGINES, "copy",
      Budget.DECODERS, "decoder",
      Budget.ENCODERS, "encoder",
      Budget.JPEG_ENGINES, "jpeg",
      Budget.OFA_ENGINES, "ofa");

  private FeatureDiscovery() {}

  /** Whether feature discovery may remove a label. */
  static boolean owns(String key) {
    return OWNED.matcher(key).matches();
  }

  /**
   * What the labels of a node with these GPUs are; empty if feature discovery exits, which leaves the
   * previous labels.
   *
   * @param draw chooses one of several models; called once
   */
  static Optional<SortedMap<String, String>> labels(
      List<SimulatedGpu> gpus,
      MigStrategy strategy,
      Optional<GpuSharing> sharing,
      Function<List<GpuModel>, GpuModel> draw) {
    if (sharing.filter(some -> some.kind() == SharingKind.MPS).isPresent()
        && gpus.stream().anyMatch(SimulatedGpu::migEnabled)) {
      return Optional.empty();
    }
    SortedMap<String, String> labels = labels(gpus, strategy, draw);
    sharing.ifPresent(some -> share(labels, some));
    return Optional.of(labels);
  }

  /** Only existing devices can be shared: zero replicas stay zero. */
  private static void share(SortedMap<String, String> labels, GpuSharing sharing) {
    labels.put("nvidia.com/mps.capable", String.valueOf(sharing.kind() == SharingKind.MPS));
    for (SharedResource resource : sharing.resources()) {
      String prefix = resource.name();
      if (labels.getOrDefault(prefix + ".replicas", "0").equals("1")) {
        labels.put(prefix + ".replicas", String.valueOf(resource.replicas()));
        labels.put(prefix + ".sharing-strategy", sharing.kind().toString());
        if (!sharing.renameByDefault()) {
          labels.merge(prefix + ".product", "-SHARED", String::concat);
        }
      }
    }
  }

  private static SortedMap<String, String> labels(
      List<SimulatedGpu> gpus, MigStrategy strategy, Function<List<GpuModel>, GpuModel> draw) {
    SortedMap<String, String> labels = new TreeMap<>();
    labels.put("nvidia.com/gpu.machine", "mig4j-simulated");
    labels.put("nvidia.com/mps.capable", "false");
    labels.put(
        Labels.MIG_CAPABLE,
        String.valueOf(gpus.stream().anyMatch(gpu -> gpu.model().supportsMig())));
    addWhole(labels, gpus, draw);
    if (strategy != MigStrategy.NONE) {
      labels.put(Labels.MIG_STRATEGY, strategy.toString());
      if (strategy == MigStrategy.MIXED) {
        addMixed(labels, gpus);
      } else {
        addSingle(labels, gpus);
      }
    }
    return labels;
  }

  /** Of several models one is described, one with whole GPUs if there is any. */
  private static void addWhole(
      Map<String, String> labels,
      List<SimulatedGpu> gpus,
      Function<List<GpuModel>, GpuModel> draw) {
    List<GpuModel> whole = gpus.stream()
        .filter(gpu -> !gpu.migEnabled())
        .map(SimulatedGpu::model)
        .distinct()
        .toList();
    GpuModel model = draw.apply(
        whole.isEmpty() ? gpus.stream().map(SimulatedGpu::model).distinct().toList() : whole);
    labels.put(Labels.GPU_PRODUCT, product(model));
    labels.put(
        Labels.GPU_COUNT,
        String.valueOf(gpus.stream().filter(gpu -> gpu.model().equals(model)).count()));
    labels.put(Labels.GPU_REPLICAS, whole.isEmpty() ? "0" : "1");
    labels.put(Labels.GPU_SHARING, "none");
    memoryMib(model).ifPresent(mib -> labels.put(Labels.GPU_MEMORY, String.valueOf(mib)));
    model.computeCapability().ifPresent(capability -> {
      String[] parts = capability.split("\\.", 2);
      labels.put(GPU + ".compute.major", parts[0]);
      labels.put(GPU + ".compute.minor", parts.length > 1 ? parts[1] : "0");
      labels.put(GPU + ".family", family(parts[0], capability));
    });
  }

  /** A profile that two models have is described after the first GPU. */
  private static void addMixed(Map<String, String> labels, List<SimulatedGpu> gpus) {
    Set<MigProfile> described = new HashSet<>();
    for (SimulatedGpu gpu : gpus) {
      for (MigProfile profile : gpu.devices().keySet()) {
        if (described.add(profile)) {
          addDevices(labels, profile.resourceName(), gpu.model(), profile, count(gpus, profile));
        }
      }
    }
  }

  /** Only the names of the devices are compared. */
  private static void addSingle(Map<String, String> labels, List<SimulatedGpu> gpus) {
    List<SimulatedGpu> cut = gpus.stream().filter(SimulatedGpu::migEnabled).toList();
    if (cut.isEmpty()) {
      return;
    }
    GpuModel model = cut.get(0).model();
    List<MigProfile> profiles =
        gpus.stream().flatMap(gpu -> gpu.devices().keySet().stream()).distinct().toList();
    if (profiles.size() == 1 && gpus.stream().noneMatch(gpu -> gpu.devices().isEmpty())) {
      addDevices(labels, GPU, model, profiles.get(0), count(gpus, profiles.get(0)));
    } else {
      labels.put(Labels.GPU_PRODUCT, product(model) + "-MIG-INVALID");
      labels.put(Labels.GPU_COUNT, "0");
      labels.put(Labels.GPU_REPLICAS, "0");
      labels.put(Labels.GPU_SHARING, "");
      labels.put(Labels.GPU_MEMORY, "0");
    }
  }

  private static void addDevices(
      Map<String, String> labels, String prefix, GpuModel model, MigProfile profile, int count) {
    labels.put(prefix + ".product", product(model) + "-MIG-" + labelValue(profile));
    labels.put(prefix + ".count", String.valueOf(count));
    labels.put(prefix + ".replicas", "1");
    labels.put(prefix + ".sharing-strategy", "none");
    labels.put(prefix + ".slices.gi", String.valueOf(profile.gpuSlices()));
    labels.put(prefix + ".slices.ci", String.valueOf(profile.computeSlices()));
    model.profile(profile).ifPresent(known -> {
      put(labels, prefix + ".memory", known.amount(Budget.MEMORY_MIB));
      put(labels, prefix + ".multiprocessors", multiprocessors(known, profile));
      ENGINES.forEach(
          (budget, name) -> put(labels, prefix + ".engines." + name, known.amount(budget)));
    });
  }

  /** A compute instance has a part of the GPU instance's SMs; it shares everything else. */
  private static OptionalInt multiprocessors(GpuInstanceProfile known, MigProfile profile) {
    OptionalInt sms = known.amount(Budget.SMS);
    return sms.isPresent() && !profile.isWholeGpuInstance()
        ? OptionalInt.of(sms.getAsInt() * profile.computeSlices() / profile.gpuSlices())
        : sms;
  }

  private static void put(Map<String, String> labels, String key, OptionalInt value) {
    value.ifPresent(known -> labels.put(key, String.valueOf(known)));
  }

  private static int count(List<SimulatedGpu> gpus, MigProfile profile) {
    return gpus.stream().mapToInt(gpu -> gpu.devices().getOrDefault(profile, 0)).sum();
  }

  private static String product(GpuModel model) {
    return model.products().isEmpty() ? model.id() : model.products().get(0).label();
  }

  /** A label value cannot contain a plus. */
  private static String labelValue(MigProfile profile) {
    return profile.toString().replace('+', '.');
  }

  private static OptionalInt memoryMib(GpuModel model) {
    return model.totalMemoryMib().isPresent() || model.marketedMemoryGb().isEmpty()
        ? model.totalMemoryMib()
        : OptionalInt.of(model.marketedMemoryGb().getAsInt() * 1024);
  }

  private static String family(String major, String capability) {
    return switch (major) {
      case "6" -> "pascal";
      case "7" -> capability.compareTo("7.5") < 0 ? "volta" : "turing";
      case "8" -> capability.compareTo("8.9") < 0 ? "ampere" : "ada-lovelace";
      case "9" -> "hopper";
      case "10", "12" -> "blackwell";
      case "13" -> "rubin";
      default -> "undefined";
    };
  }
}
