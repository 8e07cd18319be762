package io.github.mig4j.k8s.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.Client;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.layout.MigLayout;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

@SimulatedGpus(gpu = "NVIDIA-B200", count = 2)
class SimulatedGpusTest {

  private KubernetesClient seenBefore;

  @BeforeEach
  void remember(KubernetesClient client) {
    seenBefore = client;
  }

  @Test
  void node_isReady_whenTheTestBegins(MigClient mig, KubernetesClient client) {
    MigNodeStatus status = mig.node("gpu-node").status();

    assertThat(client).isSameAs(seenBefore);
    assertThat(status.allocatable()).isEqualTo(Map.of("nvidia.com/gpu", 2L));
    assertThat(status.product()).contains("NVIDIA-B200");
    assertThat(client
            .pods()
            .inNamespace("gpu-operator")
            .withLabel("app", "nvidia-mig-manager")
            .list()
            .getItems())
        .hasSize(1);
  }

  @Test
  void apply_changesTheGpus(MigClient mig, GpuOperatorSimulator simulator) {
    var model = simulator.gpus("gpu-node").get(0).model();
    mig.configMap("mig-config")
        .merge(
            "small",
            MigConfigSpec.allDevices(MigLayout.on(model).add("1g.23gb", 7).build()));

    var done = mig.node("gpu-node")
        .apply("small")
        .timings(ApplyTimings.builder().stability(Duration.ofMillis(100)).build())
        .await(Duration.ofMinutes(1));

    assertThat(done.allocatable()).isEqualTo(Map.of("nvidia.com/mig-1g.23gb", 14L));
  }

  @Test
  @SimulatedGpus(node = "large", gpu = "NVIDIA-H200", count = 8)
  @SimulatedGpus(node = "small", gpu = "NVIDIA-L40S")
  void annotationsOfTheMethod_replaceThoseOfItsClass(MigClient mig) {
    assertThat(mig.nodes()).extracting(MigNodeStatus::node).containsExactly("large", "small");
    assertThat(mig.node("large").status().allocatable()).isEqualTo(Map.of("nvidia.com/gpu", 8L));
    assertThat(mig.node("small").status().allocatable()).isEqualTo(Map.of("nvidia.com/gpu", 1L));
  }

  @Nested
  class InAClassWithin {
    @Test
    void nodes_areThoseOfTheClassAround(GpuOperatorSimulator simulator) {
      assertThat(simulator.gpus("gpu-node")).hasSize(2);
    }
  }

  /** Another annotation can stand for several nodes. */
  @Retention(RetentionPolicy.RUNTIME)
  @SimulatedGpus(node = "a", gpu = "NVIDIA-B200")
  @SimulatedGpus(node = "b", gpu = "NVIDIA-L40S")
  @interface TwoNodes {}

  @Test
  @TwoNodes
  void nodes_ofAComposedAnnotation_areThere(MigClient mig) {
    assertThat(mig.nodes()).extracting(MigNodeStatus::node).containsExactly("a", "b");
  }

  /** Gives a client of the test's own. */
  static final class OwnClient implements ParameterResolver {
    private static final Client OWN = new KubernetesClientBuilder().build();

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == Client.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return OWN;
    }
  }

  /** JUnit refuses a parameter that two extensions resolve. */
  @Test
  @ExtendWith(OwnClient.class)
  void parameterOfASupertype_isLeftToOtherExtensions(Client client, KubernetesClient simulated) {
    assertThat(client).isSameAs(OwnClient.OWN).isNotSameAs(simulated);
  }
}
