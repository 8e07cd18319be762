package io.github.mig4j.k8s.change;

import static io.github.mig4j.k8s.fixture.ClusterUser.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.fixture.ApiFaults;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.fixture.Pods;
import io.github.mig4j.k8s.fixture.TestClients;
import io.github.mig4j.k8s.fixture.TestCluster;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.layout.MigLayout;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** However early a change ends, it ends as what it is, and takes back what it did for its time. */
@ExtendWith(MockApiServer.class)
class DeadlineTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  private static final MigConfigSpec SMALL =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", 7).build());
  private static final String NODE_LIST = "GET /api/v1/nodes\\?.*";

  KubernetesClient client;
  ApiFaults faults;

  @BeforeEach
  void publish() {
    TestCluster.of(client).policy("mixed", "mig-config");
    MigClient.of(client).configMap("mig-config").merge("small", SMALL);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 10, 20, 30, 50, 80, 120})
  void await_shortDeadline_beforeTheWatchHasBegun_isPassed_andNothingIsWritten(int millis) {
    TestCluster.of(client).node(Nodes.b200(1));
    faults.fail(1_000_000, NODE_LIST, 503);
    try (var victim = client(ApiFaults.victim(client.getConfiguration()))) {

      assertThatThrownBy(() ->
              MigClient.of(victim).node("gpu-node").apply("small").await(Duration.ofMillis(millis)))
          .isInstanceOf(MigDeadlineException.class)
          .hasMessageStartingWith(
              "Node gpu-node: waited %d ms for {nvidia.com/mig-1g.23gb=7}, but the API server has not sent the state of the node or its pods yet. "
                  .formatted(millis));
      assertThat(NodeFields.labels(node())).doesNotContainKey(Labels.MIG_CONFIG);
      assertThat(NodeFields.annotations(node())).doesNotContainKey(ChangeRecord.KEY);
    }
  }

  /** The pod cannot leave, and each step has less time than the one before. */
  @ParameterizedTest
  @EnumSource(names = {"NONE", "CORDON", "DRAIN"})
  void await_shortDeadlines_endAsDeadlines_andPrintNoNegativeTime(Disruption disruption) {
    TestCluster.of(client).node(Nodes.b200(1));
    if (disruption == Disruption.DRAIN) {
      pod();
    }

    for (int millis = 1; millis <= 120; millis += 17) {
      Duration deadline = Duration.ofMillis(millis);

      Throwable late = catchThrowable(() -> MigClient.of(client)
          .node("gpu-node")
          .apply("small")
          .disruption(disruption)
          .await(deadline));

      assertThat(late).isInstanceOf(MigDeadlineException.class);
      assertThat(late.getMessage()).doesNotContainPattern("waited (-|0 s for \\{)");
    }
  }

  /** Its deadline may be hours away. */
  @Test
  void await_aNodeThatMayNoLongerBeRead_saysSo_andTheChangeContinues() {
    TestCluster.of(client).node(Nodes.b200(1));
    try (var victim = client(ApiFaults.victim(client.getConfiguration()))) {
      ApplyRequest request = MigClient.of(victim)
          .node("gpu-node")
          .apply("small")
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.REQUESTED) {
              faults.fail(1_000_000, "GET /api/v1/nodes.*", 403);
              // What the watch shows is another request, so the node is read.
              client
                  .nodes()
                  .withName("gpu-node")
                  .edit(node -> new NodeBuilder(node)
                      .editMetadata()
                      .addToLabels(Labels.MIG_CONFIG, "other")
                      .endMetadata()
                      .build());
            }
          });

      assertThatThrownBy(() -> request.await(Duration.ofHours(1)))
          .isInstanceOf(MigClusterException.class)
          .hasMessage("The API server answered 403 to: get node gpu-node (injected)");
      assertThat(NodeFields.annotations(node())).containsKey(ChangeRecord.KEY);
    }
  }

  /** At every request of a change; what is under way is not lost sight of. */
  @Test
  void start_cancelledAtAnyRequest_leavesNothingThatKeepsOthersAway() {
    int requests = Integer.MAX_VALUE;
    for (int at = 1; at <= requests; at++) {
      TestCluster.of(client).node(Nodes.b200(1));
      CancelAt cancel = new CancelAt(at);
      try (var cancelled = cancel.client(client)) {

        cancel.change.complete(MigClient.of(cancelled)
            .node("gpu-node")
            .apply("small")
            .disruption(Disruption.CORDON)
            .gated()
            .timings(ApplyTimings.builder().reaction(Duration.ofMillis(50)).build())
            .start(Duration.ofMinutes(10)));
        eventually(() -> cancel.change.join().isDone());
        eventually(DeadlineTest::noChangeRuns);
      }

      Node node = node();
      assertThat(ChangeRecord.read(node).filter(record -> record.isLive(Instant.now())))
          .as("record after cancelling at request %d", at)
          .isEmpty();
      if (!NodeFields.labels(node).containsKey(Labels.MIG_CONFIG)) {
        assertThat(NodeFields.isCordoned(node)).as("cordoned at request %d", at).isFalse();
        assertThat(NodeFields.annotations(node)).doesNotContainKey(ChangeRecord.KEY);
      }
      requests = cancel.change.join().isCancelled() ? Integer.MAX_VALUE : at;
      client.resource(node).delete();
    }
    assertThat(requests).as("requests of a change").isGreaterThan(10);
  }

  private static boolean noChangeRuns() {
    return Thread.getAllStackTraces().keySet().stream()
        .noneMatch(thread -> thread.getName().startsWith("mig4j-apply-gpu-node"));
  }

  /** Cancels a change when it sends a certain request. */
  private static final class CancelAt implements Interceptor {
    private final CompletableFuture<CompletableFuture<ApplyOutcome>> change =
        new CompletableFuture<>();
    private final AtomicInteger sent = new AtomicInteger();
    private final int at;

    CancelAt(int at) {
      this.at = at;
    }

    KubernetesClient client(KubernetesClient other) {
      return TestClients.builder()
          .withConfig(other.getConfiguration())
          .withHttpClientBuilderConsumer(http -> http.addOrReplaceInterceptor("cancel", this))
          .build();
    }

    @Override
    public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
      if (sent.incrementAndGet() == at) {
        boolean unused = change.join().cancel(true);
      }
    }
  }

  private static KubernetesClient client(Config config) {
    return TestClients.builder().withConfig(config).build();
  }

  private Node node() {
    return client.nodes().withName("gpu-node").require();
  }

  private void pod() {
    client.resource(Pods.ownedBy("ReplicaSet", "ml", "train")).create();
  }
}
