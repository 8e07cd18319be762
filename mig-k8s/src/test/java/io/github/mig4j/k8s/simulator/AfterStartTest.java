package io.github.mig4j.k8s.simulator;

import static io.github.mig4j.gpu.MigStrategy.MIXED;
import static io.github.mig4j.gpu.MigStrategy.NONE;
import static io.github.mig4j.gpu.MigStrategy.SINGLE;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator.PluginVersion;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What device plugin and feature discovery make of a node's GPUs, for each strategy. */
class AfterStartTest {

  private static final GpuModel H100 = GpuCatalog.bundled().require("NVIDIA-H100-80GB-HBM3");
  private static final GpuModel L4 = GpuCatalog.bundled().require("NVIDIA-L4");
  private static final SimulatedGpu WHOLE = SimulatedGpu.whole(0, H100);
  private static final SimulatedGpu UNIFORM = WHOLE.holding(devices("1g.10gb", 7));
  private static final SimulatedGpu BALANCED =
      WHOLE.holding(Map.of(profile("1g.10gb"), 2, profile("2g.20gb"), 1, profile("3g.40gb"), 1));
  private static final SimulatedGpu MEDIA =
      WHOLE.holding(Map.of(profile("1g.10gb+me"), 1, profile("1g.10gb"), 6));
  private static final SimulatedGpu SHARED = WHOLE.holding(devices("1c.3g.40gb", 3));
  private static final SimulatedGpu EMPTY = WHOLE.holding(Map.of());
  private static final SimulatedGpu WITHOUT_MIG = SimulatedGpu.whole(1, L4);

  @Test
  void none_countsGpus_withAnyDevices() {
    assertThat(offer(NONE, WHOLE)).isEqualTo(Map.of("nvidia.com/gpu", 1));
    assertThat(offer(NONE, UNIFORM, BALANCED)).isEqualTo(Map.of("nvidia.com/gpu", 2));
    assertThat(labels(NONE, UNIFORM)).isEqualTo(whole("NVIDIA-H100-80GB-HBM3", 1, 0));
  }

  @Test
  void single_withoutMig_isLikeNone_butNamesTheStrategy() {
    assertThat(offer(SINGLE, WHOLE, WITHOUT_MIG)).isEqualTo(Map.of("nvidia.com/gpu", 2));
    assertThat(labels(SINGLE, WHOLE))
        .isEqualTo(with(whole("NVIDIA-H100-80GB-HBM3", 1, 1), "nvidia.com/mig.strategy", "single"));
  }

  @Test
  void single_uniform_offersDevicesAsGpus() {
    assertThat(offer(SINGLE, UNIFORM, UNIFORM)).isEqualTo(Map.of("nvidia.com/gpu", 14));
    assertThat(labels(SINGLE, UNIFORM, UNIFORM))
        .containsEntry("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb")
        .containsEntry("nvidia.com/gpu.count", "14")
        .containsEntry("nvidia.com/gpu.replicas", "1")
        .containsEntry("nvidia.com/gpu.memory", "9984")
        .containsEntry("nvidia.com/gpu.multiprocessors", "16")
        .containsEntry("nvidia.com/gpu.slices.gi", "1")
        .containsEntry("nvidia.com/gpu.slices.ci", "1")
        .containsEntry("nvidia.com/gpu.engines.decoder", "1")
        .containsEntry("nvidia.com/gpu.family", "hopper");
  }

  @Test
  void single_illegal_endsThePlugin_andIsLabelledInvalid() {
    assertThat(exit(SINGLE, BALANCED))
        .isEqualTo("invalid MIG configuration: more than one MIG device type present on node:"
            + " [0 {1g.10gb=2, 2g.20gb=1, 3g.40gb=1}]");
    assertThat(exit(SINGLE, UNIFORM, WITHOUT_MIG))
        .isEqualTo("invalid MIG configuration: all devices on the node must be configured with the"
            + " same migEnabled value: [0 {1g.10gb=7}, 1 without MIG]");
    assertThat(exit(SINGLE, EMPTY))
        .isEqualTo("invalid MIG configuration: at least one device with migEnabled=true was not"
            + " configured correctly: [0 {}]");
    for (var gpus : List.of(List.of(BALANCED), List.of(EMPTY), List.of(UNIFORM, EMPTY))) {
      assertThat(labels(SINGLE, gpus.toArray(SimulatedGpu[]::new)))
          .containsEntry("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3-MIG-INVALID")
          .containsEntry("nvidia.com/gpu.count", "0")
          .containsEntry("nvidia.com/gpu.replicas", "0")
          .containsEntry("nvidia.com/gpu.memory", "0")
          .containsEntry("nvidia.com/gpu.sharing-strategy", "")
          .doesNotContainKey("nvidia.com/gpu.slices.gi");
    }
  }

  @Test
  void mixed_offersEachProfile_andWholeGpus() {
    assertThat(offer(MIXED, BALANCED, WITHOUT_MIG))
        .isEqualTo(Map.of(
            "nvidia.com/gpu", 1,
            "nvidia.com/mig-1g.10gb", 2,
            "nvidia.com/mig-2g.20gb", 1,
            "nvidia.com/mig-3g.40gb", 1));
    assertThat(offer(MIXED, EMPTY)).isEmpty();
  }

