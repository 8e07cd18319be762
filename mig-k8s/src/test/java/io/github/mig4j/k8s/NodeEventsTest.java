package io.github.mig4j.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.cluster.MigEvent;
import io.github.mig4j.k8s.cluster.MigListener;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.simulator.SimulatedGpus;
import io.github.mig4j.layout.MigLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@SimulatedGpus(gpu = "NVIDIA-B200")
class NodeEventsTest {

  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final ApplyTimings QUICK =
      ApplyTimings.builder().stability(Duration.ofMillis(50)).build();

  private final List<MigEvent> seen = Collections.synchronizedList(new ArrayList<>());

  @BeforeEach
  void publish(MigClient mig) {
    mig.configMap("mig-config")
        .merge(
            "small",
            MigConfigSpec.allDevices(MigLayout.on(GpuCatalog.bundled().require("NVIDIA-B200"))
                .add("1g.23gb", 7)
                .build()));
  }

  @Test
  void change_isShownOnItsNode(MigClient mig, KubernetesClient client) {
    MigClient visible = mig.with(mig.settings().withListener(mig.nodeEvents()));

    visible.node("gpu-node").apply("small").timings(QUICK).await(LIMIT);
    assertThatThrownBy(() -> visible.node("gpu-node").apply("absent").await(LIMIT))
        .isInstanceOf(MigRefusedException.class);

    List<Event> events = client.v1().events().inNamespace("default").list().getItems();
    assertThat(events)
        .extracting(event -> "%s %s %s/%s %s"
            .formatted(
                event.getType(),
                event.getReason(),
                event.getInvolvedObject().getKind(),
                event.getInvolvedObject().getName(),
                event.getSource().getComponent()))
        .containsExactlyInAnyOrder(
            "Normal MigRequested Node/gpu-node mig4j",
            "Normal MigVerified Node/gpu-node mig4j",
            "Warning MigRefused Node/gpu-node mig4j");
    assertThat(events)
        .filteredOn(event -> event.getReason().equals("MigRequested"))
        .extracting(Event::getMessage)
        .allSatisfy(
            message -> assertThat(message).matches("nvidia.com/mig.config=small-[0-9a-f]+"));
  }

  @Test
  void standing_isShownOnItsNode_butNotThatOfEveryNodeWhenAProcessStarts(
      MigClient mig, KubernetesClient client) {
    MigListener events = mig.nodeEvents();

    events.onEvent(stands("unknown", "as-declared", ""));
    events.onEvent(stands("as-declared", "drifted", "label-changed"));
    events.onEvent(stands("drifted", "waiting", "budget"));
    events.onEvent(stands("waiting", "changing", ""));
    events.onEvent(stands("changing", "failed", ""));
    events.onEvent(stands("failed", "as-declared", ""));
    events.onEvent(stands("as-declared", "unknown", ""));

    assertThat(client.v1().events().inNamespace("default").list().getItems())
        .extracting(
            event -> "%s %s %s".formatted(event.getType(), event.getReason(), event.getMessage()))
        .containsExactlyInAnyOrder(
            "Warning MigDrifted from as-declared to drifted",
            "Normal MigWaiting from drifted to waiting",
            "Warning MigReconcileFailed from changing to failed",
            "Normal MigAsDeclared from failed to as-declared");
  }

  private static MigEvent stands(String previous, String standing, String cause) {
    return new MigEvent.StandingChanged(
        "gpu-node",
        "small",
        previous,
        standing,
        cause,
        "from %s to %s".formatted(previous, standing));
  }

  @Test
  void listener_receivesPhasesInOrder_andTheEnd(MigClient mig) {
    MigClient heard = mig.with(mig.settings().withListener(seen::add));

    heard.node("gpu-node").apply("small").timings(QUICK).await(LIMIT);

    assertThat(seen)
        .filteredOn(MigEvent.PhaseReached.class::isInstance)
        .extracting(event -> ((MigEvent.PhaseReached) event).phase())
        .startsWith("checked", "requested")
        .endsWith("verified");
    MigEvent last = seen.stream()
        .filter(MigEvent.ChangeEnded.class::isInstance)
        .reduce((first, second) -> second)
        .orElseThrow();
    assertThat(last).hasToString("gpu-node verified: small");
  }

  @Test
  void listener_thatThrows_changesNothing_andTheNextOneHearsAll(MigClient mig) {
    MigListener broken = event -> {
      throw new IllegalStateException("broken");
    };
    MigClient heard = mig.with(mig.settings().withListener(broken.andThen(seen::add)));

    assertThat(heard.node("gpu-node").apply("small").timings(QUICK).await(LIMIT).allocatable())
        .containsEntry("nvidia.com/mig-1g.23gb", 7L);
    assertThat(seen).anyMatch(MigEvent.ChangeEnded.class::isInstance);
  }
}
