package embedder;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyStep;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import java.time.Duration;

/** Keeps each node on the configuration that its label names. It holds no state: neither a map nor a future. */
@ControllerConfiguration(name = "gpu-nodes", generationAwareEventProcessing = false)
public final class GpuNodeReconciler implements Reconciler<Node> {

  static final String DESIRED = "example.com/gpu-config";

  private final MigClient mig;
  private final ApplyTimings timings;
  private final Duration resync;

  GpuNodeReconciler(MigClient mig, ApplyTimings timings, Duration resync) {
    this.mig = mig;
    this.timings = timings;
    this.resync = resync;
  }

  @Override
  public UpdateControl<Node> reconcile(Node node, Context<Node> context) {
    String desired = node.getMetadata().getLabels().getOrDefault(DESIRED, "");
    if (desired.isEmpty()) {
      return UpdateControl.noUpdate();
    }
    ApplyStep step = mig.node(node.getMetadata().getName()).apply(desired).timings(timings).poll();
    Duration next = step.lookAgainAfter().filter(time -> time.compareTo(resync) < 0).orElse(resync);
    return UpdateControl.<Node>noUpdate().rescheduleAfter(next);
  }
}
