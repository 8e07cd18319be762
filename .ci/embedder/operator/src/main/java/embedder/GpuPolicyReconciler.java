package embedder;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.reconcile.MigPolicyFile;
import io.github.mig4j.k8s.reconcile.ReconcileOutcome;
import io.github.mig4j.lint.Finding;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Keeps the nodes of each policy as it declares. All policies are read, since a node may have one only. */
@ControllerConfiguration(name = "gpu-policies")
public final class GpuPolicyReconciler implements Reconciler<GpuPolicy> {

  private final MigClient mig;
  private final ApplyTimings timings;
  private final Duration resync;

  GpuPolicyReconciler(MigClient mig, ApplyTimings timings, Duration resync) {
    this.mig = mig;
    this.timings = timings;
    this.resync = resync;
  }

  @Override
  public UpdateControl<GpuPolicy> reconcile(GpuPolicy policy, Context<GpuPolicy> context) {
    String name = policy.getMetadata().getName();
    var reconciler = mig.reconciler(
            read(context.getPrimaryCache().list().toList()).policies())
        .timings(timings);
    GpuPolicyStatus status = new GpuPolicyStatus();
    status.setFindings(
        read(List.of(policy)).findings().stream().map(Finding::toString).toList());
    Duration next = resync;
    for (MigNodeStatus node : mig.nodes()) {
      ReconcileOutcome outcome = reconciler.reconcile(node.node());
      if (outcome.policy().equals(Optional.of(name))) {
        status.getNodes().put(outcome.node(), outcome.standing().message());
        Duration soonest = next;
        next = outcome
            .requeueAfter()
            .filter(after -> after.compareTo(soonest) < 0)
            .orElse(soonest);
      }
    }
    boolean isReported = status.equals(policy.getStatus());
    policy.setStatus(status);
    return (isReported ? UpdateControl.<GpuPolicy>noUpdate() : UpdateControl.patchStatus(policy))
        .rescheduleAfter(next);
  }

  /** A policy file with the specs. */
  private static MigPolicyFile read(List<GpuPolicy> policies) {
    List<Map<String, Object>> all = policies.stream()
        .map(policy -> {
          Map<String, Object> keys = new LinkedHashMap<>();
          keys.put("name", policy.getMetadata().getName());
          keys.putAll(policy.getSpec().keys());
          return keys;
        })
        .toList();
    return MigPolicyFile.read(Serialization.asJson(Map.of("policies", all)));
  }
}
