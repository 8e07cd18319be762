package io.github.mig4j.k8s.change;

import static io.github.mig4j.k8s.fixture.ClusterUser.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.PodLogs;
import io.github.mig4j.k8s.fixture.RecordedRequests;
import io.github.mig4j.k8s.fixture.TestCluster;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.SimulatorTimings;
import io.github.mig4j.layout.MigLayout;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a change learns from the MIG manager's log and from its own record instead of waiting. */
@ExtendWith(MockApiServer.class)
class ManagerLogTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Duration HOUR = Duration.ofHours(1);
  private static final MigConfig SMALL =
      MigConfig.of(MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", 7).build()));
  private static final MigConfig MEDIUM =
      MigConfig.of(MigConfigSpec.allDevices(MigLayout.on(B200).add("2g.45gb", 3).build()));
  private static final String KEY = SMALL.contentName("small");

  /** Nothing but the log ends a change soon. */
  private static final ApplyTimings PATIENT = patient(Duration.ofMillis(100), HOUR);

  KubernetesClient client;
  PodLogs logs;
  private final List<ApplyPhase> phases = new ArrayList<>();
  private MigClient mig;

  @BeforeEach
  void connect() {
    mig = MigClient.of(client);
    TestCluster.of(client)
        .configMap(MigConfigDocument.empty()
            .with("small", SMALL)
            .with("medium", MEDIUM)
            .toYaml());
  }

  /** The manager finds the layout applied, and nothing on the node changes but the label. */
  @Test
  void await_aLayoutThatIsInForceUnderItsPlainName_isVerifiedByTheLog() {
    try (var simulator = simulator(Duration.ZERO)) {
      mig.node("gpu-node").applyExact("small").timings(PATIENT).await(LONG);

      var adopted = apply("small", PATIENT);

      assertThat(adopted).isInstanceOfSatisfying(ApplyOutcome.Verified.class, verified -> {
        assertThat(verified.config()).isEqualTo(KEY);
        assertThat(verified.basis())
            .isEqualTo(
                "held for 100 ms, and the MIG manager's log reports success for '" + KEY + "'");
      });
      assertThat(phases)
          .containsExactly(
              ApplyPhase.CHECKED, ApplyPhase.REQUESTED, ApplyPhase.OFFERED, ApplyPhase.VERIFIED);
    }
  }

  @Test
  void await_aLayoutThatIsInForceUnderItsPlainName_withoutALog_isVerifiedByStateOnly() {
    try (var simulator = simulator(Duration.ZERO)) {
      mig.node("gpu-node").applyExact("small").timings(PATIENT).await(LONG);
      logs.forbid();

      var adopted = apply("small", patient(Duration.ofMillis(100), Duration.ofMillis(300)));

      assertThat(adopted).isInstanceOf(ApplyOutcome.VerifiedByStateOnly.class);
    }
  }

  @Test
  void await_anUnpublishedName_publishesItsOtherNameInTheSameWrite_andNeedsNoRetry() {
    var requests = new RecordedRequests();
    try (var simulator = simulator(Duration.ZERO);
        var recorded = requests.client(client.getConfiguration())) {
      mig = MigClient.of(recorded);

      var outcome = apply("small", PATIENT);

      assertThat(outcome.config()).isEqualTo(KEY);
      assertThat(phases).doesNotContain(ApplyPhase.RETRIED);
      assertThat(requests.writes())
          .filteredOn(write -> write.contains("configmaps"))
          .containsExactly("PUT /api/v1/namespaces/gpu-operator/configmaps/mig-config");
      assertThat(mig.configMap("mig-config").read().orElseThrow().configs())
          .containsOnlyKeys("small", "medium", KEY, KEY + "-r2");
    }
  }

  /** A failure at once and without work is answered after a second, then after two, then after four. */
  @Test
  void await_aNameThatTheManagerDoesNotKnowYet_isRetriedBeforeTheFailureIsBelieved() {
    try (var simulator = simulator(Duration.ofMillis(1500))) {
      var outcome = apply("small", PATIENT);

      assertThat(outcome).isInstanceOf(ApplyOutcome.Verified.class);
      assertThat(outcome.config()).isIn(KEY, KEY + "-r2");
      assertThat(phases.stream().filter(phase -> phase == ApplyPhase.RETRIED).count())
          .isBetween(1L, 3L);
    }
  }

  /** The first process has seen the offer; the next one need not see it for the whole window. */
  @ParameterizedTest
  @ValueSource(strings = {"small", "exact small"})
  void await_whatAnotherProcessHasSeenStable_countsFromThen(String config) {
    ApplyTimings anHour = patient(HOUR, HOUR);
    try (var simulator = simulator(Duration.ZERO)) {
      var first = request(mig, config).timings(anHour).start(Duration.ofMinutes(30));
      eventually(() -> stableSince().isPresent());
      Instant since = stableSince().orElseThrow();
      List<Instant> taken = new ArrayList<>();
      MigClient second = mig.with(MigSettings.builder()
          .identity("second")
          .clock(Clock.offset(Clock.systemUTC(), HOUR))
          .build());

      var outcome = request(second, config)
          .timings(anHour)
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.REQUESTED) {
              stableSince().ifPresent(taken::add);
            }
          })
          .await(LONG);

      assertThat(outcome).isInstanceOf(ApplyOutcome.Verified.class);
      assertThat(taken).containsExactly(since);
      assertThat(record()).isEmpty();
      first.cancel(true);
    }
  }

  @Test
  void await_anOfferThatDoesNotStay_isNotRecordedAsStable() {
    ApplyTimings anHour = patient(HOUR, HOUR);
    try (var simulator = simulator(Duration.ZERO)) {
      var change = request(mig, "small").timings(anHour).start(LONG);
      eventually(() -> stableSince().isPresent());

      simulator.close();
      offer("6");
      eventually(() -> stableSince().isEmpty());
      offer("7");
      eventually(() -> stableSince().isPresent());

      change.cancel(true);
    }
  }

  private static ApplyTimings patient(Duration stability, Duration transition) {
    return ApplyTimings.builder()
        .stability(stability)
        .failure(Duration.ofMinutes(10))
        .transition(transition)
        .propagation(HOUR)
        .reaction(HOUR)
        .build();
  }

  private static ApplyRequest request(MigClient client, String config) {
    MigNode node = client.node("gpu-node");
    return config.startsWith("exact ") ? node.applyExact(config.substring(6)) : node.apply(config);
  }

  private Optional<ChangeRecord> record() {
    return ChangeRecord.read(client.nodes().withName("gpu-node").require());
  }

  private Optional<Instant> stableSince() {
    return record().flatMap(ChangeRecord::stable);
  }

  private void offer(String count) {
    client.nodes().withName("gpu-node").editStatus(node -> {
      node.getStatus().getAllocatable().put("nvidia.com/mig-1g.23gb", Quantity.parse(count));
      return node;
    });
  }

  private ApplyOutcome apply(String config, ApplyTimings timings) {
    return mig.node("gpu-node")
        .apply(config)
        .timings(timings)
        .onProgress(event -> phases.add(event.phase()))
        .await(LONG);
  }

  private GpuOperatorSimulator simulator(Duration configMapLag) {
    var simulator = GpuOperatorSimulator.on(client)
        .node("gpu-node", B200, 1)
        .strategy(MigStrategy.MIXED)
        .configMap("mig-config")
        .timings(SimulatorTimings.builder().configMapLag(configMapLag).build())
        .start();
    logs.from(simulator);
    return simulator.awaitReady(LONG);
  }
}
