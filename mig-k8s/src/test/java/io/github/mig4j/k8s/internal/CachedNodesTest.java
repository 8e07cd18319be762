package io.github.mig4j.k8s.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CachedNodesTest {

  @Test
  void put_keepsEveryLabel_exceptTheTimestampOfFeatureDiscovery() {
    CachedNodes nodes = new CachedNodes(Set.of("gpu-0"));
    Map<String, String> labels = Map.of(
        "nvidia.com/gpu.product", "NVIDIA-B200",
        "node.kubernetes.io/instance-type", "p6",
        "feature.node.kubernetes.io/pci-10de.present", "true",
        "cloud.google.com/gke-gpu-partition-size", "1g.23gb");
    Node node = new NodeBuilder()
        .withNewMetadata()
        .withName("gpu-0")
        .withResourceVersion("1")
        .withLabels(labels)
        .addToLabels("nvidia.com/gfd.timestamp", "1700000000")
        .addToAnnotations("nfd.node.kubernetes.io/feature-labels", "a,b,c")
        .addToAnnotations("cluster-autoscaler.kubernetes.io/scale-down-disabled", "true")
        .endMetadata()
        .build();

    Object unused = nodes.put("gpu-0", node);

    Node kept = nodes.latest("gpu-0").orElseThrow();
    assertThat(kept.getMetadata().getLabels()).isEqualTo(labels);
    assertThat(kept.getMetadata().getAnnotations())
        .containsOnlyKeys("cluster-autoscaler.kubernetes.io/scale-down-disabled");
  }
}
