package io.github.mig4j.examples.migctl.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.NodeCapacity;
import io.github.mig4j.layout.MigLayout;
import java.io.StringReader;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

class FleetPictureTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");

  private static final FleetPicture PICTURE = new FleetPicture(List.of(
      FleetNode.of(capacity(
          "gpu-a",
          "NVIDIA-B200",
          3,
          Map.of("nvidia.com/mig-1g.23gb", 9, "nvidia.com/mig-3g.90gb", 1, "nvidia.com/gpu", 1),
          Map.of("nvidia.com/mig-1g.23gb", 2L),
          Map.of(
              0,
              MigLayout.on(B200).add("1g.23gb", 7).build(),
              1,
              MigLayout.on(B200).add("3g.90gb", 1).add("1g.23gb", 2).build()))),
      FleetNode.of(
          capacity("l40s & co", "NVIDIA-L40S", 2, Map.of("nvidia.com/gpu", 2), Map.of(), Map.of())),
      FleetNode.of(capacity("changing", "NVIDIA-B200", 1, Map.of(), Map.of(), Map.of()))));

  private static NodeCapacity capacity(
      String name,
      String product,
      int gpus,
      Map<String, Integer> allocatable,
      Map<String, Long> used,
      Map<Integer, MigLayout> layouts) {
    NodeBuilder node = new NodeBuilder()
        .withNewMetadata()
        .withName(name)
        .addToLabels("nvidia.com/gpu.present", "true")
        .addToLabels("nvidia.com/gpu.product", product)
        .addToLabels("nvidia.com/gpu.count", String.valueOf(gpus))
        .addToLabels("nvidia.com/mig.strategy", "mixed")
        .endMetadata()
        .withNewStatus()
        .endStatus();
    Node read = node.build();
    allocatable.forEach((resource, count) ->
        read.getStatus().getAllocatable().put(resource, new Quantity(String.valueOf(count))));
    SortedMap<String, Long> inUse = new TreeMap<>(used);
    return new NodeCapacity(MigNodeStatus.of(read), Map.of(), inUse, new TreeMap<>(layouts));
  }

  @Test
  void text_hasALineForEachGpu_withWhatIsUsedFreeAndLost() {
    assertThat(PICTURE.toText()).isEqualToNormalizingNewlines("""
        gpu-a (b200-180gb, no configuration, no state)
          GPU 0    |1g.23gb*|1g.23gb*|1g.23gb|1g.23gb|1g.23gb|1g.23gb|1g.23gb|-|
          GPU 1    |3g.90gb|1g.23gb|1g.23gb|free(2)|
          GPU 2    |whole GPU|
          nvidia.com/gpu: 0 of 1 in use
          nvidia.com/mig-1g.23gb: 2 of 9 in use
          nvidia.com/mig-3g.90gb: 0 of 1 in use
        l40s & co (l40s, no configuration, no state)
          GPU 0-1  |whole GPU|
          nvidia.com/gpu: 0 of 2 in use
        changing (b200-180gb, no configuration, no state)
          GPU 0    |layout not known|
        * in use, - lost: no device can be created there beside the others
        """);
  }

  @Test
  void svg_isXml_withABoxForEachPart() throws Exception {
    var svg = DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(PICTURE.toSvg())));

    assertThat(svg.getDocumentElement().getTagName()).isEqualTo("svg");
    // The background, two of the pattern, 8 + 4 + 1 + 1 + 1 parts, and 5 of the legend.
    assertThat(svg.getElementsByTagName("rect").getLength()).isEqualTo(1 + 2 + 15 + 5);
    assertThat(PICTURE.toSvg()).contains(">l40s &amp; co<", ">GPU 0-1<").doesNotContain("NaN");
  }

  /** On a narrow box the attribute has a line of its own. */
  @Test
  void svg_longNameInANarrowBox_hasTwoLines() {
    FleetPicture picture = new FleetPicture(List.of(FleetNode.of(capacity(
        "n",
        "NVIDIA-B200",
        1,
        Map.of("nvidia.com/mig-1g.23gb.me", 1),
        Map.of(),
        Map.of(0, MigLayout.on(B200).add("1g.23gb+me", 1).build())))));

    assertThat(picture.toSvg()).contains(">1g.23gb<", ">+me<").doesNotContain(">1g.23gb+me<");
  }

  @Test
  void html_isOneFileWithoutScripts_andHasATable() {
    assertThat(PICTURE.toHtml())
        .startsWith("<!DOCTYPE html>")
        .contains("<td>nvidia.com/gpu: 0 of 1 in use<br>", "<svg ", "</html>")
        .doesNotContain("<script", "src=", "href=")
        .contains("<td>l40s &amp; co</td>");
  }
}
