package io.github.mig4j.k8s.dra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.fleet.Fleet;
import io.github.mig4j.fleet.FleetIndex;
import io.github.mig4j.fleet.PlacementPolicy;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.simulator.SimulatedDraDriver;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Claims for the place that the policy of a fleet chooses. */
@ExtendWith(MockApiServer.class)
class PinnedClaimTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("NVIDIA-B200");
  private static final String NODE = "gpu-node";
  private static final MigProfile G1 = MigProfile.parse("1g.23gb");
  private static final MigProfile G3 = MigProfile.parse("3g.90gb");

  KubernetesClient client;

  private DraGpu gpu(int index) {
    return MigClient.of(client)
        .dra()
        .inventory()
        .node(NODE)
        .orElseThrow()
        .gpus()
        .get(index);
  }

  /** Writes a claim, and lets the scheduler allocate it. */
  private void claim(String name, MigSelector selector) {
    write(name, MigClaim.of(selector, 1));
    assertThat(SimulatedDraDriver.of(client).schedule()).isEmpty();
  }

  private void write(String name, MigClaim claim) {
    MigClient.of(client).dra().apply(claim.claim(name).inNamespace("default"));
  }

  /** The devices of a claim by node and name. */
  private List<String> devices(String claim) {
    return MigClient.of(client).dra().inventory().nodes().stream()
        .flatMap(node -> node.gpus().stream()
            .flatMap(gpu -> gpu.devices().stream())
            .filter(device -> device.claims().contains("default/" + claim))
            .map(device -> node.name() + "/" + device.name()))
        .toList();
  }

  /** Where the policy places a device, as the number of the place in the fleet of the index. */
  private record Choice(FleetIndex index, long place) {

    private MigSelector selector(PinnedClaimTest test) {
      int gpu = Fleet.gpuOf(place);
      return MigSelector.at(test.gpu(index.index(gpu)), index.fleet().placementOf(place));
    }
  }

  private Choice choose(MigProfile profile) {
    FleetIndex index = new FleetIndex(new Fleet(PlacementPolicy.standard()));
    index.resync(MigClient.of(client).dra().inventory().fleetGpus());
    return new Choice(index, index.fleet().choose(index.fleet().request(profile)));
  }

  @Test
  void partitionableGpu_isPinnedByItsUuid_andAllocatedWhereThePolicyChooses() {
    SimulatedDraDriver.of(client).publishPartitionable(NODE, List.of(B200, B200));
    claim("train", MigSelector.at(gpu(1), new Placement(G3, 4, 4)));
    Choice chosen = choose(G1);
    MigSelector selector = chosen.selector(this);

    claim("notebook", selector);
    claim("unpinned", MigSelector.profile(G1));

    // First fit takes the empty GPU 0; the policy keeps it empty.
    assertThat(chosen.index().name(chosen.place())).startsWith(NODE + "/1 1g.23gb@");
    assertThat(selector)
        .hasToString(
            "device.attributes['gpu.nvidia.com'].profile == '1g.23gb' && device.attributes['gpu.nvidia.com'].parentUUID == 'GPU-00000000-0000-4000-8000-000000000001'");
    assertThat(devices("train")).containsExactly(NODE + "/gpu-1-mig-3g90gb-9-0");
    assertThat(devices("notebook")).containsExactly(NODE + "/gpu-1-mig-1g23gb-19-4");
    assertThat(devices("unpinned")).containsExactly(NODE + "/gpu-0-mig-1g23gb-19-0");
  }

  @Test
  void existingDevice_isAllocatedWhereThePolicyChooses() {
    MigLayout sevenths = MigLayout.on(B200).add(G1, 7).build();
    SimulatedDraDriver.of(client).publishStatic(NODE, List.of(sevenths, sevenths));
    claim("train", MigSelector.at(gpu(1), new Placement(G1, 2, 1)));
    Choice chosen = choose(G1);

    claim("notebook", chosen.selector(this));
    claim("unpinned", MigSelector.profile(G1));

    assertThat(devices("train")).containsExactly(NODE + "/gpu-1-mig-1g23gb-19-2");
    assertThat(chosen.index().name(chosen.place())).startsWith(NODE + "/1 1g.23gb@");
    assertThat(devices("notebook"))
        .containsExactly(NODE + "/gpu-1-mig-1g23gb-19-"
            + chosen.index().fleet().placementOf(chosen.place()).start());
    assertThat(devices("unpinned")).containsExactly(NODE + "/gpu-0-mig-1g23gb-19-0");
  }

  @Test
  void existingDevice_isPinnedByItsUuid_withItsStart() {
    SimulatedDraDriver.of(client)
        .publishStatic(NODE, List.of(MigLayout.on(B200).add(G1, 7).build()));
    DraDevice third = gpu(0).devices().get(2);
    Placement place = third.placement().orElseThrow();

    assertThat(place.start()).isEqualTo(2);
    assertThat(MigSelector.at(gpu(0), place))
        .hasToString(
            "device.attributes['gpu.nvidia.com'].profile == '1g.23gb' && device.attributes['gpu.nvidia.com'].uuid == '%s'"
                .formatted(third.uuid().orElseThrow()));
    assertThatThrownBy(() -> MigSelector.at(gpu(0), new Placement(G3, 0, 4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            "GPU-00000000-0000-4000-8000-000000000000 has no device 3g.90gb@0:4; it has [gpu-0-mig-1g23gb-19-0, ");
  }
}
