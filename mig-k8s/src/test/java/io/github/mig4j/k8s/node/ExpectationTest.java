package io.github.mig4j.k8s.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.node.NodeGpu;
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

    var expectation = Expectation.of(config, NodeGpu.several(B200, 4), MigStrategy.MIXED);

    assertThat(expectation.resources())
        .hasToString("{nvidia.com/gpu=1, nvidia.com/mig-1g.23gb=14, nvidia.com/mig-1g.23gb.me=1,"
            + " nvidia.com/mig-3g.90gb=1}");
  }

  @Test
  void resources_single_countDevicesAsGpus() {
    var config = MigConfig.of(cut(DeviceSelector.ALL, Map.of("1g.23gb", 7)));

    assertThat(
            Expectation.of(config, NodeGpu.several(B200, 8), MigStrategy.SINGLE).resources())
        .hasToString("{nvidia.com/gpu=56}");
    assertThat(
            Expectation.of(config, NodeGpu.several(B200, 8), MigStrategy.NONE).resources())
        .hasToString("{nvidia.com/gpu=8}");
  }

  @Test
  void resourceDifferences_ofSharedDevices_countReplicas() {
    var expectation = Expectation.of(
        MigConfig.of(cut(DeviceSelector.ALL, Map.of("1g.23gb", 7))),
        NodeGpu.several(B200, 1),
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
  void discoveryDifferences_single_requireTheProfileInTheProduct() {
    var expectation = Expectation.of(
        MigConfig.of(cut(DeviceSelector.ALL, Map.of("1g.23gb+me", 1))),
        NodeGpu.several(B200, 2),
        MigStrategy.SINGLE);

    assertThat(expectation.discoveryDifferences(
            Map.of(Labels.GPU_COUNT, "2", Labels.GPU_PRODUCT, "NVIDIA-B200-MIG-1g.23gb.me")))
        .isEmpty();
    assertThat(expectation.discoveryDifferences(
            Map.of(Labels.GPU_COUNT, "0", Labels.GPU_PRODUCT, "NVIDIA-B200-MIG-INVALID")))
        .containsExactly(
            "label nvidia.com/gpu.product is NVIDIA-B200-MIG-INVALID, which is not partitioned into"
                + " 1g.23gb+me",
            "label nvidia.com/gpu.count is 0 instead of 2");
  }

  @Test
  void discoveryDifferences_mixed_requireNoCountOfAnotherProfile() {
    var expectation = Expectation.of(
        MigConfig.of(cut(DeviceSelector.ALL, Map.of("1g.23gb", 7))),
        NodeGpu.several(B200, 1),
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
        MigNodeStatus.of(node, MigSettings.defaults()), Cluster.labels(node));
  }

  private static MigConfigSpec cut(DeviceSelector devices, Map<String, Integer> profiles) {
    var entry = MigConfigSpec.builder().devices(devices).migEnabled(true);
    profiles.forEach((name, count) -> entry.putMigDevices(MigProfile.parse(name), count));
    return entry.build();
  }
}
