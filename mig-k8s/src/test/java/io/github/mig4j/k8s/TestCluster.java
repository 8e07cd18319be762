package io.github.mig4j.k8s;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import java.util.Map;

/** Puts the objects of a cluster with a GPU Operator in place, without anybody at work. */
final class TestCluster {

  private final KubernetesClient client;

  private TestCluster(KubernetesClient client) {
    this.client = client;
  }

  static TestCluster of(KubernetesClient client) {
    return new TestCluster(client);
  }

  TestCluster node(Nodes node) {
    client.resource(node.build()).create();
    return this;
  }

  TestCluster policy(String strategy, String configMap) {
    return policy(Map.of(
        "mig", Map.of("strategy", strategy),
        "migManager", Map.of("config", Map.of("name", configMap))));
  }

  TestCluster policy(Map<String, Object> spec) {
    client
        .genericKubernetesResources(ClusterPolicies.CONTEXT)
        .resource(new GenericKubernetesResourceBuilder()
            .withApiVersion("nvidia.com/v1")
            .withKind("ClusterPolicy")
            .withNewMetadata()
            .withName("cluster-policy")
            .endMetadata()
            .addToAdditionalProperties("spec", spec)
            .build())
        .create();
    return this;
  }

  TestCluster configMap(String text) {
    client
        .resource(new ConfigMapBuilder()
            .withNewMetadata()
            .withName("mig-config")
            .withNamespace("gpu-operator")
            .endMetadata()
            .addToData("config.yaml", text)
            .build())
        .create();
    return this;
  }
}
