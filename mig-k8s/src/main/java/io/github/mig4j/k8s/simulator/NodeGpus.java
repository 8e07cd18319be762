package io.github.mig4j.k8s.simulator;

import io.github.mig4j.gpu.GpuModel;
import java.util.ArrayList;
import java.util.List;

/** The hardware of one node; it is independent of the processes that read it. */
final class NodeGpus {

  private final List<SimulatedGpu> gpus = new ArrayList<>();

  NodeGpus(List<GpuModel> models) {
    for (GpuModel model : models) {
      gpus.add(SimulatedGpu.whole(gpus.size(), model));
    }
  }

  synchronized List<SimulatedGpu> snapshot() {
    return List.copyOf(gpus);
  }

  synchronized void set(SimulatedGpu gpu) {
    gpus.set(gpu.index(), gpu);
  }
}
