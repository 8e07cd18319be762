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

  /** What the scheduler does: the first device that is free and that the claim selects. */
  private DraDevice first(DraGpu gpu, MigProfile profile) {
    return gpu.devices().stream()
        .filter(device -> device.state() == DraDevice.State.FREE)
        .filter(device -> device.profile().filter(profile::equals).isPresent())
        .findFirst()
        .orElseThrow();
  }

  private void claim(String name, MigSelector selector, int gpu, MigProfile profile) {
    MigClient.of(client).dra().apply(MigClaim.of(selector, 1).claim(name).inNamespace("default"));
    SimulatedDraDriver.of(client)
        .allocate("default", name, NODE, List.of(first(gpu(gpu), profile).name()));
  }

  @Test
  void partitionableGpu_isPinnedByItsUuid_whereThePolicyChooses() {
    SimulatedDraDriver.of(client).publishPartitionable(NODE, List.of(B200, B200));
    MigSelector anywhere = MigSelector.profile(G3);
    claim("train", anywhere, 1, G3);
    FleetIndex index = new FleetIndex(new Fleet(PlacementPolicy.standard()));
    index.resync(MigClient.of(client).dra().inventory().fleetGpus());

    long chosen = index.fleet().choose(index.fleet().request(G1));
    int number = Fleet.gpuOf(chosen);
    Placement place = index.fleet().placementOf(chosen);
    MigSelector selector = MigSelector.at(gpu(index.index(number)), place);
    claim("notebook", selector, index.index(number), G1);

    // First fit takes the empty GPU 0; the policy keeps it empty.
    assertThat(index.name(chosen)).startsWith(NODE + "/1 1g.23gb@");
    assertThat(selector)
        .hasToString(
            "device.attributes['gpu.nvidia.com'].profile == '1g.23gb' && device.attributes['gpu.nvidia.com'].parentUUID == 'GPU-00000000-0000-4000-8000-000000000001'");
    assertThat(gpu(0).cutInto()).isEmpty();
    assertThat(gpu(1).cutInto()).containsEntry(G1, 1).containsEntry(G3, 1);
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
