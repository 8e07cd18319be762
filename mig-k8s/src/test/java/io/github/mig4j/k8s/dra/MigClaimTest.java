package io.github.mig4j.k8s.dra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.GpuProduct;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.Provenance;
import io.github.mig4j.layout.MigLayout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MigClaimTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("NVIDIA-B200");
  private static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");
  private static final MigProfile SMALL = MigProfile.parse("1g.23gb");
  private static final MigLayout HALF =
      MigLayout.on(B200).add("1g.23gb", 2).add("3g.90gb", 1).build();

  @Test
  void template_ofAProfile_isComplete() {
    assertThat(MigClaim.of(SMALL).template("mig-1g").toYaml(DraVersion.V1)).isEqualTo("""
        apiVersion: resource.k8s.io/v1
        kind: ResourceClaimTemplate
        metadata:
          name: mig-1g
        spec:
          spec:
            devices:
              requests:
              - name: mig
                exactly:
                  deviceClassName: mig.nvidia.com
                  selectors:
                  - cel:
                      expression: "device.attributes['gpu.nvidia.com'].profile == '1g.23gb'"
                  allocationMode: ExactCount
                  count: 1
        """);
  }

  @Test
  void template_inV1beta1_hasNoWrapperAroundARequest_andInV1beta2ItHas() {
    var template = MigClaim.of(SMALL).template("mig-1g").inNamespace("team-a");

    assertThat(template.toYaml(DraVersion.V1BETA1)).isEqualTo("""
        apiVersion: resource.k8s.io/v1beta1
        kind: ResourceClaimTemplate
        metadata:
          name: mig-1g
          namespace: team-a
        spec:
          spec:
            devices:
              requests:
              - name: mig
                deviceClassName: mig.nvidia.com
                selectors:
                - cel:
                    expression: "device.attributes['gpu.nvidia.com'].profile == '1g.23gb'"
                allocationMode: ExactCount
                count: 1
        """);
    assertThat(template.toYaml(DraVersion.V1BETA2))
        .isEqualTo(template.toYaml(DraVersion.V1).replace("k8s.io/v1", "k8s.io/v1beta2"));
  }

  @Test
  void claim_ofALayout_requestsAllItsDevicesFromOneGpuOfItsModel() {
    assertThat(MigClaim.of(HALF).claim("half").toYaml(DraVersion.V1)).isEqualTo("""
        apiVersion: resource.k8s.io/v1
        kind: ResourceClaim
        metadata:
          name: half
        spec:
          devices:
            requests:
            - name: mig-0
              exactly:
                deviceClassName: mig.nvidia.com
                selectors:
                - cel:
                    expression: "device.attributes['gpu.nvidia.com'].profile == '1g.23gb'"
                - cel:
                    expression: "device.attributes['gpu.nvidia.com'].productName == 'NVIDIA B200'"
                allocationMode: ExactCount
                count: 2
            - name: mig-1
              exactly:
                deviceClassName: mig.nvidia.com
                selectors:
                - cel:
                    expression: "device.attributes['gpu.nvidia.com'].profile == '3g.90gb'"
                - cel:
                    expression: "device.attributes['gpu.nvidia.com'].productName == 'NVIDIA B200'"
                allocationMode: ExactCount
                count: 1
            constraints:
            - matchAttribute: gpu.nvidia.com/parentUUID
        """);
  }

  @Test
  void claim_onOneGpu_isConstrainedToOneParent_andOtherwiseIsNot() {
    var pair = MigClaim.of(MigSelector.any(), 2);

    assertThat(pair.onOneGpu().claim("pair").toYaml(DraVersion.V1)).isEqualTo("""
        apiVersion: resource.k8s.io/v1
        kind: ResourceClaim
        metadata:
          name: pair
        spec:
          devices:
            requests:
            - name: mig
              exactly:
                deviceClassName: mig.nvidia.com
                allocationMode: ExactCount
                count: 2
            constraints:
            - matchAttribute: gpu.nvidia.com/parentUUID
        """);
    assertThat(pair.claim("pair").toYaml(DraVersion.V1)).doesNotContain("constraints");
  }

  @Test
  void deviceClass_asBridge_hasTheDevicePluginsResource() {
    assertThat(MigDeviceClass.bridge(SMALL).object().toYaml(DraVersion.V1)).isEqualTo("""
        apiVersion: resource.k8s.io/v1
        kind: DeviceClass
        metadata:
          name: mig-1g.23gb
        spec:
          selectors:
          - cel:
              expression: "device.driver == 'gpu.nvidia.com' && device.attributes['gpu.nvidia.com'].type == 'mig'\
         && device.attributes['gpu.nvidia.com'].profile == '1g.23gb'"
          extendedResourceName: nvidia.com/mig-1g.23gb
        """);
    assertThat(HALF.devices().keySet().stream().map(MigDeviceClass::bridge))
        .extracting(MigDeviceClass::extendedResource)
        .containsExactly(
            Optional.of("nvidia.com/mig-1g.23gb"), Optional.of("nvidia.com/mig-3g.90gb"));
    assertThat(MigDeviceClass.bridge(MigProfile.parse("1g.10gb+me")).name())
        .isEqualTo("mig-1g.10gb.me");
  }

  @Test
  void claim_ofAnotherClass_hasNoSelector() {
    var big = MigDeviceClass.of("big-mig", MigSelector.memoryMib(40 * 1024));

    assertThat(big.object().toYaml(DraVersion.V1BETA1)).isEqualTo("""
        apiVersion: resource.k8s.io/v1beta1
        kind: DeviceClass
        metadata:
          name: big-mig
        spec:
          selectors:
          - cel:
              expression: "device.driver == 'gpu.nvidia.com' && device.attributes['gpu.nvidia.com'].type == 'mig'\
         && device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('40960Mi')) >= 0"
        """);
    assertThat(MigClaim.of(big, 3).claim("c").toYaml(DraVersion.V1BETA1)).isEqualTo("""
        apiVersion: resource.k8s.io/v1beta1
        kind: ResourceClaim
        metadata:
          name: c
        spec:
          devices:
            requests:
            - name: mig
              deviceClassName: big-mig
              allocationMode: ExactCount
              count: 3
        """);
  }

  @Test
  void selector_ofAProductWithSeveralNames_acceptsEach() {
    assertThat(MigSelector.any().on(H100).cel())
        .contains("device.attributes['gpu.nvidia.com'].productName in"
            + " ['NVIDIA H100 80GB HBM3', 'NVIDIA H800']");
    assertThat(MigSelector.any().cel()).isEmpty();
  }

  @Test
  void selector_ofANameWithQuotes_isEscaped() {
    var odd = GpuModel.builder()
        .from(H100)
        .products(List.of(GpuProduct.named("A'\\B", Provenance.CALLER)))
        .build();

    assertThat(MigSelector.any().on(odd).cel())
        .contains("device.attributes['gpu.nvidia.com'].productName == 'A\\'\\\\B'");
  }

  /** Every object in every version, read by the classes that are generated from the API. */
  static Stream<Arguments> everyObject() {
    Stream<DraObject> objects = Stream.of(
        MigClaim.of(SMALL).template("t").inNamespace("team-a"),
        MigClaim.of(HALF).claim("c"),
        MigClaim.of(MigSelector.memoryMib(1), 32).onOneGpu().claim("c"),
        MigClaim.of(HALF).and(MigSelector.any(), 1).template("t"),
        MigDeviceClass.of("big", MigSelector.memoryMib(40960).on(H100)).object(),
        MigDeviceClass.bridge(SMALL).object());
    return objects.flatMap(object -> Stream.of(DraVersion.values())
        .filter(version -> version == DraVersion.V1 || !object.name().equals("mig-1g.23gb"))
        .map(version -> Arguments.of(object, version)));
  }

  @ParameterizedTest
  @MethodSource("everyObject")
  void everyObject_hasNoFieldThatTheApiDoesNotKnow(DraObject object, DraVersion version) {
    String yaml = object.toYaml(version);

    Object typed = Serialization.<Object>unmarshal(yaml);

    assertThat(typed.getClass().getName())
        .isEqualTo("io.fabric8.kubernetes.api.model.resource." + version + "." + object.kind());
    assertThat(tree(Serialization.asYaml(typed))).isEqualTo(tree(yaml));
    assertThat(UnknownFields.in(typed)).isEmpty();
    assertThat(((HasMetadata) typed).getMetadata().getName()).isEqualTo(object.name());
  }

  private static JsonNode tree(String yaml) {
    return new ObjectMapper().valueToTree(Serialization.unmarshal(yaml, Map.class));
  }

  @Test
  void unknownFields_areFound() {
    Object typed = Serialization.<Object>unmarshal(MigClaim.of(SMALL)
        .claim("c")
        .toYaml(DraVersion.V1)
        .replace("resource.k8s.io/v1", "resource.k8s.io/v1beta1"));

    assertThat(UnknownFields.in(typed)).containsExactly("exactly");
  }

  @ParameterizedTest
  @EnumSource(
      value = DraVersion.class,
      names = {"V1BETA1", "V1BETA2"})
  void bridge_inABetaVersion_hasTheExtendedResource(DraVersion beta) {
    var bridge = MigDeviceClass.bridge(SMALL).object();

    assertThat(bridge.toYaml(beta))
        .isEqualTo(bridge.toYaml(DraVersion.V1).replace("k8s.io/v1", "k8s.io/" + beta))
        .contains("extendedResourceName: nvidia.com/mig-1g.23gb");
  }

  @Test
  void misuse_isRefusedInOneLine() {
    assertThatThrownBy(() -> MigClaim.of(MigSelector.any(), 33))
        .hasMessage("A claim can have at most 32 devices, but has 33");
    assertThatThrownBy(() -> MigClaim.of(MigSelector.any(), 0))
        .hasMessage("The count must be at least 1, but was 0");
    assertThatThrownBy(() -> MigSelector.memoryMib(0))
        .hasMessage("memoryMib must be at least 1, but was 0");
    assertThatThrownBy(() -> MigSelector.profile(SMALL).on(H100))
        .hasMessageStartingWith("h100-sxm-80gb has no profile 1g.23gb");
    for (MigSelector selector : List.of(MigSelector.any(), MigSelector.profile(SMALL))) {
      assertThatThrownBy(() -> selector.on(GpuCatalog.bundled().require("l40s")))
          .hasMessage("l40s (Ada Lovelace) has no MIG; share it by time-slicing or MPS instead");
    }
    assertThatThrownBy(() -> MigDeviceClass.bridge(MigProfile.parse("1c.3g.90gb")))
        .hasMessage(
            "The device plugin has no resource for 1c.3g.90gb, so no pod can request it; use 3g.90gb");
    assertThatThrownBy(() -> MigClaim.of(MigLayout.on(B200).build()))
        .hasMessage("A claim needs at least one device, but the layout has no device");
    assertThatThrownBy(() -> MigDeviceClass.bridge(SMALL).object().inNamespace("team-a"))
        .hasMessage("DeviceClass mig-1g.23gb has no namespace; remove the namespace 'team-a'");
    assertThatThrownBy(() -> DraVersion.parse("v1alpha3"))
        .hasMessage(
            "Not a version of resource.k8s.io: 'v1alpha3'; expected v1, v1beta2 or v1beta1");
    assertThatThrownBy(() -> MigSelector.any().on(GpuCatalog.bundled().require("h100-sxm-64gb")))
        .hasMessage(
            "The catalogue has no product name for h100-sxm-64gb, so devices cannot be selected by product; select by profile");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Mig", "mig_1g", "-mig", "a\nb: c", "mig.", "1g: true"})
  void name_thatIsInvalid_isRefused(String name) {
    assertThatThrownBy(() -> MigClaim.of(SMALL).claim(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Not a name of an object: '%s'; use lower-case letters, digits, '.' and '-',"
                .formatted(name.replace("\n", "\\u000A"))
            + " e.g. 'mig-1g'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "null", "no", "1e3", "0.5", "12", "y"})
  void name_thatYamlWouldReadAsAnotherType_isQuoted(String name) {
    String yaml = MigClaim.of(SMALL).claim(name).toYaml(DraVersion.V1);

    assertThat(tree(yaml).at("/metadata/name").isTextual()).isTrue();
    assertThat(tree(yaml).at("/metadata/name").asText()).isEqualTo(name);
  }

  @ParameterizedTest
  @EnumSource
  void version_parseAndToString_areInverse(DraVersion version) {
    assertThat(DraVersion.parse(version.toString())).isEqualTo(version);
    assertThat(DraVersion.parse(version.apiVersion())).isEqualTo(version);
  }

  @Test
  void pod_referencesTheTemplate_andItsContainersReferenceTheEntry() {
    var claim = MigClaim.of(HALF);
    var pod = new PodBuilder()
        .withNewSpec()
        .addToResourceClaims(PodClaims.fromTemplate("gpu", "half"))
        .addToResourceClaims(PodClaims.fromClaim("shared", "common"))
        .addNewContainer()
        .withName("first")
        .withResources(PodClaims.use("gpu", claim.requestNames().get(0)))
        .endContainer()
        .addNewContainer()
        .withName("second")
        .withResources(PodClaims.use("shared"))
        .endContainer()
        .endSpec()
        .build();

    assertThat(tree(Serialization.asYaml(pod.getSpec()))).isEqualTo(tree("""
        resourceClaims:
        - {name: gpu, resourceClaimTemplateName: half}
        - {name: shared, resourceClaimName: common}
        containers:
        - {name: first, resources: {claims: [{name: gpu, request: mig-0}]}}
        - {name: second, resources: {claims: [{name: shared}]}}
        """));
    assertThat(claim.requestNames()).isEqualTo(List.of("mig-0", "mig-1"));
  }

  @Test
  void claims_withTheSameRequests_areEqual() {
    assertThat(MigClaim.of(SMALL))
        .isEqualTo(MigClaim.of(MigSelector.profile(SMALL), 1))
        .hasSameHashCodeAs(MigClaim.of(MigSelector.profile(SMALL), 1))
        .isNotEqualTo(MigClaim.of(SMALL).onOneGpu())
        .hasToString("1 x device.attributes['gpu.nvidia.com'].profile == '1g.23gb'");
    assertThat(MigClaim.of(SMALL).claim("a"))
        .isEqualTo(MigClaim.of(SMALL).claim("a"))
        .isNotEqualTo(MigClaim.of(SMALL).template("a"))
        .hasToString("ResourceClaim a");
    assertThat(Map.of(MigSelector.any(), 1)).containsKey(MigSelector.any());
  }
}
