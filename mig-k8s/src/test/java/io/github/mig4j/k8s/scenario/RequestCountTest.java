package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.scenario.Scenario.H100;
import static io.github.mig4j.k8s.scenario.Scenario.LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyPhase;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.change.MigDeadlineException;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.RecordedRequests;
import io.github.mig4j.k8s.simulator.Trap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a change costs the API server. */
@ExtendWith(MockApiServer.class)
class RequestCountTest {

  private static final String NODE_PATCH = "PATCH /api/v1/nodes/gpu-node";
  private static final String MAP_WRITE =
      "PUT /api/v1/namespaces/gpu-operator/configmaps/mig-config";

  /** Checked once. The patch that ends a change confirms the version on which its end rests. */
  private static final String NODE = "GET /api/v1/nodes/gpu-node";

  private static final String POLICIES = "GET /apis/nvidia.com/v1/clusterpolicies";
  private static final String PODS = "GET /api/v1/pods";
  private static final String MAP = "GET /api/v1/namespaces/gpu-operator/configmaps/mig-config";
  private static final String GENERATED =
      "GET /api/v1/namespaces/gpu-operator/configmaps/gpu-node-mig-config";
  private static final String LIST = "GET /api/v1/nodes";
  private static final String WATCH = LIST;

  KubernetesClient client;
  private final RecordedRequests requests = new RecordedRequests();
  private KubernetesClient recorded;

  @BeforeEach
  void connect() {
    recorded = requests.client(client.getConfiguration());
  }

  @AfterEach
  void disconnect() {
    recorded.close();
  }

  private Scenario start() {
    return Scenario.on(client).through(MigClient.of(recorded)).start(H100);
  }

  @Test
  void plainPath_writesTheMapOnce_andTheNodeTwice() {
    try (var node = start()) {
      node.apply("medium").await(LONG);

      assertThat(requests.writes()).containsExactly(MAP_WRITE, NODE_PATCH, NODE_PATCH);
      assertThat(requests.all()).hasSizeLessThanOrEqualTo(20);
    }
  }

  @Test
  void plainPath_ofWhatIsPublished_writesOnlyTheNode() {
    try (var node = start()) {
      node.merge("new", entry());
      int before = requests.all().size();
      int writes = requests.writes().size();

      node.apply("new").await(LONG);

      assertThat(requests.writes().subList(writes, requests.writes().size()))
          .containsExactly(NODE_PATCH, NODE_PATCH);
      assertThat(requests.all().subList(before, requests.all().size()))
          .containsExactlyInAnyOrder(
              NODE, POLICIES, PODS, MAP, GENERATED, LIST, WATCH, NODE_PATCH, NODE_PATCH);
    }
  }

  @Test
  void whatIsInForce_isOnlyRead() {
    try (var node = start()) {
      node.apply("medium").await(LONG);
      int writes = requests.writes().size();

      node.apply("medium").await(LONG);

      assertThat(requests.writes()).hasSize(writes);
    }
  }

  /** The watch reports changes; only the log is looked into from time to time. */
  @Test
  void waiting_costsNothing_howeverLong() {
    try (var node = start()) {
      node.set(Trap.PODS_DO_NOT_STOP);
      node.merge("new", entry());

      waitFor(node, Duration.ofMillis(300));

      List<String> shortWait = waitFor(node, Duration.ofMillis(300));
      List<String> longWait = waitFor(node, Duration.ofSeconds(6));

      // Whoever asked once a second would have asked five times more.
      assertThat(longWait).hasSizeLessThanOrEqualTo(shortWait.size() + 3);
    }
  }

  private List<String> waitFor(Scenario node, Duration deadline) {
    int before = requests.all().size();
    assertThatThrownBy(() -> node.apply("new").timings(ApplyTimings.defaults()).await(deadline))
        .isInstanceOf(MigDeadlineException.class);
    return requests.all().subList(before, requests.all().size());
  }

  /** A node is written every few seconds by its kubelet. */
  @Test
  void whatOthersWrite_costsNothing() {
    try (var node = start()) {
      node.set(Trap.PODS_DO_NOT_STOP);
      node.merge("new", entry());
      List<Integer> counts = new ArrayList<>();

      assertThatThrownBy(() -> node.apply("new")
              .timings(ApplyTimings.defaults())
              .onProgress(event -> {
                if (event.phase() == ApplyPhase.PAUSED) {
                  for (int beat = 0; beat < 50; beat++) {
                    node.view().label("heartbeat", "beat-" + beat);
                  }
                  counts.add(requests.all().size());
                  node.view().label(ClusterUser.STATE, "rebooting");
                }
                if (event.phase() == ApplyPhase.REBOOTING) {
                  counts.add(requests.all().size());
                }
              })
              .await(Duration.ofSeconds(3)))
          .isInstanceOf(MigDeadlineException.class);

      assertThat(counts).hasSize(2);
      assertThat(counts.get(1)).isEqualTo(counts.get(0));
    }
  }

  private static MigConfigSpec entry() {
    return MigConfigSpec.builder()
        .devices(DeviceSelector.ALL)
        .migEnabled(true)
        .putMigDevices(MigProfile.parse("3g.40gb"), 2)
        .build();
  }
}
