package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.fixture.ClusterUser.labels;
import static io.github.mig4j.k8s.scenario.Scenario.H100;
import static io.github.mig4j.k8s.scenario.Scenario.L4;
import static io.github.mig4j.k8s.scenario.Scenario.LONG;
import static io.github.mig4j.k8s.scenario.Scenario.MAP;
import static io.github.mig4j.k8s.scenario.Scenario.NAMESPACE;
import static io.github.mig4j.k8s.scenario.Scenario.NODE;
import static io.github.mig4j.k8s.scenario.Scenario.QUICK;
import static io.github.mig4j.k8s.scenario.Scenario.SHARING_MAP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimTemplate;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyPhase;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.dra.MigClaim;
import io.github.mig4j.k8s.dra.MigDeviceClass;
import io.github.mig4j.k8s.dra.MigSelector;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.simulator.SimulatedDraDriver;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.GpuSharing;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What this library writes beside nodes, on the versions and within the limits of a real API server. */
@Tag("scenario")
@Tag("apiserver")
@ExtendWith(ScenarioServer.class)
class WriteScenarioTest {

  private static final MigProfile SMALL = MigProfile.parse("1g.10gb");

  KubernetesClient client;

  private static MigConfigSpec cut(int count) {
    return MigConfigSpec.builder()
        .devices(DeviceSelector.ALL)
        .migEnabled(true)
        .putMigDevices(SMALL, count)
        .build();
  }

  /** Each write is conditional on the version that was read, so that none is lost. */
  @Test
  void publish_byManyAtOnce_losesNothing() throws Exception {
    List<CompletableFuture<String>> merged = IntStream.rangeClosed(1, 5)
        .mapToObj(i -> CompletableFuture.supplyAsync(
            () -> MigClient.of(client).configMap(MAP).merge("cut-" + i, cut(i)).contentName()))
        .toList();
    for (CompletableFuture<String> each : merged) {
      each.get(1, TimeUnit.MINUTES);
    }

    var configs = MigClient.of(client).configMap(MAP).read().orElseThrow().configs();
    assertThat(configs).hasSize(10);
    for (CompletableFuture<String> each : merged) {
      assertThat(configs).containsKey(each.join());
    }
  }

  @Test
  void publish_again_writesNothing() {
    var map = MigClient.of(client).configMap(MAP);
    map.merge("cut", cut(7));
    String version = version(MAP);

    assertThat(map.merge("cut", cut(7)).changed()).isFalse();

    assertThat(version(MAP)).isEqualTo(version);
  }

  private String version(String map) {
    return client
        .configMaps()
        .inNamespace(NAMESPACE)
        .withName(map)
        .require()
        .getMetadata()
        .getResourceVersion();
  }

  /** What the library refuses the server would refuse; up to there both accept it. */
  @Test
  void publish_upToTheLimitOfTheServer() {
    String configs = Scenario.CONFIGS;
    int room = 1024 * 1024 - configs.length() - 400;
    client
        .resource(new ConfigMapBuilder()
            .withNewMetadata()
            .withName(MAP)
            .withNamespace(NAMESPACE)
            .endMetadata()
            .addToData("config.yaml", configs + "# " + "x".repeat(room) + "\n")
            .build())
        .create();
    var map = MigClient.of(client).configMap(MAP);

    assertThat(map.merge("cut", cut(7)).changed()).isTrue();
    assertThatThrownBy(
            () -> IntStream.rangeClosed(1, 3).forEach(i -> map.merge("cut-" + i, cut(i))))
        .isInstanceOf(MigRefusedException.class)
        .hasMessageContaining("an API server accepts at most 1048576; remove configurations");
  }

  @Test
  void publish_toAnImmutableMap_isRefused_asTheServerWould() {
    client
        .resource(new ConfigMapBuilder()
            .withNewMetadata()
            .withName(MAP)
            .withNamespace(NAMESPACE)
            .endMetadata()
            .withImmutable(true)
            .addToData("config.yaml", Scenario.CONFIGS)
            .addToData("other", "kept")
            .build())
        .create();

    assertThatThrownBy(() -> MigClient.of(client).configMap(MAP).merge("cut", cut(7)))
        .isInstanceOf(MigRefusedException.class)
        .hasMessageContaining("it is immutable; publish to a ConfigMap with another name");
    assertThatThrownBy(() -> client
            .configMaps()
            .inNamespace(NAMESPACE)
            .withName(MAP)
            .edit(map -> new ConfigMapBuilder(map).addToData("other", "changed").build()))
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageContaining("immutable");
  }

