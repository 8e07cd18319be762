package io.github.mig4j.k8s.check;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.node.GpuRecord;
import io.github.mig4j.node.NodeGpu;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Not API: what a caller states about a node's GPUs, beyond what its labels show. */
public sealed interface StatedGpus {

  /** The models to assume, where the labels name this one or none, and these are recorded. */
  default List<GpuModel> modelsOr(Optional<GpuModel> labelled, GpuRecord recorded) {
    return recorded.models().isEmpty() ? labelled.stream().toList() : recorded.models();
  }

  /** Whether the caller states them, so that they take the place of what is recorded on the node. */
  default boolean areStated() {
    return this != Nothing.NOTHING;
  }

  /** The labels show everything. */
  enum Nothing implements StatedGpus {
    NOTHING
  }

  /** The number of GPUs of the model that the labels name. */
  record Count(int count) implements StatedGpus {
    public Count {
      if (count < 1) {
        throw new IllegalArgumentException(
            "A node to partition has at least 1 GPU, but count was " + count);
      }
    }

    /** A count is of one model, which the record names only where the labels name none. */
    @Override
    public List<GpuModel> modelsOr(Optional<GpuModel> labelled, GpuRecord recorded) {
      return labelled.map(List::of).orElseGet(recorded::models);
    }
  }

  /** Every GPU; the labels of a node with several models name only one of them. */
  record Each(List<NodeGpu> gpus) implements StatedGpus {
    public Each {
      gpus = List.copyOf(gpus);
      List<Integer> indexes = gpus.stream().map(NodeGpu::index).toList();
      boolean complete = IntStream.range(0, indexes.size()).allMatch(indexes::contains);
      if (gpus.isEmpty() || !complete) {
        throw new IllegalArgumentException(
            "The GPUs of a node have the indexes 0, 1, 2 and so on, but these have " + indexes);
      }
    }

    @Override
    public List<GpuModel> modelsOr(Optional<GpuModel> labelled, GpuRecord recorded) {
      return gpus.stream().map(NodeGpu::model).distinct().toList();
    }
  }
}
