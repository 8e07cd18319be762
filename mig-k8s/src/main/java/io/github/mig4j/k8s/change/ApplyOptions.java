package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.check.ApplyGoal;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.check.NodeCheck;
import io.github.mig4j.k8s.check.StatedGpus;
import io.github.mig4j.k8s.internal.Cluster;
import java.util.function.Consumer;
import org.immutables.value.Value;

/** The options of an {@link ApplyRequest}. */
@Value.Builder
record ApplyOptions(
    ApplyTimings timings,
    StatedGpus gpus,
    Disruption disruption,
    NodeCheck.Gate gate,
    OnFailure onFailure,
    Consumer<ApplyEvent> listener)
    implements WithApplyOptions {

  /** What happens to a node on which a change has failed. */
  enum OnFailure {
    STAY,
    ROLL_BACK
  }

  NodeCheck.Request check(Cluster cluster, String node, ApplyGoal goal, NodeCheck.Attempt attempt) {
    return new NodeCheck.Request(cluster, node, goal, gpus, disruption, gate, attempt);
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
}
