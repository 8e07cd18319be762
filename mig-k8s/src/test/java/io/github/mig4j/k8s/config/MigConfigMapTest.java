package io.github.mig4j.k8s.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.layout.MigLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(MockApiServer.class)
class MigConfigMapTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  private static final MigConfigSpec SMALL =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", 7).build());
  private static final MigConfigSpec MEDIUM =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("2g.45gb", 3).build());

  KubernetesMockServer server;
  KubernetesClient client;
  private MigConfigMap map;

  @BeforeEach
  void handle() {
    map = MigClient.of(client).configMap("mig-config");
  }

  @Test
  void merge_withoutAMap_createsIt() {
    var merged = map.merge("small", SMALL);

    assertThat(merged).isEqualTo(new PublishedConfig("small", "small-990a6689", true));
    assertThat(text()).isEqualTo("""
            version: v1
            mig-configs:
              small:
                - devices: all
                  mig-enabled: true
                  mig-devices:
                    1g.23gb: 7
              small-990a6689:
                - devices: all
                  mig-enabled: true
                  mig-devices:
                    1g.23gb: 7
            """);
  }

  @Test
  void merge_keepsForeignConfigsAndKeys() {
    create(MigConfigDocument.empty()
        .with("theirs", MigConfig.of(MigConfigSpec.allDisabled()))
        .toYaml());

    map.merge("small", SMALL);

    assertThat(map.read().orElseThrow().configs().keySet())
        .containsExactly("theirs", "small", "small-990a6689");
    assertThat(require().getData()).containsEntry("other.yaml", "untouched");
  }

  @Test
  void merge_again_writesNothing() {
    map.merge("small", SMALL);
    String version = require().getMetadata().getResourceVersion();

    assertThat(map.merge("small", SMALL).changed()).isFalse();
    assertThat(require().getMetadata().getResourceVersion()).isEqualTo(version);
  }

  @Test
  void preview_saysWhatMergeAllWouldDo_andWritesNothing() {
    Map<String, MigConfig> configs =
        Map.of("small", MigConfig.of(SMALL), "medium", MigConfig.of(MEDIUM));

    var absent = map.preview(configs);
    boolean isAbsent = map.read().isEmpty();
    map.merge("small", SMALL);
    String version = require().getMetadata().getResourceVersion();
    var present = map.preview(configs);

    assertThat(absent).hasSize(2).allMatch(PublishedConfig::changed);
    assertThat(isAbsent).isTrue();
    assertThat(require().getMetadata().getResourceVersion()).isEqualTo(version);
    assertThat(present).filteredOn(PublishedConfig::changed).hasSize(1);
    assertThat(map.mergeAll(configs)).isEqualTo(present);
  }

  @Test
  void mergeAll_ofSixteenConfigs_isOneWrite() throws Exception {
    map.merge("c3", MEDIUM);
    Map<String, MigConfig> configs = new LinkedHashMap<>();
    for (int i = 0; i < 16; i++) {
      configs.put("c" + i, MigConfig.of(i % 2 == 0 ? SMALL : MEDIUM));
    }
    int before = server.getRequestCount();

    var merged = map.mergeAll(configs);

    assertThat(merged).hasSize(16).allSatisfy(each -> {
      assertThat(each.contentName()).startsWith(each.name() + "-");
      assertThat(each.changed()).isEqualTo(!each.name().equals("c3"));
    });
    assertThat(map.read().orElseThrow().configs()).hasSize(32);
    List<String> writes = new ArrayList<>();
    for (int sent = server.getRequestCount(); sent > 0; sent--) {
      var request = server.takeRequest();
      if (sent <= server.getRequestCount() - before && !request.getMethod().equals("GET")) {
        writes.add(request.getMethod() + " " + request.getPath());
      }
    }
    assertThat(writes).containsExactly("PUT /api/v1/namespaces/gpu-operator/configmaps/mig-config");
  }

  @Test
  void mergeAll_withANameThatIsNoLabelValue_writesNothing() {
    assertThatThrownBy(() ->
            map.mergeAll(Map.of("small", MigConfig.of(SMALL), "not a name", MigConfig.of(SMALL))))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(map.read()).isEmpty();
  }

  @Test
  void merge_newContent_removesTheOldUnlessANodeRequestsIt() {
    map.merge("small", SMALL);
    client.resource(Nodes.b200(1).config("small-990a6689", "success").build()).create();

    map.merge("small", MEDIUM);
    assertThat(map.read().orElseThrow().configs().keySet())
        .containsExactly("small", "small-990a6689", MigConfig.of(MEDIUM).contentName("small"));

    client
        .nodes()
        .withName("gpu-node")
        .edit(node -> Nodes.b200(1).config("elsewhere", "success").build());
    map.merge("small", MEDIUM);
    assertThat(map.read().orElseThrow().configs().keySet())
        .containsExactly("small", MigConfig.of(MEDIUM).contentName("small"));
  }

  @Test
  void merge_nameThatOnlyLooksPublished_isKept() {
    create(MigConfigDocument.empty()
        .with("small-deadbeef", MigConfig.of(MigConfigSpec.allDisabled()))
        .toYaml());

    map.merge("small", SMALL);

    assertThat(map.read().orElseThrow().configs()).containsKey("small-deadbeef");
  }

  @Test
  void merge_findsTheOperatorsNamespace() {
    client
        .resource(new PodBuilder()
            .withNewMetadata()
            .withName("nvidia-mig-manager-x")
            .withNamespace("nvidia")
            .addToLabels("app", "nvidia-mig-manager")
            .endMetadata()
            .build())
        .create();

    map.merge("small", SMALL);

    assertThat(client.configMaps().inNamespace("nvidia").withName("mig-config").get())
        .isNotNull();
  }

  /** Trap 17: one fault in the file makes every configuration in it fail. */
  @Test
  void merge_intoAFileThatTheManagerRejects_isRefusedAndChangesNothing() {
    create("version: v1\nmig-configs:\n  theirs: []\n");

    assertThatThrownBy(() -> map.merge("small", SMALL))
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "ConfigMap gpu-operator/mig-config, in which one error makes every configuration fail: config.yaml:3:3: Config 'theirs' has no entry; add one that begins with '- devices:'");
    assertThat(text()).isEqualTo("version: v1\nmig-configs:\n  theirs: []\n");
  }

  @Test
  void merge_nameThatIsNotALabelValue_isRefused() {
    assertThatThrownBy(() -> map.merge("small & fine", SMALL))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Config name 'small & fine' is no label value, so no node can request it; use 1 to 63"
                + " letters, digits, '.', '_' and '-', beginning and ending with a letter or"
                + " digit");
    assertThat(client.configMaps().inAnyNamespace().list().getItems()).isEmpty();
  }

  @Test
  void merge_intoAnImmutableMap_isRefused() {
    client
        .resource(new ConfigMapBuilder()
            .withNewMetadata()
            .withName("mig-config")
            .withNamespace("gpu-operator")
            .endMetadata()
            .withImmutable(true)
            .build())
        .create();

    assertThatThrownBy(() -> map.merge("small", SMALL))
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "ConfigMap gpu-operator/mig-config: it is immutable; publish to a ConfigMap with another name");
  }

  @Test
  void merge_moreThanAConfigMapAccepts_isRefused() {
    var many = MigConfigSpec.builder()
        .devices(io.github.mig4j.config.DeviceSelector.ALL)
        .migEnabled(false);
    for (int i = 0; i < 80_000; i++) {
      many.addDeviceFilters(new io.github.mig4j.config.DeviceFilter("0x290110DE"));
    }

    assertThatThrownBy(() -> map.merge("many", many.build()))
        .isInstanceOf(MigRefusedException.class)
        .hasMessageMatching(
            "ConfigMap gpu-operator/mig-config: it would have [0-9]+ bytes, but an API server accepts at most 1048576; remove configurations");
  }

  @Test
  void merge_whileOthersWrite_isRepeatedOnTheLatestVersion() {
    create(MigConfigDocument.empty().with("theirs", MigConfig.of(MEDIUM)).toYaml());
    server
        .expect()
        .put()
        .withPath("/api/v1/namespaces/gpu-operator/configmaps/mig-config")
        .andReturn(
            409,
            new io.fabric8.kubernetes.api.model.StatusBuilder().withCode(409).build())
        .times(2);

    map.merge("small", SMALL);

    assertThat(map.read().orElseThrow().configs()).containsKeys("theirs", "small");
  }

  private void create(String text) {
    client
        .resource(new ConfigMapBuilder()
            .withNewMetadata()
            .withName("mig-config")
            .withNamespace("gpu-operator")
            .endMetadata()
            .addToData("config.yaml", text)
            .addToData("other.yaml", "untouched")
            .build())
        .create();
  }

  private ConfigMap require() {
    return client
        .configMaps()
        .inNamespace("gpu-operator")
        .withName("mig-config")
        .require();
  }

  private String text() {
    return require().getData().get("config.yaml");
  }
}
