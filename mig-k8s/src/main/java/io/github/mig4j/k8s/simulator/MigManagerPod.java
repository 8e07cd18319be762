package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.internal.GpuPods;
import java.time.Instant;
import java.util.Locale;

/** The Pod objects of one node's MIG manager, one at a time, each with a new name. */
final class MigManagerPod {

  static final String APP = "nvidia-mig-manager";

  /** The label that distinguishes these pods from NVIDIA's. */
  static final String SIMULATED = "mig4j.github.io/simulated";

  /** An image that runs on any kubelet and does nothing. */
  private static final String IMAGE = "registry.k8s.io/pause:3.10";

  private final KubernetesClient client;
  private final String namespace;
  private final String node;
  private int made;
  private String name = "";

  MigManagerPod(KubernetesClient client, String namespace, String node) {
    this.client = client;
    this.namespace = namespace;
    this.node = node;
  }

  /** The name of the running pod; empty if none runs. */
  synchronized String name() {
    return name;
  }

  void create(Lifetime lifetime) throws InterruptedException {
    Pod pod = new PodBuilder()
        .withNewMetadata()
        .withName(nextName())
        .withNamespace(namespace)
        .addToLabels("app", APP)
        .addToLabels("app.kubernetes.io/managed-by", "gpu-operator")
        .addToLabels("app.kubernetes.io/part-of", "nvidia-gpu")
        .addToAnnotations(SIMULATED, "true")
        .endMetadata()
        .withNewSpec()
        .withNodeName(node)
        .withServiceAccountName(APP)
        .withAutomountServiceAccountToken(false)
        .addNewToleration()
        .withOperator("Exists")
        .endToleration()
        .addNewContainer()
        .withName(APP)
        .withImage(IMAGE)
        .endContainer()
        .endSpec()
        .build();
    lifetime.request("create pod " + name, () -> {
      removeOthers();
      return client.pods().resource(pod).create();
    });
  }

  /** Writes the status of a ready pod, as its kubelet does. */
  Pod ready(Lifetime lifetime) throws InterruptedException {
    String current = name();
    return lifetime.request(
        "status of pod " + current,
        () -> client
            .pods()
            .inNamespace(namespace)
            .withName(current)
            .editStatus(pod -> new PodBuilder(pod)
                .editOrNewStatus()
                .withPhase("Running")
                .withStartTime(Instant.now().toString())
                .withConditions()
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .withContainerStatuses()
                .addNewContainerStatus()
                .withName(APP)
                .withImage(IMAGE)
                .withImageID("")
                .withReady(true)
                .withRestartCount(0)
                .withNewState()
                .withNewRunning()
                .withStartedAt(Instant.now().toString())
                .endRunning()
                .endState()
                .endContainerStatus()
                .endStatus()
                .build()));
  }

  void delete(Lifetime lifetime) throws InterruptedException {
    synchronized (this) {
      name = "";
    }
    lifetime.request("delete pods of " + node, () -> {
      removeOthers();
      return "";
    });
  }

  /** Deletes the pods of this node that an earlier process has created. */
  private void removeOthers() {
    for (Pod pod :
        client.pods().inNamespace(namespace).withLabel("app", APP).list().getItems()) {
      if (GpuPods.isOn(pod, node) && isSimulated(pod)) {
        client.pods().resource(pod).withGracePeriod(0).delete();
      }
    }
  }

  /**
   * Whether a controller manager has marked a running pod as not ready, because its node did not report
   * for a while.
   */
  static boolean isLost(Pod pod) {
    return isSimulated(pod)
        && pod.getStatus() != null
        && "Running".equals(pod.getStatus().getPhase())
        && pod.getStatus().getConditions().stream()
            .anyMatch(condition ->
                "Ready".equals(condition.getType()) && "False".equals(condition.getStatus()));
  }

  static boolean isSimulated(HasMetadata object) {
    return object.getMetadata().getAnnotations() != null
        && object.getMetadata().getAnnotations().containsKey(SIMULATED);
  }

  private synchronized String nextName() {
    made++;
    int hash = (node + '/' + made).hashCode() & Integer.MAX_VALUE;
    name = String.format(Locale.ROOT, "%s-%05d", APP, hash % 100_000);
    return name;
  }
}
