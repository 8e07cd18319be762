package io.github.mig4j.examples;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyEvent;
import io.github.mig4j.k8s.change.ApplyOutcome;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.change.MigNode;
import io.github.mig4j.k8s.simulator.EmbeddedCluster;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.GpuSharing;
import io.github.mig4j.sharing.SharingAdvice;
import io.github.mig4j.sharing.SharingNeed;
import java.time.Duration;
import java.util.List;

/**
 * L40S and L4 have no MIG, but can be shared. The example offers the GPU of a node of each to four
 * containers by time-slicing, verifies that, and rolls it back. The API server and the GPU Operator
 * are simulated in this process.
 */
public final class ShareGpus {

  private static final String CONFIG_MAP = "device-plugin-config";
  private static final ApplyTimings TIMINGS =
      ApplyTimings.builder().stability(Duration.ofMillis(500)).build();
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
      simulator.awaitReady(TIMEOUT);
      MigClient mig = MigClient.of(cluster.client());

      System.out.println(
          "1. Publish what nodes can request, and point the GPU Operator at it, once");
      System.out.println(
          "   " + mig.sharingMap(CONFIG_MAP).merge("four", four()).contentName());
      mig.operator().useSharingMap(CONFIG_MAP);

      for (String model : List.of("l40s", "l4")) {
        share(require(model), mig.node(model + "-node"));
      }
    }
  }

  private static DevicePluginConfig four() {
    return DevicePluginConfig.of(GpuSharing.timeSlicing(4).oneReplicaEach());
  }

  private static void share(GpuModel gpu, MigNode node) {
    System.out.printf("2. %s %s MIG%n", gpu.id(), gpu.supportsMig() ? "has" : "has no");
    SharingAdvice.of(gpu, new SharingNeed(4, 5, SharingNeed.Isolation.NONE))
        .best()
        .ifPresent(best -> System.out.println("   for 4 tenants of 5 GiB: " + best.method()));

    System.out.println("3. Time-slice each GPU to four");
    print(node.share("four").timings(TIMINGS).onProgress(ShareGpus::report).await(TIMEOUT));

    System.out.println("4. Roll it back");
    print(node.rollback().timings(TIMINGS).onProgress(ShareGpus::report).await(TIMEOUT));
  }

  private static void report(ApplyEvent event) {
    System.out.println("   " + event);
  }

  private static void print(ApplyOutcome outcome) {
    System.out.println("   " + outcome.status().node() + " offers " + outcome.allocatable());
  }

  private static GpuModel require(String id) {
    return GpuCatalog.bundled().require(id);
  }
}
