package io.github.mig4j.k8s.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.ApplyTimings;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.layout.MigLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RolloutTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  private static final MigConfigSpec SMALL =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", 7).build());
  static final ApplyTimings QUICK = ApplyTimings.builder()
      .stability(Duration.ofMillis(50))
      .failure(Duration.ofMillis(200))
      .propagation(Duration.ZERO)
      .build();

  private final FleetServer server = new FleetServer(8, Duration.ofMillis(40));
  private final KubernetesClient client =
      new KubernetesClientBuilder().withConfig(server.config().build()).build();
  private final MigClient mig = MigClient.of(client);

  @BeforeEach
  void publish() {
    mig.configMap("mig-config").merge("small", SMALL);
  }

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  @Test
  void run_verifiesEveryNode() {
    List<String> told = new ArrayList<>();

    RolloutStatus end = Rollout.of(mig, "to-small")
        .nodes("nvidia.com/gpu.product=NVIDIA-B200")
        .config("small")
        .maxUnavailable(Amount.nodes(3))
        .timings(QUICK)
        .onProgress(e -> told.add(e.toString()))
        .run();
    told.forEach(System.out::println);

    assertThat(end.toString()).isEqualTo("Rollout 'to-small': DONE, 8 of 8 nodes verified");
  }
}
