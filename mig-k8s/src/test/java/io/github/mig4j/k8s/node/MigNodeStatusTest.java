package io.github.mig4j.k8s.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.node.HardwareEvidence;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MigNodeStatusTest {

  /** Only a change of this library says what of a name is a hash. */
  @ParameterizedTest
  @CsvSource({
    "small-4f1c09ae, small-4f1c09ae, small, small",
    "small-4f1c09ae-r2, small-4f1c09ae, small, small",
    "layout-20261125, layout-20261125, layout-20261125, layout-20261125",
    "layout-20261125, small-4f1c09ae, small, layout-20261125",
  })
  void configName_isWithoutTheHashThatAChangeAdded(
      String label, String requested, String name, String expected) {
    var node = new NodeBuilder(Nodes.b200(1).config(label, "success").build())
        .editMetadata()
        .addToAnnotations("mig4j.github.io/requested-config", requested)
        .addToAnnotations("mig4j.github.io/config-name", name)
        .endMetadata()
        .build();

    assertThat(MigNodeStatus.of(node, MigSettings.defaults()).configName()).contains(expected);
  }

  /** A node has at most some dozens of GPUs; a list of a thousand million would not fit in memory. */
  @ParameterizedTest
  @ValueSource(strings = {"""
        {"kind": "Node", "metadata": {"name": "n", "labels": {
          "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "nvidia.com/gpu.count": "999999999",
          "nvidia.com/mig.strategy": "mixed"}}}
        """, """
        {"kind": "Node", "metadata": {"name": "n", "labels": {
          "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "nvidia.com/mig.strategy": "mixed",
          "nvidia.com/mig-1g.10gb.count": "7"}},
         "status": {"allocatable": {"nvidia.com/gpu": "99999999999990"}}}
        """})
  void parse_moreGpusThanANodeCanHave_areNotCounted(String text) {
    assertThat(MigNodeStatus.parse(text).orElseThrow().gpus()).isEmpty();
  }

  /** The API server accepts quantities only, but a caller's own object can have any text. */
  @Test
  void of_aTextThatIsNoQuantity_isIgnoredOfOthersAndAProblemOfNvidias() {
    var node = new NodeBuilder(Nodes.cutIntoSeven().build())
        .editStatus()
        .addToAllocatable("example.com/fpga", new Quantity("many"))
        .addToAllocatable("nvidia.com/mig-2g.45gb", new Quantity("two"))
        .addToAllocatable("nvidia.com/mig-3g.90gb", new Quantity())
        .addToCapacity("nvidia.com/gpu", new Quantity("1e99"))
        .endStatus()
        .build();

    var status = MigNodeStatus.of(node);

    assertThat(status.allocatable()).hasToString("{nvidia.com/mig-1g.23gb=7}");
    assertThat(status.problems())
        .contains(
            "Node gpu-node has allocatable 'two' of nvidia.com/mig-2g.45gb, which is not a number of devices, so it is not counted. See 'kubectl get node gpu-node -o yaml'",
            "Node gpu-node has allocatable '' of nvidia.com/mig-3g.90gb, which is not a number of devices, so it is not counted. See 'kubectl get node gpu-node -o yaml'",
            "Node gpu-node has capacity '1e99' of nvidia.com/gpu, which is not a number of devices, so it is not counted. See 'kubectl get node gpu-node -o yaml'");
    assertThat(NodeReading.offered(node)).hasToString("{nvidia.com/mig-1g.23gb=7}");
    assertThat(NodeCapacity.of(node, List.of(), Optional.empty(), MigSettings.defaults())
            .free())
        .hasToString("{nvidia.com/mig-1g.23gb=7}");
  }

  @Test
  void configName_ofALabelThatAnAdminSet_isTheLabel() {
    assertThat(read(Nodes.b200(1).config("layout-20261125", "success")).configName())
        .contains("layout-20261125");
  }

  @Test
  void read_partitionedNode_hasItsDevicesAndResources() {
    var status =
        read(Nodes.cutIntoSeven().config("small-4f1c09ae-r2", "success").running());

    assertThat(status.product()).contains("NVIDIA-B200");
    assertThat(status.model()).map(GpuModel::id).contains("b200-180gb");
    assertThat(status.gpus()).hasValue(1);
    assertThat(status.migCapable()).contains(true);
    assertThat(status.strategy()).isEqualTo(MigStrategy.MIXED);
    assertThat(status.config()).contains("small-4f1c09ae-r2");
    assertThat(status.configName()).contains("small-4f1c09ae-r2");
    assertThat(status.state()).contains(MigState.SUCCESS);
    assertThat(status.allocatable()).hasToString("{nvidia.com/mig-1g.23gb=7}");
    assertThat(status.paused()).isEmpty();
    assertThat(status.problems()).isEmpty();
  }

  @Test
  void read_singleStrategy_hasNoNumberOfGpus() {
    var status = read(Nodes.b200(7)
        .label(Labels.MIG_STRATEGY, "single")
        .label(Labels.GPU_PRODUCT, "NVIDIA-B200-MIG-1g.23gb"));

    assertThat(status.model()).map(GpuModel::id).contains("b200-180gb");
    assertThat(status.gpus()).isEmpty();
  }

  @Test
  void read_invalidUnderSingle_isAProblem() {
    var status = read(Nodes.b200(0).label(Labels.GPU_PRODUCT, "NVIDIA-B200-MIG-INVALID"));

    assertThat(status.problems())
        .containsExactly(
            "Node gpu-node offers no GPU: feature discovery reports 'NVIDIA-B200-MIG-INVALID', because strategy single requires the same profile on all GPUs. Apply such a layout or use strategy mixed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"failed", "success"})
  void read_clientsLeftPausedAfterARun_areAProblem(String state) {
    var node = Nodes.b200(1)
        .offers("nvidia.com/gpu", 0)
        .config("x", state)
        .label(Labels.DEPLOY_PREFIX + "device-plugin", Labels.PAUSED);

    assertThat(read(node).problems())
        .containsExactly(
            "Node gpu-node offers no GPU and has stopped GPU clients (device-plugin), which its MIG manager starts only in another run. Restart the manager with 'kubectl delete pod -A -l app=nvidia-mig-manager --field-selector spec.nodeName=gpu-node'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pending", "rebooting"})
  void read_clientsPausedDuringARun_areNoProblem(String state) {
    var node = Nodes.b200(1)
        .config("x", state)
        .label(Labels.DEPLOY_PREFIX + "device-plugin", Labels.PAUSED);

    assertThat(read(node).problems()).isEmpty();
  }

  @Test
  void read_unknownValues_areUnknown() {
    var status = read(Nodes.b200(1).config("x", "sleeping").label(Labels.MIG_STRATEGY, "double"));

    assertThat(status.state()).contains(MigState.UNKNOWN);
    assertThat(status.strategy()).isEqualTo(MigStrategy.NONE);
    assertThat(status.problems())
        .containsExactly("Node gpu-node has MIG strategy 'double'; expected none, single or mixed");
  }

  @Test
  void read_mistakenKey_namesTheRightOne() {
    var status = read(Nodes.b200(1).label("nvidia.com/mig-config", "b200-split-small"));

    assertThat(status.problems())
        .containsExactly(
            "Node gpu-node has the label nvidia.com/mig-config=b200-split-small, which no component reads; the key is nvidia.com/mig.config. Remove it with 'kubectl label node gpu-node nvidia.com/mig-config-'");
  }

  @Test
  void read_mistakenKeyThatTheManagerWatches_isNoProblem() {
    var settings = MigSettings.builder().configLabel("nvidia.com/mig-config").build();

    var status =
        MigNodeStatus.of(Nodes.b200(1).label("nvidia.com/mig-config", "x").build(), settings);

    assertThat(status.config()).contains("x");
    assertThat(status.problems()).isEmpty();
  }

  @Test
  void read_sharedMigDevices_haveTheModel() {
    var status = read(Nodes.b200(1)
        .label(Labels.GPU_PRODUCT, "NVIDIA-GB200")
        .without(Labels.GPU_MEMORY)
        .offers("nvidia.com/mig-1g.23gb.shared", 14));

    assertThat(status.model()).map(GpuModel::id).contains("gb200-186gb");
    // How many devices these are depends on the replicas, which no label says.
    assertThat(status.devices()).isEmpty();
  }

  @Test
  void read_unknownProduct_isAProblem() {
    var status = read(Nodes.b200(1).label(Labels.GPU_PRODUCT, "NVIDIA-Q1000"));

    assertThat(status.model()).isEmpty();
    assertThat(status.problems())
        .containsExactly(
            "Node gpu-node has GPU product 'NVIDIA-Q1000', which is not in the catalogue; add its model as docs/add-a-gpu.md describes");
  }

  /** Two boards are sold as NVIDIA GB200; their memory tells them apart. */
  @Test
  void read_productOfTwoModels_isDecidedByMemory() {
    var narrowed = read(
        Nodes.b200(1).label(Labels.GPU_PRODUCT, "NVIDIA-GB200").label(Labels.GPU_MEMORY, "189471"));
    var open =
        read(Nodes.b200(1).label(Labels.GPU_PRODUCT, "NVIDIA-GB200").without(Labels.GPU_MEMORY));

    assertThat(narrowed.model()).map(GpuModel::id).contains("gb200-186gb");
    assertThat(open.model()).isEmpty();
    assertThat(open.problems())
        .containsExactly("Node gpu-node has GPU product 'NVIDIA-GB200', which can be gb200-186gb or"
            + " gb200-189gb; narrow the catalogue in the settings");
  }

  @Test
  void read_productOfTwoModels_isDecidedByTheOfferedProfiles() {
    var status = read(Nodes.b200(1)
        .label(Labels.GPU_PRODUCT, "NVIDIA-GB200")
        .without(Labels.GPU_MEMORY)
        .offers("nvidia.com/mig-1g.24gb", 7));

    assertThat(status.model()).map(GpuModel::id).contains("gb200-189gb");
  }

  private static Nodes gb300Station() {
    return Nodes.b200(1)
        .label(Labels.GPU_PRODUCT, "NVIDIA-GB300")
        .label(Labels.GPU_MEMORY, "256703");
  }

  /** The profile names of a GB300 in a DGX Station follow the driver. */
  @Test
  void read_gb300WithTheMemoryOfADgxStation_isThatBoard_andItsNamesFollowTheDriver() {
    var open = read(gb300Station());
    var r590 = read(gb300Station().label("nvidia.com/cuda.driver-version.full", "595.58.03"));
    var r610 = read(gb300Station()
        .label("nvidia.com/cuda.driver-version.major", "610")
        .label("nvidia.com/cuda.driver-version.minor", "43")
        .label("nvidia.com/cuda.driver-version.revision", "02"));
    var former = read(gb300Station()
        .label("nvidia.com/cuda.driver.major", "610")
        .label("nvidia.com/cuda.driver.minor", "43"));
    var offering = read(gb300Station().offers("nvidia.com/mig-1g.31gb", 3));
    var superchip = read(gb300Station().label(Labels.GPU_MEMORY, "284208"));

    assertThat(open.model()).isEmpty();
    assertThat(open.problems())
        .containsExactly(
            "Node gpu-node has GPU product 'NVIDIA-GB300', which can be gb300-252gb-r590 or gb300-252gb-r610: its profile names depend on the driver, and no label shows the driver's version; deploy GPU Feature Discovery, which sets nvidia.com/cuda.driver-version.full");
    assertThat(r590.model()).map(GpuModel::id).contains("gb300-252gb-r590");
    assertThat(r610.model()).map(GpuModel::id).contains("gb300-252gb-r610");
    assertThat(former.model()).map(GpuModel::id).contains("gb300-252gb-r610");
    assertThat(offering.model()).map(GpuModel::id).contains("gb300-252gb-r610");
    assertThat(superchip.model()).map(GpuModel::id).contains("gb300-278gb");
  }

  @Test
  void read_memoryThatContradictsTheProduct_isAProblem_andTheNameDoesNotWin() {
    var status = read(Nodes.b200(1)
        .label(Labels.GPU_PRODUCT, "NVIDIA-H100-80GB-HBM3")
        .label(Labels.GPU_MEMORY, "143771"));
    var unknown = read(Nodes.b200(1)
        .label(Labels.GPU_PRODUCT, "NVIDIA-RTX-PRO-5000-Blackwell")
        .label(Labels.GPU_MEMORY, "73415"));
    var l40s = read(
        Nodes.b200(1).label(Labels.GPU_PRODUCT, "NVIDIA-L40S").label(Labels.GPU_MEMORY, "81559"));

    assertThat(status.model()).isEmpty();
    assertThat(status.problems())
        .containsExactly(
            "Node gpu-node has GPU product 'NVIDIA-H100-80GB-HBM3', which is contradicted by label nvidia.com/gpu.memory=143771: h100-sxm-80gb has 81559 MiB; this is the memory of h20-141gb, h200-141gb; read the GPU with 'nvidia-smi mig -lgip' on the node, and add its model as docs/add-a-gpu.md describes");
    assertThat(unknown.model()).isEmpty();
    assertThat(unknown.problems())
        .containsExactly(
            "Node gpu-node has GPU product 'NVIDIA-RTX-PRO-5000-Blackwell', which is contradicted by label nvidia.com/gpu.memory=73415: rtx-pro-5000-blackwell-48gb has 48935 MiB; read the GPU with 'nvidia-smi mig -lgip' on the node, and add its model as docs/add-a-gpu.md describes");
    assertThat(l40s.model()).isEmpty();
  }

  /** Under strategy single the label is the memory of a MIG device. */
  @Test
  void read_memoryOfAMigDevice_isNoContradiction() {
    var status = read(Nodes.b200(7)
        .label(Labels.MIG_STRATEGY, "single")
        .label(Labels.GPU_PRODUCT, "NVIDIA-B200-MIG-1g.23gb")
        .label(Labels.GPU_MEMORY, "20992"));

    assertThat(status.model()).map(GpuModel::id).contains("b200-180gb");
    assertThat(status.problems()).isEmpty();
  }

  @Test
  void read_driverBelowTheMinimum_isAProblem() {
    var status = read(Nodes.b200(1).label("nvidia.com/cuda.driver-version.full", "570.86.15"));

    assertThat(status.problems())
        .containsExactly(
            "Node gpu-node has driver 570.86.15, but b200-180gb needs 570.133 or later to be partitioned; upgrade the driver");
    assertThat(read(Nodes.b200(1).label("nvidia.com/cuda.driver-version.full", "580.82.07"))
            .problems())
        .isEmpty();
  }

  /** What the node itself lists decides over the catalogue. */
  @Test
  void read_withTheListOfTheNode_hasTheModelOfTheHardware() {
    var evidence = HardwareEvidence.in(MigConfigDocument.parse("""
        version: v1
        mig-configs:
          all-1g.31gb:
          - devices: all
            mig-enabled: true
            mig-devices:
              "1g.31gb": 3
          all-7g.251gb:
          - devices: all
            mig-enabled: true
            mig-devices:
              "7g.251gb": 1
        """));

    var status = MigNodeStatus.of(gb300Station().build(), MigSettings.defaults(), evidence);

    assertThat(status.model())
        .hasValueSatisfying(
            model -> assertThat(model.profileNames()).isEqualTo("1g.31gb, 7g.251gb"));
    assertThat(status.model().orElseThrow().id()).isEqualTo("gb300-252gb-r610");
    assertThat(status.problems())
        .contains(
            "Node gpu-node differs from the catalogue, and its own list of configurations counts: gb300-252gb-r610: the hardware accepts 3 of 1g.31gb, but the catalogue states 7; report it, or correct the model as docs/add-a-gpu.md describes");
  }

  @ParameterizedTest
  @CsvSource({
    "cloud.google.com/gke-gpu-partition-size, 1g.5gb, GKE, label cloud.google.com/gke-gpu-partition-size, 'set the partition size of the node pool, or use a node pool without one'",
    "kubernetes.azure.com/gpu-instance-profile, MIG1g, AKS, label kubernetes.azure.com/gpu-instance-profile, 'set gpuInstanceProfile of the node pool, or use a node pool without it'"
  })
  void read_nodeOfACloudThatCutsIt_isAProblem(
      String key, String value, String owner, String mark, String remedy) {
    assertThat(read(Nodes.b200(1).label(key, value)).problems())
        .containsExactly(
            "Node gpu-node is partitioned by %s, as %s shows; %s".formatted(owner, mark, remedy));
  }

  @Test
  void read_migDevicesOnAks_thatNoManagerMade_areThoseOfAks() {
    var aks = Nodes.cutIntoSeven().label("kubernetes.azure.com/agentpool", "gpu");

    assertThat(read(aks).problems())
        .containsExactly(
            "Node gpu-node is partitioned by AKS, as MIG without label nvidia.com/mig.config.state shows; set gpuInstanceProfile of the node pool, or use a node pool without it");
    assertThat(read(Nodes.cutIntoSeven()
                .label("kubernetes.azure.com/agentpool", "gpu")
                .config("small", "success"))
            .problems())
        .isEmpty();
  }

  @Test
  void read_migDevicesOnAks_ofWhichNoneCanBeUsedNow_areThoseOfAks() {
    var aks = Nodes.b200(1)
        .label("kubernetes.azure.com/agentpool", "gpu")
        .offers("nvidia.com/mig-1g.23gb", 0);

    assertThat(read(aks).problems())
        .contains(
            "Node gpu-node is partitioned by AKS, as MIG without label nvidia.com/mig.config.state shows; set gpuInstanceProfile of the node pool, or use a node pool without it");
  }

  @Test
  void read_otherLabel_isThatOfTheSettings() {
    var settings = MigSettings.builder().configLabel("example.com/mig").build();
    var node = Nodes.b200(1).label("example.com/mig", "a").label("example.com/mig.state", "failed");

    var status = MigNodeStatus.of(node.build(), settings);

    assertThat(status.config()).contains("a");
    assertThat(status.state()).contains(MigState.FAILED);
  }

  @Test
  void read_resourcesByProfile_areMixed_withoutALabel() {
    var cut = read(Nodes.bare().offers("nvidia.com/mig-1g.10gb", 7));
    var whole = read(Nodes.bare().offers("nvidia.com/gpu", 8));

    assertThat(cut.strategy()).isEqualTo(MigStrategy.MIXED);
    assertThat(cut.devices()).hasToString("{1g.10gb=7}");
    assertThat(whole.strategy()).isEqualTo(MigStrategy.NONE);
    assertThat(whole.devices()).isEmpty();
  }

  @Test
  void read_devices_areThoseOfFeatureDiscovery() {
    var mixed = read(Nodes.b200(2)
        .label("nvidia.com/mig-1g.23gb.count", "6")
        .label("nvidia.com/mig-1g.23gb.me.count", "2")
        .label("nvidia.com/mig-3g.90gb.count", "0")
        .offers("nvidia.com/mig-1g.23gb", 12));
    var single = read(Nodes.b200(14)
        .label(Labels.GPU_PRODUCT, "NVIDIA-B200-MIG-1g.23gb-SHARED")
        .label(Labels.MIG_STRATEGY, "single"));
    var unlisted = read(Nodes.bare()
        .label("nvidia.com/mig-1g.99gb.gfx.count", "1")
        .label("nvidia.com/mig-odd.count", "1"));

    assertThat(mixed.devices()).hasToString("{1g.23gb=6, 1g.23gb+me=2}");
    assertThat(single.devices()).hasToString("{1g.23gb=14}");
    assertThat(unlisted.devices()).hasToString("{1g.99gb+gfx=1}");
  }

  /** As the kubelet keeps the names of an earlier layout until it restarts. */
  @Test
  void read_capacityThatIsNotAllocatable_isUnavailable() {
    var status = read(Nodes.bare()
        .hasCapacityFor("nvidia.com/gpu", 6)
        .hasCapacityFor("nvidia.com/mig-2g.10gb", 6)
        .hasCapacityFor("nvidia.com/mig-1g.5gb", 0)
        .offers("nvidia.com/gpu", 6)
        .offers("nvidia.com/mig-2g.10gb", 0));

    assertThat(status.capacity()).hasToString("{nvidia.com/gpu=6, nvidia.com/mig-2g.10gb=6}");
    assertThat(status.allocatable()).hasToString("{nvidia.com/gpu=6}");
    assertThat(status.unavailable()).hasToString("{nvidia.com/mig-2g.10gb=6}");
  }

  @Test
  void read_sharing_hasStrategyAndReplicas() {
    var shared =
        read(Nodes.b200(1).label(Labels.GPU_REPLICAS, "10").label(Labels.GPU_SHARING, "mps"));
    var cut = read(Nodes.b200(1).label(Labels.GPU_REPLICAS, "0"));

    assertThat(shared.replicas()).hasValue(10);
    assertThat(shared.sharing()).contains("mps");
    assertThat(cut.replicas()).isEmpty();
    assertThat(cut.sharing()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "nvidia.com/gpu.deploy.operands, false, its operands are off",
    "nvidia.com/gpu.workload.config, vm-vgpu, its GPUs are for virtual machines",
    "nvidia.com/gpu.workload.config, vm-passthrough, its GPUs are for virtual machines",
    "nvidia.com/vgpu.host-driver-version, 550.54.16, its GPUs are partitioned by vGPU",
    "nvidia.com/gpu-operator.resource-allocation.mode, dra, the DRA driver allocates its GPUs"
  })
  void read_gpusOfAnotherOwner_isAProblem(String key, String value, String why) {
    assertThat(read(Nodes.b200(1).label(key, value)).problems())
        .containsExactly("Node gpu-node gets no MIG manager, because " + why + ": " + key + "="
            + value + ". Change that label before you partition the node");
  }

  @ParameterizedTest
  @CsvSource({
    "nvidia.com/gpu.deploy.operands, true",
    "nvidia.com/gpu.workload.config, container",
    "nvidia.com/vgpu.host-driver-version, ''",
    "nvidia.com/gpu-operator.resource-allocation.mode, device-plugin"
  })
  void read_gpusForContainers_areNoProblem(String key, String value) {
    assertThat(read(Nodes.b200(1).label(key, value)).problems()).isEmpty();
  }

  private static MigNodeStatus read(Nodes node) {
    return MigNodeStatus.of(node.build(), MigSettings.defaults());
  }
}
