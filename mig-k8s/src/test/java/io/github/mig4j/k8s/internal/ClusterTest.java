package io.github.mig4j.k8s.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.config.MigRole;
import io.github.mig4j.k8s.fixture.ApiFaults;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.TestClients;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the API server answers, as exceptions. */
@ExtendWith(MockApiServer.class)
@Timeout(60)
class ClusterTest {

  private static final String NODE = "/api/v1/nodes/gpu-0";

  KubernetesClient client;
  ApiFaults faults;

  private KubernetesClient victim;
  private Cluster cluster;

  @BeforeEach
  void createNode() {
    client
        .resource(new NodeBuilder()
            .withNewMetadata()
            .withName("gpu-0")
            .addToAnnotations("mig4j.github.io/change", "x")
            .endMetadata()
            .build())
        .create();
    victim = TestClients.builder()
        .withConfig(ApiFaults.victim(client.getConfiguration()))
        .build();
    cluster = new Cluster(victim, MigSettings.defaults());
  }

  @AfterEach
  void close() {
    victim.close();
  }

  /** Below it a resolver puts what its servers answered, without the host. */
  @Test
  void failure_ofAnUnknownHost_namesTheHost() {
    UnknownHostException unknown = new UnknownHostException("no-such-host");
    unknown.initCause(new IllegalStateException("Query failed with NXDOMAIN"));

    assertThat(cluster.failure("list nodes", new KubernetesClientException("failed", unknown)))
        .hasMessage(
            "No answer from the API server %s to: list nodes (UnknownHostException: no-such-host). Check the address in the kubeconfig's current context",
            victim.getMasterUrl());
  }

  @Test
  void call_403OfRbac_namesTheServersMessage_andRbac() {
    faults.fail(
        1,
        "GET " + NODE,
        403,
        "nodes \"gpu-0\" is forbidden: User \"dev\" cannot get resource \"nodes\" in API group \"\" at the cluster scope");

    assertThatThrownBy(() -> cluster.node("gpu-0"))
        .isInstanceOf(MigClusterException.class)
        .hasMessage(
            "The API server answered 403 to: get node gpu-0 (nodes \"gpu-0\" is forbidden: User \"dev\" cannot get resource \"nodes\" in API group \"\" at the cluster scope). Grant the verb to the user of this client in RBAC");
  }

  @Test
  void call_403OfAnAdmissionPolicy_namesTheServersMessage_andNotRbac() {
    Node node = cluster.node("gpu-0").orElseThrow();
    faults.fail(
        1,
        "PATCH " + NODE,
        403,
        "nodes \"gpu-0\" is forbidden: ValidatingAdmissionPolicy 'freeze' denied request: no changes on Friday");

    assertThatThrownBy(() -> cluster.patch(NodePatch.on(node).label("a", "b")))
        .isInstanceOf(MigClusterException.class)
        .hasMessage(
            "The API server answered 403 to: patch node gpu-0 (nodes \"gpu-0\" is forbidden: ValidatingAdmissionPolicy 'freeze' denied request: no changes on Friday)");
  }

  @Test
  void call_422OfAnInvalidObject_namesTheServersMessage() {
    Node node = cluster.node("gpu-0").orElseThrow();
    faults.fail(
        1, "PATCH " + NODE, 422, "Node \"gpu-0\" is invalid: metadata.labels: Invalid value");

    assertThatThrownBy(() -> cluster.patch(NodePatch.on(node).label("a", "b")))
        .isInstanceOf(MigClusterException.class)
        .hasMessage(
            "The API server answered 422 to: patch node gpu-0 (Node \"gpu-0\" is invalid: metadata.labels: Invalid value)");
  }

  /** Another client removed the annotation between the read and the patch. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "remove operation does not apply: doc is missing path: /metadata/annotations/a: missing value",
        "error in remove for path: '/spec/unschedulable': Unable to remove nonexistent key: unschedulable: missing value",
        "testing value /metadata/resourceVersion failed: test failed"
      })
  void patch_422OfAMissingPathOrATest_isAConflict_andRepeated(String message) {
    faults.fail(1, "PATCH " + NODE, 422, message);

    cluster.onLatestVersion(() -> {
      Node node = cluster.node("gpu-0").orElseThrow();
      Node unused = cluster.patch(NodePatch.on(node).removeAnnotation("mig4j.github.io/change"));
    });

    assertThat(client.nodes().withName("gpu-0").get().getMetadata().getAnnotations())
        .isNullOrEmpty();
    assertThat(faults.injected()).isEqualTo(1);
  }

  @Test
  void patch_422OfAMissingPath_again_isAConflict() {
    Node node = cluster.node("gpu-0").orElseThrow();
    faults.fail(1, "PATCH " + NODE, 422, "remove operation does not apply: doc is missing path");

    assertThatThrownBy(() -> cluster.patch(NodePatch.on(node).label("a", "b")))
        .isInstanceOf(MigConflictException.class)
        .hasMessage("Could not patch node gpu-0: another client kept changing it. Try again");
  }

  /** An API server that has just started has not read its RBAC objects. */
  @Test
  void call_403OfWhatWasAllowed_isRepeated() {
    assertThat(cluster.node("gpu-0")).isPresent();
    faults.fail(2, "GET " + NODE, 403);

    assertThat(cluster.node("gpu-0")).isPresent();
    assertThat(faults.injected()).isEqualTo(2);
  }

