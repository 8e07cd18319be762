package io.github.mig4j.k8s.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.diagnosis.OperatorLogs.Availability;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.fixture.PodLogs;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.node.MigNodeStatus;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Which pods' logs are read. */
@ExtendWith(MockApiServer.class)
class OperatorLogsTest {

  KubernetesClient client;
  PodLogs logs;

  @Test
  void read_usesTheManagerOfTheNode() {
    pod("manager-other", "nvidia-mig-manager", "other", true);
    pod("manager", "nvidia-mig-manager", "gpu-node", true);
    logs.set("manager", "first", "second");

    assertThat(read("failed").lines()).containsExactly("first", "second");
  }

  @Test
  void newest_isThePodThatWasCreatedLast() {
    var old = made("2026-01-31T23:59:59Z");
    var young = made("2026-02-01T00:00:00Z");

    assertThat(OperatorLogs.newest(List.of(young, old), "nvidia-mig-manager")).contains(young);
    assertThat(OperatorLogs.newest(List.of(old, young), "nvidia-mig-manager")).contains(young);
    assertThat(OperatorLogs.newest(List.of(old, young), "nvidia-device-plugin")).isEmpty();
  }

  private static Pod made(String created) {
    return new PodBuilder()
        .withNewMetadata()
        .withCreationTimestamp(created)
        .addToLabels("app", "nvidia-mig-manager")
        .endMetadata()
        .build();
  }

  @Test
  void read_managerThatReportsSuccess_readsAPluginThatDoesNotStart() {
    pod("manager", "nvidia-mig-manager", "gpu-node", true);
    pod("plugin", "nvidia-device-plugin-daemonset", "gpu-node", false);
    logs.set("manager", "applied");
    logs.set("plugin", "more than one MIG device type present on node");

    assertThat(read("success").lines())
        .containsExactly("applied", "more than one MIG device type present on node");
    assertThat(read("failed").lines()).containsExactly("applied");
  }

  @Test
  void read_pluginThatRuns_isNotRead() {
    pod("manager", "nvidia-mig-manager", "gpu-node", true);
    pod("plugin", "nvidia-device-plugin-daemonset", "gpu-node", true);
    logs.set("manager", "applied");
    logs.set("plugin", "all is well");

    assertThat(read("success").lines()).containsExactly("applied");
  }

  @Test
  void read_noManagerOnTheNode_isNoPod() {
    pod("manager-other", "nvidia-mig-manager", "other", true);

    assertThat(read("failed").availability()).isEqualTo(Availability.NO_POD);
  }

  private OperatorLogs read(String state) {
    var status =
        MigNodeStatus.of(Nodes.b200(1).config("small", state).build(), MigSettings.defaults());
    return OperatorLogs.read(new Cluster(client, MigSettings.defaults()), status);
  }

  /** Each has a container beside the one that counts, as the device plugin's pod does. */
  private void pod(String name, String app, String node, boolean ready) {
    client
        .resource(new PodBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace("gpu-operator")
            .addToLabels("app", app)
            .endMetadata()
            .withNewSpec()
            .withNodeName(node)
            .addNewContainer()
            .withName("config-manager")
            .endContainer()
            .addNewContainer()
            .withName(app.replace("-daemonset", ""))
            .endContainer()
            .endSpec()
            .withNewStatus()
            .addNewContainerStatus()
            .withName(app)
            .withReady(ready)
            .endContainerStatus()
            .endStatus()
            .build())
        .create();
  }
}
