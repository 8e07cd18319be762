package embedder;

import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.layout.MigLayout;

/** What a platform team would write first, without a cluster: it compiles, links and fails well. */
public final class Embedder {

  private Embedder() {}

  public static void main(String[] args) {
    GpuModel b200 = GpuCatalog.bundled().require("NVIDIA-B200");
    MigConfigSpec small = MigConfigSpec.allDevices(MigLayout.on(b200).add("1g.23gb", 7).build());
    System.out.println(small.migDevices());
    // Port 1 of this machine, on which no program listens.
    var config = new ConfigBuilder()
        .withMasterUrl("http://127.0.0.1:1")
        .withRequestRetryBackoffLimit(0)
        .build();
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build()) {
      client.adapt(MigClient.class).node("gpu-node").status();
      throw new IllegalStateException("Something answered");
    } catch (MigClusterException expected) {
      System.out.println(expected.getMessage());
    }
  }
}