  @Test
  void mixed_labels_areThoseOfARealNode() {
    var expected = whole("NVIDIA-H100-80GB-HBM3", 1, 0);
    expected.put("nvidia.com/mig.strategy", "mixed");
    addDevices(expected, "1g.10gb", 2, 9984, 16, 1, 1);
    addDevices(expected, "2g.20gb", 1, 20096, 32, 2, 2);
    addDevices(expected, "3g.40gb", 1, 40320, 60, 3, 3);

    var labels = labels(MIXED, BALANCED);

    // Engines are checked below; memory moves with the driver.
    labels.keySet().removeIf(key -> key.contains(".engines.") || key.endsWith("gb.memory"));
    expected.keySet().removeIf(key -> key.endsWith("gb.memory"));
    assertThat(labels).isEqualTo(expected);
    assertThat(labels(MIXED, BALANCED))
        .containsEntry("nvidia.com/mig-2g.20gb.engines.copy", "2")
        .containsEntry("nvidia.com/mig-2g.20gb.engines.encoder", "0");
  }

  @Test
  void mixed_attributes_areWrittenWithADot() {
    assertThat(offer(MIXED, MEDIA))
        .isEqualTo(Map.of("nvidia.com/mig-1g.10gb", 6, "nvidia.com/mig-1g.10gb.me", 1));
    assertThat(labels(MIXED, MEDIA))
        .containsEntry("nvidia.com/mig-1g.10gb.me.count", "1")
        .containsEntry("nvidia.com/mig-1g.10gb.me.product", "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb.me");
  }

  @Test
  void mixed_sharedGpuInstance_endsThePlugin() {
    assertThat(exit(MIXED, SHARED))
        .isEqualTo("MIG device of profile 1c.3g.40gb does not match any resource patterns");
    assertThat(labels(MIXED, SHARED))
        .containsEntry("nvidia.com/mig-1c.3g.40gb.count", "3")
        .containsEntry("nvidia.com/mig-1c.3g.40gb.multiprocessors", "20");
  }

  @Test
  void withoutMig_isNotCapable() {
    assertThat(labels(MIXED, WITHOUT_MIG))
        .containsEntry("nvidia.com/mig.capable", "false")
        .containsEntry("nvidia.com/gpu.product", "NVIDIA-L4")
        .containsEntry("nvidia.com/gpu.replicas", "1");
  }

  @Test
  void owns_everyLabelItWrites_andNoOther() {
    for (MigStrategy strategy : MigStrategy.values()) {
      for (var gpu : List.of(WHOLE, UNIFORM, BALANCED, MEDIA, SHARED, EMPTY, WITHOUT_MIG)) {
        assertThat(labels(strategy, gpu).keySet()).allMatch(FeatureDiscovery::owns);
      }
    }
    assertThat(List.of(
            "nvidia.com/mig-config",
            "nvidia.com/mig.config",
            "nvidia.com/mig.config.state",
            "nvidia.com/gpu.present",
            "nvidia.com/gpu.deploy.device-plugin",
            "nvidia.com/gpu.workload.config"))
        .noneMatch(FeatureDiscovery::owns);
  }

  private static SortedMap<String, String> whole(String product, int count, int replicas) {
    return new TreeMap<>(Map.ofEntries(
        Map.entry("nvidia.com/gpu.compute.major", "9"),
        Map.entry("nvidia.com/gpu.compute.minor", "0"),
        Map.entry("nvidia.com/gpu.count", String.valueOf(count)),
        Map.entry("nvidia.com/gpu.family", "hopper"),
        Map.entry("nvidia.com/gpu.machine", "mig4j-simulated"),
        Map.entry("nvidia.com/gpu.memory", "81559"),
        Map.entry("nvidia.com/gpu.product", product),
        Map.entry("nvidia.com/gpu.replicas", String.valueOf(replicas)),
        Map.entry("nvidia.com/gpu.sharing-strategy", "none"),
        Map.entry("nvidia.com/mig.capable", "true"),
        Map.entry("nvidia.com/mps.capable", "false")));
  }

  private static void addDevices(
      Map<String, String> labels, String profile, int count, int memory, int sms, int gi, int ci) {
    String prefix = "nvidia.com/mig-" + profile + ".";
    labels.put(prefix + "count", String.valueOf(count));
    labels.put(prefix + "memory", String.valueOf(memory));
    labels.put(prefix + "multiprocessors", String.valueOf(sms));
    labels.put(prefix + "product", "NVIDIA-H100-80GB-HBM3-MIG-" + profile);
    labels.put(prefix + "replicas", "1");
    labels.put(prefix + "sharing-strategy", "none");
    labels.put(prefix + "slices.gi", String.valueOf(gi));
    labels.put(prefix + "slices.ci", String.valueOf(ci));
  }

  private static SortedMap<String, String> with(
      SortedMap<String, String> labels, String key, String value) {
    labels.put(key, value);
    return labels;
  }

  private static SortedMap<String, String> labels(MigStrategy strategy, SimulatedGpu... gpus) {
    return FeatureDiscovery.labels(
            List.of(gpus), strategy, Optional.empty(), models -> models.get(0))
        .orElseThrow();
  }

  private static SortedMap<String, Integer> offer(MigStrategy strategy, SimulatedGpu... gpus) {
    return ((DevicePlugin.Start.Offer) start(strategy, gpus)).resources();
  }

  private static String exit(MigStrategy strategy, SimulatedGpu... gpus) {
    return ((DevicePlugin.Start.Exit) start(strategy, gpus)).message();
  }

  private static DevicePlugin.Start start(MigStrategy strategy, SimulatedGpu... gpus) {
    return DevicePlugin.start(List.of(gpus), strategy, Optional.empty(), PluginVersion.V0_20);
  }

  private static MigProfile profile(String name) {
    return MigProfile.parse(name);
  }

  private static Map<MigProfile, Integer> devices(String name, int count) {
    return Map.of(profile(name), count);
  }
}
