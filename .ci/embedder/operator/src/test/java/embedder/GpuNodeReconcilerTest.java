package embedder;

import static embedder.GpuNodeReconciler.DESIRED;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.SimulatedGpus;
import io.github.mig4j.k8s.simulator.Trap;
import io.github.mig4j.layout.MigLayout;
import io.javaoperatorsdk.operator.Operator;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@SimulatedGpus(node = "gpu-node", gpu = "NVIDIA-B200", count = 1)
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class GpuNodeReconcilerTest {

  private static final ApplyTimings QUICK =
      ApplyTimings.builder().stability(Duration.ofMillis(50)).build();

  @BeforeEach
  void publish(MigClient mig) {
    var b200 = GpuCatalog.bundled().require("NVIDIA-B200");
    mig.configMap("mig-config")
        .merge("small", MigConfigSpec.allDevices(MigLayout.on(b200).add("1g.23gb", 7).build()));
    mig.configMap("mig-config")
        .merge("medium", MigConfigSpec.allDevices(MigLayout.on(b200).add("2g.45gb", 3).build()));
  }

  @Test
  void desiredConfiguration_isApplied(KubernetesClient client) {
    var operator = start(client);
    desire(client, "small");

    awaitOffer(client, "nvidia.com/mig-1g.23gb", "7");
    operator.stop();
  }

  @Test
  void operatorThatIsRestartedMidway_continues(
      KubernetesClient client, GpuOperatorSimulator simulator) {
    simulator.set("gpu-node", Trap.PODS_DO_NOT_STOP);
    var first = start(client);
    desire(client, "medium");
    client.nodes().withName("gpu-node").waitUntilCondition(
        node -> "pending".equals(node.getMetadata().getLabels().get("nvidia.com/mig.config.state")), 1, TimeUnit.MINUTES);
    first.stop();
    simulator.remove("gpu-node", Trap.PODS_DO_NOT_STOP);
    var second = start(client);

    awaitOffer(client, "nvidia.com/mig-2g.45gb", "3");
    awaitAnnotation(client, "mig4j.github.io/verified-config");
    second.stop();
  }

  /** Another client gives the node another configuration; the next look requests the desired one again. */
  @Test
  void drift_isHealed(KubernetesClient client, MigClient mig) {
    var operator = start(client);
    desire(client, "small");
    awaitOffer(client, "nvidia.com/mig-1g.23gb", "7");
    awaitAnnotation(client, "mig4j.github.io/verified-config");

    label(client, "nvidia.com/mig.config", "medium");

    client.nodes().withName("gpu-node").waitUntilCondition(
        node -> node.getMetadata().getLabels().get("nvidia.com/mig.config").startsWith("small-"),
        1,
        TimeUnit.MINUTES);
    awaitAnnotation(client, "mig4j.github.io/verified-config");
    awaitOffer(client, "nvidia.com/mig-1g.23gb", "7");
    operator.stop();
  }

  private static Operator start(KubernetesClient client) {
    // The operator closes its client when it stops.
    KubernetesClient own =
        new KubernetesClientBuilder().withConfig(client.getConfiguration()).build();
    MigClient mig = MigClient.of(own);
    Operator operator = new Operator(config -> config
        .withKubernetesClient(own)
        .checkingCRDAndValidateLocalModel(false));
    operator.register(new GpuNodeReconciler(
        mig.with(mig.settings().withIdentity("gpu-operator")), QUICK, Duration.ofMillis(200)));
    operator.start();
    return operator;
  }

  private static void desire(KubernetesClient client, String config) {
    label(client, DESIRED, config);
  }

  private static void label(KubernetesClient client, String key, String value) {
    client.nodes().withName("gpu-node").edit(node ->
        new NodeBuilder(node).editMetadata().addToLabels(key, value).endMetadata().build());
  }

  private static void awaitOffer(KubernetesClient client, String resource, String count) {
    client.nodes().withName("gpu-node").waitUntilCondition(
        node -> {
          Quantity offered = node.getStatus().getAllocatable().get(resource);
          return offered != null && offered.getAmount().equals(count);
        },
        1,
        TimeUnit.MINUTES);
  }

  private static void awaitAnnotation(KubernetesClient client, String key) {
    client.nodes().withName("gpu-node").waitUntilCondition(
        node -> Objects.nonNull(node.getMetadata().getAnnotations().get(key)), 1, TimeUnit.MINUTES);
  }
}
