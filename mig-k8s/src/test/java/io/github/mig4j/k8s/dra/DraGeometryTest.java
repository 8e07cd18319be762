package io.github.mig4j.k8s.dra;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.simulator.SimulatedDraDriver;
import io.github.mig4j.layout.Layouts;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The driver's counters and the catalogue's geometry are the same arithmetic, for every GPU. */
@ExtendWith(MockApiServer.class)
class DraGeometryTest {

  KubernetesClient client;

  static Stream<GpuModel> placeableModels() {
    return GpuCatalog.bundled().models().stream()
        .filter(GpuModel::supportsMig)
        .filter(model -> !model.products().isEmpty())
        .filter(model -> model.profiles().stream().allMatch(GpuInstanceProfile::isPlaceable));
  }

  @ParameterizedTest
  @MethodSource("placeableModels")
  void partitionableGpu_ofEveryModel_isReadWithoutFinding(GpuModel model) {
    SimulatedDraDriver.of(client).publishPartitionable("node", List.of(model, model));

    var inventory = MigClient.of(client).dra().inventory();

    assertThat(inventory.findings()).isEmpty();
    var node = inventory.node("node").orElseThrow();
    assertThat(node.model()).contains(model);
    assertThat(node.gpus()).hasSize(2).allMatch(DraGpu::isFree);
  }

  @Test
  void partitionableNode_withNineGpusAndOneWithoutMig_hasSlicesThatAnApiServerAccepts() {
    GpuModel b200 = GpuCatalog.bundled().require("NVIDIA-B200");
    List<GpuModel> gpus = new ArrayList<>(Collections.nCopies(9, b200));
    gpus.add(withoutMig());

    SimulatedDraDriver.of(client).publishPartitionable("node", gpus);

    var slices = client.resources(ResourceSlice.class).list().getItems();
    assertThat(slices).hasSize(12).allSatisfy(slice -> {
      assertThat(slice.getSpec().getPool().getResourceSliceCount()).isEqualTo(12);
      assertThat(slice.getSpec().getSharedCounters())
          .hasSizeLessThanOrEqualTo(8)
          .allSatisfy(set -> assertThat(set.getCounters()).isNotEmpty());
      assertThat(slice.getSpec().getDevices())
          .allSatisfy(device -> assertThat(device.getConsumesCounters())
              .allSatisfy(set -> assertThat(set.getCounters()).isNotEmpty()));
      assertThat(slice.getSpec().getSharedCounters().isEmpty())
          .isNotEqualTo(slice.getSpec().getDevices().isEmpty());
    });
    var inventory = MigClient.of(client).dra().inventory();
    assertThat(inventory.findings()).isEmpty();
    assertThat(inventory.node("node").orElseThrow().room())
        .containsEntry("nvidia.com/gpu", 10L)
        .containsEntry("nvidia.com/mig-1g.23gb", 63L);
  }

  private static GpuModel withoutMig() {
    return GpuCatalog.bundled().models().stream()
        .filter(model -> !model.supportsMig() && model.products().size() == 1)
        .findFirst()
        .orElseThrow();
  }

  /** Engines show that there is only one media profile, so each amount must be known. */
  static Stream<GpuModel> modelsWithAllAmounts() {
    return placeableModels()
        .filter(model -> model.profiles().stream()
            .allMatch(profile -> Stream.of(Budget.values())
                .allMatch(budget -> profile.amount(budget).isPresent())));
  }

  @ParameterizedTest
  @MethodSource("modelsWithAllAmounts")
  void room_fromTheCounters_isThatOfTheCatalogue(GpuModel model) {
    SimulatedDraDriver.of(client).publishPartitionable("node", List.of(model));

    var gpu = MigClient.of(client).dra().inventory().nodes().get(0).gpus().get(0);

    assertThat(gpu.room()).isEqualTo(MigLayout.on(model).build().room());
  }

  @Test
  void modelsWithAllAmounts_areMany() {
    assertThat(modelsWithAllAmounts()).hasSizeGreaterThanOrEqualTo(8);
  }

  @ParameterizedTest
  @MethodSource("placeableModels")
  void staticGpu_ofEveryModelInItsFullestLayouts_isReadAsThese(GpuModel model) {
    List<MigLayout> layouts = Layouts.of(model).maximalStates().limit(8).toList();
    SimulatedDraDriver.of(client).publishStatic("node", layouts);

    var inventory = MigClient.of(client).dra().inventory();

    assertThat(inventory.findings()).isEmpty();
    assertThat(inventory.node("node").orElseThrow().gpus())
        .extracting(gpu -> gpu.layout().orElseThrow())
        .containsExactlyInAnyOrderElementsOf(layouts);
  }

  /**
   * Every set of devices that the counters allow is a layout, and every layout is such a set; on a
   * GPU with seven slices they are the 723 published states and those with the media profile.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a30-24gb",
        "a100-40gb",
        "h100-sxm-80gb",
        "h200-141gb",
        "rtx-pro-6000-blackwell-96gb"
      })
  void sets_thatTheCountersAllow_areTheValidLayouts(String id) {
    GpuModel model = GpuCatalog.bundled().require(id);
    SimulatedDraDriver.of(client).publishPartitionable("node", List.of(model));
    Pool pool = Pool.of("node", slices());
    List<PublishedDevice> partitions =
        pool.devices().stream().filter(device -> device.profile().isPresent()).toList();

    Set<Set<Placement>> allowed = new HashSet<>();
    collect(partitions, 0, new ArrayList<>(), pool.counterSets(), allowed);

    assertThat(allowed)
        .isEqualTo(Layouts.of(model)
            .states()
            .map(layout -> (Set<Placement>) new TreeSet<>(layout.placements()))
            .collect(Collectors.toSet()));
  }

  private static void collect(
      List<PublishedDevice> partitions,
      int from,
      List<PublishedDevice> taken,
      Map<String, Map<String, Long>> counterSets,
      Set<Set<Placement>> allowed) {
    allowed.add(taken.stream()
        .map(device -> device.placement().orElseThrow())
        .collect(Collectors.toCollection(TreeSet::new)));
    Counters left = new Counters(counterSets);
    taken.forEach(left::take);
    for (int i = from; i < partitions.size(); i++) {
      if (left.suffice(partitions.get(i))) {
        taken.add(partitions.get(i));
        collect(partitions, i + 1, taken, counterSets, allowed);
        taken.remove(taken.size() - 1);
      }
    }
  }

  private List<Slice> slices() {
    return client.resources(ResourceSlice.class).list().getItems().stream()
        .flatMap(slice -> ObjectTexts.parse(Serialization.asJson(slice)).stream())
        .map(Slice::new)
        .toList();
  }
}
