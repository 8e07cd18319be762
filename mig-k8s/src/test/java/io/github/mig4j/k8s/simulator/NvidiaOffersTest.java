package io.github.mig4j.k8s.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.NodeReading;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator.PluginVersion;
import io.github.mig4j.node.ComponentVersions;
import io.github.mig4j.node.ComponentVersions.Component;
import io.github.mig4j.node.ComponentVersions.Version;
import io.github.mig4j.node.MigSetting;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeOffer;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.GpuSharing;
import io.github.mig4j.sharing.SharedResource;
import io.github.mig4j.sharing.SharingKind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The judge, the reader of nodes and the simulator against NVIDIA's own device plugin and feature
 * discovery: nvidia-offers.txt, whose head explains it.
 */
class NvidiaOffersTest {

  private static final String NVIDIA = "nvidia.com/";
  private static final List<String> FIELDS =
      List.of("count", "product", "replicas", "sharing-strategy", "memory");

  /** A node of the file, its GPUs with their settings. */
  private record Gpus(String name, Map<NodeGpu, MigSetting> settings) {

    boolean areOfOneModel() {
      return settings.keySet().stream().map(NodeGpu::model).distinct().count() == 1;
    }

    boolean areInOneMode() {
      return settings.values().stream().map(MigSetting::migEnabled).distinct().count() == 1;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * What both programs did.
   *
   * @param resources of v0.20.0; empty if that was not measured
   * @param olderResources of v0.19.3, where they differ
   * @param labels empty if feature discovery exited
   */
  private record Case(
      Gpus gpus,
      MigStrategy strategy,
      String sharing,
      DevicePluginConfig config,
      Optional<Outcome> resources,
      Optional<Outcome> olderResources,
      Optional<SortedMap<String, String>> labels) {

    @Override
    public String toString() {
      return "%s, %s, %s".formatted(gpus, strategy, sharing);
    }
  }

  /** Resources by name; empty where the plugin exited. */
  private record Outcome(Optional<SortedMap<String, Long>> resources) {}

  private static final List<Case> CASES = new ArrayList<>();

  @BeforeAll
  static void read() {
    CASES.addAll(cases());
  }

  @Test
  void file_hasEveryCase() {
    assertThat(CASES).hasSize(792);
    assertThat(CASES.stream().filter(each -> each.resources().isPresent())).hasSize(591);
    assertThat(CASES.stream().filter(each -> each.olderResources().isPresent())).hasSize(15);
    assertThat(CASES.stream().filter(each -> each.labels().isEmpty())).hasSize(162);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void judge_saysWhatThePluginOffers(Case nvidia) {
    NodeOffer offer =
        NodeOffer.of(nvidia.gpus().settings(), nvidia.strategy()).withSharing(nvidia.config());

    nvidia
        .resources()
        .ifPresent(outcome -> assertOffers(offer.withVersions(plugin("v0.20.0")), outcome));
    nvidia
        .olderResources()
        .ifPresent(outcome -> assertOffers(offer.withVersions(plugin("v0.19.3")), outcome));
    Stream.of(nvidia.resources(), nvidia.olderResources())
        .flatMap(Optional::stream)
        .map(outcome -> outcome.resources().orElseGet(TreeMap::new))
        .forEach(resources ->
            assertThat(offer.resourceDifferences(resources, Map.of())).isEmpty());
  }

  private static void assertOffers(NodeOffer offer, Outcome outcome) {
    assertThat(offer.devicePluginExit().isEmpty()).isEqualTo(outcome.resources().isPresent());
    assertThat(offer.resources()).isEqualTo(outcome.resources().orElseGet(TreeMap::new));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void judge_saysWhatFeatureDiscoveryLabels(Case nvidia) {
    NodeOffer offer =
        NodeOffer.of(nvidia.gpus().settings(), nvidia.strategy()).withSharing(nvidia.config());

    assertThat(offer.discoveryExit().isEmpty()).isEqualTo(nvidia.labels().isPresent());
    nvidia.labels().ifPresent(labels -> {
      SortedMap<String, String> evidence = new TreeMap<>(labels);
      evidence.keySet().removeIf(label -> label.endsWith(".memory"));
      assertThat(offer.labelDifferences(labels)).isEmpty();
      assertThat(offer.labels().keySet()).isEqualTo(evidence.keySet());
      if (nvidia.gpus().areOfOneModel()) {
        assertThat(offer.labels()).isEqualTo(evidence);
      }
    });
  }

  /**
   * Two differences, since the labels do not say it: of two entries for one resource the first is
   * labelled and the plugin offers the larger number (27 cases), and the plugin exits with MPS under
   * strategy mixed (12 cases).
   */
  @ParameterizedTest
  @MethodSource("cases")
  void judge_withoutTheSharing_goesByTheNodesLabels(Case nvidia) {
    if (nvidia.resources().isEmpty() || nvidia.labels().isEmpty()) {
      return;
    }
    SortedMap<String, Long> resources =
        nvidia.resources().get().resources().orElseGet(TreeMap::new);
    NodeOffer offer = NodeOffer.of(nvidia.gpus().settings(), nvidia.strategy());

    List<String> differences =
        offer.resourceDifferences(resources, nvidia.labels().get());

    boolean exitsForMps = resources.isEmpty()
        && nvidia.strategy() == MigStrategy.MIXED
        && nvidia.sharing().startsWith("mps");
    boolean isLabelledLess = nvidia.sharing().equals("ts-dup")
        && resources.containsKey("nvidia.com/gpu")
        && !nvidia.labels().get().getOrDefault("nvidia.com/gpu.replicas", "").equals("0");
    assertThat(differences.isEmpty()).isNotEqualTo(exitsForMps || isLabelledLess);
    assertThat(offer.labelDifferences(nvidia.labels().get())).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void simulator_doesTheSame(Case nvidia) {
    List<SimulatedGpu> gpus = nvidia.gpus().settings().entrySet().stream()
        .map(gpu -> new SimulatedGpu(
            gpu.getKey().index(),
            gpu.getKey().model(),
            gpu.getValue().migEnabled(),
            gpu.getValue().devices()))
        .toList();

    nvidia
        .resources()
        .ifPresent(
            outcome -> assertThat(start(nvidia, gpus, PluginVersion.V0_20)).isEqualTo(outcome));
    nvidia
        .olderResources()
        .ifPresent(
            outcome -> assertThat(start(nvidia, gpus, PluginVersion.V0_19)).isEqualTo(outcome));
    assertThat(IntStream.range(0, gpus.size())
            .mapToObj(run -> FeatureDiscovery.labels(
                    gpus,
                    nvidia.strategy(),
                    nvidia.config().sharing(),
                    models -> models.get(run % models.size()))
                .map(NvidiaOffersTest::compared)))
        .contains(nvidia.labels());
  }

  private static Outcome start(Case nvidia, List<SimulatedGpu> gpus, PluginVersion version) {
    DevicePlugin.Start start =
        DevicePlugin.start(gpus, nvidia.strategy(), nvidia.config().sharing(), version);
    if (start instanceof DevicePlugin.Start.Offer offer) {
      SortedMap<String, Long> resources = new TreeMap<>();
      offer.resources().forEach((name, count) -> resources.put(name, count.longValue()));
      return new Outcome(Optional.of(resources));
    }
    return new Outcome(Optional.empty());
  }

  private static SortedMap<String, String> compared(SortedMap<String, String> labels) {
    SortedMap<String, String> compared = new TreeMap<>(labels);
    compared
        .keySet()
        .removeIf(label -> !label.equals("nvidia.com/mps.capable")
            && FIELDS.stream().noneMatch(field -> label.endsWith("." + field)));
    return compared;
  }

  /**
   * A node that shows this case, read as it is, would offer what it does under every other sharing.
   *
   * <p>Three differences, since neither labels nor resources say it: under strategy none, which GPUs
   * are in MIG mode if some are, so that feature discovery exits with MPS (32 cases); under strategy
   * single, that two models have the same profile, so that the plugin exits (8 cases), and which GPUs
   * there are at all where the label is MIG-INVALID (80 cases).
   */
  @ParameterizedTest
  @MethodSource("cases")
  void reader_knowsWhatTheNodeOffersUnderEverySharing(Case nvidia) {
    if (nvidia.resources().isEmpty() || nvidia.labels().isEmpty()) {
      return;
    }
    Node node = node(nvidia);
    if (nvidia.labels().get().getOrDefault("nvidia.com/gpu.count", "").equals("0")) {
      assertThat(NodeReading.hasGpus(node)).isFalse();
      return;
    }

    Map<NodeGpu, MigSetting> gpus =
        NodeReading.gpus(node, nvidia.strategy(), Optional.of(nvidia.config()));

    boolean isAmbiguous =
        nvidia.strategy() == MigStrategy.SINGLE && !nvidia.gpus().areOfOneModel();
    NodeOffer offer = NodeOffer.of(gpus, nvidia.strategy()).withVersions(plugin("v0.20.0"));
    CASES.stream()
        .filter(other -> other.gpus().equals(nvidia.gpus()))
        .filter(other -> other.strategy() == nvidia.strategy())
        .forEach(other -> {
          NodeOffer shared = offer.withSharing(other.config());
          other
              .resources()
              .filter(outcome -> !isAmbiguous)
              .ifPresent(outcome -> assertOffers(shared, outcome));
          other
              .labels()
              .ifPresent(labels -> assertThat(shared.labelDifferences(labels)).isEmpty());
          if (nvidia.strategy() != MigStrategy.NONE || nvidia.gpus().areInOneMode()) {
            assertThat(shared.discoveryExit().isPresent())
                .isEqualTo(other.labels().isEmpty());
          }
        });
  }

  @ParameterizedTest
  @MethodSource("cases")
  void status_hasTheDevices(Case nvidia) {
    if (nvidia.labels().isEmpty()) {
      return;
    }
    boolean areNotCounted = nvidia.strategy() == MigStrategy.NONE
        || nvidia.labels().get().getOrDefault("nvidia.com/gpu.count", "").equals("0");

    SortedMap<MigProfile, Integer> devices = MigNodeStatus.of(node(nvidia)).devices();

    assertThat(devices)
        .isEqualTo(
            areNotCounted
                ? new TreeMap<>()
                : NodeOffer.of(nvidia.gpus().settings(), nvidia.strategy()).devices());
  }

  private static Node node(Case nvidia) {
    Map<String, Quantity> allocatable =
        nvidia.resources().flatMap(Outcome::resources).orElseGet(TreeMap::new).entrySet().stream()
            .collect(Collectors.toMap(
                Map.Entry::getKey, resource -> new Quantity(String.valueOf(resource.getValue()))));
    return new NodeBuilder()
        .withNewMetadata()
        .withName("gpu-node")
        .withLabels(nvidia.labels().orElseGet(TreeMap::new))
        .endMetadata()
        .withNewStatus()
        .withAllocatable(allocatable)
        .endStatus()
        .build();
  }

  private static ComponentVersions plugin(String version) {
    return ComponentVersions.unknown()
        .with(Component.DEVICE_PLUGIN, Version.parse(version).orElseThrow());
  }

  // The file

  static List<Case> cases() {
    Map<String, String> sharings = new LinkedHashMap<>();
    List<Case> cases = new ArrayList<>();
    Gpus gpus = new Gpus("", Map.of());
    String mig = "";
    for (String line : lines()) {
      String[] columns = line.split(" \\| ", -1);
      if (line.startsWith("sharing ")) {
        String[] sharing = line.substring("sharing ".length()).split(" = ", 2);
        sharings.put(sharing[0], sharing[1]);
      } else if (line.startsWith("node ")) {
        mig = columns[1];
        gpus = new Gpus(columns[0].substring("node ".length()), settings(columns[2]));
      } else if (!line.isEmpty() && !line.startsWith("#")) {
        for (String sharing : columns[1].split(", ")) {
          DevicePluginConfig config = config(sharings.getOrDefault(sharing, ""), mig);
          cases.add(new Case(
              gpus,
              MigStrategy.valueOf(columns[0].toUpperCase(Locale.ROOT)),
              sharing,
              config,
              outcome(columns[2]),
              outcome(columns[3]),
              labels(columns[4], config)));
        }
      }
    }
    return cases;
  }

  private static List<String> lines() {
    try (BufferedReader file = new BufferedReader(new InputStreamReader(
        NvidiaOffersTest.class.getResourceAsStream("nvidia-offers.txt"), StandardCharsets.UTF_8))) {
      return file.lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<NodeGpu, MigSetting> settings(String text) {
    Map<NodeGpu, MigSetting> settings = new LinkedHashMap<>();
    for (String gpu : text.split("; ")) {
      String[] words = gpu.split(" ");
      GpuModel model = GpuCatalog.bundled().require(words[0]);
      SortedMap<MigProfile, Integer> devices = new TreeMap<>();
      for (String word : words) {
        String[] counted = word.split("x", 2);
        if (counted.length == 2 && counted[0].matches("[0-9]+")) {
          devices.put(MigProfile.parse(counted[1]), Integer.parseInt(counted[0]));
        }
      }
      settings.put(
          NodeGpu.of(settings.size(), model),
          words[1].equals("off") ? MigSetting.OFF : MigSetting.of(devices));
    }
    return settings;
  }

  private static DevicePluginConfig config(String text, String mig) {
    if (text.equals("none")) {
      return DevicePluginConfig.unshared();
    }
    List<String> words = List.of(text.split(" "));
    GpuSharing.Builder sharing = GpuSharing.builder()
        .kind(words.get(0).equals("mps") ? SharingKind.MPS : SharingKind.TIME_SLICING)
        .renameByDefault(words.contains("rename"));
    if (words.contains("fail")) {
      sharing.failRequestsGreaterThanOne(true);
    }
    words.stream()
        .filter(word -> word.contains("="))
        .map(word -> word.split("=", 2))
        .forEach(entry -> sharing.addResources(new SharedResource(
            NVIDIA + (entry[0].equals("MIG") ? mig : entry[0]), Integer.parseInt(entry[1]))));
    return DevicePluginConfig.of(sharing.build());
  }

  private static Optional<Outcome> outcome(String text) {
    if (Set.of("-", "exits").contains(text)) {
      return text.equals("-") ? Optional.empty() : Optional.of(new Outcome(Optional.empty()));
    }
    SortedMap<String, Long> resources = new TreeMap<>();
    Stream.of(text.split(" "))
        .filter(resource -> resource.contains("="))
        .map(resource -> resource.split("=", 2))
        .forEach(resource -> resources.put(NVIDIA + resource[0], Long.valueOf(resource[1])));
    return Optional.of(new Outcome(Optional.of(resources)));
  }

  private static Optional<SortedMap<String, String>> labels(
      String text, DevicePluginConfig config) {
    if (text.equals("exits")) {
      return Optional.empty();
    }
    SortedMap<String, String> labels = new TreeMap<>();
    boolean mps = config.sharing().filter(s -> s.kind() == SharingKind.MPS).isPresent();
    labels.put("nvidia.com/mps.capable", String.valueOf(mps));
    for (String resource : text.split("; ")) {
      String[] words = resource.split(" ");
      for (int i = 0; i < FIELDS.size(); i++) {
        labels.put(
            NVIDIA + words[0] + "." + FIELDS.get(i),
            words[i + 1].equals("\"\"") ? "" : words[i + 1]);
      }
    }
    return Optional.of(labels);
  }
}
