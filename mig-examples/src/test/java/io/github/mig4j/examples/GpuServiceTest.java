package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.simulator.SimulatedGpus;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GpuServiceTest {

  @Test
  @SimulatedGpus(node = "gpu-node", gpu = "NVIDIA-B200", count = 2)
  void split_offersSevenDevicesPerGpu(MigClient mig) {
    new GpuService(mig, ApplyTimings.builder().stability(Duration.ofMillis(100)).build())
        .split("gpu-node");

    assertThat(mig.node("gpu-node").status().allocatable())
        .containsOnly(Map.entry("nvidia.com/mig-1g.23gb", 14L));
  }
}
