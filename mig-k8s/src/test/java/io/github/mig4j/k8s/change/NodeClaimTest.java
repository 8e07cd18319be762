package io.github.mig4j.k8s.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.config.MigConfigMap;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.fixture.TestCluster;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.Trap;
import io.github.mig4j.layout.MigLayout;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Whose a change is that another client has begun, and for how long. */
@ExtendWith(MockApiServer.class)
class NodeClaimTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  private static final MigConfigSpec SMALL =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", 7).build());
  private static final MigConfigSpec MEDIUM =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("2g.45gb", 3).build());
  private static final String KEY = MigConfig.of(SMALL).contentName("small");
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final ApplyTimings IMPATIENT =
      ApplyTimings.builder().work(Duration.ofMillis(200)).build();

  KubernetesClient client;

  @BeforeEach
  void publish() {
    MigConfigMap map = MigClient.of(client).configMap("mig-config");
    map.merge("small", SMALL);
    map.merge("medium", MEDIUM);
  }

  @Test
  void await_whatIsUnderWayForNobody_isClaimed_andKeepsOthersAway() {
    asksForSmall(Nodes.b200(1));
    List<ChangeRecord> records = new ArrayList<>();

    assertThatThrownBy(() -> as("controller-1", at(NOON))
            .apply("small")
            .timings(IMPATIENT)
            .onProgress(event -> {
              if (event.phase() == ApplyPhase.REQUESTED) {
                records.add(record());
                assertThatThrownBy(
                        () -> as("controller-2", at(NOON)).apply("medium").await(LONG))
                    .isInstanceOf(MigConflictException.class)
                    .hasMessageStartingWith(
                        "Node gpu-node is being changed: controller-1 has been"
                            + " changing it to '%s' since 2026-01-01T12:00:00Z",
                        KEY);
              }
            })
            .await(LONG))
        .isInstanceOf(MigDeadlineException.class);

    assertThat(records)
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("seen")
        .containsExactly(new ChangeRecord(
            ChangeKind.LAYOUT,
            KEY,
            "controller-1",
            "2026-01-01T12:00:00Z",
            "2026-01-01T12:01:00Z",
            List.of(),
            ChangeRecord.Proof.OFFER,
            null,
            null,
            null,
            null));
    assertThat(ChangeRecord.read(node())).isEmpty();
  }

  @Test
  void await_whatAnotherIsStillAt_staysThatOnes_evenIfTheSecondGivesUp() {
    ChangeRecord theirs =
        ChangeRecord.of(ChangeKind.LAYOUT, KEY, "controller-1", NOON, NOON.plus(LONG), List.of());
    asksForSmall(Nodes.b200(1));
    write(theirs);

    assertThatThrownBy(
            () -> as("controller-2", at(NOON)).apply("small").timings(IMPATIENT).await(LONG))
        .isInstanceOf(MigDeadlineException.class);

    assertThat(record()).isEqualTo(theirs);
  }

  @Test
  void await_givingUp_leavesTheRecordOfAnotherChangeOfTheSameClient() {
    ChangeRecord later = ChangeRecord.of(
        ChangeKind.LAYOUT, "medium-1234abcd", "controller-1", NOON, NOON.plus(LONG), List.of());
    asksForSmall(Nodes.b200(1));

    assertThatThrownBy(() -> as("controller-1", at(NOON))
            .apply("small")
            .timings(IMPATIENT)
            .onProgress(event -> {
              if (event.phase() == ApplyPhase.REQUESTED) {
                write(later);
              }
            })
            .await(LONG))
        .isInstanceOf(MigDeadlineException.class);

    assertThat(record()).isEqualTo(later);
  }

  /** Times are for others to read: when it began, and when it gives up. */
  @Test
  void await_askingAgain_keepsWhenItBegan_andWhenItGivesUp() {
    TestCluster.of(client)
        .node(Nodes.b200(1).config("old", "success"))
        .policy("mixed", "mig-config");
    List<ChangeRecord> records = new ArrayList<>();

    assertThatThrownBy(() -> as("controller-1", ticking())
            .apply("small")
            .timings(ApplyTimings.builder().failure(Duration.ofMillis(1)).build())
            .onProgress(event -> {
              if (event.phase() == ApplyPhase.REQUESTED) {
                records.add(record());
                edit(node -> node.editMetadata()
                    .addToLabels(Labels.MIG_CONFIG_STATE, "failed")
                    .endMetadata());
              }
              if (event.phase() == ApplyPhase.RETRIED) {
                records.add(record());
                throw new IllegalStateException("seen enough");
              }
            })
            .await(LONG))
        .hasMessage("seen enough");

    assertThat(records).hasSize(2);
    assertThat(records.get(1))
        .usingRecursiveComparison()
        .ignoringFields("seen")
        .isEqualTo(records.get(0));
  }

  /** A restarted client is the same one, and its change began when it began. */
  @Test
  void await_takenUpByTheSameClient_keepsWhenItBegan() {
    asksForSmall(Nodes.b200(1));
    write(ChangeRecord.of(
        ChangeKind.LAYOUT, KEY, "controller-1", NOON.minusSeconds(60), NOON.plus(LONG), List.of()));
    List<ChangeRecord> records = new ArrayList<>();

    assertThatThrownBy(() -> as("controller-1", at(NOON))
            .apply("small")
            .timings(IMPATIENT)
            .onProgress(event -> {
              if (event.phase() == ApplyPhase.REQUESTED) {
                records.add(record());
              }
            })
            .await(LONG))
        .isInstanceOf(MigDeadlineException.class);

    assertThat(records)
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("seen")
        .containsExactly(new ChangeRecord(
            ChangeKind.LAYOUT,
            KEY,
            "controller-1",
            "2026-01-01T11:59:00Z",
            "2026-01-01T12:01:00Z",
            List.of(),
            ChangeRecord.Proof.OFFER,
            null,
            null,
            null,
            null));
  }

  /** The first client is gone; the second took its change up, and takes it back. */
  @Test
  void rollbackOnFailure_ofAChangeThatWasTakenUp_goesBack() {
    try (var simulator = simulator()) {
      as("controller-1", Clock.systemUTC()).apply("small").timings(quick()).await(LONG);
      simulator.set("gpu-node", Trap.PODS_DO_NOT_STOP, Trap.GPU_IN_USE);
      assertThatThrownBy(() -> as("controller-1", Clock.systemUTC())
              .apply("medium")
              .timings(ApplyTimings.builder().work(Duration.ofMillis(1)).build())
              .await(LONG))
          .isInstanceOf(MigDeadlineException.class);

      assertThatThrownBy(() -> as("controller-2", Clock.systemUTC())
              .apply("medium")
              .timings(quick())
              .rollbackOnFailure()
              .onProgress(event -> {
                if (event.phase() == ApplyPhase.REQUESTED) {
                  simulator.remove("gpu-node", Trap.PODS_DO_NOT_STOP);
                }
              })
              .await(LONG))
          .isInstanceOfSatisfying(
              MigFailedException.class,
              failed -> assertThat(failed.rolledBack().orElseThrow().allocatable())
                  .hasToString("{nvidia.com/mig-1g.23gb=7}"));
      assertThat(ChangeRecord.read(node())).isEmpty();
    }
  }

  /** The node offered the same before, so a later process must know whether a pause was seen. */
  @Test
  void await_sameOfferAsBefore_recordsThatAPauseIsNeeded_andWhenItIsSeen() {
    TestCluster.of(client)
        .node(Nodes.cutIntoSeven().config("old", "success"))
        .policy("mixed", "mig-config");
    Set<ChangeRecord.Proof> proofs = new ConcurrentSkipListSet<>();

    try (var view = new ClusterUser(client, "gpu-node")) {
      var pauseSeen = view.next(seen -> ChangeRecord.read(seen)
          .filter(record -> proofs.add(record.proof()) && proofs.size() == 2)
          .isPresent());
      as("controller-1", at(NOON))
          .apply("small")
          .timings(ApplyTimings.builder().stability(Duration.ofMillis(300)).build())
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.REQUESTED) {
              label("paused-for-mig-change");
            }
            if (event.phase() == ApplyPhase.PAUSED) {
              label("true");
            }
          })
          .await(LONG);
      pauseSeen.orTimeout(1, TimeUnit.MINUTES).join();
    }

    assertThat(proofs)
        .containsExactly(ChangeRecord.Proof.PAUSE_NEEDED, ChangeRecord.Proof.PAUSE_SEEN);
    assertThat(ChangeRecord.read(node())).isEmpty();
  }

  private void label(String deployPlugin) {
    edit(node -> node.editMetadata()
        .addToLabels(Labels.DEPLOY_PREFIX + "device-plugin", deployPlugin)
        .endMetadata());
  }

  /** One message says what failed, and that the way back failed as well. */
  @Test
  void rollbackOnFailure_thatFails_isToldInTheMessage() {
    TestCluster.of(client)
        .node(Nodes.cutIntoSeven().config(KEY, "success"))
        .policy("mixed", "mig-config");
    List<ApplyEvent> events = new ArrayList<>();

    assertThatThrownBy(() -> as("controller-1", at(NOON))
            .apply("medium")
            .timings(ApplyTimings.builder().reaction(Duration.ofMillis(200)).build())
            .rollbackOnFailure()
            .onProgress(event -> {
              events.add(event);
              if (event.phase() == ApplyPhase.ROLLING_BACK) {
                client
                    .configMaps()
                    .inNamespace("gpu-operator")
                    .withName("mig-config")
                    .delete();
              }
            })
            .await(LONG))
        .isInstanceOf(MigDeadlineException.class)
        .hasMessageEndingWith(
            ". The rollback failed too: Config '%s' on node gpu-node: ConfigMap gpu-operator/mig-config does not exist, though the ClusterPolicy names it; publish a configuration to it",
            KEY);
    assertThat(events)
        .extracting(ApplyEvent::phase)
        .containsExactly(ApplyPhase.CHECKED, ApplyPhase.REQUESTED, ApplyPhase.ROLLING_BACK);
    assertThat(events.get(2).elapsed()).isGreaterThanOrEqualTo(Duration.ofMillis(200));
  }

  /** What is recorded as the configuration before was before some other change. */
  @Test
  void rollbackOnFailure_ofWhatSomebodyElseHadAskedFor_staysWhereItIs() {
    asksForSmall(Nodes.b200(1));
    String medium = MigConfig.of(MEDIUM).contentName("medium");
    edit(node -> node.editMetadata()
        .addToAnnotations(ChangeKind.LAYOUT.previousKey(), medium)
        .endMetadata());

    assertThatThrownBy(() -> as("controller-1", at(NOON))
            .apply("small")
            .timings(IMPATIENT)
            .rollbackOnFailure()
            .await(LONG))
        .isInstanceOfSatisfying(
            MigDeadlineException.class, late -> assertThat(late.rolledBack()).isEmpty());
    assertThat(node().getMetadata().getLabels()).containsEntry("nvidia.com/mig.config", KEY);
  }

  /** For the time when labels do not tell. */
  @Test
  void await_whatSomebodyElseHadAskedFor_recordsTheGpus() {
    asksForSmall(Nodes.b200(1));

    assertThatThrownBy(
            () -> as("controller-1", at(NOON)).apply("small").timings(IMPATIENT).await(LONG))
        .isInstanceOf(MigDeadlineException.class);
    assertThat(node().getMetadata().getAnnotations())
        .containsEntry(ChangeRecord.GPUS_KEY, "b200-180gb");
  }

  private static ApplyTimings quick() {
    return ApplyTimings.builder()
        .stability(Duration.ofMillis(100))
        .failure(Duration.ofMillis(500))
        .transition(Duration.ofSeconds(1))
        .propagation(Duration.ZERO)
        .build();
  }

  private MigNode as(String identity, Clock clock) {
    return MigClient.of(client)
        .with(MigSettings.builder().identity(identity).clock(clock).build())
        .node("gpu-node");
  }

  private static Clock at(Instant now) {
    return Clock.fixed(now, ZoneOffset.UTC);
  }

  /** A second later with each look. */
  private static Clock ticking() {
    AtomicInteger looks = new AtomicInteger();
    return new Clock() {
      @Override
      public Instant instant() {
        return NOON.plusSeconds(looks.incrementAndGet());
      }

      @Override
      public ZoneOffset getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(ZoneId zone) {
        return this;
      }
    };
  }

  private void asksForSmall(Nodes node) {
    TestCluster.of(client).node(node.config(KEY, "pending")).policy("mixed", "mig-config");
  }

  private GpuOperatorSimulator simulator() {
    return GpuOperatorSimulator.on(client)
        .node("gpu-node", B200, 1)
        .strategy(MigStrategy.MIXED)
        .configMap("mig-config")
        .start()
        .awaitReady(LONG);
  }

  private Node node() {
    return client.nodes().withName("gpu-node").require();
  }

  private ChangeRecord record() {
    return ChangeRecord.read(node()).orElseThrow();
  }

  private void write(ChangeRecord record) {
    edit(node ->
        node.editMetadata().addToAnnotations(ChangeRecord.KEY, record.json()).endMetadata());
  }

  private void edit(Consumer<NodeBuilder> change) {
    TestCluster.of(client).edit(change);
  }
}
