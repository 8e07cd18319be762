package io.github.mig4j.k8s.diagnosis;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.GpuPods;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Not API: the operator's pods on a node that read a sharing configuration, and what is wrong with
 * them. The device plugin reports no state, so this is all that explains why a configuration is not in
 * force.
 */
public final class PluginPods {

  /** Labels {@code app} of the operator's DaemonSets. */
  private static final Set<String> APPS = Set.of(
      "nvidia-device-plugin-daemonset",
      "gpu-feature-discovery",
      "nvidia-device-plugin-mps-control-daemon");

  private static final Set<String> STARTING = Set.of("ContainerCreating", "PodInitializing");

  private PluginPods() {}

  /** Why a sharing configuration is not in force. Never an exception, since it explains one. */
  public static Diagnosis diagnosis(Cluster cluster, String namespace, String node) {
    try {
      List<String> problems = OperatorLogs.podsOf(cluster, namespace, node).stream()
          .filter(pod -> APPS.contains(GpuPods.app(pod)))
          .flatMap(PluginPods::problems)
          .toList();
      return problems.isEmpty()
          ? of(FailureCode.SHARING_NOT_OFFERED, "")
          : new Diagnosis(FailureCode.PLUGIN_NOT_RUNNING, String.join("; ", problems));
    } catch (MigClusterException unanswered) {
      return of(
          FailureCode.SHARING_NOT_OFFERED,
          ". The device plugin's pods could not be read: " + unanswered.getMessage());
    }
  }

  private static Diagnosis of(FailureCode code, String more) {
    FailureCatalogue.Failure failure = FailureCatalogue.bundled().failure(code);
    return new Diagnosis(code, failure.text() + ". " + failure.remedy() + more);
  }

  private static Stream<String> problems(Pod pod) {
    List<ContainerStatus> containers = new ArrayList<>();
    if (pod.getStatus() != null) {
      containers.addAll(pod.getStatus().getInitContainerStatuses());
      containers.addAll(pod.getStatus().getContainerStatuses());
    }
    return containers.stream()
        .flatMap(container -> problem(container.getState())
            .map(reason ->
                "Pod %1$s/%2$s: container %3$s is in %4$s after %5$d restarts; see 'kubectl logs -n %1$s %2$s -c %3$s --previous'"
                    .formatted(
                        pod.getMetadata().getNamespace(),
                        pod.getMetadata().getName(),
                        container.getName(),
                        reason,
                        container.getRestartCount()))
            .stream());
  }

  private static Optional<String> problem(@Nullable ContainerState state) {
    if (state == null) {
      return Optional.empty();
    }
    if (state.getWaiting() != null) {
      return Optional.ofNullable(state.getWaiting().getReason())
          .filter(reason -> !STARTING.contains(reason));
    }
    return Optional.ofNullable(state.getTerminated())
        .filter(ended -> ended.getExitCode() != null && ended.getExitCode() != 0)
        .map(ended -> "exit code " + ended.getExitCode());
  }
}
