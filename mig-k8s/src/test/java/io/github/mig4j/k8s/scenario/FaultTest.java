package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.fixture.ClusterUser.eventually;
import static io.github.mig4j.k8s.scenario.Scenario.H100;
import static io.github.mig4j.k8s.scenario.Scenario.LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyOutcome;
import io.github.mig4j.k8s.change.ApplyPhase;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.change.MigDeadlineException;
import io.github.mig4j.k8s.change.MigFailedException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.fixture.ApiFaults;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.PodLogs;
import io.github.mig4j.k8s.fixture.RecordedRequests;
import io.github.mig4j.k8s.simulator.Trap;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What goes wrong between the client and the API server. Only the client of this library suffers;
 * the simulated operator has a line of its own.
 */
@ExtendWith(MockApiServer.class)
class FaultTest {

  private static final String NODE_PATCH = "PATCH /api/v1/nodes/gpu-node";
  private static final String MAP_WRITE =
      "PUT /api/v1/namespaces/gpu-operator/configmaps/mig-config";

  KubernetesClient client;
  PodLogs logs;
  ApiFaults faults;
  private final RecordedRequests requests = new RecordedRequests();
  private KubernetesClient recorded;

  @BeforeEach
  void connect() {
    recorded = requests.client(ApiFaults.victim(client.getConfiguration()));
  }

  @AfterEach
  void disconnect() {
    recorded.close();
  }

  private Scenario start() {
    return Scenario.on(client).logs(logs).through(MigClient.of(recorded)).start(H100);
  }

  private static void assertMedium(Scenario node, ApplyOutcome outcome) {
    node.assertVerified(outcome, "medium");
  }

  @Test
  void conflictOnTheNode_isSettledOnItsNextVersion() {
    try (var node = start()) {
      faults.fail(2, NODE_PATCH, 409);

      assertMedium(node, node.apply("medium").await(LONG));

      assertThat(requests.writes())
          .containsExactly(MAP_WRITE, NODE_PATCH, NODE_PATCH, NODE_PATCH, NODE_PATCH);
    }
  }

  @Test
  void conflictOnTheMap_isSettledOnItsNextVersion() {
    try (var node = start()) {
      faults.fail(2, MAP_WRITE, 409);

      assertMedium(node, node.apply("medium").await(LONG));

      assertThat(requests.writes())
          .containsExactly(MAP_WRITE, MAP_WRITE, MAP_WRITE, NODE_PATCH, NODE_PATCH);
    }
  }

  @Test
  void conflictWithoutEnd_isTold_andTheNodeIsNotAsked() {
    try (var node = start()) {
      faults.fail(1000, MAP_WRITE, 409);

      assertThatThrownBy(() -> node.apply("medium").await(LONG))
          .isInstanceOf(MigConflictException.class)
          .hasMessage("Could not update configmap gpu-operator/mig-config: another client kept"
              + " changing it. Try again");
      assertThat(node.node().status().config()).contains("all-disabled");
    }
  }

  /** The write was carried out and its answer lost; repeating it must do no harm. */
  @ParameterizedTest
  @ValueSource(strings = {MAP_WRITE, NODE_PATCH})
  void answerThatIsLost_isNoSecondChange(String write) {
    try (var node = start()) {
      faults.loseAnswers(1, write);

      assertMedium(node, node.apply("medium").await(LONG));

      assertThat(faults.injected()).isEqualTo(1);
      assertThat(node.view().get().getMetadata().getAnnotations())
          .doesNotContainKey("mig4j.github.io/change");
    }
  }

  /**
   * The version from which the watch starts is too old, reported by an event or by the answer. The mock
   * server does not tell what happens between a list and its watch, so that the last event may be
   * missed, and the node is read again only after a minute.
   */
  @Test
  void watchThatExpired_isListedAgain() {
    try (var node = start()) {
      faults.expireWatches(2);

      assertMedium(node, node.apply("medium").await(LONG.multipliedBy(3)));

      // A list after the first may show the whole change already.
      assertThat(faults.injected()).isBetween(1, 2);
    }
  }

  @Test
  void watchThatIsRefusedAsGone_isListedAgain() {
    try (var node = start()) {
      faults.fail(1, "GET .*watch=true.*", 410);

      assertMedium(node, node.apply("medium").await(LONG));
    }
  }

