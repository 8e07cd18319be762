package embedder;

import io.github.mig4j.k8s.*;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.simulator.SimulatedGpus;
import org.junit.jupiter.api.*;

class GpuServiceTest {
  @Test
  @SimulatedGpus(node = "gpu-node", gpu = "NVIDIA-B200", count = 2)
  void split_offersSevenDevicesPerGpu(MigClient mig) {
    var service = new GpuService(mig, ApplyTimings.builder().stability(java.time.Duration.ZERO).build());
    Assertions.assertEquals("{nvidia.com/mig-1g.23gb=14}", service.split("gpu-node", "NVIDIA-B200", "1g.23gb", 7).toString());
  }
}
