package io.github.mig4j.k8s.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.cluster.MigEvent;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.simulator.SimulatedGpus;
import io.github.mig4j.layout.MigLayout;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

@SimulatedGpus(gpu = "NVIDIA-A100-SXM4-40GB", count = 2)
@SimulatedGpus(node = "other", gpu = "NVIDIA-L40S")
class MigMetricsTest {

  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final MigMetrics metrics = MigMetrics.of(registry);

  private MigClient measured(KubernetesClient client) {
    return MigClient.of(client).with(MigSettings.defaults().withListener(metrics));
  }

  @Test
  void changes_areMeasuredByPhaseAndOutcome(KubernetesClient client) {
    MigClient mig = measured(client);
    split(mig);

    assertThatThrownBy(() -> mig.node("gpu-node").apply("absent").await(LIMIT))
        .isInstanceOf(MigRefusedException.class);

    assertThat(registry.get("mig4j.change").tag("outcome", "verified").timer().count())
        .isEqualTo(1);
    assertThat(registry.get("mig4j.change").tag("outcome", "refused").timer().count())
        .isEqualTo(1);
    assertThat(registry.get("mig4j.change.phase").timers())
        .extracting(timer -> timer.getId().getTag("phase"))
        .contains("checked", "requested", "offered", "verified");
    assertThat(registry
            .get("mig4j.change.phase")
            .tag("phase", "verified")
            .timer()
            .max(TimeUnit.MILLISECONDS))
        .isBetween(50.0, 60_000.0);
  }

  @Test
  void standings_areCounted_andThoseOfNodesThatAreGoneAreNot() {
    stands("a", "unknown", "drifted", "label-changed");
    stands("b", "unknown", "as-declared", "");
    stands("c", "unknown", "waiting", "budget");
    stands("a", "drifted", "as-declared", "");
    stands("c", "waiting", "unknown", "");

    assertThat(nodes("as-declared")).isEqualTo(2);
    assertThat(nodes("drifted")).isZero();
    assertThat(nodes("waiting")).isZero();
    assertThat(registry
            .get("mig4j.reconcile.changes")
            .tag("standing", "drifted")
            .tag("cause", "label-changed")
            .counter()
            .count())
        .isEqualTo(1);
    assertThat(
            registry.find("mig4j.reconcile.changes").tag("standing", "unknown").counter())
        .isNull();
  }

  private void stands(String node, String previous, String standing, String cause) {
    metrics.onEvent(
        new MigEvent.StandingChanged(node, "small", previous, standing, cause, "in words"));
  }

  private double nodes(String standing) {
    return registry
        .get("mig4j.reconcile.nodes")
        .tag("standing", standing)
        .gauge()
        .value();
  }

  @Test
  void requests_areMeasuredByVerbAndStatus(KubernetesClient client) {
    MigClient mig = measured(client);

    mig.node("gpu-node").status();
    mig.node("gpu-node").status();
    metrics.onEvent(new MigEvent.RequestRepeated("", 409));

    assertThat(registry
            .get("mig4j.request")
            .tag("request", "get node")
            .tag("status", "200")
            .timer()
            .count())
        .isEqualTo(2);
    assertThat(registry
            .get("mig4j.request.repeated")
            .tag("status", "409")
            .counter()
            .count())
        .isEqualTo(1);
  }

  @Test
  void nodes_areGauges_ofTheirStateAndOfWhatIsFreeOrStranded(KubernetesClient client) {
    MigClient mig = measured(client);

    metrics.observe(mig.fleet().nodes());

    assertThat(gauges("mig4j.node.state"))
        .containsExactlyInAnyOrder(
            "{node=gpu-node, state=success} 1", "{node=other, state=none} 1");
    assertThat(gauges("mig4j.fleet.free.devices")).containsExactly("{resource=nvidia.com/gpu} 3");

    // Seven of eight memory slices; no profile fits on the last one.
    split(mig);
    metrics.observe(mig.fleet().nodes());

    assertThat(gauges("mig4j.fleet.free.devices"))
        .containsExactlyInAnyOrder(
            "{resource=nvidia.com/gpu} 1", "{resource=nvidia.com/mig-1g.5gb} 14");
    assertThat(gauges("mig4j.fleet.stranded.slices")).containsExactly("{gpu=a100-40gb} 2");

    client
        .resource(new PodBuilder()
            .withNewMetadata()
            .withNamespace("ml")
            .withName("train")
            .endMetadata()
            .withNewSpec()
            .withNodeName("gpu-node")
            .addNewContainer()
            .withNewResources()
            .addToLimits("nvidia.com/mig-1g.5gb", new Quantity("14"))
            .endResources()
            .endContainer()
            .endSpec()
            .build())
        .create();
    metrics.observe(mig.fleet().nodes());

    assertThat(gauges("mig4j.fleet.free.devices"))
        .containsExactlyInAnyOrder(
            "{resource=nvidia.com/gpu} 1", "{resource=nvidia.com/mig-1g.5gb} 0");
  }

  @Test
  void page_listsEveryMeter(KubernetesClient client) throws Exception {
    MigClient mig = measured(client);
    split(mig);
    metrics.observe(mig.fleet().nodes());
    metrics.onEvent(new MigEvent.RequestRepeated("", 409));
    stands("gpu-node", "unknown", "as-declared", "");

    var listed = Pattern.compile("(?m)^\\| `(mig4j\\.[a-z.]+)` \\|")
        .matcher(Files.readString(Path.of("..", "docs", "observability.md")))
        .results()
        .map(row -> row.group(1));
    assertThat(listed)
        .containsExactlyInAnyOrderElementsOf(registry.getMeters().stream()
            .map(meter -> meter.getId().getName())
            .distinct()
            .toList());
  }

  private static void split(MigClient mig) {
    mig.configMap("mig-config")
        .merge(
            "split",
            MigConfigSpec.allDevices(
                MigLayout.on(GpuCatalog.bundled().require("NVIDIA-A100-SXM4-40GB"))
                    .add("1g.5gb", 7)
                    .build()));
    mig.node("gpu-node")
        .apply("split")
        .timings(ApplyTimings.builder().stability(Duration.ofMillis(50)).build())
        .await(LIMIT);
  }

  private List<String> gauges(String name) {
    return registry.find(name).gauges().stream()
        .map(gauge -> "%s %d".formatted(tags(gauge.getId()), (long) gauge.value()))
        .toList();
  }

  private static String tags(Meter.Id id) {
    return id.getTags().stream()
        .map(tag -> tag.getKey() + "=" + tag.getValue())
        .collect(Collectors.joining(", ", "{", "}"));
  }
}
