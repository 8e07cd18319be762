package io.github.mig4j.k8s.dra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.fleet.FleetGpu;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.internal.ObjectSerialization;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.plan.Demand;
import io.github.mig4j.plan.DemandItem;
import io.github.mig4j.plan.PlanGpu;
import io.github.mig4j.plan.Planner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two H100, the first of which is cut by hand or by claims into 2 x 1g.10gb, 2g.20gb and 3g.40gb,
 * as the driver publishes them.
 */
@ExtendWith(MockApiServer.class)
class DraInventoryTest {

  private static final GpuCatalog CATALOG = GpuCatalog.bundled();
  private static final GpuModel H100 = CATALOG.require("h100-sxm-80gb");
  private static final String STATIC = resource("h100-static-v1.yaml");
  private static final String PARTITIONABLE = resource("h100-partitionable-v1.yaml");
  private static final String CLAIMS = resource("h100-claims-v1.yaml");

  KubernetesClient client;

  static String resource(String name) {
    try (var in = DraInventoryTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static DraInventory read(String... texts) {
    return DraInventory.parse(String.join("\n---\n", texts), CATALOG);
  }

  private static List<String> lines(DraInventory inventory) {
    return inventory.findings().stream().map(Finding::toString).toList();
  }

  private static String claim(String name, String device) {
    return """
        kind: ResourceClaim
        metadata: {namespace: team-a, name: %s}
        status: {allocation: {devices: {results: [
          {request: mig, driver: gpu.nvidia.com, pool: gpu-node, device: %s}]}}}
        """.formatted(name, device);
  }

  private static Map<String, DraDevice.State> states(DraGpu gpu) {
    return gpu.devices().stream().collect(Collectors.toMap(DraDevice::name, DraDevice::state));
  }

  @ParameterizedTest
  @ValueSource(strings = {"&a [*a]", "&a {<<: *a}", "&a {kind: List, items: [*a]}"})
  void parse_aliasOfWhatContainsIt_isRefused(String text) {
    assertThatThrownBy(() -> DraInventory.parse(text, CATALOG))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Line 1, column 1: The anchor '&a' contains itself; expected what 'kubectl get"
            + " resourceslices -o yaml' prints");
  }

  @Test
  void staticAndPartitionable_agreeWithTheNodesLabels() {
    client
        .resource(new NodeBuilder()
            .withNewMetadata()
            .withName("gpu-node")
            .addToLabels("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3")
            .addToLabels("nvidia.com/gpu.count", "2")
            .addToLabels("nvidia.com/gpu.memory", "81559")
            .addToLabels("nvidia.com/mig.strategy", "mixed")
            .endMetadata()
            .withNewStatus()
            .addToAllocatable("nvidia.com/gpu", new Quantity("1"))
            .addToAllocatable("nvidia.com/mig-1g.10gb", new Quantity("2"))
            .addToAllocatable("nvidia.com/mig-2g.20gb", new Quantity("1"))
            .addToAllocatable("nvidia.com/mig-3g.40gb", new Quantity("1"))
            .endStatus()
            .build())
        .create();
    var labels = MigClient.of(client).nodes().get(0);

    for (var inventory : List.of(read(STATIC), read(PARTITIONABLE, CLAIMS))) {
      var node = inventory.node("gpu-node").orElseThrow();
      assertThat(inventory.findings()).isEmpty();
      assertThat(inventory.nodes()).hasSize(1);
      assertThat(node.resources()).isEqualTo(labels.allocatable());
      assertThat(node.model()).isEqualTo(labels.model()).contains(H100);
      assertThat(node.gpus()).hasSize(labels.gpus().orElseThrow());
      assertThat(node.gpus().get(0).layout())
          .hasValueSatisfying(layout -> assertThat(layout)
              .hasToString("h100-sxm-80gb [2g.20gb@0:2, 1g.10gb@2:1, 1g.10gb@3:1, 3g.40gb@4:4]"));
      assertThat(node.gpus().get(1).layout()).contains(MigLayout.on(H100).build());
    }
  }

  @Test
  void versions_areReadTheSame() {
    assertThat(read(resource("h100-static-v1beta1.yaml"))).isEqualTo(read(STATIC));
    assertThat(read(STATIC.replace("k8s.io/v1", "k8s.io/v1beta2"))).isEqualTo(read(STATIC));
    // On Kubernetes 1.34 counters and devices are in one slice, on 1.35 in two.
    assertThat(read(resource("h100-partitionable-combined-v1beta1.yaml"), CLAIMS))
        .isEqualTo(read(PARTITIONABLE, CLAIMS));
  }

  @Test
  void staticDevices_areFreeUntilClaimed() {
    var inventory = read(STATIC, claim("train", "gpu-0-mig-2g20gb-14-0"));

    var cut = inventory.nodes().get(0).gpus().get(0);
    assertThat(states(cut))
        .isEqualTo(Map.of(
            "gpu-0-mig-1g10gb-19-2", DraDevice.State.FREE,
            "gpu-0-mig-1g10gb-19-3", DraDevice.State.FREE,
            "gpu-0-mig-2g20gb-14-0", DraDevice.State.ALLOCATED,
            "gpu-0-mig-3g40gb-9-4", DraDevice.State.FREE));
    assertThat(inventory.nodes().get(0).room())
        .isEqualTo(Map.of(
            "nvidia.com/gpu", 1L, "nvidia.com/mig-1g.10gb", 2L, "nvidia.com/mig-3g.40gb", 1L));
    assertThat(cut.devices().get(2).claims()).containsExactly("team-a/train");
    assertThat(cut.devices().get(2).memoryMib()).hasValue(20096);
    assertThat(cut.devices().get(2).uuid()).contains("MIG-00000000-0000-4000-8000-000000000102");
    assertThat(cut.uuid()).contains("GPU-00000000-0000-4000-8000-000000000000");
    assertThat(cut.product()).contains("NVIDIA H100 80GB HBM3");
    assertThat(cut.form()).isEqualTo(DraGpu.Form.STATIC);
  }

  @Test
  void toPlanNode_static_pinsAllocatedDevicesAtTheirPlace() {
    var node = read(STATIC, claim("train", "gpu-0-mig-2g20gb-14-0")).nodes().get(0);

    var planned = node.toPlanNode().orElseThrow();

    assertThat(planned).hasToString("gpu-node (2 GPUs)");
    assertThat(planned.gpu(0))
        .hasToString("h100-sxm-80gb [2g.20gb@0:2, 1g.10gb@2:1, 1g.10gb@3:1, 3g.40gb@4:4],"
            + " pinned [2g.20gb@0:2]");
    assertThat(planned.gpu(1)).isEqualTo(PlanGpu.of(H100));
    var plan = Planner.of(List.of(planned)).plan(Demand.of(DemandItem.of("7g.80gb", 1)));
    assertThat(plan.layouts("gpu-node").get(1)).hasToString("h100-sxm-80gb [7g.80gb@0:8]");
  }

  @Test
  void toPlanNode_partitionable_hasTheClaimedDevices() {
    var node = read(PARTITIONABLE, claim("train", "gpu-0-mig-3g40gb-9-4"), claim("all", "gpu-1"))
        .nodes()
        .get(0);

    var planned = node.toPlanNode().orElseThrow();

    assertThat(planned.gpu(0)).hasToString("h100-sxm-80gb [3g.40gb@4:4], pinned [3g.40gb@4:4]");
    assertThat(planned.gpu(1)).isEqualTo(PlanGpu.of(H100).pinned());
  }

  /** Objects as a program has them in the caches of its informers. */
  @Test
  void of_objects_isTheSameAsOfTheirText() {
    List<GenericKubernetesResource> objects = Stream.of(PARTITIONABLE, claim("all", "gpu-1"))
        .flatMap(text -> Stream.of(text.split("\n---\n")))
        .map(text -> ObjectSerialization.SHARED.unmarshal(text, GenericKubernetesResource.class))
        .toList();

    assertThat(DraInventory.of(objects, CATALOG))
        .isEqualTo(read(PARTITIONABLE, claim("all", "gpu-1")));
  }

  @Test
  void fleetGpus_haveTheAllocatedDevices_andAGpuInUseAsAWholeIsCordoned() {
    var inventory =
        read(PARTITIONABLE, claim("train", "gpu-0-mig-3g40gb-9-4"), claim("all", "gpu-1"));

    assertThat(inventory.fleetGpus())
        .extracting(FleetGpu::toString)
        .containsExactly(
            "gpu-node/0 h100-sxm-80gb [3g.40gb@4:4]", "gpu-node/1 h100-sxm-80gb [], cordoned");
  }

  @Test
  void toPlanNode_tainted_isPinned() {
    String tainted = STATIC
        .replace(
            "- name: gpu-0-mig-2g20gb-14-0",
            "- name: gpu-0-mig-2g20gb-14-0\n    taints: [{key: a, effect: NoSchedule}]")
        .replace("- name: gpu-1", "- name: gpu-1\n    taints: [{key: a, effect: NoExecute}]");

    var planned = read(tainted).nodes().get(0).toPlanNode().orElseThrow();

    assertThat(planned.gpu(0).pinnedInstances()).hasToString("[2g.20gb@0:2]");
    assertThat(planned.gpu(1)).isEqualTo(PlanGpu.of(H100).pinned());
  }

  /** mig-parted counts GPUs by their PCI addresses, and device names tell nothing. */
  @Test
  void gpus_areInTheOrderOfTheirAddresses() {
    var turned = read(STATIC.replace("0000:53:00.0", "0000:73:00.0")).nodes().get(0);

    assertThat(turned.gpus().stream().map(gpu -> gpu.pciBusId().orElseThrow()))
        .containsExactly("0000:63:00.0", "0000:73:00.0");
    assertThat(turned.toPlanNode().orElseThrow().gpu(0)).isEqualTo(PlanGpu.of(H100));
  }

  @Test
  void toPlanNode_withAnUnknownValue_isEmpty() {
    for (String text : List.of(
        STATIC.replace("resource.kubernetes.io/pciBusID", "other"),
        STATIC.replace("resourceSliceCount: 1", "resourceSliceCount: 2"),
        STATIC.replace("H100 80GB HBM3", "X1"),
        STATIC.replace("memorySlice0", "other").replace("memorySlice1", "another"),
        STATIC.replace("nodeName: gpu-node", "allNodes: true"))) {
      assertThat(text).isNotEqualTo(STATIC);
      assertThat(read(text).nodes())
          .isNotEmpty()
          .allSatisfy(node -> assertThat(node.toPlanNode()).isEmpty());
    }
  }

  @Test
  void partitions_areBlockedByOverlappingClaims() {
    var inventory = read(PARTITIONABLE, claim("train", "gpu-0-mig-3g40gb-9-4"));

    var cut = inventory.nodes().get(0).gpus().get(0);
    assertThat(states(cut))
        .containsEntry("gpu-0", DraDevice.State.BLOCKED)
        .containsEntry("gpu-0-mig-3g40gb-9-4", DraDevice.State.ALLOCATED)
        .containsEntry("gpu-0-mig-3g40gb-9-0", DraDevice.State.FREE)
        .containsEntry("gpu-0-mig-1g10gb-19-3", DraDevice.State.FREE)
        .containsEntry("gpu-0-mig-1g10gb-19-4", DraDevice.State.BLOCKED)
        .containsEntry("gpu-0-mig-7g80gb-0-0", DraDevice.State.BLOCKED);
    assertThat(cut.form()).isEqualTo(DraGpu.Form.PARTITIONABLE);
    // What the layout says from the catalogue, the counters say too.
    assertThat(cut.room()).isEqualTo(cut.layout().orElseThrow().room()).isNotEmpty();
    assertThat(cut.cutInto()).hasToString("{3g.40gb=1}");
    assertThat(cut.isFree()).isFalse();
    assertThat(inventory.nodes().get(0).gpus().get(1).isFree()).isTrue();
    assertThat(inventory.findings()).isEmpty();
  }

  @Test
  void partitionableGpu_claimedWhole_hasNoRoom() {
    var gpu = read(PARTITIONABLE, claim("train", "gpu-0")).nodes().get(0).gpus().get(0);

    assertThat(gpu.room()).isEmpty();
    assertThat(gpu.isFree()).isFalse();
    assertThat(gpu.cutInto()).isEmpty();
  }

  @Test
  void adminAccess_allocatesNothing() {
    var monitored = claim("dcgm", "gpu-0").replace("request: mig", "adminAccess: true");

    assertThat(read(PARTITIONABLE, monitored)).isEqualTo(read(PARTITIONABLE));
  }

  @Test
  void claimsOfOtherDrivers_andWithoutAllocation_allocateNothing() {
    assertThat(read(
            STATIC,
            claim("a", "gpu-1").replace("gpu.nvidia.com", "compute-domain.nvidia.com"),
            MigClaim.of(MigSelector.any(), 1).claim("pending").toYaml(DraVersion.V1)))
        .isEqualTo(read(STATIC));
  }

  @Test
  void oldGenerations_areIgnored() {
    var outdated = PARTITIONABLE.replace("generation: 1", "generation: 0");
    var newest = STATIC.replace("generation: 1", "generation: 2");

    assertThat(read(outdated, newest)).isEqualTo(read(STATIC));
  }

  @Test
  void incompletePool_showsAllocatedDevices_butNotFreeOnes() {
    var withoutCounters = PARTITIONABLE.substring(PARTITIONABLE.indexOf("\n---\n") + 5);

    var inventory = read(withoutCounters, claim("train", "gpu-0-mig-3g40gb-9-4"));

    var gpu = inventory.nodes().get(0).gpus().get(0);
    assertThat(lines(inventory))
        .containsExactly(
            "warning: Pool gpu-node has 2 of 3 slices of generation 1, so that it is"
                + " not known what is free; wait until the driver has published all slices [incomplete-pool]");
    assertThat(states(gpu))
        .containsEntry("gpu-0-mig-3g40gb-9-4", DraDevice.State.ALLOCATED)
        .containsEntry("gpu-0-mig-3g40gb-9-0", DraDevice.State.UNKNOWN);
    assertThat(inventory.nodes().get(0).room()).isEmpty();
    assertThat(inventory.nodes().get(0).resources())
        .isEqualTo(Map.of("nvidia.com/gpu", 1L, "nvidia.com/mig-3g.40gb", 1L));
  }

  /** One of the slices is left over from another publication; which one, they do not say. */
  @Test
  void slicesThatNameDifferentNumbers_areNoCompletePool() {
    String leftOver = """
        kind: ResourceSlice
        metadata: {name: left-over}
        spec:
          driver: gpu.nvidia.com
          nodeName: gpu-node
          pool: {generation: 1, name: gpu-node, resourceSliceCount: 1}
        """;

    var inventory =
        read(STATIC.replace("resourceSliceCount: 1", "resourceSliceCount: 2"), leftOver);

    assertThat(lines(inventory))
        .containsExactly(
            "warning: Pool gpu-node has 2 of 1 slices of generation 1, so that it is not known what is free; wait until the driver has published all slices [incomplete-pool]");
    assertThat(inventory.nodes().get(0).room()).isEmpty();
  }

  @Test
  void incompletePool_doesNotReportAnAllocatedDeviceAsMissing() {
    var firstGpuMissing = PARTITIONABLE.replace("name: gpu-0", "name: gpu-9");

    assertThat(lines(read(
            firstGpuMissing.replace("resourceSliceCount: 3", "resourceSliceCount: 4"),
            claim("train", "gpu-0"))))
        .noneMatch(line -> line.contains("[allocated-but-gone]"));
  }

  @Test
  void duplicateDevice_makesThePoolUnusable() {
    var twice = STATIC.replace("gpu-0-mig-1g10gb-19-3", "gpu-0-mig-1g10gb-19-2");

    var inventory = read(twice);

    assertThat(lines(inventory))
        .containsExactly(
            "warning: Pool gpu-node has several devices named gpu-0-mig-1g10gb-19-2, so"
                + " that claims get no device of the pool; restart the driver's pod on the node"
                + " [duplicate-device]");
    assertThat(inventory.nodes().get(0).room()).isEmpty();
  }

  @Test
  void claimOnADeviceThatIsNotPublished_isFound() {
    assertThat(lines(read(STATIC, claim("train", "gpu-0-mig-7g80gb-0-0"))))
        .containsExactly("error: Claim team-a/train holds gpu-0-mig-7g80gb-0-0 of pool gpu-node,"
            + " which the driver does not publish, probably because the GPU was partitioned again;"
            + " delete the claim's pods [allocated-but-gone]");
  }

  /** A driver that restarts takes its slices back for a while, and the pods go on. */
  @Test
  void claimOnADeviceWhosePoolIsNotPublished_isAWarning() {
    var elsewhere = claim("train", "gpu-0").replace("pool: gpu-node", "pool: gpu-node-2");

    assertThat(lines(read(STATIC, elsewhere)))
        .containsExactly("warning: Claim team-a/train holds gpu-0 of pool gpu-node-2, of which the"
            + " driver publishes nothing, as while it restarts; if that lasts, check whether the"
            + " driver's pod runs on the node [allocated-but-gone]");
  }

  @Test
  void on_aNode_hasOnlyWhatConcernsIt() {
    var other = STATIC.replace("gpu-node", "other-node");
    var gone = claim("train", "gpu-0-mig-7g80gb-0-0");
    var incomplete = other.replace("resourceSliceCount: 1", "resourceSliceCount: 2");
    var withdrawn = claim("serve", "gpu-0").replace("pool: gpu-node", "pool: third-node");

    var inventory = read(STATIC, gone, incomplete, withdrawn);

    assertThat(inventory.findings()).hasSize(3);
    assertThat(inventory.on("gpu-node")).isEqualTo(read(STATIC, gone));
    assertThat(inventory.on("other-node")).isEqualTo(read(incomplete));
    assertThat(inventory.on("third-node")).isEqualTo(read(withdrawn));
  }

  /** No version of the driver publishes every mark; each is enough. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "parentUUID: \\{string: [^}]*}, ",
        "resource.kubernetes.io/pciBusID: \\{string: [^}]*},",
        "(parentUUID|resource.kubernetes.io/pciBusID): \\{string: [^}]*},"
      })
  void devicesWithoutAnAttribute_belongToTheSameGpus(String mark) {
    for (var texts : List.of(List.of(STATIC), List.of(PARTITIONABLE, CLAIMS))) {
      String[] all = texts.toArray(String[]::new);
      String[] without =
          texts.stream().map(text -> text.replaceAll(mark, "")).toArray(String[]::new);
      assertThat(without).isNotEqualTo(all);

      var expected = read(all).nodes().get(0);
      var node = read(without).nodes().get(0);

      assertThat(node.gpus())
          .extracting(DraGpu::devices)
          .isEqualTo(expected.gpus().stream().map(DraGpu::devices).toList());
      assertThat(node.room()).isEqualTo(expected.room());
    }
  }

  /** Not all of a GPU's devices tell the same of it. */
  @Test
  void devicesWithDifferentAttributes_areJoinedByADeviceWithBoth() {
    var first = PARTITIONABLE.replaceFirst("parentUUID: \\{string: [^}]*}, ", "");

    assertThat(read(first, CLAIMS).nodes().get(0).gpus()).hasSize(2);
  }

  /** What the marks tell, names do not overrule. */
  @Test
  void devicesWithSimilarNames_onDifferentGpus_areNotJoined() {
    var named = STATIC.replace("name: gpu-1", "name: gpu-0");

    assertThat(read(named).nodes().get(0).gpus()).hasSize(2);
  }

  /** The second GPU's device made the first one's, as the driver does (dra-driver#719). */
  private static final String WHOLE_BESIDE_MIG = STATIC.replace(
      "GPU-00000000-0000-4000-8000-000000000001", "GPU-00000000-0000-4000-8000-000000000000");

  @Test
  void wholeGpuWithMigDevices_isFound_andNotFree() {
    var inventory = read(WHOLE_BESIDE_MIG);

    var gpu = inventory.nodes().get(0).gpus().get(0);
    assertThat(lines(inventory))
        .containsExactly(
            "warning: Node gpu-node: gpu-1 is offered as a whole beside its MIG devices,"
                + " so that both can be claimed; let no pod claim class gpu.nvidia.com on this node"
                + " [whole-beside-mig]");
    assertThat(states(gpu)).containsEntry("gpu-1", DraDevice.State.BLOCKED);
    assertThat(inventory.nodes().get(0).resources()).doesNotContainKey("nvidia.com/gpu");
  }

  @Test
  void wholeGpuAndItsMigDevice_bothClaimed_isDoubleBooked() {
    var inventory =
        read(WHOLE_BESIDE_MIG, claim("all", "gpu-1"), claim("part", "gpu-0-mig-2g20gb-14-0"));

    assertThat(lines(inventory))
        .contains("error: Node gpu-node: claims team-a/all, team-a/part hold gpu-0-mig-2g20gb-14-0,"
            + " gpu-1, which exclude each other; delete the pods of all claims but one"
            + " [double-booked]");
    assertThat(states(inventory.nodes().get(0).gpus().get(0)))
        .containsEntry("gpu-0-mig-3g40gb-9-4", DraDevice.State.BLOCKED);
  }

  @Test
  void partitionsThatOverlap_bothClaimed_areDoubleBooked() {
    assertThat(lines(read(
            PARTITIONABLE,
            claim("a", "gpu-0-mig-3g40gb-9-4"),
            claim("b", "gpu-0-mig-1g10gb-19-6"))))
        .containsExactly(
            "error: Node gpu-node: claims team-a/a, team-a/b hold gpu-0-mig-1g10gb-19-6,"
                + " gpu-0-mig-3g40gb-9-4, which exclude each other; delete the pods of all claims"
                + " but one [double-booked]");
  }

  @Test
  void oneDeviceOfTwoClaims_isDoubleBooked_unlessTheDriverSharesIt() {
    var both = claim("a", "gpu-1") + "---\n" + claim("b", "gpu-1");
    var shareable =
        STATIC.replace("name: gpu-1\n", "name: gpu-1\n    allowMultipleAllocations: true\n");

    assertThat(lines(read(STATIC, both)))
        .containsExactly("error: Node gpu-node: claims team-a/a, team-a/b hold gpu-1, which exclude"
            + " each other; delete the pods of all claims but one [double-booked]");
    assertThat(lines(read(shareable, both))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"NoSchedule", "NoExecute"})
  void taintedDevice_isNotFree(String effect) {
    var tainted = STATIC.replace(
        "name: gpu-1\n", "name: gpu-1\n    taints: [{key: xid, effect: %s}]\n".formatted(effect));

    assertThat(read(tainted).nodes().get(0).room()).doesNotContainKey("nvidia.com/gpu");
    assertThat(read(tainted.replace(effect, "None")).nodes().get(0).room())
        .containsKey("nvidia.com/gpu");
  }

  @Test
  void countersOfTheGpu_thatDifferFromTheCatalogue_areFound() {
    // In the sets alone: the devices' counters are deeper.
    var fewer = PARTITIONABLE.replaceFirst(
        "multiprocessors: \\{value: \"132\"}", "multiprocessors: {value: \"128\"}");
    var sliceless = PARTITIONABLE.replaceFirst("memory-slice-7: \\{value: \"1\"},", "");

    assertThat(lines(read(fewer)))
        .containsExactly(
            "warning: Node gpu-node: all of a h100-sxm-80gb has 128 SMs as published, but"
                + " 132 in the catalogue; report it, or correct the model [amount-differs]");
    assertThat(lines(read(sliceless)))
        .containsExactly(
            "warning: Node gpu-node: all of a h100-sxm-80gb has 7 memory slices as"
                + " published, but 8 in the catalogue; report it, or correct the model [amount-differs]");
  }

  @Test
  void amountsOfAProfile_thatDifferFromTheCatalogue_areFoundOnce() {
    var more = PARTITIONABLE.replace(
        "multiprocessors: {value: \"60\"}", "multiprocessors: {value: \"64\"}");
    var lessMemory = PARTITIONABLE.replace("20096Mi", "19968Mi");

    assertThat(lines(read(more)))
        .containsExactly(
            "warning: Node gpu-node: 3g.40gb of a h100-sxm-80gb has 64 SMs as published,"
                + " but 60 in the catalogue; report it, or correct the model [amount-differs]");
    // Memory moves with the driver's version.
    assertThat(lines(read(lessMemory)))
        .containsExactly(
            "note: Node gpu-node: 1g.20gb of a h100-sxm-80gb has 19968 MiB of memory as published,"
                + " but 20096 in the catalogue; report it, or correct the model [amount-differs]",
            "note: Node gpu-node: 2g.20gb of a h100-sxm-80gb has 19968 MiB of memory as published,"
                + " but 20096 in the catalogue; report it, or correct the model [amount-differs]");
  }

  @Test
  void counterThatADeviceDoesNotConsume_isZero() {
    var undrawn =
        PARTITIONABLE.replace("memory: {value: 40448Mi}, memory-slice-0", "memory-slice-0");

    assertThat(lines(read(undrawn)))
        .contains(
            "note: Node gpu-node: 4g.40gb of a h100-sxm-80gb has 0 MiB of memory as published,"
                + " but 40448 in the catalogue; report it, or correct the model [amount-differs]");
  }

  @Test
  void placesThatDifferFromTheCatalogue_areFound() {
    var elsewhere = STATIC.replace("memorySlice2", "memorySlice7");
    var absent = PARTITIONABLE.replace("profile: {string: 4g.40gb}", "profile: {string: 1g.20gb}");

    assertThat(lines(read(elsewhere)))
        .contains(
            "warning: Node gpu-node: the driver publishes 1g.10gb@7:1, but the catalogue has no"
                + " such placement on a h100-sxm-80gb; report it, or correct the model [unknown-placement]");
    assertThat(lines(read(absent)))
        .contains("warning: Node gpu-node: the driver does not publish 4g.40gb@0:4, which the"
            + " catalogue has for a h100-sxm-80gb; report it, or correct the model"
            + " [missing-placement]");
  }

  @Test
  void profileThatTheCatalogueLacks_isFound_alsoWithoutItsPlacement() {
    var inventory = read(STATIC
        .replace("profile: {string: 2g.20gb}", "profile: {string: 2g.21gb}")
        .replaceAll("memorySlice[01]: \\{value: \"1\"}, ?", ""));

    assertThat(lines(inventory))
        .containsExactly(
            "warning: Node gpu-node: the driver publishes a device with profile 2g.21gb, but a h100-sxm-80gb has no such profile in the catalogue; report it, or correct the model [unknown-profile]");
  }

  @Test
  void layoutThatIsImpossible_isFound_andEmpty() {
    var overlapping = STATIC.replace("memorySlice3", "memorySlice2");

    var inventory = read(overlapping);

    assertThat(lines(inventory))
        .containsExactly(
            "warning: Node gpu-node: a h100-sxm-80gb has devices [2g.20gb@0:2, 1g.10gb@2:1,"
                + " 1g.10gb@2:1, 3g.40gb@4:4], which the catalogue calls impossible (h100-sxm-80gb:"
                + " 1g.10gb@2:1 and 1g.10gb@2:1 overlap from memory slice 2 to 2); report it, or correct"
                + " the model [impossible-layout]");
    assertThat(inventory.nodes().get(0).gpus().get(0).layout()).isEmpty();
  }

  @Test
  void unknownProduct_isRead() {
    var inventory = read(STATIC.replace("NVIDIA H100 80GB HBM3", "NVIDIA X1"));

    assertThat(lines(inventory))
        .containsExactly("note: Node gpu-node: product 'NVIDIA X1' is not in the catalogue; add its"
            + " model as docs/add-a-gpu.md describes [unknown-product]");
    assertThat(inventory.nodes().get(0).resources())
        .isEqualTo(read(STATIC).nodes().get(0).resources());
    assertThat(inventory.nodes().get(0).model()).isEmpty();
  }

  @Test
  void productOfSeveralModels_isIdentifiedByItsProfiles() {
    var gb200 = STATIC
        .replace("NVIDIA H100 80GB HBM3", "NVIDIA GB200")
        .replace("1g.10gb", "1g.23gb")
        .replace("2g.20gb", "2g.47gb")
        .replace("3g.40gb", "3g.93gb");

    var inventory = read(gb200);

    assertThat(inventory.nodes().get(0).gpus().get(0).model())
        .contains(CATALOG.require("gb200-186gb"));
  }

  @Test
  void unreadableProfile_isNotCounted() {
    var inventory = read(STATIC.replace("profile: {string: 2g.20gb}", "profile: {string: two}"));

    assertThat(lines(inventory))
        .contains(
            "warning: Node gpu-node: MIG device gpu-0-mig-2g20gb-14-0 has profile 'two', which"
                + " is not one such as '1g.10gb', so that it is not counted; report it [unreadable-profile]");
    assertThat(inventory.nodes().get(0).resources()).doesNotContainKey("nvidia.com/mig-2g.20gb");
  }

  @Test
  void unreadableProfiles_doNotMakeTheGpuWhole() {
    var inventory = read(STATIC.replaceAll("profile: \\{string: [^}]+}", "profile: {string: new}"));

    assertThat(inventory.nodes().get(0).resources()).isEqualTo(Map.of("nvidia.com/gpu", 1L));
  }

  @Test
  void deviceOfAnUnknownType_isFound_andOfAVirtualMachineIsNot() {
    String device = "  - {name: %s, attributes: {type: {string: %s}, uuid: {string: GPU-9}}}\n";

    var inventory = read(STATIC + device.formatted("new-0", "chiplet")
        + device.formatted("gpu-vfio-0", "vfio")
        + "  - {name: bare-0}\n");

    assertThat(lines(inventory))
        .contains(
            "warning: Node gpu-node: device new-0 has type 'chiplet', which is not gpu, mig or vfio, so that it is not counted; report it [unknown-type]",
            "warning: Node gpu-node: device bare-0 has type '', which is not gpu, mig or vfio, so that it is not counted; report it [unknown-type]")
        .noneMatch(line -> line.contains("gpu-vfio-0"));
    assertThat(inventory.nodes()).isEqualTo(read(STATIC).nodes());
  }

  @Test
  void names_withTheDriversDomain_areReadTheSame() {
    var qualified = STATIC
        .replace("profile:", "gpu.nvidia.com/profile:")
        .replace("memorySlice", "gpu.nvidia.com/memorySlice")
        .replace("parentUUID:", "gpu.nvidia.com/parentUUID:")
        .replace("type:", "gpu.nvidia.com/type:");

    assertThat(read(qualified)).isEqualTo(read(STATIC));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"1e999999999", "-1", "99999999999999999999", "9999999999Ei", "many", "[1]", ""})
  void capacityThatIsNotAQuantity_isSkipped(String quantity) {
    var inventory = read(STATIC.replace("81559Mi", quantity));

    assertThat(inventory.nodes().get(0).gpus().get(1).devices().get(0).memoryMib())
        .isEmpty();
    assertThat(inventory.nodes().get(0).model()).contains(H100);
  }

  /** It names neither a node nor a device. */
  @Test
  void of_aSliceWithoutContent_isAnEmptyInventory() {
    assertThat(DraInventory.of(List.of(new ResourceSlice()), GpuCatalog.bundled()))
        .isEqualTo(new DraInventory(List.of(), List.of()));
  }

  @Test
  void text_withoutObjects_isAnEmptyInventory() {
    assertThat(read("")).isEqualTo(new DraInventory(List.of(), List.of()));
    assertThat(read("kind: List\nitems: []")).isEqualTo(read("kind: Pod"));
    assertThat(read("").node("gpu-node")).isEqualTo(Optional.empty());
  }

  @Test
  void text_thatIsNotAKubernetesObject_isRefused() {
    assertThatThrownBy(() -> read("- 1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Not a Kubernetes object: it has no kind; expected what 'kubectl get"
            + " resourceslices -o yaml' prints");
    assertThatThrownBy(() -> read("a: ["))
        .hasMessage("Line 1, column 5: Not YAML: a value is missing here; expected what"
            + " 'kubectl get resourceslices -o yaml' prints");
  }
}
