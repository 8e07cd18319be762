package io.github.mig4j.k8s.dra;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClassBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.simulator.SimulatedDraDriver;
import io.github.mig4j.layout.MigLayout;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The simulator's scheduler: where it allocates claims, and why it does not. */
@ExtendWith(MockApiServer.class)
class ScheduledClaimTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("NVIDIA-B200");
  private static final MigProfile G1 = MigProfile.parse("1g.23gb");
  private static final MigProfile G3 = MigProfile.parse("3g.90gb");
  private static final MigProfile G4 = MigProfile.parse("4g.90gb");
  private static final MigLayout WHOLE = MigLayout.on(B200).build();

  KubernetesClient client;
  private SimulatedDraDriver driver;

  @BeforeEach
  void createDriver() {
    driver = SimulatedDraDriver.of(client);
  }

  private void claim(String name, MigClaim claim) {
    MigClient.of(client).dra().apply(claim.claim(name).inNamespace("default"));
  }

  private void claim(String name, String requests) {
    client
        .load(new ByteArrayInputStream(
            """
        {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim",
         "metadata": {"name": "%s", "namespace": "default"}, "spec": {"devices": {%s}}}
        """.formatted(name, requests).getBytes(StandardCharsets.UTF_8)))
        .create();
  }

  private static String oneOf(String deviceClass, String more) {
    return """
        "requests": [{"name": "mig", "exactly": {"deviceClassName": "%s"%s}}]
        """.formatted(deviceClass, more);
  }

  private static String selecting(String expression) {
    return """
        , "selectors": [{"cel": {"expression": "%s"}}]
        """.formatted(expression);
  }

  /** The results of a claim as node, request and device. */
  private List<String> results(String claim) {
    ResourceClaim found = client
        .resources(ResourceClaim.class)
        .inNamespace("default")
        .withName(claim)
        .require();
    return found.getStatus().getAllocation().getDevices().getResults().stream()
        .map(each -> "%s %s %s".formatted(each.getPool(), each.getRequest(), each.getDevice()))
        .toList();
  }

  @Test
  void schedule_takesTheFirstDeviceOfTheFirstNode_andWritesTheNode() {
    driver.publishStatic("b", List.of(MigLayout.on(B200).add(G1, 1).build()));
    driver.publishStatic("a", List.of(WHOLE, MigLayout.on(B200).add(G1, 1).build()));
    claim("one", MigClaim.of(G1));

    assertThat(driver.schedule()).isEmpty();
    claim("second", MigClaim.of(G1));
    claim("third", MigClaim.of(G1));

    assertThat(driver.schedule())
        .isEqualTo(Map.of("default/third", "no node has its devices free"));
    assertThat(results("one")).containsExactly("a mig gpu-1-mig-1g23gb-19-0");
    assertThat(results("second")).containsExactly("b mig gpu-0-mig-1g23gb-19-0");
    assertThat(client
            .resources(ResourceClaim.class)
            .inNamespace("default")
            .withName("second")
            .require()
            .getStatus()
            .getAllocation()
            .getNodeSelector()
            .getNodeSelectorTerms()
            .get(0)
            .getMatchFields()
            .get(0)
            .getValues())
        .containsExactly("b");
  }

  @Test
  void schedule_onAPartitionableGpu_honoursItsCounters() {
    driver.publishPartitionable("node", List.of(B200));
    claim("a", MigClaim.of(G3));
    claim("b", MigClaim.of(G3));
    claim("c", MigClaim.of(G1));

    assertThat(driver.schedule()).isEqualTo(Map.of("default/c", "no node has its devices free"));
    assertThat(results("a")).containsExactly("node mig gpu-0-mig-3g90gb-9-0");
    assertThat(results("b")).containsExactly("node mig gpu-0-mig-3g90gb-9-4");
  }

  @Test
  void schedule_goesBack_whereTheFirstDeviceLeavesNoPlaceForTheNextRequest() {
    driver.publishPartitionable("node", List.of(B200));
    claim("both", MigClaim.of(MigSelector.profile(G1), 1).and(MigSelector.profile(G4), 1));

    assertThat(driver.schedule()).isEmpty();
    assertThat(results("both"))
        .containsExactly("node mig-0 gpu-0-mig-1g23gb-19-4", "node mig-1 gpu-0-mig-4g90gb-5-0");
  }

  @Test
  void schedule_ofDevicesOfOneGpu_skipsTheGpuThatHasTooFew() {
    driver.publishStatic(
        "node",
        List.of(
            MigLayout.on(B200).add(G1, 1).build(),
            MigLayout.on(B200).add(G1, 2).add(G3, 1).build()));
    claim("pair", MigClaim.of(MigSelector.profile(G1), 2).onOneGpu());
    claim("three", MigClaim.of(MigSelector.profile(G1), 3).onOneGpu());

    assertThat(driver.schedule())
        .isEqualTo(Map.of("default/three", "no node has its devices free"));
    assertThat(results("pair"))
        .allMatch(device -> device.startsWith("node mig gpu-1-mig-1g23gb-19-"))
        .hasSize(2);
  }

  @Test
  void schedule_ofALayout_takesAllItsDevicesOnOneGpu() {
    MigLayout layout = MigLayout.on(B200).add(G1, 2).add(G3, 1).build();
    driver.publishPartitionable("node", List.of(B200, B200));
    claim("first", MigClaim.of(G4));
    claim("layout", MigClaim.of(layout));

    assertThat(driver.schedule()).isEmpty();
    assertThat(results("layout")).hasSize(3).allMatch(device -> device.contains(" gpu-1-mig-"));
  }

  @Test
  void schedule_knowsTheClassesOfTheChart_andThoseOfTheCluster() {
    driver.publishStatic(
        "node", List.of(WHOLE, MigLayout.on(B200).add(G1, 1).add(G3, 1).build()));
    MigDeviceClass half = MigDeviceClass.of("half", MigSelector.profile(G3));
    MigClient.of(client).dra().apply(half.object());
    claim("class", MigClaim.of(half, 1));
    claim("gpu", oneOf("gpu.nvidia.com", ""));
    claim("any", MigClaim.of(MigSelector.any(), 1));

    assertThat(driver.schedule()).isEmpty();
    assertThat(results("class")).containsExactly("node mig gpu-1-mig-3g90gb-9-0");
    assertThat(results("gpu")).containsExactly("node mig gpu-0");
    assertThat(results("any")).containsExactly("node mig gpu-1-mig-1g23gb-19-4");
  }

  @Test
  void schedule_ofAlternatives_takesTheFirstThatIsThere() {
    driver.publishStatic("node", List.of(MigLayout.on(B200).add(G1, 2).build()));
    claim("either", """
        "requests": [{"name": "mig", "firstAvailable": [
          {"name": "large", "deviceClassName": "mig.nvidia.com"%s},
          {"name": "small", "deviceClassName": "mig.nvidia.com"%s, "count": 2}]}]
        """.formatted(
            selecting("device.attributes['gpu.nvidia.com'].profile == '3g.90gb'"),
            selecting("device.attributes['gpu.nvidia.com'].profile == '1g.23gb'")));

    assertThat(driver.schedule()).isEmpty();
    assertThat(results("either"))
        .containsExactly(
            "node mig/small gpu-0-mig-1g23gb-19-0", "node mig/small gpu-0-mig-1g23gb-19-1");
  }

  @Test
  void schedule_ofAllDevices_needsEachOfThemToBeFree() {
    driver.publishStatic("node", List.of(MigLayout.on(B200).add(G1, 2).build()));
    claim("all", oneOf("mig.nvidia.com", ", \"allocationMode\": \"All\""));

    assertThat(driver.schedule()).isEmpty();
    assertThat(results("all")).hasSize(2);
    claim("more", oneOf("mig.nvidia.com", ", \"allocationMode\": \"All\""));
    assertThat(driver.schedule()).containsOnlyKeys("default/more");
  }

  @Test
  void schedule_saysWhyAClaimWaits() {
    driver.publishStatic("node", List.of(WHOLE, MigLayout.on(B200).add(G1, 2).build()));
    client
        .resource(new DeviceClassBuilder()
            .withNewMetadata()
            .withName("everything")
            .endMetadata()
            .withNewSpec()
            .endSpec()
            .build())
        .create();
    String profile = "device.attributes['gpu.nvidia.com'].profile == '1g.23gb'";
    claim("none", oneOf("fpga", ""));
    claim("unread", oneOf("mig.nvidia.com", selecting("!(" + profile + ")")));
    claim("fails", oneOf("everything", selecting(profile)));
    claim("admin", oneOf("mig.nvidia.com", ", \"adminAccess\": true"));
    claim("tolerant", oneOf("mig.nvidia.com", ", \"tolerations\": [{\"operator\": \"Exists\"}]"));

    assertThat(driver.schedule())
        .isEqualTo(
            Map.of(
                "default/none",
                "claim default/none: DeviceClass fpga does not exist; create it",
                "default/unread",
                "claim default/unread: the selector '!(device.attributes['gpu.nvidia.com'].profile == '1g.23gb')' is not read; join conditions on driver, attributes and capacity by &&, such as device.attributes['gpu.nvidia.com'].profile == '1g.23gb'",
                "default/fails",
                "claim default/fails: its selectors fail, because device gpu-0 has no attribute gpu.nvidia.com/profile; select by an attribute that each device of its class has",
                "default/admin",
                "claim default/admin: it requests admin access, which takes no device; see 'kubectl describe pod'",
                "default/tolerant",
                "claim default/tolerant: it has the field 'tolerations', which is not read; remove it"));
  }

  /** The allocator and the inventory count what is free in different ways. */
  @Test
  void allocation_isTheFirstFreeDeviceOfTheInventory_forEachTwoProfiles() {
    driver.publishPartitionable("node", List.of(B200));
    List<ResourceSlice> slices = client.resources(ResourceSlice.class).list().getItems();
    List<MigProfile> profiles =
        B200.profiles().stream().map(GpuInstanceProfile::profile).toList();
    int waiting = 0;
    for (MigProfile first : profiles) {
      for (MigProfile second : profiles) {
        waiting += assertFirstFree(slices, List.of(first, second));
      }
    }
    assertThat(waiting).isBetween(1, profiles.size() * profiles.size());
  }

  /** Allocates a device of each profile, and says how many of them are not there. */
  private int assertFirstFree(List<ResourceSlice> slices, List<MigProfile> profiles) {
    List<HasMetadata> open = new ArrayList<>(slices);
    for (int i = 0; i < profiles.size(); i++) {
      String name = profiles.get(i).resourceName().replaceAll(".*/", "").replace("+", "-");
      MigDeviceClass own = MigDeviceClass.of(name, MigSelector.profile(profiles.get(i)));
      open.add(own.object().resource(DraVersion.V1));
      open.add(MigClaim.of(own, 1).claim("c" + i).inNamespace("default").resource(DraVersion.V1));
    }
    ClaimAllocator allocator = DraSnapshot.of(open, GpuCatalog.bundled()).allocator();
    List<HasMetadata> allocated = new ArrayList<>(slices);
    int waiting = 0;
    for (int i = 0; i < profiles.size(); i++) {
      MigProfile profile = profiles.get(i);
      Optional<String> free = DraInventory.of(allocated, GpuCatalog.bundled()).nodes().stream()
          .flatMap(node -> node.gpus().stream())
          .flatMap(gpu -> gpu.devices().stream())
          .filter(device -> device.state() == DraDevice.State.FREE)
          .filter(device -> device.profile().equals(Optional.of(profile)))
          .map(DraDevice::name)
          .findFirst();

      ClaimAllocator.Outcome outcome = allocator.allocate(List.of("default/c" + i), any -> true);

      assertThat(outcome)
          .as("%s of %s", i, profiles)
          .isEqualTo(
              free.isEmpty()
                  ? ClaimAllocator.Unallocated.NO_DEVICES
                  : new ClaimAllocator.Allocated(
                      "node",
                      List.of(
                          new ClaimAllocator.Device("default/c" + i, "mig", "node", free.get()))));
      free.ifPresent(device -> allocated.add(holding(device)));
      waiting += free.isEmpty() ? 1 : 0;
    }
    return waiting;
  }

  private static ResourceClaim holding(String device) {
    return new ResourceClaimBuilder()
        .withNewMetadata()
        .withName(device)
        .endMetadata()
        .withNewStatus()
        .withNewAllocation()
        .withNewDevices()
        .addNewResult()
        .withDriver("gpu.nvidia.com")
        .withPool("node")
        .withDevice(device)
        .endResult()
        .endDevices()
        .endAllocation()
        .endStatus()
        .build();
  }

  @Test
  void schedule_ofManyDevicesThatAreNotThere_endsInTime() {
    driver.publishPartitionable("node", Collections.nCopies(8, B200));
    claim("many", MigClaim.of(MigSelector.profile(G1), 32).onOneGpu());
    claim("mixed", MigClaim.of(MigSelector.profile(G3), 16).and(MigSelector.profile(G4), 1));

    assertThat(driver.schedule()).containsOnlyKeys("default/many", "default/mixed");
  }
}
