package io.github.mig4j.k8s.reconcile;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.text.JsonFields;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.immutables.value.Value;
import org.jspecify.annotations.Nullable;

/** A pod that asks for MIG devices and that the scheduler found no node for. */
@Value.Immutable
public interface WaitingPod extends JsonForm {

  /**
   * Reads a pod.
   *
   * @param pod the pod, such as one from an informer's cache
   * @return empty if the pod does not wait for a node, or asks for no MIG device by a resource name
   */
  static Optional<WaitingPod> of(Pod pod) {
    Objects.requireNonNull(pod, "pod");
    SortedMap<String, Long> resources =
        pod.getSpec() == null ? new TreeMap<>() : GpuPods.devices(pod);
    SortedMap<MigProfile, Integer> devices = new TreeMap<>();
    resources.forEach((resource, count) -> MigProfile.ofResourceName(resource)
        .ifPresent(profile -> devices.put(profile, Math.toIntExact(Math.min(count, 1_000_000)))));
    if (devices.isEmpty() || !isUnschedulable(pod)) {
      return Optional.empty();
    }
    @Nullable Map<String, String> selector = pod.getSpec().getNodeSelector();
    @Nullable Integer priority = pod.getSpec().getPriority();
    return Optional.of(new Builder()
        .name(GpuPods.name(pod))
        .putAllDevices(devices)
        .putAllNodeSelector(selector == null ? Map.of() : selector)
        .priority(priority == null ? 0 : priority)
        .since(time(pod.getMetadata().getCreationTimestamp()))
        .unread(unread(pod.getSpec(), resources.size() > devices.size()))
        .build());
  }

  private static boolean isUnschedulable(Pod pod) {
    return pod.getSpec().getNodeName() == null
        && pod.getMetadata().getDeletionTimestamp() == null
        && pod.getStatus() != null
        && pod.getStatus().getConditions().stream().anyMatch(WaitingPod::isUnschedulable);
  }

  private static boolean isUnschedulable(PodCondition condition) {
    return "PodScheduled".equals(condition.getType())
        && "False".equals(condition.getStatus())
        && "Unschedulable".equals(condition.getReason());
  }

  private static Instant time(@Nullable String text) {
    try {
      return text == null ? Instant.EPOCH : Instant.parse(text);
    } catch (DateTimeException e) {
      return Instant.EPOCH;
    }
  }

  private static Optional<String> unread(PodSpec spec, boolean asksForMore) {
    if (asksForMore) {
      return Optional.of("it also asks for whole GPUs; ask for one kind");
    }
    @Nullable Affinity affinity = spec.getAffinity();
    if (affinity != null
        && affinity.getNodeAffinity() != null
        && affinity.getNodeAffinity().getRequiredDuringSchedulingIgnoredDuringExecution() != null) {
      return Optional.of("its required node affinity is not read; choose nodes by a nodeSelector");
    }
    return Optional.empty();
  }

  /**
   * The namespace and the name.
   *
   * @return e.g. {@code ml/train-0}
   */
  String name();

  /**
   * The devices that it asks for, which must be on one node.
   *
   * @return counts of at least 1 by profile, at least one profile
   */
  @Value.NaturalOrder
  SortedMap<MigProfile, Integer> devices();

  /**
   * The labels that its node must have.
   *
   * @return values by key
   */
  @Value.Redacted
  @Value.NaturalOrder
  SortedMap<String, String> nodeSelector();

  /**
   * Its priority; the higher is served first.
   *
   * @return 0 unless it has a priority class
   */
  @Value.Redacted
  int priority();

  /**
   * When it was created; of equal priorities the oldest is served first.
   *
   * @return the time
   */
  @Value.Redacted
  Instant since();

  /**
   * Why no GPU is cut for it whatever the nodes are.
   *
   * @return the reason with a remedy; empty if GPUs can be cut for it
   */
  @Value.Redacted
  Optional<String> unread();

  @Override
  default Map<String, Object> toJson() {
    return JsonFields.of("name", name())
        .and("devices", devices())
        .and("nodeSelector", nodeSelector())
        .and("priority", priority())
        .and("since", since().toString())
        .and("unread", unread())
        .map();
  }

  /** Builds a {@link WaitingPod}. */
  final class Builder extends ImmutableWaitingPod.Builder {
    Builder() {}
  }
}
