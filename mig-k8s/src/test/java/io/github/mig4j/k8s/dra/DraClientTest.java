package io.github.mig4j.k8s.dra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.APIResourceListBuilder;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimTemplate;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.TestClients;
import io.github.mig4j.k8s.simulator.SimulatedDraDriver;
import io.github.mig4j.layout.MigLayout;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(MockApiServer.class)
class DraClientTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("NVIDIA-B200");
  private static final MigProfile SMALL = MigProfile.parse("1g.23gb");

  KubernetesMockServer server;
  KubernetesClient client;

  @Test
  void apply_createsTheObject_withAllFields() {
    var dra = MigClient.of(client).dra();

    assertThat(dra.apply(MigClaim.of(SMALL).template("mig-1g").inNamespace("team-a")))
        .isEqualTo(DraVersion.V1);
    dra.apply(MigDeviceClass.bridge(SMALL).object());

    var exactly = client
        .resources(ResourceClaimTemplate.class)
        .inNamespace("team-a")
        .withName("mig-1g")
        .require()
        .getSpec()
        .getSpec()
        .getDevices()
        .getRequests()
        .get(0)
        .getExactly();
    assertThat(exactly.getDeviceClassName()).isEqualTo("mig.nvidia.com");
    assertThat(exactly.getSelectors().get(0).getCel().getExpression())
        .isEqualTo("device.attributes['gpu.nvidia.com'].profile == '1g.23gb'");
    assertThat(client
            .resources(DeviceClass.class)
            .withName("mig-1g.23gb")
            .require()
            .getSpec()
            .getExtendedResourceName())
        .isEqualTo("nvidia.com/mig-1g.23gb");
  }

  @Test
  void apply_withoutNamespace_usesTheClientsNamespace() {
    MigClient.of(client).dra().apply(MigClaim.of(SMALL).claim("train"));

    assertThat(client
            .resources(ResourceClaim.class)
            .inNamespace(client.getNamespace())
            .withName("train")
            .get())
        .isNotNull();
  }

  @Test
  void apply_again_writesNothing() {
    var dra = MigClient.of(client).dra();
    var claim = MigClaim.of(SMALL).claim("train").inNamespace("team-a");
    var bridge = MigDeviceClass.bridge(SMALL).object();
    dra.apply(claim);
    dra.apply(bridge);
    var before = versions();

    dra.apply(claim);
    dra.apply(bridge);

    assertThat(versions()).hasSize(2).isEqualTo(before);
  }

  /** The answer of a kube-apiserver 1.36. */
  private void hasTemplate(String constraints) {
    server
        .expect()
        .get()
        .withPath("/apis/resource.k8s.io/v1/namespaces/team-a/resourceclaimtemplates/mig-1g")
        .andReturn(200, """
            {"kind": "ResourceClaimTemplate", "apiVersion": "resource.k8s.io/v1",
             "metadata": {"name": "mig-1g", "namespace": "team-a", "uid": "7d7fbd0e", "resourceVersion": "412",
               "creationTimestamp": "2026-08-30T09:12:44Z"},
             "spec": {"metadata": {}, "spec": {"devices": {"requests": [{"name": "mig", "exactly": {
               "deviceClassName": "mig.nvidia.com",
               "selectors": [{"cel": {"expression": "device.attributes['gpu.nvidia.com'].profile == '1g.23gb'"}}],
               "allocationMode": "ExactCount", "count": 1}}]%s}}}}
            """.formatted(constraints))
        .always();
  }

  @Test
  void apply_templateToWhichTheServerAddsEmptyFields_writesNothing() throws InterruptedException {
    hasTemplate("");

    MigClient.of(client).dra().apply(MigClaim.of(SMALL).template("mig-1g").inNamespace("team-a"));

    assertThat(server.getLastRequest().getMethod()).isEqualTo("GET");
  }

  @Test
  void apply_templateWithAConstraintThatWasNotRequested_isAConflict() {
    hasTemplate(
        ", \"constraints\": [{\"requests\": [\"mig\"], \"matchAttribute\": \"gpu.nvidia.com/parentUUID\"}]");

    assertThatThrownBy(() -> MigClient.of(client)
            .dra()
            .apply(MigClaim.of(SMALL).template("mig-1g").inNamespace("team-a")))
        .isInstanceOf(MigConflictException.class)
        .hasMessage(
            "ResourceClaimTemplate team-a/mig-1g exists with another spec, which is immutable; delete it first or use another name");
  }

  private List<String> versions() {
    return Stream.of(
            client.resources(ResourceClaim.class).inAnyNamespace().list().getItems(),
            client.resources(DeviceClass.class).list().getItems())
        .flatMap(List::stream)
        .map(object -> object.getMetadata().getResourceVersion())
        .toList();
  }

  @Test
  void apply_claimWithAnotherSpec_isAConflict() {
    var dra = MigClient.of(client).dra();
    dra.apply(MigClaim.of(SMALL).claim("train").inNamespace("team-a"));

    assertThatThrownBy(() -> dra.apply(
            MigClaim.of(MigSelector.profile(SMALL), 2).claim("train").inNamespace("team-a")))
        .isInstanceOf(MigConflictException.class)
        .hasMessage(
            "ResourceClaim team-a/train exists with another spec, which is immutable; delete it first or use another name");
  }

  @Test
  void apply_deviceClassThatDiffers_isChanged_andKeepsItsLabels() {
    var dra = MigClient.of(client).dra();
    dra.apply(MigDeviceClass.of("small", MigSelector.profile(SMALL)).object());
    client.resources(DeviceClass.class).withName("small").edit(found -> {
      found.getMetadata().setLabels(Map.of("team", "a"));
      return found;
    });

    dra.apply(MigDeviceClass.of("small", MigSelector.memoryMib(20480)).object());

    var changed = client.resources(DeviceClass.class).withName("small").require();
    assertThat(changed.getSpec().getSelectors().get(0).getCel().getExpression())
        .endsWith("device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('20480Mi')) >= 0");
    assertThat(changed.getMetadata().getLabels()).containsEntry("team", "a");
  }

  @Test
  void apply_inANamespaceThatDoesNotExist_isRefused() {
    server
        .expect()
        .post()
        .withPath("/apis/resource.k8s.io/v1/namespaces/nowhere/resourceclaims")
        .andReturn(404, new StatusBuilder().withCode(404).build())
        .always();

    assertThatThrownBy(() -> MigClient.of(client)
            .dra()
            .apply(MigClaim.of(SMALL).claim("train").inNamespace("nowhere")))
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "ResourceClaim nowhere/train: namespace nowhere does not exist; create it first");
  }

  @Test
  void version_isTheNewestThatTheClusterServes() {
    serves("v1beta1");
    serves("v1beta2");

    try (KubernetesClient asking = asking()) {
      var dra = MigClient.of(asking).dra();
      assertThat(dra.version()).isEqualTo(DraVersion.V1BETA2);
      serves("v1");
      assertThat(dra.version()).isEqualTo(DraVersion.V1);
    }
  }

  @Test
  void apply_toAClusterWithOnlyV1beta1_usesIt() {
    serves("v1beta1");

    try (KubernetesClient asking = asking()) {
      var dra = MigClient.of(asking).dra();
      assertThat(dra.apply(MigClaim.of(SMALL).claim("train").inNamespace("team-a")))
          .isEqualTo(DraVersion.V1BETA1);
      assertThat(dra.apply(MigDeviceClass.bridge(SMALL).object())).isEqualTo(DraVersion.V1BETA1);
    }

    var written = client
        .resources(io.fabric8.kubernetes.api.model.resource.v1beta1.ResourceClaim.class)
        .inNamespace("team-a")
        .withName("train")
        .require();
    assertThat(written.getSpec().getDevices().getRequests().get(0).getDeviceClassName())
        .isEqualTo("mig.nvidia.com");
  }

  @Test
  void version_ofAClusterWithoutDra_isRefused() {
    try (KubernetesClient asking = asking()) {
      assertThatThrownBy(() -> MigClient.of(asking).dra().inventory())
          .isInstanceOf(MigRefusedException.class)
          .hasMessage(
              "API group resource.k8s.io: the cluster serves none of v1, v1beta2 and v1beta1, so it has no DRA; use Kubernetes 1.34 or later, or enable the beta API");
    }
  }

  /** The mock server's own client takes every version for served. */
  private KubernetesClient asking() {
    return TestClients.builder()
        .withConfig(new ConfigBuilder(Config.empty())
            .withMasterUrl(client.getMasterUrl().toString())
            .build())
        .build();
  }

  private void serves(String version) {
    server
        .expect()
        .get()
        .withPath("/apis/resource.k8s.io/" + version)
        .andReturn(
            200,
            new APIResourceListBuilder()
                .withGroupVersion("resource.k8s.io/" + version)
                .addNewResource()
                .withName("resourceslices")
                .withKind("ResourceSlice")
                .endResource()
                .build())
        .always();
  }

  @Test
  void apply_whereTheGateOfExtendedResourcesIsOff_isRefused() {
    server
        .expect()
        .post()
        .withPath("/apis/resource.k8s.io/v1/deviceclasses")
        .andReturn(201, """
            {"kind": "DeviceClass", "apiVersion": "resource.k8s.io/v1", "metadata": {"name": "mig-1g.23gb"},
             "spec": {"selectors": []}}
            """)
        .always();

    assertThatThrownBy(
            () -> MigClient.of(client).dra().apply(MigDeviceClass.bridge(SMALL).object()))
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "DeviceClass mig-1g.23gb: the API server dropped extendedResourceName; enable its feature gate DRAExtendedResource (Kubernetes 1.34 or later, on by default from 1.36)");
  }

  @Test
  void inventory_notAllowed_namesTheRequest() {
    server
        .expect()
        .get()
        .withPath("/apis/resource.k8s.io/v1/resourceclaims?limit=500")
        .andReturn(403, new StatusBuilder().withCode(403).build())
        .always();

    assertThatThrownBy(() -> MigClient.of(client).dra().inventory())
        .isInstanceOf(MigClusterException.class)
        .hasMessage("The API server answered 403 to: list resourceclaims");
  }

  @Test
  void inventory_showsTheAllocatedDevice() {
    var dra = MigClient.of(client).dra();
    var driver = SimulatedDraDriver.of(client);
    driver.publishStatic(
        "gpu-node", List.of(MigLayout.on(B200).add("1g.23gb", 7).build()));
    dra.apply(MigClaim.of(SMALL).claim("train").inNamespace("team-a"));

    assertThat(driver.schedule()).isEmpty();

    var node = dra.inventory().node("gpu-node").orElseThrow();
    assertThat(node.resources()).isEqualTo(Map.of("nvidia.com/mig-1g.23gb", 7L));
    assertThat(node.room()).isEqualTo(Map.of("nvidia.com/mig-1g.23gb", 6L));
    assertThat(node.gpus().get(0).devices())
        .filteredOn(device -> device.state() == DraDevice.State.ALLOCATED)
        .singleElement()
        .satisfies(device -> {
          assertThat(device.claims()).containsExactly("team-a/train");
          assertThat(device.placement()).hasToString("Optional[1g.23gb@0:1]");
        });
  }

  @Test
  void inventory_afterTheDriverHasPublishedAgain_hasOnlyTheNewDevices() {
    var driver = SimulatedDraDriver.of(client);
    driver.publishPartitionable("gpu-node", List.of(B200, B200));
    driver.publishStatic(
        "gpu-node", List.of(MigLayout.on(B200).add("7g.180gb", 1).build()));

    var inventory = MigClient.of(client).dra().inventory();

    assertThat(inventory.findings()).isEmpty();
    assertThat(inventory.node("gpu-node").orElseThrow().resources())
        .isEqualTo(Map.of("nvidia.com/mig-7g.180gb", 1L));
  }

  @Test
  void inventory_usesTheCatalogueOfTheSettings() {
    SimulatedDraDriver.of(client)
        .publishStatic("gpu-node", List.of(MigLayout.on(B200).build()));
    var nothing = MigSettings.builder()
        .catalog(GpuCatalog.parse("{\"sources\": {}, \"models\": []}"))
        .build();

    assertThat(MigClient.of(client).with(nothing).dra().inventory().findings())
        .extracting(finding -> finding.code().toString())
        .containsExactly("unknown-product");
  }
}
