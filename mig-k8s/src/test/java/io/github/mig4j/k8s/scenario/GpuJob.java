package io.github.mig4j.k8s.scenario;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.policy.v1beta1.PodDisruptionBudgetBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.NonDeletingOperation;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.List;

/**
 * A pod on the scenarios' node that uses a GPU and is ready. Its owner, a ConfigMap, exists, so that the
 * garbage collector keeps the pod, and it counts as one that is created again elsewhere.
 */
final class GpuJob {

  private static final String NAMESPACE = "default";

  private final KubernetesClient client;
  private final String name;

  private GpuJob(KubernetesClient client, String name) {
    this.client = client;
    this.name = name;
  }

  static GpuJob start(KubernetesClient client, String name, String resource) {
    ConfigMap owner = client
        .resource(new ConfigMapBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace(NAMESPACE)
            .endMetadata()
            .build())
        .createOr(NonDeletingOperation::update);
    Pod pod = client
        .resource(new PodBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace(NAMESPACE)
            .addToLabels("job", name)
            .addNewOwnerReference()
            .withApiVersion("v1")
            .withKind("ConfigMap")
            .withName(name)
            .withUid(owner.getMetadata().getUid())
            .withController(true)
            .endOwnerReference()
            .endMetadata()
            .withNewSpec()
            .withNodeName(Scenario.NODE)
            .withTerminationGracePeriodSeconds(0L)
            .addNewContainer()
            .withName("main")
            .withImage("registry.k8s.io/pause:3.10")
            .withNewResources()
            .addToLimits(resource, new Quantity("1"))
            .endResources()
            .endContainer()
            .endSpec()
            .build())
        .create();
    client
        .pods()
        .resource(pod)
        .editStatus(created -> new PodBuilder(created)
            .editOrNewStatus()
            .withPhase("Running")
            .addNewCondition()
            .withType("Ready")
            .withStatus("True")
            .endCondition()
            .endStatus()
            .build());
    return new GpuJob(client, name);
  }

  /**
   * Forbids its eviction. The status is what a controller manager writes, which not every cluster has; a
   * merge patch is not in its way.
   */
  void protect() {
    client
        .policy()
        .v1beta1()
        .podDisruptionBudget()
        .inNamespace(NAMESPACE)
        .resource(new PodDisruptionBudgetBuilder()
            .withNewMetadata()
            .withName(name)
            .endMetadata()
            .withNewSpec()
            .withMinAvailable(new IntOrString(1))
            .withNewSelector()
            .addToMatchLabels("job", name)
            .endSelector()
            .endSpec()
            .build())
        .create();
    client
        .policy()
        .v1beta1()
        .podDisruptionBudget()
        .inNamespace(NAMESPACE)
        .withName(name)
        .subresource("status")
        .patch(PatchContext.of(PatchType.JSON_MERGE), """
            {"status": {"observedGeneration": 1, "expectedPods": 1, "currentHealthy": 1,
                        "desiredHealthy": 1, "disruptionsAllowed": 0}}
            """);
  }

  void unprotect() {
    client
        .policy()
        .v1beta1()
        .podDisruptionBudget()
        .inNamespace(NAMESPACE)
        .withName(name)
        .delete();
  }

  List<String> pods() {
    return client.pods().inNamespace(NAMESPACE).withLabel("job", name).list().getItems().stream()
        .map(pod -> pod.getMetadata().getName())
        .toList();
  }

  void remove() {
    unprotect();
    client.configMaps().inNamespace(NAMESPACE).withName(name).delete();
  }
}