  @Test
  void share_isVerified_undone_andSwitchedOff() {
    var mig = MigClient.of(client);
    mig.sharingMap(SHARING_MAP).merge("four", DevicePluginConfig.of(GpuSharing.timeSlicing(4)));
    mig.sharingMap(SHARING_MAP).merge("two", DevicePluginConfig.of(GpuSharing.timeSlicing(2)));
    try (var node = Scenario.on(client).sharing().begin(L4)) {
      node.view().awaitOffer(Map.of(Scenario.GPU, 1));
      node.view().await(found -> labels(found).containsKey("nvidia.com/gpu.count"));
      assertThat(mig.node(NODE).share("four").timings(QUICK).await(LONG).allocatable())
          .hasToString("{nvidia.com/gpu=4}");
      assertThat(mig.node(NODE).share("two").timings(QUICK).await(LONG).allocatable())
          .hasToString("{nvidia.com/gpu=2}");
      assertThat(mig.node(NODE).rollback().timings(QUICK).await(LONG).allocatable())
          .hasToString("{nvidia.com/gpu=4}");
      assertThat(mig.node(NODE).unshare().timings(QUICK).await(LONG).allocatable())
          .hasToString("{nvidia.com/gpu=1}");
      assertThat(node.view().get().getMetadata().getAnnotations())
          .doesNotContainKey("mig4j.github.io/change");
    }
  }

  /** The taint keeps pods off until the layout is verified, and no other taint is lost. */
  @Test
  void gate_isClosedDuringTheChange_besideOtherTaints() {
    try (var node = Scenario.on(client).startWith("small", H100)) {
      tolerate("team", "mig4j.github.io/unverified");
      client
          .nodes()
          .withName(NODE)
          .edit(before -> new NodeBuilder(before)
              .editSpec()
              .addNewTaint()
              .withKey("team")
              .withValue("ml")
              .withEffect("NoSchedule")
              .endTaint()
              .endSpec()
              .build());

      var outcome = node.apply("medium")
          .gated()
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.PAUSED) {
              assertThat(taints(node)).contains("team", "mig4j.github.io/unverified");
            }
          })
          .await(LONG);

      node.assertVerified(outcome, "medium");
      assertThat(taints(node)).contains("team").doesNotContain("mig4j.github.io/unverified");
    }
  }

  /** The operator's pods run on nodes with these taints. */
  private void tolerate(String... keys) {
    client
        .genericKubernetesResources(ClusterPolicies.CONTEXT)
        .withName("cluster-policy")
        .edit(policy -> {
          Map<String, Object> spec = new HashMap<>(policy.get("spec"));
          spec.put(
              "daemonsets",
              Map.of(
                  "tolerations",
                  Stream.of(keys)
                      .map(key -> Map.of("key", key, "operator", "Exists"))
                      .toList()));
          policy.setAdditionalProperty("spec", spec);
          return policy;
        });
  }

  private static List<String> taints(Scenario node) {
    return node.view().get().getSpec().getTaints().stream()
        .map(taint -> taint.getKey())
        .toList();
  }

  /** As far as definitions without a schema carry: stored, read, and unchanged by a second apply. */
  @Test
  void dra_claimsClassesAndSlices() {
    try (var definitions = DraDefinitions.install(client)) {
      var dra = MigClient.of(client).dra();
      SimulatedDraDriver driver = SimulatedDraDriver.of(client);
      driver.publishPartitionable(NODE, List.of(H100, H100));

      dra.apply(MigClaim.of(SMALL).claim("train").inNamespace("default"));
      dra.apply(MigClaim.of(SMALL).template("mig-1g").inNamespace("default"));
      dra.apply(MigDeviceClass.bridge(SMALL).object());
      var version = client
          .resources(ResourceClaimTemplate.class)
          .inNamespace("default")
          .withName("mig-1g")
          .require()
          .getMetadata()
          .getResourceVersion();
      dra.apply(MigClaim.of(SMALL).template("mig-1g").inNamespace("default"));

      assertThat(dra.inventory().nodes()).hasSize(1);
      assertThat(client
              .resources(ResourceClaimTemplate.class)
              .inNamespace("default")
              .withName("mig-1g")
              .require()
              .getMetadata()
              .getResourceVersion())
          .isEqualTo(version);
      assertThatThrownBy(() -> dra.apply(MigClaim.of(SMALL)
              .onOneGpu()
              .and(MigSelector.profile(SMALL), 2)
              .template("mig-1g")
              .inNamespace("default")))
          .isInstanceOf(MigConflictException.class);

      assertThat(driver.schedule()).isEmpty();
      assertThat(dra.inventory().node(NODE).orElseThrow().resources())
          .containsEntry(SMALL.resourceName(), 1L);
    }
  }

  /** Without the group the server has nothing of DRA, and the message says so. */
  @Test
  void dra_onAServerWithoutIt_isReported() {
    assertThatThrownBy(() -> MigClient.of(client).dra().inventory())
        .isInstanceOfAny(MigClusterException.class, MigRefusedException.class)
        .hasMessageContaining("resource.k8s.io");
  }
}
