package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.check.NodeCheck;
import io.github.mig4j.k8s.check.StatedGpus;
import java.util.function.Consumer;

/** The options of an {@link ApplyRequest}. */
record ApplyOptions(
    ApplyTimings timings,
    StatedGpus gpus,
    Disruption disruption,
    NodeCheck.Gate gate,
    OnFailure onFailure,
    Consumer<ApplyEvent> listener) {

  /** What happens to a node on which a change has failed. */
  enum OnFailure {
    STAY,
    ROLL_BACK
  }

  static ApplyOptions defaults() {
    return new ApplyOptions(
        ApplyTimings.defaults(),
        StatedGpus.Nothing.NOTHING,
        Disruption.NONE,
        NodeCheck.Gate.OPEN,
        OnFailure.STAY,
        event -> {});
  }

  ApplyOptions with(ApplyTimings other) {
    return new ApplyOptions(other, gpus, disruption, gate, onFailure, listener);
  }

  ApplyOptions with(StatedGpus other) {
    return new ApplyOptions(timings, other, disruption, gate, onFailure, listener);
  }

  ApplyOptions with(Disruption other) {
    return new ApplyOptions(timings, gpus, other, gate, onFailure, listener);
  }

  ApplyOptions with(NodeCheck.Gate other) {
    return new ApplyOptions(timings, gpus, disruption, other, onFailure, listener);
  }

  ApplyOptions with(OnFailure other) {
    return new ApplyOptions(timings, gpus, disruption, gate, other, listener);
  }

  ApplyOptions with(Consumer<ApplyEvent> other) {
    return new ApplyOptions(timings, gpus, disruption, gate, onFailure, other);
  }
}
