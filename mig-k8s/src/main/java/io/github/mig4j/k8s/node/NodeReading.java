package io.github.mig4j.k8s.node;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.GpuProduct;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.gpu.Provenance;
import io.github.mig4j.k8s.cluster.GpuResources;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.internal.Quantities;
import io.github.mig4j.node.MigSetting;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeOffer;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.GpuSharing;
import io.github.mig4j.sharing.SharedResource;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What a node's labels and resources say of its GPUs, whether they are shared now or not. The models
 * are known by their product label only.
 */
public final class NodeReading {

  private static final String COUNT = ".count";
  private static final String OTHER_PRODUCT = "another product";

  private final Map<String, String> labels;
  private final SortedMap<String, Long> offered;
  private final GpuProduct.Label product;
  private final int count;
  private final Map<NodeGpu, MigSetting> gpus = new LinkedHashMap<>();

  private NodeReading(Node node) {
    this.labels = NodeFields.labels(node);
    this.offered = offered(node);
    this.product = GpuProduct.Label.parse(labels.getOrDefault(Labels.GPU_PRODUCT, ""));
    this.count = NodeFields.gpuCount(node);
  }

  /** Whether feature discovery has labelled the product and the number of the GPUs. */
  public static boolean hasGpus(Node node) {
    NodeReading reading = new NodeReading(node);
    return !reading.product.product().isEmpty() && reading.count > 0;
  }

  /**
   * The GPUs of a node that {@linkplain #hasGpus has GPUs}. Which GPU has which device is not known,
   * so all devices of a product are said to be on the first; under strategy single there is one GPU
   * then.
   *
   * @param strategy how the device plugin offers MIG devices
   * @param now the configuration with which the device plugin runs, if that is known
   * @throws IllegalArgumentException if the resources do not say how many GPUs are whole
   */
  public static Map<NodeGpu, MigSetting> gpus(
      Node node, MigStrategy strategy, Optional<DevicePluginConfig> now) {
    NodeReading reading = new NodeReading(node);
    reading.read(strategy, now);
    return reading.gpus;
  }

  /** The GPU resources that pods can be given; those of which there are none are left out. */
  public static SortedMap<String, Long> offered(Node node) {
    SortedMap<String, Long> offered = new TreeMap<>();
    Quantities.allocatable(node).forEach((resource, quantity) -> {
      boolean isGpu = resource.equals(GpuResources.GPU)
          || resource.equals(GpuResources.SHARED_GPU)
          || MigProfile.ofResourceName(resource).isPresent();
      long devices = isGpu ? Quantities.wholeNumber(quantity).orElse(0) : 0;
      if (devices > 0) {
        offered.put(resource, devices);
      }
    });
    return offered;
  }

  /** The MIG profiles that pods can be given by the name of a resource. */
  public static Stream<MigProfile> offeredProfiles(Node node) {
    return offered(node).keySet().stream()
        .flatMap(resource -> MigProfile.ofResourceName(resource).stream());
  }

  /** Whether the labels are about a MIG device and not about a GPU, as under strategy single. */
  static boolean isOfDevice(Node node) {
    return new NodeReading(node).product.mig().isPresent();
  }

  /**
   * The MIG devices of a node: as feature discovery counts them or, where it says nothing, as the
   * node offers them. Of shared devices the resources do not say how many they are.
   */
  static SortedMap<MigProfile, Integer> devices(Node node) {
    NodeReading reading = new NodeReading(node);
    SortedMap<MigProfile, Integer> devices = new TreeMap<>();
    if (reading.product.mig().isPresent()) {
      reading
          .product
          .profile()
          .filter(profile -> reading.count > 0)
          .ifPresent(profile -> devices.put(profile, reading.count));
      return devices;
    }
    devices.putAll(reading.counted());
    if (devices.isEmpty()) {
      reading.offered.forEach((resource, count) -> MigProfile.ofResourceName(resource)
          .filter(profile -> profile.resourceName().equals(resource))
          .ifPresent(profile -> devices.put(profile, count.intValue())));
    }
    return devices;
  }

  /**
   * What a node would offer if its labels were right; empty if they do not describe its GPUs. Whole GPUs
   * beside MIG devices are taken from the resources, because the labels do not count them.
   */
  static Optional<NodeOffer> labelled(Node node, MigStrategy strategy) {
    NodeReading reading = new NodeReading(node);
    reading.readLabels(strategy);
    return reading.gpus.isEmpty()
        ? Optional.empty()
        : Optional.of(NodeOffer.of(reading.gpus, strategy));
  }

  /**
   * The least number of GPUs of these models with which a node can offer what it offers. MIG devices
   * count as far as the resources and feature discovery agree, since one of them can be late.
   */
  public static int leastGpus(Node node, Collection<GpuModel> models) {
    NodeReading reading = new NodeReading(node);
    int cut = reading.counted().entrySet().stream()
        .mapToInt(each -> reading.leastGpus(each.getKey(), each.getValue(), models))
        .max()
        .orElse(0);
    return reading.gpusOffered(Optional.empty()).orElse(0) + cut;
  }

  private int leastGpus(MigProfile profile, int labelled, Collection<GpuModel> models) {
    String resource = profile.resourceName();
    long offers =
        offered.getOrDefault(resource, 0L) + offered.getOrDefault(resource + ".shared", 0L);
    int replicas = Math.max(1, NodeFields.number(labels, resource + ".replicas").orElse(1));
    int devices = Math.min(labelled, (int) (offers / replicas));
    int most = models.stream()
        .flatMap(model -> model.profile(profile).stream())
        .mapToInt(GpuInstanceProfile::maxInstances)
        .max()
        .orElse(devices);
    return devices == 0 ? 0 : (devices + most - 1) / most;
  }

