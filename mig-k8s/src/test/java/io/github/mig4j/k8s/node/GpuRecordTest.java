package io.github.mig4j.k8s.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.NodePatch;
import io.github.mig4j.node.NodeGpu;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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

  @Test
  void write_ofFewerGpus_keepsWhatTheNodeHad_untilTheyAreBack() {
    Node lost = written(recorded(Nodes.bare(), "a30-24gb,b200-180gb"), NodeGpu.of(0, B200));
    Node lostAgain = written(lost, NodeGpu.of(0, A30));
    Node back = written(lostAgain, NodeGpu.of(0, A30), NodeGpu.of(1, B200));

    assertThat(lost.getMetadata().getAnnotations())
        .containsEntry(ChangeRecord.GPUS_KEY, "b200-180gb")
        .containsEntry(ChangeRecord.GPUS_BEFORE_LOSS_KEY, "a30-24gb,b200-180gb");
    assertThat(lostAgain.getMetadata().getAnnotations())
        .containsEntry(ChangeRecord.GPUS_KEY, "a30-24gb")
        .containsEntry(ChangeRecord.GPUS_BEFORE_LOSS_KEY, "a30-24gb,b200-180gb");
    assertThat(back.getMetadata().getAnnotations())
        .containsEntry(ChangeRecord.GPUS_KEY, "a30-24gb,b200-180gb")
        .doesNotContainKey(ChangeRecord.GPUS_BEFORE_LOSS_KEY);
  }

  @Test
  void write_ofMoreGpus_isNoLoss() {
    Node more =
        written(recorded(Nodes.bare(), "b200-180gb"), NodeGpu.of(0, B200), NodeGpu.of(1, B200));

    assertThat(more.getMetadata().getAnnotations())
        .containsEntry(ChangeRecord.GPUS_KEY, "b200-180gb,b200-180gb")
        .doesNotContainKey(ChangeRecord.GPUS_BEFORE_LOSS_KEY);
  }

  @Test
  void describe_countsTheModels() {
    assertThat(GpuRecord.describe("b200-180gb,a30-24gb,b200-180gb"))
        .isEqualTo("1 a30-24gb, 2 b200-180gb");
  }

  /** The node after the patch, as an API server computes it. */
  private static Node written(Node node, NodeGpu... gpus) {
    NodePatch patch = NodePatch.on(node);
    GpuRecord.write(patch, List.of(gpus));
    Map<String, String> annotations = new TreeMap<>(node.getMetadata().getAnnotations());
    for (JsonNode operation : Serialization.unmarshal(patch.json(), JsonNode.class)) {
      String key = operation.get("path").asText().replaceAll(".*/", "").replace("~1", "/");
      if (key.startsWith("mig4j")) {
        annotations.compute(
            key, (any, value) -> operation.has("value") ? operation.get("value").asText() : null);
      }
    }
    return new NodeBuilder(node)
        .editMetadata()
        .withAnnotations(annotations)
        .endMetadata()
        .build();
  }

  private static Node recorded(Nodes node, String text) {
    return new NodeBuilder(node.build())
        .editMetadata()
        .withResourceVersion("1")
        .addToAnnotations(ChangeRecord.GPUS_KEY, text)
        .endMetadata()
        .build();
  }

  private static List<NodeGpu> read(Nodes node, String text) {
    Node built = recorded(node, text);
    MigSettings settings = MigSettings.defaults();
    return GpuRecord.read(built, MigNodeStatus.of(built, settings), settings).gpus();
  }
}
