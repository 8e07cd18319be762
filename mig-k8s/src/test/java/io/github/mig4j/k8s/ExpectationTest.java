package io.github.mig4j.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.config.DeviceFilter;
import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.config.MigStrategy;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExpectationTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");

  @Test
  void resources_mixed_countEachProfileOverAllGpus() {
    var config = MigConfig.of(
        cut(DeviceSelector.ALL, Map.of("1g.23gb", 7)),
        cut(DeviceSelector.of(1), Map.of("3g.90gb", 1, "1g.23gb+me", 1)),
        MigConfigSpec.builder().devices(DeviceSelector.of(2)).migEnabled(false).build());

    var expectation = Expectation.of("test", config, B200, 4, MigStrategy.MIXED);

    assertThat(expectation.resources())
        .hasToString("{nvidia.com/gpu=1, nvidia.com/mig-1g.23gb=14, nvidia.com/mig-1g.23gb.me=1,"
            + " nvidia.com/mig-3g.90gb=1}");
  }

  @Test
  void resources_single_countDevicesAsGpus() {
    var config = MigConfig.of(cut(DeviceSelector.ALL, Map.of("1g.23gb", 7)));

    assertThat(Expectation.of("test", config, B200, 8, MigStrategy.SINGLE).resources())
        .hasToString("{nvidia.com/gpu=56}");
    assertThat(Expectation.of("test", config, B200, 8, MigStrategy.NONE).resources())
        .hasToString("{nvidia.com/gpu=8}");
  }

  @Test
  void of_filterOfAnotherGpu_leavesGpusUncovered() {
    var config = MigConfig.of(MigConfigSpec.builder()
        .addDeviceFilters(new DeviceFilter("0x233010DE"))
        .devices(DeviceSelector.ALL)
        .migEnabled(false)
        .build());

    assertRefused(
        config,
        MigStrategy.MIXED,
        "test: no entry is for GPU 0, so it keeps what it has; add one, if only with mig-enabled:"
            + " false");
  }

  @Test
  void of_layoutThatDoesNotFit_saysEveryReason() {
    var config = MigConfig.of(cut(DeviceSelector.ALL, Map.of("4g.90gb", 2, "1g.5gb", 1)));

    assertThatThrownBy(() -> Expectation.of("test", config, B200, 1, MigStrategy.MIXED))
        .isInstanceOfSatisfying(
            MigRefusedException.class,
            refused -> assertThat(refused.reasons())
                .contains(
                    "b200-180gb has no profile 1g.5gb; it has 1g.23gb, 1g.23gb+me, 1g.45gb,"
                        + " 2g.45gb, 3g.90gb, 4g.90gb, 7g.180gb",
                    "b200-180gb holds at most 1 of 4g.90gb, but 2 were requested"));
  }

  @Test
  void of_profilesThatTheStrategyCannotOffer_areRefused() {
    assertRefused(
        MigConfig.of(cut(DeviceSelector.ALL, Map.of("1c.3g.90gb", 3))),
        MigStrategy.MIXED,
        "test: under strategy mixed the device plugin has no resource for 1c.3g.90gb and stops; use"
            + " 3g.90gb");
    assertRefused(
        MigConfig.of(cut(DeviceSelector.ALL, Map.of("3g.90gb", 1, "1g.23gb", 3))),
        MigStrategy.SINGLE,
        "test: under strategy single every GPU must be cut into devices of one profile, but they"
            + " hold {1g.23gb=3, 3g.90gb=1} on 1 of 1 GPUs; use strategy mixed");
  }

  @Test
  void resourceDifferences_timesReplicas_whereDevicesAreShared() {
    var expectation = Expectation.of(
        "test",
        MigConfig.of(cut(DeviceSelector.ALL, Map.of("1g.23gb", 7))),
        B200,
        1,
        MigStrategy.MIXED);
    var shared = Nodes.cutIntoSeven()
        .label("nvidia.com/mig-1g.23gb.replicas", "4")
        .offers("nvidia.com/mig-1g.23gb", 0)
        .offers("nvidia.com/mig-1g.23gb.shared", 28);

    assertThat(differences(expectation, shared)).isEmpty();
    assertThat(differences(expectation, shared.offers("nvidia.com/mig-1g.23gb.shared", 7)))
        .containsExactly("nvidia.com/mig-1g.23gb is 7 instead of 28");
  }

  @Test
  void discoveryDifferences_single_wantTheProductToSayTheProfile() {
    var expectation = Expectation.of(
        "test",
        MigConfig.of(cut(DeviceSelector.ALL, Map.of("1g.23gb+me", 1))),
        B200,
        2,
        MigStrategy.SINGLE);

    assertThat(expectation.discoveryDifferences(
            Map.of(Labels.GPU_COUNT, "2", Labels.GPU_PRODUCT, "NVIDIA-B200-MIG-1g.23gb.me")))
        .isEmpty();
    assertThat(expectation.discoveryDifferences(
            Map.of(Labels.GPU_COUNT, "0", Labels.GPU_PRODUCT, "NVIDIA-B200-MIG-INVALID")))
        .containsExactly(
            "label nvidia.com/gpu.product is NVIDIA-B200-MIG-INVALID, which is not cut into"
                + " 1g.23gb+me",
            "label nvidia.com/gpu.count is 0 instead of 2");
  }

  @Test
  void discoveryDifferences_mixed_wantNoCountOfAnotherProfile() {
    var expectation = Expectation.of(
        "test",
        MigConfig.of(cut(DeviceSelector.ALL, Map.of("1g.23gb", 7))),
        B200,
        1,
        MigStrategy.MIXED);
    var stale = Map.of(
        Labels.GPU_COUNT,
        "1",
        "nvidia.com/mig-1g.23gb.count",
        "7",
        "nvidia.com/mig-2g.45gb.count",
        "3");

    assertThat(expectation.discoveryDifferences(stale))
        .containsExactly("label nvidia.com/mig-2g.45gb.count is 3 instead of 0");
  }

  private static List<String> differences(Expectation expectation, Nodes nodes) {
    Node node = nodes.build();
    return expectation.resourceDifferences(
        StatusReader.read(node, MigSettings.defaults()), Cluster.labels(node));
  }

  private static void assertRefused(MigConfig config, MigStrategy strategy, String message) {
    assertThatThrownBy(() -> Expectation.of("test", config, B200, 1, strategy))
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(message);
  }

  private static MigConfigSpec cut(DeviceSelector devices, Map<String, Integer> profiles) {
    var entry = MigConfigSpec.builder().devices(devices).migEnabled(true);
    profiles.forEach((name, count) -> entry.putMigDevices(MigProfile.parse(name), count));
    return entry.build();
  }
}
