package io.github.mig4j.k8s.reconcile;

import static io.github.mig4j.k8s.reconcile.Nodes.B200;
import static io.github.mig4j.k8s.reconcile.Nodes.G1;
import static io.github.mig4j.k8s.reconcile.Nodes.G3;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.sharing.SharingKind;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class NodeTemplateTest {

  private static final NodeTemplate SMALL =
      NodeTemplate.of(B200, 8, new PolicyTarget.Layout(new TreeMap<>(Map.of(G1, 7))));

  @Test
  void of_layout_offersTheDevicesOfEveryGpu() {
    assertThat(SMALL).hasToString("{nvidia.com/mig-1g.23gb=56}");
    assertThat(SMALL.labels())
        .containsEntry("nvidia.com/mig-1g.23gb.count", "56")
        .containsEntry("nvidia.com/gpu.product", "NVIDIA-B200")
        .containsEntry("nvidia.com/mig.strategy", "mixed");
  }

  @Test
  void of_sharingAndWholeGpus_offersGpus() {
    assertThat(NodeTemplate.of(B200, 2, PolicyTarget.Whole.WHOLE))
        .hasToString("{nvidia.com/gpu=2}");
    assertThat(NodeTemplate.of(B200, 2, new PolicyTarget.Shared(SharingKind.TIME_SLICING, 4)))
        .hasToString("{nvidia.com/gpu=8}");
    assertThat(NodeTemplate.of(B200, 2, new PolicyTarget.Shared(SharingKind.MPS, 4)))
        .hasToString("{nvidia.com/gpu=8}");
    assertThatThrownBy(() -> NodeTemplate.of(B200, 2, new PolicyTarget.Config("small")))
        .hasMessage(
            "A template needs a layout, replicas or whole GPUs, but was for configuration small");
  }

  @Test
  void autoscalerTags_nameEachResourceAndLabel() {
    assertThat(SMALL.autoscalerTags())
        .containsEntry(
            "k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/mig-1g.23gb", "56")
        .containsEntry(
            "k8s.io/cluster-autoscaler/node-template/label/nvidia.com/gpu.product", "NVIDIA-B200");
  }

  @Test
  void clusterApiAnnotations_holdOneResource() {
    NodeTemplate mixed =
        NodeTemplate.of(B200, 1, new PolicyTarget.Layout(new TreeMap<>(Map.of(G1, 1, G3, 1))));

    assertThat(SMALL.clusterApiAnnotations())
        .containsEntry(
            "capacity.cluster-autoscaler.kubernetes.io/gpu-type", "nvidia.com/mig-1g.23gb")
        .containsEntry("capacity.cluster-autoscaler.kubernetes.io/gpu-count", "56")
        .containsKey("capacity.cluster-autoscaler.kubernetes.io/labels");
    assertThatThrownBy(mixed::clusterApiAnnotations)
        .hasMessage(
            "The annotations of Cluster API hold one resource, but the node offers [nvidia.com/mig-1g.23gb, nvidia.com/mig-3g.90gb]; use a layout with one profile");
  }

  @Test
  void nodeOverlay_isAnObjectOfKarpenter() {
    assertThat(SMALL.nodeOverlay("small", List.of("p6-b200.48xlarge")))
        .isEqualToIgnoringNewLines("""
            ---
            apiVersion: "karpenter.sh/v1alpha1"
            kind: "NodeOverlay"
            metadata:
              name: "small"
            spec:
              requirements:
              - key: "node.kubernetes.io/instance-type"
                operator: "In"
                values:
                - "p6-b200.48xlarge"
              capacity:
                nvidia.com/mig-1g.23gb: "56"
            """);
  }
}
