package io.github.mig4j.examples;

import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.rollout.Amount;
import io.github.mig4j.k8s.rollout.Canary;
import io.github.mig4j.k8s.rollout.RollBack;
import io.github.mig4j.k8s.rollout.Rollout;
import io.github.mig4j.k8s.rollout.RolloutEvent;
import io.github.mig4j.k8s.rollout.RolloutPhase;
import io.github.mig4j.k8s.rollout.RolloutStatus;
import io.github.mig4j.k8s.simulator.EmbeddedCluster;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.layout.MigLayout;
import java.time.Duration;
import java.util.List;

/**
 * How do I apply a layout to many nodes? Four simulated nodes are cut, the first one as a canary that
 * is approved, the others two at a time.
 */
public final class RollOut {

  private static final List<String> NODES = List.of("gpu-1", "gpu-2", "gpu-3", "gpu-4");

  private RollOut() {}

  /**
   * Runs the example.
   *
   * @param args none
   */
  public static void main(String[] args) {
    System.out.println(run());
  }

  static RolloutStatus run() {
    GpuModel b200 = GpuCatalog.bundled().require("NVIDIA-B200");
    try (EmbeddedCluster cluster = new EmbeddedCluster()) {
      MigClient mig = MigClient.of(cluster.client());
      mig.configMap("mig-config").merge("all-disabled", MigConfigSpec.allDisabled());
      mig.configMap("mig-config")
          .merge(
              "b200-split-small",
              MigConfigSpec.allDevices(MigLayout.on(b200).add("1g.23gb", 7).build()));
      GpuOperatorSimulator.Builder operator = GpuOperatorSimulator.on(cluster.client())
          .strategy(MigStrategy.MIXED)
          .configMap("mig-config");
      NODES.forEach(node -> operator.node(node, b200, 1));
      try (GpuOperatorSimulator simulator = operator.start()) {
        simulator.awaitReady(Duration.ofMinutes(1));
        Rollout rollout = mig.rollout("split-small")
            .nodes(Labels.GPU_PRODUCT + "=NVIDIA-B200")
            .config("b200-split-small")
            .canary(1, Canary.awaitApproval())
            .maxUnavailable(Amount.nodes(2))
            .onFailure(RollBack.FAILED)
            .timings(ApplyTimings.builder().stability(Duration.ofSeconds(1)).build());
        System.out.println(rollout.dryRun().toText());
        return rollout.onProgress(event -> print(rollout, event)).run();
      }
    }
  }

  private static void print(Rollout rollout, RolloutEvent event) {
    if (!(event instanceof RolloutEvent.NodeStep)) {
      System.out.println(event);
    }
    if (event instanceof RolloutEvent.PhaseChanged changed
        && changed.phase() == RolloutPhase.PAUSED) {
      // In production an admin checks the canary, and runs 'migctl rollout resume split-small'.
      rollout.resume();
    }
  }
}
