package io.github.mig4j.k8s.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.node.NodeGpu;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a node keeps of its GPUs, and when that is believed. */
class GpuRecordTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  private static final GpuModel A30 = GpuCatalog.bundled().require("a30-24gb");

  @Test
  void text_namesEachGpuInOrder_andIsReadBack() {
    List<NodeGpu> gpus = List.of(NodeGpu.of(1, B200), NodeGpu.of(0, A30));

    assertThat(GpuRecord.text(gpus)).isEqualTo("a30-24gb,b200-180gb");
    assertThat(read(Nodes.bare(), GpuRecord.text(gpus)))
        .containsExactly(NodeGpu.of(0, A30), NodeGpu.of(1, B200));
  }

  @Test
  void read_underSingle_withLabelsThatCountDevices_isUsed() {
    var cut = Nodes.b200(14).label(Labels.GPU_PRODUCT, "NVIDIA-B200-MIG-1g.23gb");

    assertThat(read(cut, "b200-180gb,b200-180gb")).hasSize(2);
  }

  @Test
  void read_withLabelsOfAnotherNumber_isIgnored() {
    assertThat(read(Nodes.b200(1), "b200-180gb,b200-180gb")).isEmpty();
  }

  @Test
  void read_withLabelsOfAnotherModel_isIgnored() {
    assertThat(read(Nodes.bare().label(Labels.GPU_PRODUCT, "NVIDIA-A30"), "b200-180gb"))
        .isEmpty();
  }

  /** The labels of a node with several models speak of one of them. */
  @Test
  void read_withLabelsOfOneOfSeveralModels_isUsed() {
    assertThat(read(Nodes.b200(2), "a30-24gb,b200-180gb,b200-180gb")).hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ",", "b200-180gb,", "b200-180gb,no-gpu", "b200-180gb b200-180gb"})
  void read_anInvalidRecord_isEmpty(String text) {
    assertThat(read(Nodes.bare(), text)).isEmpty();
  }

  private static List<NodeGpu> read(Nodes node, String text) {
    Node built = new NodeBuilder(node.build())
        .editMetadata()
        .addToAnnotations("mig4j.github.io/gpus", text)
        .endMetadata()
        .build();
    MigSettings settings = MigSettings.defaults();
    return GpuRecord.read(built, MigNodeStatus.of(built, settings), settings).gpus();
  }
}