  private void readLabels(MigStrategy strategy) {
    Optional<MigProfile> uniform = product.profile();
    SortedMap<MigProfile, Integer> cut = counted();
    if (uniform.isPresent() && count > 0) {
      add(product.product(), MigSetting.of(Map.of(uniform.get(), count)));
    } else if (product.isInvalid()) {
      return;
    } else if (strategy == MigStrategy.NONE) {
      add(count, wholeGpu());
    } else {
      int whole = cut.isEmpty() ? count : gpusOffered(Optional.empty()).orElse(0);
      add(isAllInMigMode() && !cut.isEmpty() ? 0 : whole, wholeGpu());
      addCut(cut);
    }
  }

  /** Whether its GPUs are shared by MPS, according to feature discovery. */
  public static boolean isMps(Node node) {
    return NodeFields.labels(node).getOrDefault("nvidia.com/mps.capable", "").equals("true");
  }

  private SortedMap<MigProfile, Integer> counted() {
    SortedMap<MigProfile, Integer> counted = new TreeMap<>();
    labels.keySet().forEach(label -> {
      if (label.endsWith(COUNT)) {
        int devices = NodeFields.number(labels, label).orElse(0);
        MigProfile.ofResourceName(label.substring(0, label.length() - COUNT.length()))
            .filter(profile -> devices > 0)
            .ifPresent(profile -> counted.put(profile, devices));
      }
    });
    return counted;
  }

  private void read(MigStrategy strategy, Optional<DevicePluginConfig> now) {
    Optional<MigProfile> uniform = product.profile();
    if (uniform.isPresent()) {
      add(product.product(), MigSetting.of(Map.of(uniform.get(), count)));
      return;
    }
    SortedMap<MigProfile, Integer> cut = counted();
    OptionalInt offers = gpusOffered(now);
    if (!cut.isEmpty() && offers.isEmpty() && !isAllInMigMode()) {
      throw new IllegalArgumentException(
          "how many of its GPUs are whole is not known: %s is %d beside %s=%s; try again once the device plugin and feature discovery agree"
              .formatted(
                  GpuResources.GPU,
                  offersGpus(),
                  Labels.GPU_REPLICAS,
                  labels.getOrDefault(Labels.GPU_REPLICAS, "")));
    }
    if (strategy == MigStrategy.NONE) {
      add(Math.max(count, offers.orElse(count)), wholeGpu());
      return;
    }
    int whole = isAllInMigMode() ? 0 : offers.orElse(count);
    add(whole, MigSetting.OFF);
    addCut(cut);
    while (gpus.keySet().stream()
            .filter(gpu -> gpu.model().id().equals(product.product()))
            .count()
        < count) {
      add(product.product(), MigSetting.EMPTY);
    }
  }

  private MigSetting wholeGpu() {
    return isAllInMigMode() ? MigSetting.EMPTY : MigSetting.OFF;
  }

  /** Where every GPU is in MIG mode, feature discovery counts no replica of a whole one. */
  private boolean isAllInMigMode() {
    return labels.getOrDefault(Labels.GPU_REPLICAS, "").equals("0");
  }

  /** GPUs that are offered as such; empty if none is, or the replicas are not known. */
  private OptionalInt gpusOffered(Optional<DevicePluginConfig> now) {
    long devices = offersGpus();
    int replicas = replicas(now);
    boolean isCount = devices > 0
        && replicas > 0
        && devices % replicas == 0
        && devices / replicas <= NodeGpu.MAX_PER_NODE;
    return !isCount ? OptionalInt.empty() : OptionalInt.of((int) (devices / replicas));
  }

  private long offersGpus() {
    return offered.getOrDefault(GpuResources.GPU, 0L)
        + offered.getOrDefault(GpuResources.SHARED_GPU, 0L);
  }

  /**
   * As the label says, which is the first entry's number, though the plugin takes the largest; the
   * configuration says both, unless the label is not of it.
   */
  private int replicas(Optional<DevicePluginConfig> now) {
    int labelled = NodeFields.number(labels, Labels.GPU_REPLICAS).orElse(1);
    if (now.isEmpty()) {
      return labelled;
    }
    List<Integer> replicas = now.get().sharing().map(GpuSharing::resources).stream()
        .flatMap(List::stream)
        .filter(resource -> resource.name().equals(GpuResources.GPU))
        .map(SharedResource::replicas)
        .toList();
    int first = replicas.isEmpty() ? 1 : replicas.get(0);
    return labelled == 0 || labelled == first
        ? replicas.stream().mapToInt(each -> each).max().orElse(1)
        : labelled;
  }

  /** Of more GPUs than the label counts, the others are of another product. */
  private void add(int number, MigSetting setting) {
    for (int i = 0; i < number; i++) {
      add(i < count ? product.product() : OTHER_PRODUCT, setting);
    }
  }

  private void addCut(SortedMap<MigProfile, Integer> cut) {
    Map<String, Map<MigProfile, Integer>> byProduct = new LinkedHashMap<>();
    cut.forEach((profile, devices) -> byProduct
        .computeIfAbsent(
            GpuProduct.Label.parse(
                    labels.getOrDefault(profile.resourceName() + ".product", product.product()))
                .product(),
            any -> new TreeMap<>())
        .put(profile, devices));
    byProduct.forEach((name, devices) -> add(name, MigSetting.of(devices)));
  }

  private void add(String name, MigSetting setting) {
    GpuModel model = GpuModel.builder()
        .id(name)
        .architecture("unknown")
        .addProducts(new GpuProduct(name, name, Provenance.CALLER))
        .build();
    gpus.put(NodeGpu.of(gpus.size(), model), setting);
  }
}