  @Test
  void tooManyRequests_areRepeatedLater() {
    try (var node = start()) {
      faults.tellToRetry(1, NODE_PATCH, 1);
      faults.tellToRetry(1, "GET /api/v1/nodes/gpu-node", 1);

      assertMedium(node, node.apply("medium").await(LONG));

      assertThat(faults.injected()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 503})
  void serverErrorsForAWhile_areSurvived(int code) {
    try (var node = start()) {
      faults.fail(2, "(GET|PATCH|PUT) .*", code);

      assertMedium(
          node,
          node.apply("medium")
              .onProgress(event -> {
                if (event.phase() == ApplyPhase.PENDING) {
                  faults.fail(1, "(GET|PATCH|PUT) .*", code);
                }
              })
              .await(LONG));

      assertThat(faults.injected()).isEqualTo(3);
    }
  }

  @Test
  void watchThatIsDropped_isOpenedAgain() {
    try (var node = start()) {
      assertMedium(
          node,
          node.apply("medium")
              .onProgress(event -> {
                if (event.phase() == ApplyPhase.PENDING) {
                  faults.dropWatches();
                }
              })
              .await(LONG));

      eventually(() -> faults.openWatches().isEmpty());
    }
  }

  /** The whole change takes place meanwhile, so that nothing of it is ever seen. */
  @Test
  void apiServerThatIsGoneForAWhile_isWaitedFor() {
    Config config = client.getConfiguration();
    try (var link = FlakyLink.to(config);
        var far = requests.client(link.config(ApiFaults.victim(config)));
        var node = Scenario.on(client).logs(logs).through(MigClient.of(far)).start(H100)) {
      var change = node.apply("medium")
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.REQUESTED) {
              link.cut();
            }
          })
          .start(LONG);
      node.view()
          .await(found -> "success".equals(ClusterUser.labels(found).get(ClusterUser.STATE))
              && Integer.valueOf(3).equals(ClusterUser.offer(found).get(Scenario.MEDIUM)));

      link.mend();

      assertMedium(node, change.orTimeout(1, TimeUnit.MINUTES).join());
    }
  }

  @Test
  void apiServerThatStaysAway_isReportedAtTheDeadline() {
    Config config = client.getConfiguration();
    try (var link = FlakyLink.to(config);
        var far = requests.client(link.config(ApiFaults.victim(config)));
        var node = Scenario.on(client).logs(logs).through(MigClient.of(far)).start(H100)) {
      assertThatThrownBy(() -> node.apply("medium")
              .onProgress(event -> {
                if (event.phase() == ApplyPhase.REQUESTED) {
                  link.cut();
                }
              })
              .await(Duration.ofSeconds(2)))
          .isInstanceOf(MigDeadlineException.class)
          .hasMessageStartingWith(
              "Node gpu-node: waited 2 s for {nvidia.com/mig-2g.20gb=3}, but No answer from the"
                  + " API server http://localhost:");
    }
  }

  /** A kubelet has written the status of the pod that is to be deleted. */
  @Test
  void conflictOnTheManagersPod_isSettledOnItsNextVersion() {
    try (var node = start()) {
      node.set(Trap.API_ERROR_DURING_POD_WAIT);
      node.view().request("medium");
      node.awaitIdle("medium", 1);
      faults.fail(1, "DELETE .*/pods/.*", 409);

      assertMedium(node, node.recover().await(LONG));

      assertThat(faults.injected()).isEqualTo(1);
    }
  }

  @Test
  void everyEnd_leavesNoWatchBehind() throws Exception {
    try (var node = start()) {
      node.apply("medium").await(LONG);
      eventually(() -> faults.openWatches().isEmpty());

      node.set(Trap.GPU_IN_USE);
      assertThatThrownBy(() -> node.apply("small").await(LONG))
          .isInstanceOf(MigFailedException.class);
      eventually(() -> faults.openWatches().isEmpty());

      node.remove(Trap.GPU_IN_USE);
      node.set(Trap.PODS_DO_NOT_STOP);
      assertThatThrownBy(() -> node.apply("balanced")
              .timings(ApplyTimings.builder().work(Duration.ofMillis(300)).build())
              .await(LONG))
          .isInstanceOf(MigDeadlineException.class);
      eventually(() -> faults.openWatches().isEmpty());

      var waiting = new CountDownLatch(1);
      var change = node.apply("balanced")
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.PAUSED) {
              waiting.countDown();
            }
          })
          .start(LONG);
      assertThat(waiting.await(1, TimeUnit.MINUTES)).isTrue();
      eventually(() -> faults.openWatches().size() == 1);
      assertThat(change.cancel(true)).isTrue();
      eventually(() -> faults.openWatches().isEmpty());

      assertThatThrownBy(() -> node.apply("balanced")
              .onProgress(event -> Thread.currentThread().interrupt())
              .await(LONG))
          .isInstanceOf(CancellationException.class);
      assertThat(Thread.interrupted()).isTrue();
      eventually(() -> faults.openWatches().isEmpty());
    }
  }
}
