package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.internal.NodeFields;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import org.jspecify.annotations.Nullable;

/**
 * The Lease that a kubelet renews, so that a controller manager regards a node without kubelet as ready.
 * Where it did not for a while, e.g. because the API server was away, the condition Ready, which the
 * controller manager has then set to Unknown, is reported again.
 */
record Heartbeat(KubernetesClient client, Background background, String node) {

  static final String NAMESPACE = "kube-node-lease";

  private static final Duration PERIOD = Duration.ofSeconds(10);
  private static final int EXPIRY_SECONDS = 40;

  /** Renews the lease now and from then on once per period. */
  void start() {
    beatAfter(Duration.ZERO);
  }

  private void beatAfter(Duration delay) {
    background.after(delay, "heartbeat of " + node, lifetime -> {
      beat(lifetime);
      beatAfter(PERIOD);
    });
  }

  void beat(Lifetime lifetime) throws InterruptedException {
    lifetime.request("heartbeat of " + node, () -> {
      var lease = client.leases().inNamespace(NAMESPACE).withName(node);
      return lease.get() == null
          ? client.leases().resource(renewed(new Lease())).create()
          : lease.edit(this::renewed);
    });
    lifetime.request("condition of " + node, () -> {
      var resource = client.nodes().withName(node);
      @Nullable Node current = resource.get();
      return current != null && isUnknown(current)
          ? resource.editStatus(Heartbeat::ready)
          : resource;
    });
  }

  private static boolean isUnknown(Node node) {
    return NodeFields.ready(node)
        .filter(ready -> "Unknown".equals(ready.getStatus()))
        .isPresent();
  }

  private static Node ready(Node before) {
    return new NodeBuilder(before)
        .editStatus()
        .editMatchingCondition(condition -> "Ready".equals(condition.getType()))
        .withStatus("True")
        .withReason("Simulated")
        .withMessage(null)
        .endCondition()
        .endStatus()
        .build();
  }

  private Lease renewed(Lease before) {
    return new LeaseBuilder(before)
        .editOrNewMetadata()
        .withName(node)
        .withNamespace(NAMESPACE)
        .endMetadata()
        .editOrNewSpec()
        .withHolderIdentity(node)
        .withLeaseDurationSeconds(EXPIRY_SECONDS)
        .withRenewTime(ZonedDateTime.now(ZoneOffset.UTC))
        .endSpec()
        .build();
  }
}