  @Test
  void call_403OfWhatWasNeverAllowed_isNotRepeated() {
    faults.fail(2, "GET " + NODE, 403);

    assertThatThrownBy(() -> cluster.node("gpu-0")).isInstanceOf(MigClusterException.class);
    assertThat(faults.injected()).isEqualTo(1);
  }

  /** Whoever works on many nodes waits once, not for each of them. */
  @Test
  void call_403ThatHolds_isNotRepeatedWithTheNextRequest_untilOneIsAllowed() {
    assertThat(cluster.node("gpu-0")).isPresent();
    faults.fail(1000, "GET /api/v1/nodes/.*", 403);
    assertThatThrownBy(() -> cluster.node("gpu-0")).isInstanceOf(MigClusterException.class);
    int before = faults.injected();

    assertThatThrownBy(() -> cluster.node("gpu-1")).isInstanceOf(MigClusterException.class);

    assertThat(faults.injected() - before).isEqualTo(1);
  }

  @Test
  void podWatch_thatIsNoLongerAllowed_fails_insteadOfReturningStalePods() throws Exception {
    try (PodWatch watch = podsOfNode()) {
      assertThat(watch.pods()).isEmpty();
      faults.fail(1000, "GET /api/v1/pods.*", 403);
      faults.dropWatches();

      assertThatThrownBy(() -> readForEver(watch))
          .isInstanceOf(MigClusterException.class)
          .hasMessage(
              "The API server answered 403 to: list and watch pods of node gpu-0 (injected)");
    }
  }

  /** The Kubernetes client repeats a watch that is refused without a word. */
  @Test
  void podWatch_whoseReconnectionIsRefused_fails_insteadOfReturningStalePods() throws Exception {
    faults.enforce(MigRole.DRAIN);
    try (PodWatch watch = podsOfNode()) {
      assertThat(watch.pods()).isEmpty();
      faults.enforce(MigRole.READ_ONLY, MigRole.SHARE);
      faults.dropWatches();

      assertThatThrownBy(() -> readForEver(watch))
          .isInstanceOfSatisfying(
              MigClusterException.class,
              failed ->
                  assertThat(failed.forbidden()).contains("list and watch pods of node gpu-0"))
          .hasMessage(
              "This client is not allowed to list and watch pods of node gpu-0; grant it the permissions of ClusterRole mig4j-drain");
    }
  }

  private PodWatch podsOfNode() throws InterruptedException {
    return new PodWatch(
        cluster,
        "node gpu-0",
        cluster.podsBoundTo("gpu-0"),
        Optional.empty(),
        MigRole.DRAIN.roleName(),
        Duration.ofSeconds(30));
  }

  private static void readForEver(PodWatch watch) throws InterruptedException {
    while (true) {
      watch.awaitChange(Duration.ofSeconds(1).toNanos());
      assertThat(watch.pods()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"403,", "401,", "410, PT5S", "500, PT5S", "503, PT5S"})
  void call_failure_saysWhetherARepetitionHelps(int code, Duration after) {
    faults.fail(1, "GET " + NODE, code);

    assertThatThrownBy(() -> cluster.withoutRepetition().node("gpu-0"))
        .isInstanceOfSatisfying(
            MigClusterException.class,
            failed -> assertThat(failed.retryAfter()).isEqualTo(Optional.ofNullable(after)));
  }

  @Test
  void call_429_saysTheTimeThatTheServerAsksFor() {
    faults.tellToRetry(1, "GET " + NODE, 7);

    assertThatThrownBy(() -> cluster.withoutRepetition().node("gpu-0"))
        .isInstanceOfSatisfying(
            MigClusterException.class,
            failed -> assertThat(failed.retryAfter()).contains(Duration.ofSeconds(7)));
  }

  @Test
  void conflict_ofAVersionIsShort_andOfAnotherClientIsNot() {
    assertThat(new MigConflictException("x", new IllegalStateException()).retryAfter())
        .contains(Duration.ofSeconds(1));
    assertThat(new MigConflictException("x").retryAfter()).contains(Duration.ofMinutes(1));
  }
}
