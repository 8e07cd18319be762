package io.github.mig4j.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.node.ComponentVersions.Component;
import io.github.mig4j.node.ComponentVersions.Version;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.GpuSharing;
import io.github.mig4j.sharing.SharedResource;
import io.github.mig4j.sharing.SharingKind;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NodeOfferTest {

  private static final GpuModel B200 = model("b200-180gb");
  private static final GpuModel H100 = model("h100-sxm-80gb");
  private static final GpuModel A100 = model("a100-40gb");
  private static final GpuModel T4 = model("t4");
  private static final GpuModel L40S = model("l40s");
  private static final MigSetting SEVEN = cut("1g.10gb", 7);

  // Without sharing

  @Test
  void resources_mixed_countEachProfileOverAllGpus() {
    var config = MigConfig.of(
        spec(DeviceSelector.ALL, Map.of("1g.23gb", 7)),
        spec(DeviceSelector.of(1), Map.of("3g.90gb", 1, "1g.23gb+me", 1)),
        MigConfigSpec.builder().devices(DeviceSelector.of(2)).migEnabled(false).build());

    NodeOffer offer = NodeOffer.after(config, NodeGpu.several(B200, 4), MigStrategy.MIXED);

    assertThat(offer.resources())
        .hasToString("{nvidia.com/gpu=1, nvidia.com/mig-1g.23gb=14, nvidia.com/mig-1g.23gb.me=1,"
            + " nvidia.com/mig-3g.90gb=1}");
    assertThat(offer.devices()).hasToString("{1g.23gb=14, 1g.23gb+me=1, 3g.90gb=1}");
  }

  @Test
  void after_aConfigurationThatLeavesOutAGpu_isRefused() {
    var config = MigConfig.of(spec(DeviceSelector.of(0), Map.of("1g.23gb", 7)));

    assertThatThrownBy(() -> NodeOffer.after(config, NodeGpu.several(B200, 2), MigStrategy.MIXED))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("No entry is for GPU 1, so what it will hold is not known");
  }

  @Test
  void resources_single_countDevicesAsGpus() {
    assertThat(offer(MigStrategy.SINGLE, B200, cut("1g.23gb", 7), cut("1g.23gb", 7))
            .resources())
        .hasToString("{nvidia.com/gpu=14}");
    assertThat(
            offer(MigStrategy.NONE, B200, cut("1g.23gb", 7), cut("1g.23gb", 7)).resources())
        .hasToString("{nvidia.com/gpu=2}");
  }

  @Test
  void resourceDifferences_timesReplicas_whereTheSharingIsNotKnown() {
    NodeOffer offer = offer(MigStrategy.MIXED, B200, cut("1g.23gb", 7));
    var labels = Map.of("nvidia.com/mig-1g.23gb.replicas", "4");

    assertThat(offer.resourceDifferences(Map.of("nvidia.com/mig-1g.23gb.shared", 28L), labels))
        .isEmpty();
    assertThat(offer.resourceDifferences(Map.of("nvidia.com/mig-1g.23gb.shared", 7L), labels))
        .containsExactly("nvidia.com/mig-1g.23gb is 7 instead of 28");
    assertThat(offer.resourceDifferences(Map.of("nvidia.com/gpu", 1L), Map.of()))
        .containsExactly(
            "nvidia.com/mig-1g.23gb is 0 instead of 7", "nvidia.com/gpu is 1 instead of 0");
  }

  @Test
  void resourceDifferences_noneAndAllInMigMode_theReplicasLabelSaysNothing() {
    NodeOffer offer = offer(MigStrategy.NONE, H100, SEVEN);
    var labels = Map.of("nvidia.com/gpu.replicas", "0");

    assertThat(offer.resourceDifferences(Map.of("nvidia.com/gpu", 4L), labels)).isEmpty();
    assertThat(offer.resourceDifferences(Map.of(), labels))
        .containsExactly("nvidia.com/gpu is 0 instead of 1");
    assertThat(offer
            .withSharing(timeSlicing(4))
            .resourceDifferences(Map.of("nvidia.com/gpu", 1L), labels))
        .containsExactly("nvidia.com/gpu is 1 instead of 4");
  }

  @Test
  void labelDifferences_single_wantTheProductToSayTheProfile() {
    NodeOffer offer = offer(MigStrategy.SINGLE, B200, cut("1g.23gb+me", 1), cut("1g.23gb+me", 1));

    assertThat(offer.labelDifferences(Map.of(
            "nvidia.com/gpu.count", "2", "nvidia.com/gpu.product", "NVIDIA-B200-MIG-1g.23gb.me")))
        .isEmpty();
    assertThat(offer.labelDifferences(Map.of(
            "nvidia.com/gpu.count", "0", "nvidia.com/gpu.product", "NVIDIA-B200-MIG-INVALID")))
        .containsExactly(
            "label nvidia.com/gpu.count is 0 instead of 2",
            "label nvidia.com/gpu.product is NVIDIA-B200-MIG-INVALID instead of"
                + " NVIDIA-B200-MIG-1g.23gb.me");
    assertThat(offer.labelDifferences(Map.of("nvidia.com/gpu.count", "2")))
        .containsExactly(
            "label nvidia.com/gpu.product is absent instead of NVIDIA-B200-MIG-1g.23gb.me");
  }

  @Test
  void labelDifferences_mixed_wantNoCountOfAnotherProfile() {
    var stale = Map.of(
        "nvidia.com/gpu.count", "1",
        "nvidia.com/gpu.product", "NVIDIA-B200",
        "nvidia.com/mig-1g.23gb.count", "7",
        "nvidia.com/mig-2g.45gb.count", "3");

    assertThat(offer(MigStrategy.MIXED, B200, cut("1g.23gb", 7)).labelDifferences(stale))
        .containsExactly("label nvidia.com/mig-2g.45gb.count is 3 instead of 0");
  }

  // Sharing

  @Test
  void timeSlicing_multipliesTheCount_andMarksTheProduct() {
    NodeOffer offer = offer(MigStrategy.NONE, T4, off(4)).withSharing(timeSlicing(4));

    assertThat(offer.resources()).containsExactly(entry("nvidia.com/gpu", 16L));
    assertThat(offer.labels())
        .containsExactly(
            entry("nvidia.com/gpu.count", "4"),
            entry("nvidia.com/gpu.product", "Tesla-T4-SHARED"),
            entry("nvidia.com/gpu.replicas", "4"),
            entry("nvidia.com/gpu.sharing-strategy", "time-slicing"),
            entry("nvidia.com/mps.capable", "false"));
    assertThat(offer.unshared().offered()).containsExactly(entry("nvidia.com/gpu", 4));
  }

  @Test
  void renamed_isOfferedUnderAnotherName_andTheProductIsNotMarked() {
    NodeOffer offer = offer(MigStrategy.NONE, T4, off(4))
        .withSharing(DevicePluginConfig.of(GpuSharing.timeSlicing(4).renamed()));

    assertThat(offer.resources()).containsExactly(entry("nvidia.com/gpu.shared", 16L));
    assertThat(offer.labels())
        .containsEntry("nvidia.com/gpu.product", "Tesla-T4")
        .containsEntry("nvidia.com/gpu.replicas", "4")
        .containsEntry("nvidia.com/gpu.sharing-strategy", "time-slicing");
    assertThat(offer.resourceDifferences(Map.of("nvidia.com/gpu", 16L), Map.of()))
        .containsExactly(
            "nvidia.com/gpu.shared is 0 instead of 16", "nvidia.com/gpu is 16 instead of 0");
  }

  @Test
  void mps_saysSoInTwoLabels() {
    NodeOffer offer = offer(MigStrategy.NONE, L40S, off(1))
        .withSharing(DevicePluginConfig.of(GpuSharing.mps(10)));

    assertThat(offer.resources()).containsExactly(entry("nvidia.com/gpu", 10L));
    assertThat(offer.labels())
        .containsEntry("nvidia.com/gpu.product", "NVIDIA-L40S-SHARED")
        .containsEntry("nvidia.com/gpu.replicas", "10")
        .containsEntry("nvidia.com/gpu.sharing-strategy", "mps")
        .containsEntry("nvidia.com/mps.capable", "true");
  }

  @Test
  void unshared_isOneReplica_andNoStrategy() {
    NodeOffer offer =
        offer(MigStrategy.NONE, T4, off(4)).withSharing(DevicePluginConfig.unshared());

    assertThat(offer.resources()).containsExactly(entry("nvidia.com/gpu", 4L));
    assertThat(offer.labelDifferences(Map.of(
            "nvidia.com/gpu.count", "4",
            "nvidia.com/gpu.product", "Tesla-T4-SHARED",
            "nvidia.com/gpu.replicas", "4",
            "nvidia.com/gpu.sharing-strategy", "time-slicing",
            "nvidia.com/mps.capable", "false")))
        .containsExactly(
            "label nvidia.com/gpu.product is Tesla-T4-SHARED instead of Tesla-T4",
            "label nvidia.com/gpu.replicas is 4 instead of 1",
            "label nvidia.com/gpu.sharing-strategy is time-slicing instead of none");
  }

  @Test
  void single_migDevicesAreGpus_markedByProfileAndSharing() {
    NodeOffer offer = offer(MigStrategy.SINGLE, H100, SEVEN, SEVEN).withSharing(timeSlicing(3));

    assertThat(offer.resources()).containsExactly(entry("nvidia.com/gpu", 42L));
    assertThat(offer.labels())
        .containsEntry("nvidia.com/gpu.count", "14")
        .containsEntry("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb-SHARED")
        .containsEntry("nvidia.com/gpu.replicas", "3");
  }

  @Test
  void mixed_sharesOnlyWhatIsListed_andLabelsEachResource() {
    MigProfile me = MigProfile.parse("1g.10gb+me");
    GpuSharing sharing = GpuSharing.builder()
        .kind(SharingKind.TIME_SLICING)
        .addResources(SharedResource.mig(me, 2))
        .addResources(SharedResource.mig(MigProfile.parse("7g.80gb"), 2))
        .build();
    MigSetting cut = MigSetting.of(Map.of(MigProfile.parse("1g.10gb"), 3, me, 1));

    NodeOffer offer = offer(MigStrategy.MIXED, H100, MigSetting.OFF, cut)
        .withSharing(DevicePluginConfig.of(sharing));

    assertThat(offer.resources())
        .containsExactly(
            entry("nvidia.com/gpu", 1L),
            entry("nvidia.com/mig-1g.10gb", 3L),
            entry("nvidia.com/mig-1g.10gb.me", 2L));
    assertThat(offer.labels())
        .containsEntry("nvidia.com/gpu.count", "2")
        .containsEntry("nvidia.com/gpu.replicas", "1")
        .containsEntry("nvidia.com/mig-1g.10gb.count", "3")
        .containsEntry("nvidia.com/mig-1g.10gb.replicas", "1")
        .containsEntry("nvidia.com/mig-1g.10gb.product", "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb")
        .containsEntry(
            "nvidia.com/mig-1g.10gb.me.product", "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb.me-SHARED")
        .containsEntry("nvidia.com/mig-1g.10gb.me.sharing-strategy", "time-slicing")
        .hasSize(13);
  }

  @Test
  void mixed_whereEveryGpuIsCut_wholeGpusHaveNoReplicas() {
    NodeOffer offer = offer(MigStrategy.MIXED, H100, SEVEN).withSharing(timeSlicing(4));

    assertThat(offer.resources()).containsExactly(entry("nvidia.com/mig-1g.10gb", 7L));
    assertThat(offer.labels())
        .containsEntry("nvidia.com/gpu.count", "1")
        .containsEntry("nvidia.com/gpu.replicas", "0")
        .containsEntry("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3")
        .containsEntry("nvidia.com/gpu.sharing-strategy", "none");
  }

  @Test
  void duplicateEntries_offerTheMost_andLabelTheFirst() {
    GpuSharing twice = GpuSharing.builder()
        .kind(SharingKind.TIME_SLICING)
        .addResources(SharedResource.gpu(2), SharedResource.gpu(5))
        .build();

    NodeOffer offer = offer(MigStrategy.NONE, T4, off(4)).withSharing(DevicePluginConfig.of(twice));

    assertThat(offer.resources()).containsExactly(entry("nvidia.com/gpu", 20L));
    assertThat(offer.labels()).containsEntry("nvidia.com/gpu.replicas", "2");
  }

  // What does not start

  @Test
  void single_differentSettings_thePluginExits_andDiscoveryLabelsInvalid() {
    NodeOffer offer =
        offer(MigStrategy.SINGLE, H100, SEVEN, MigSetting.EMPTY).withSharing(timeSlicing(4));

    assertThat(offer.devicePluginExit())
        .contains("Under strategy single the device plugin starts only if all GPUs are cut into"
            + " one profile or none, but GPU 0 (h100-sxm-80gb): {1g.10gb=7}, GPU 1 (h100-sxm-80gb):"
            + " on without devices; use strategy mixed");
    assertThat(offer.resources()).isEmpty();
    assertThat(offer.labels())
        .containsEntry("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3-MIG-INVALID")
        .containsEntry("nvidia.com/gpu.count", "0")
        .containsEntry("nvidia.com/gpu.replicas", "0")
        .containsEntry("nvidia.com/gpu.sharing-strategy", "");
  }

  @Test
  void single_oneProfileNameOfTwoModels_thePluginExits_thoughTheLabelsLookRight() {
    NodeOffer offer = NodeOffer.of(
        Map.of(NodeGpu.of(0, H100), SEVEN, NodeGpu.of(1, A100), cut("1g.10gb", 4)),
        MigStrategy.SINGLE);

    assertThat(offer.devicePluginExit())
        .contains("Under strategy single the device plugin starts only if all GPUs are cut into"
            + " one profile or none, but GPU 0 (h100-sxm-80gb): {1g.10gb=7}, GPU 1 (a100-40gb):"
            + " {1g.10gb=4}, and these devices are not of one size; use strategy mixed");
    assertThat(offer.labels())
        .containsEntry("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb")
        .containsEntry("nvidia.com/gpu.count", "11");
  }

  @Test
  void mps_withMigOrMixed_saysWhoExits() {
    var mps = DevicePluginConfig.of(GpuSharing.mps(2));
    NodeOffer none = offer(MigStrategy.NONE, H100, SEVEN).withSharing(mps);
    NodeOffer single = offer(MigStrategy.SINGLE, H100, SEVEN).withSharing(mps);
    NodeOffer mixed = offer(MigStrategy.MIXED, H100, off(1)).withSharing(mps);

    assertThat(none.devicePluginExit()).isEmpty();
    assertThat(none.resources()).containsExactly(entry("nvidia.com/gpu", 2L));
    assertThat(none.discoveryExit())
        .contains("Feature discovery does not start with MPS where a GPU is in MIG mode, and leaves"
            + " the labels of before; use time-slicing");
    assertThat(none.labels()).isEmpty();
    assertThat(none.labelDifferences(Map.of())).isEmpty();
    assertThat(single.devicePluginExit())
        .contains("The device plugin does not start with MPS where MIG devices are offered as"
            + " nvidia.com/gpu; use time-slicing");
    assertThat(mixed.devicePluginExit())
        .contains("The device plugin does not start with MPS under strategy mixed; use"
            + " time-slicing, or another strategy");
    assertThat(mixed.discoveryExit()).isEmpty();
  }

  @Test
  void moreReplicasThanANodeCanHold_areRefused() {
    NodeOffer offer =
        offer(MigStrategy.NONE, T4, off(4)).withSharing(timeSlicing(Integer.MAX_VALUE));

    assertThat(offer.devicePluginExit())
        .contains("The device plugin would offer 8589934588 nvidia.com/gpu, more than a node can"
            + " hold; use fewer replicas");
  }

  // Versions

  @Test
  void attributes_havePlainNamesBeforeV0_20() {
    NodeOffer offer = offer(
        MigStrategy.MIXED,
        H100,
        MigSetting.of(Map.of(MigProfile.parse("1g.10gb"), 2, MigProfile.parse("1g.10gb+me"), 1)));
    var plain = Map.of("nvidia.com/mig-1g.10gb", 3L);
    var full = Map.of("nvidia.com/mig-1g.10gb", 2L, "nvidia.com/mig-1g.10gb.me", 1L);

    assertThat(offer.withVersions(plugin("v0.19.3")).resources()).isEqualTo(plain);
    assertThat(offer.withVersions(plugin("v0.20.0")).resources()).isEqualTo(full);
    assertThat(offer.withVersions(plugin("v0.20.0")).resourceDifferences(plain, Map.of()))
        .containsExactly(
            "nvidia.com/mig-1g.10gb is 3 instead of 2",
            "nvidia.com/mig-1g.10gb.me is 0 instead of 1");
    assertThat(offer.resourceDifferences(plain, Map.of())).isEmpty();
    assertThat(offer.resourceDifferences(full, Map.of())).isEmpty();
    assertThat(offer.assumedVersion(plain, Map.of()))
        .contains("The version of the device-plugin is not known; the node offers what a version"
            + " before v0.20.0 offers");
    assertThat(offer.assumedVersion(full, Map.of()))
        .contains(
            "The version of the device-plugin is not known; the node offers what v0.20.0 or later"
                + " offers");
    assertThat(offer.withVersions(plugin("v0.19.3")).assumedVersion(plain, Map.of()))
        .isEmpty();
  }

  @Test
  void computeSlices_areOfferedAsTheirInstanceBeforeV0_20_andEndThePluginSince() {
    NodeOffer offer = offer(MigStrategy.MIXED, H100, cut("1c.3g.40gb", 6));

    assertThat(offer.withVersions(plugin("v0.19.3")).resources())
        .containsExactly(entry("nvidia.com/mig-3g.40gb", 6L));
    assertThat(offer.withVersions(plugin("v0.20.0")).devicePluginExit())
        .contains("Under strategy mixed the device plugin has no resource for 1c.3g.40gb and does"
            + " not start; use 3g.40gb");
    assertThat(offer.devicePluginExit()).isEmpty();
    assertThat(offer.resources()).containsExactly(entry("nvidia.com/mig-3g.40gb", 6L));
    assertThat(offer.resourceDifferences(Map.of(), Map.of())).isEmpty();
  }

  // Several products

  @Test
  void severalProducts_gpuLabelsAreOfOneWithWholeGpus() {
    NodeOffer offer = NodeOffer.of(
        Map.of(
            NodeGpu.of(0, H100), SEVEN,
            NodeGpu.of(1, L40S), MigSetting.OFF,
            NodeGpu.of(2, T4), MigSetting.OFF,
            NodeGpu.of(3, T4), MigSetting.OFF),
        MigStrategy.MIXED);
    var labels = new TreeMap<>(Map.of(
        "nvidia.com/gpu.count", "1",
        "nvidia.com/gpu.product", "NVIDIA-L40S",
        "nvidia.com/mig-1g.10gb.count", "7"));

    assertThat(offer.labels()).containsEntry("nvidia.com/gpu.product", "NVIDIA-L40S");
    assertThat(offer.labelDifferences(labels)).isEmpty();
    labels.put("nvidia.com/gpu.count", "2");
    labels.put("nvidia.com/gpu.product", "Tesla-T4");
    assertThat(offer.labelDifferences(labels)).isEmpty();
    labels.put("nvidia.com/gpu.count", "4");
    assertThat(offer.labelDifferences(labels))
        .containsExactly("label nvidia.com/gpu.count is 4 instead of 1");
  }

  @Test
  void severalProducts_aProfileOfTwo_isLabelledAfterTheFirst() {
    NodeOffer offer = NodeOffer.of(
        Map.of(NodeGpu.of(1, A100), cut("1g.10gb", 4), NodeGpu.of(0, H100), SEVEN),
        MigStrategy.MIXED);

    assertThat(offer.resources()).containsExactly(entry("nvidia.com/mig-1g.10gb", 11L));
    assertThat(offer.labels())
        .containsEntry("nvidia.com/mig-1g.10gb.count", "11")
        .containsEntry("nvidia.com/mig-1g.10gb.product", "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb");
  }

  @Test
  void of_noGpu_isRefused() {
    assertThatThrownBy(() -> NodeOffer.of(Map.of(), MigStrategy.NONE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A node that offers something has at least 1 GPU");
  }

  private static GpuModel model(String id) {
    return GpuCatalog.bundled().require(id);
  }

  private static NodeOffer offer(MigStrategy strategy, GpuModel model, MigSetting... settings) {
    Map<NodeGpu, MigSetting> gpus = new LinkedHashMap<>();
    IntStream.range(0, settings.length)
        .forEach(index -> gpus.put(NodeGpu.of(index, model), settings[index]));
    return NodeOffer.of(gpus, strategy);
  }

  private static MigSetting[] off(int gpus) {
    return IntStream.range(0, gpus).mapToObj(any -> MigSetting.OFF).toArray(MigSetting[]::new);
  }

  private static MigSetting cut(String profile, int count) {
    return MigSetting.of(Map.of(MigProfile.parse(profile), count));
  }

  private static DevicePluginConfig timeSlicing(int replicas) {
    return DevicePluginConfig.of(GpuSharing.timeSlicing(replicas));
  }

  private static ComponentVersions plugin(String version) {
    return ComponentVersions.unknown()
        .with(Component.DEVICE_PLUGIN, Version.parse(version).orElseThrow());
  }

  private static MigConfigSpec spec(DeviceSelector devices, Map<String, Integer> profiles) {
    var entry = MigConfigSpec.builder().devices(devices).migEnabled(true);
    profiles.forEach((name, count) -> entry.putMigDevices(MigProfile.parse(name), count));
    return entry.build();
  }

  @Test
  void setting_ofNoDevicesOfAProfile_isRefused() {
    assertThatThrownBy(() -> MigSetting.of(Map.of(MigProfile.parse("1g.23gb"), 0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The count of 1g.23gb must be at least 1, but was 0");
  }
}
