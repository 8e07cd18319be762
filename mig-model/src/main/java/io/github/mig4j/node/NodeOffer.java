package io.github.mig4j.node;

import io.github.mig4j.JsonForm;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.gpu.GpuProduct;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.node.ComponentVersions.Component;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.GpuSharing;
import io.github.mig4j.sharing.NodeDevices;
import io.github.mig4j.sharing.SharingKind;
import io.github.mig4j.text.GpuResource;
import io.github.mig4j.text.JsonFields;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a node offers while its GPUs are set like this: the resources that its device plugin
 * registers, and the labels that GPU Feature Discovery writes. The comparison with what the node
 * really shows is the evidence that a change has happened.
 *
 * <pre>{@code
 * NodeOffer offer = NodeOffer.after(config, gpus, MigStrategy.MIXED);
 * offer.resources();                                     // {nvidia.com/mig-1g.23gb=7}
 * offer.differences(node.allocatable(), node.labels());  // nvidia.com/mig-1g.23gb is 3 instead of 7
 * }</pre>
 *
 * <p>Without a {@linkplain #withSharing sharing} it is not known how often each device is offered;
 * then the node's own labels say so, and only counts and profiles are compared. Without {@linkplain
 * #withVersions versions} whatever one version of the device plugin would offer is right. On a node
 * of several products the labels {@code nvidia.com/gpu.*} describe one of them, and each is right.
 *
 * @param gpus all GPUs of the node, each with its setting, in the order of their indexes
 * @param strategy how the device plugin offers MIG devices on the node
 * @param config the device plugin's configuration; empty if it is not known
 * @param versions what is known of the components' versions
 */
public record NodeOffer(
    Map<NodeGpu, MigSetting> gpus,
    MigStrategy strategy,
    Optional<DevicePluginConfig> config,
    ComponentVersions versions)
    implements JsonForm {

  private static final String COUNT = ".count";
  private static final String PRODUCT = ".product";
  private static final String REPLICAS = ".replicas";

  public NodeOffer {
    Objects.requireNonNull(gpus, "gpus");
    Objects.requireNonNull(strategy, "strategy");
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(versions, "versions");
    NodeEffect.requireDistinct(List.copyOf(gpus.keySet()));
    if (gpus.isEmpty()) {
      throw new IllegalArgumentException("A node that offers something has at least 1 GPU");
    }
    Map<NodeGpu, MigSetting> ordered = new LinkedHashMap<>();
    gpus.entrySet().stream()
        .sorted(Comparator.comparing(gpu -> gpu.getKey().index()))
        .forEach(gpu -> ordered.put(gpu.getKey(), gpu.getValue()));
    gpus = Collections.unmodifiableMap(ordered);
  }

  /**
   * {@return what a node offers with these settings, whatever the sharing and the versions}
   *
   * @param gpus all GPUs of the node, each with its setting
   * @throws IllegalArgumentException if there is no GPU, or two have one index
   */
  public static NodeOffer of(Map<NodeGpu, MigSetting> gpus, MigStrategy strategy) {
    return new NodeOffer(gpus, strategy, Optional.empty(), ComponentVersions.unknown());
  }

  /**
   * {@return what a node offers once a configuration is in force, whatever the sharing and the
   * versions}
   *
   * @param gpus all GPUs of the node
   * @throws IllegalArgumentException if no entry is for a GPU, so that it is not known what it holds
   */
  public static NodeOffer after(MigConfig config, List<NodeGpu> gpus, MigStrategy strategy) {
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(gpus, "gpus");
    Objects.requireNonNull(strategy, "strategy");
    Map<NodeGpu, MigSetting> settings = new LinkedHashMap<>();
    NodeEffect.of(config, gpus)
        .gpus()
        .forEach(effect -> settings.put(
            effect.gpu(),
            effect
                .after()
                .orElseThrow(() -> new IllegalArgumentException(
                    "No entry is for GPU %d, so what it will hold is not known"
                        .formatted(effect.gpu().index())))));
    return of(settings, strategy);
  }

  /** {@return the same node under a configuration that the device plugin runs with} */
  public NodeOffer withSharing(DevicePluginConfig known) {
    Objects.requireNonNull(known, "known");
    return new NodeOffer(gpus, strategy, Optional.of(known), versions);
  }

  /** {@return the same node with components of these versions} */
  public NodeOffer withVersions(ComponentVersions known) {
    Objects.requireNonNull(known, "known");
    return new NodeOffer(gpus, strategy, config, known);
  }

  /** {@return the MIG devices of all GPUs together, as counts by profile} */
  public SortedMap<MigProfile, Integer> devices() {
    SortedMap<MigProfile, Integer> devices = new TreeMap<>();
    gpus.values()
        .forEach(setting -> setting
            .devices()
            .forEach((profile, count) -> devices.merge(profile, count, Integer::sum)));
    return Collections.unmodifiableSortedMap(devices);
  }

  /**
   * {@return what the device plugin has to share: what it offers without sharing; no resource if it
   * exits}
   */
  public NodeDevices unshared() {
    int migGpus = (int) gpus.values().stream().filter(MigSetting::migEnabled).count();
    return new NodeDevices(strategy, migGpus, likely(starts()).devices());
  }

  /**
   * {@return what pods can be given, as counts by resource name; none if the device plugin exits}
   * Of the versions that are possible the newest that starts is assumed, and no sharing if it is
   * not known.
   */
  public SortedMap<String, Long> resources() {
    return likely(starts()).resources();
  }

  /**
   * {@return the labels by which feature discovery describes what is offered: count, product,
   * replicas and sharing strategy of each resource, and {@code nvidia.com/mps.capable}; none if it
   * exits, so that older labels stay} If several products are on the node, {@code nvidia.com/gpu.*}
   * are those of the first.
   */
  public SortedMap<String, String> labels() {
    return possibleLabels().stream().findFirst().orElseGet(TreeMap::new);
  }

  /**
   * {@return why the device plugin exits, so that the node offers no GPU, and a remedy; empty if a
   * version that is possible starts}
   */
  public Optional<String> devicePluginExit() {
    return likely(starts()).exit();
  }

  /**
   * {@return why feature discovery exits, so that the labels of before stay, and a remedy; empty if
   * it runs}
   */
  public Optional<String> discoveryExit() {
    boolean mps = sharing().filter(some -> some.kind() == SharingKind.MPS).isPresent();
    return mps && PluginStart.isAnyInMigMode(gpus)
        ? Optional.of(
            "Feature discovery does not start with MPS where a GPU is in MIG mode, and leaves the labels of before; use time-slicing")
        : Optional.empty();
  }

  /**
   * {@return a sentence for each difference of the resources or the labels of a node from what they
   * have to be}
   *
   * @param allocatable counts by resource name, of which only those of GPUs are looked at
   */
  public List<String> differences(Map<String, Long> allocatable, Map<String, String> labels) {
    List<String> differences = new ArrayList<>(resourceDifferences(allocatable, labels));
    differences.addAll(labelDifferences(labels));
    return differences;
  }

  /**
   * {@return a sentence for each resource that is not what it has to be; none if a version that is
   * possible offers these}
   *
   * @param allocatable counts by resource name, of which only those of GPUs are looked at
   * @param labels the node's labels, which say how often a device is offered if the sharing is not
   *     known
   */
  public List<String> resourceDifferences(
      Map<String, Long> allocatable, Map<String, String> labels) {
    Objects.requireNonNull(allocatable, "allocatable");
    Objects.requireNonNull(labels, "labels");
    return fewest(starts(), start -> resourceDifferences(start, allocatable, labels));
  }

  /**
   * {@return a sentence for each label that feature discovery does not write as it has to, or not
   * at all; empty also if it exits}
   */
  public List<String> labelDifferences(Map<String, String> labels) {
    Objects.requireNonNull(labels, "labels");
    return fewest(possibleLabels(), expected -> labelDifferences(expected, labels));
  }

  /**
   * {@return a sentence that says which versions offer what a node offers; empty if the version is
   * known or makes no difference, or if no version offers these resources}
   *
   * @param allocatable counts by resource name
   */
  public Optional<String> assumedVersion(
      Map<String, Long> allocatable, Map<String, String> labels) {
    Objects.requireNonNull(allocatable, "allocatable");
    Objects.requireNonNull(labels, "labels");
    List<PluginStart> starts = starts();
    for (int i = 0; i < starts.size(); i++) {
      if (starts.size() > 1
          && resourceDifferences(starts.get(i), allocatable, labels).isEmpty()) {
        Component component = Component.DEVICE_PLUGIN;
        return Optional.of("The version of the %s is not known; the node offers what %s offers"
            .formatted(
                component,
                i == 0
                    ? version(starts.get(0)) + " or later"
                    : "a version before " + version(starts.get(i - 1))));
      }
    }
    return Optional.empty();
  }

  private static Object version(PluginStart start) {
    return start
        .versions()
        .known()
        .getOrDefault(Component.DEVICE_PLUGIN, new ComponentVersions.Version(0, 0, 0));
  }

  private Optional<GpuSharing> sharing() {
    return config.flatMap(DevicePluginConfig::sharing);
  }

  /** One for each version that makes a difference, newest first. */
  private List<PluginStart> starts() {
    List<PluginStart> starts = new ArrayList<>();
    for (ComponentVersions possible : versions.possible(Component.DEVICE_PLUGIN)) {
      PluginStart start = PluginStart.of(gpus, strategy, sharing(), possible);
      if (starts.stream().noneMatch(start::offersTheSame)) {
        starts.add(start);
      }
    }
    return starts;
  }

  private static PluginStart likely(List<PluginStart> starts) {
    return starts.stream()
        .filter(start -> start.exit().isEmpty())
        .findFirst()
        .orElse(starts.get(0));
  }

  private List<SortedMap<String, String>> possibleLabels() {
    return discoveryExit().isPresent()
        ? List.of()
        : DiscoveryLabels.possible(gpus, strategy, sharing());
  }

  private static <T> List<String> fewest(List<T> possible, Function<T, List<String>> differences) {
    return possible.stream()
        .map(differences)
        .min(Comparator.comparing(List::size))
        .orElseGet(List::of);
  }

  private List<String> resourceDifferences(
      PluginStart start, Map<String, Long> allocatable, Map<String, String> labels) {
    SortedMap<String, Long> offered = new TreeMap<>();
    allocatable.forEach((name, count) -> {
      if (count > 0 && isGpu(name)) {
        offered.put(name, count);
      }
    });
    List<String> differences = new ArrayList<>();
    start.resources().forEach((name, count) -> {
      Long plain = offered.remove(name);
      Long renamed = config.isEmpty() ? offered.remove(name + GpuResource.SHARED_SUFFIX) : null;
      long actual = (plain == null ? 0 : plain) + (renamed == null ? 0 : renamed);
      long expected = config.isEmpty() ? replicated(name, count, actual, labels) : count;
      if (actual != expected) {
        differences.add("%s is %d instead of %d".formatted(name, actual, expected));
      }
    });
    offered.forEach(
        (name, count) -> differences.add("%s is %d instead of 0".formatted(name, count)));
    return differences;
  }

  private static boolean isGpu(String resource) {
    return resource.equals(GpuResource.GPU)
        || resource.equals(GpuResource.GPU + GpuResource.SHARED_SUFFIX)
        || resource.startsWith(GpuResource.MIG_PREFIX);
  }

  /**
   * How many of so many devices are offered, by the node's own labels. Where every GPU is in MIG mode,
   * the label is 0 though strategy none offers and shares them; then any multiple is right.
   */
  private static long replicated(
      String resource, long count, long actual, Map<String, String> labels) {
    String replicas = labels.getOrDefault(resource + REPLICAS, "1");
    if (replicas.equals("0") && actual > 0 && actual % count == 0) {
      return actual;
    }
    return replicas.matches("[1-9][0-9]{0,5}") ? count * Long.parseLong(replicas) : count;
  }

  private List<String> labelDifferences(
      SortedMap<String, String> expected, Map<String, String> labels) {
    List<String> differences = new ArrayList<>();
    expected.forEach((label, value) -> {
      if (isCompared(label)) {
        String right = label.endsWith(PRODUCT) ? ofProduct(labels.get(label), value) : value;
        String actual = labels.get(label);
        if (actual == null) {
          differences.add("label %s is absent instead of %s".formatted(label, right));
        } else if (!actual.equals(right)) {
          differences.add("label %s is %s instead of %s".formatted(label, actual, right));
        }
      }
    });
    labels.forEach((label, value) -> {
      if (isCountOfDevices(label) && !expected.containsKey(label) && !value.equals("0")) {
        differences.add("label %s is %s instead of 0".formatted(label, value));
      }
    });
    return differences;
  }

  /** Without knowing the sharing only what does not depend on it. */
  private boolean isCompared(String label) {
    return config.isPresent() || label.endsWith(COUNT) || label.equals(GpuResource.GPU + PRODUCT);
  }

  private static boolean isCountOfDevices(String label) {
    return label.endsWith(COUNT)
        && MigProfile.ofResourceName(label.substring(0, label.length() - COUNT.length()))
            .isPresent();
  }

  /** The suffixes have to be right; which product the label describes may change at every run. */
  private String ofProduct(@Nullable String actual, String expected) {
    if (actual == null) {
      return expected;
    }
    GpuProduct.Label shown = GpuProduct.Label.parse(actual);
    GpuProduct.Label right = GpuProduct.Label.parse(expected);
    return new GpuProduct.Label(
            shown.product(), right.mig(), config.isEmpty() ? shown.shared() : right.shared())
        .toString();
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("strategy", strategy)
        .and("config", config)
        .and("resources", resources())
        .and("labels", labels())
        .and("versions", versions)
        .map();
  }
}
