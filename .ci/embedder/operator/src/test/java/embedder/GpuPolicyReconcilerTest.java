package embedder;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.simulator.SimulatedGpus;
import io.javaoperatorsdk.operator.Operator;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@SimulatedGpus(node = "gpu-node", gpu = "NVIDIA-B200", count = 1)
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class GpuPolicyReconcilerTest {

  private static final ApplyTimings QUICK =
      ApplyTimings.builder().stability(Duration.ofMillis(50)).build();

  private static final String POLICY = """
      apiVersion: example.com/v1
      kind: GpuPolicy
      metadata: {name: inference}
      spec:
        nodes: {names: [gpu-node]}
        gpus:
          b200-180gb: {layout: {1g.23gb: 7}}
        onDrift: restore
      """;

  @Test
  void policy_isKept_andItsStatusSaysSo(KubernetesClient client) {
    Operator operator = start(client);
    create(client, POLICY);
    await(client, "inference", "as declared");

    client.nodes().withName("gpu-node").edit(node -> new NodeBuilder(node)
        .editMetadata()
        .addToLabels("nvidia.com/mig.config", "all-disabled")
        .endMetadata()
        .build());

    client.nodes().withName("gpu-node").waitUntilCondition(
        node -> node.getMetadata().getLabels().get("nvidia.com/mig.config").startsWith("inference-"),
        1,
        TimeUnit.MINUTES);
    await(client, "inference", "as declared");
    operator.stop();
  }

  @Test
  void policy_thatIsWrong_saysWhereInItsStatus(KubernetesClient client) {
    Operator operator = start(client);
    create(client, POLICY.replace("1g.23gb", "1g.24gb").replace("inference", "wrong"));

    GpuPolicy policy = client.resources(GpuPolicy.class).withName("wrong")
        .waitUntilCondition(
            now -> now != null && !now.getStatus().getFindings().isEmpty(), 1, TimeUnit.MINUTES);

    assertEquals(1, policy.getStatus().getFindings().size());
    operator.stop();
  }

  private static void create(KubernetesClient client, String yaml) {
    client.resource(Serialization.unmarshal(yaml, GpuPolicy.class)).create();
  }

  private static void await(KubernetesClient client, String policy, String standing) {
    client.resources(GpuPolicy.class).withName(policy).waitUntilCondition(
        now -> standing.equals(now.getStatus().getNodes().get("gpu-node")), 1, TimeUnit.MINUTES);
  }

  private static Operator start(KubernetesClient client) {
    client
        .load(GpuPolicy.class.getResourceAsStream("/gpupolicies.yaml"))
        .create();
    // The operator closes its client when it stops.
    KubernetesClient own =
        new KubernetesClientBuilder().withConfig(client.getConfiguration()).build();
    MigClient mig = MigClient.of(own);
    Operator operator = new Operator(config -> config
        .withKubernetesClient(own)
        .withUseSSAToPatchPrimaryResource(false)
        .checkingCRDAndValidateLocalModel(false));
    operator.register(new GpuPolicyReconciler(
        mig.with(mig.settings().withIdentity("gpu-operator")), QUICK, Duration.ofMillis(200)));
    operator.start();
    return operator;
  }
}
