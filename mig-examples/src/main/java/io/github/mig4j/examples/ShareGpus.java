package io.github.mig4j.examples;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.change.ApplyEvent;
import io.github.mig4j.k8s.change.SharingClient;
import io.github.mig4j.k8s.change.SharingNode;
import io.github.mig4j.k8s.change.SharingOutcome;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.GpuSharing;
import io.github.mig4j.sharing.SharingAdvice;
import io.github.mig4j.sharing.SharingNeed;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * L40S and L4 have no MIG, but can be shared: time-slices a node of each to four, verified, and takes
 * it back. Runs against an API server and a GPU Operator simulated in this process.
 */
public final class ShareGpus {

  private static final String CONFIG_MAP = "device-plugin-config";
  private static final Duration STABILITY = Duration.ofMillis(500);
  private static final Duration TIMEOUT = Duration.ofMinutes(1);

  private ShareGpus() {}

  /**
   * Runs the example.
   *
   * @param args none
   */
  public static void main(String[] args) {
    try (EmbeddedCluster cluster = new EmbeddedCluster();
        GpuOperatorSimulator simulator = GpuOperatorSimulator.on(cluster.client())
            .node("l40s-node", require("l40s"))
            .node("l4-node", require("l4"))
            .start()) {
      for (String node : List.of("l40s-node", "l4-node")) {
        cluster
            .client()
            .nodes()
            .withName(node)
            .waitUntilCondition(
                found -> found != null
                    && found.getMetadata().getLabels().containsKey(Labels.GPU_PRODUCT),
                1,
                TimeUnit.MINUTES);
      }
      SharingClient sharing = SharingClient.of(cluster.client());

      System.out.println(
          "1. Publish what nodes can ask for, and point the GPU Operator at it, once");
      System.out.println(
          "   " + sharing.configMap(CONFIG_MAP).merge("four", four()).contentName());
      sharing.use(CONFIG_MAP);

      for (String model : List.of("l40s", "l4")) {
        share(require(model), sharing.node(model + "-node"));
      }
    }
  }

  private static DevicePluginConfig four() {
    return DevicePluginConfig.of(GpuSharing.timeSlicing(4).oneReplicaEach());
  }

  private static void share(GpuModel gpu, SharingNode node) {
    System.out.printf("2. %s %s MIG%n", gpu.id(), gpu.supportsMig() ? "has" : "has no");
    SharingAdvice.of(gpu, new SharingNeed(4, 5, SharingNeed.Isolation.NONE))
        .best()
        .ifPresent(best -> System.out.println("   for 4 tenants of 5 GiB: " + best.method()));

    System.out.println("3. Time-slice each GPU to four");
    print(node.apply("four").stability(STABILITY).onProgress(ShareGpus::tell).await(TIMEOUT));

    System.out.println("4. Take it back");
    print(node.unshare().stability(STABILITY).onProgress(ShareGpus::tell).await(TIMEOUT));
  }

  private static void tell(ApplyEvent event) {
    System.out.println("   " + event);
  }

  private static void print(SharingOutcome outcome) {
    System.out.println("   " + outcome.node() + " offers " + outcome.allocatable());
  }

  private static GpuModel require(String id) {
    return GpuCatalog.bundled().require(id);
  }
}
