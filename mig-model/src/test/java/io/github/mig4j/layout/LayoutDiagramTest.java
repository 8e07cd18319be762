package io.github.mig4j.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.io.StringReader;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xml.sax.InputSource;

class LayoutDiagramTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");

  @Test
  void toText_small_showsTheLostSlice() {
    var small = MigLayout.on(B200).add("1g.23gb", 7).build();

    assertThat(LayoutDiagram.of(small).toText()).isEqualTo("""
            b200-180gb: 1g.23gb x7
                0        1        2        3        4        5        6        7
            +--------+--------+--------+--------+--------+--------+--------+--------+
            |1g.23gb |1g.23gb |1g.23gb |1g.23gb |1g.23gb |1g.23gb |1g.23gb |   -    |
            +--------+--------+--------+--------+--------+--------+--------+--------+
            - = lost: no profile can use this slice beside the others
            """);
  }

  @Test
  void toText_mixed_showsWhatIsFree_andAttributesOnASecondLine() {
    var mixed = MigLayout.on(B200)
        .addAt("3g.90gb", 4)
        .addAt("2g.45gb", 0)
        .addAt("1g.23gb+me", 2)
        .build();

    assertThat(LayoutDiagram.of(mixed).toText()).isEqualTo("""
            b200-180gb: 1g.23gb+me, 2g.45gb, 3g.90gb
                0        1        2        3        4        5        6        7
            +-----------------+--------+--------+-----------------------------------+
            |     2g.45gb     |1g.23gb |  free  |              3g.90gb              |
            |                 |  +me   |        |                                   |
            +-----------------+--------+--------+-----------------------------------+
            """);
  }

  @Test
  void toText_node_numbersTheGpus() {
    var rtx = GpuCatalog.bundled().require("rtx-pro-6000-blackwell-96gb");
    var node = List.of(
        MigLayout.on(rtx).add("1g.24gb+me.all", 1).add("2g.48gb-me", 1).build(),
        MigLayout.on(rtx).build(),
        MigLayout.on(GpuCatalog.bundled().require("a30-24gb"))
            .add("1c.2g.12gb", 2)
            .build());

    assertThat(LayoutDiagram.ofNode(node).toText()).isEqualTo("""
            GPU 0, rtx-pro-6000-blackwell-96gb: 1g.24gb+me.all, 2g.48gb-me
               0     1     2     3     4     5     6     7     8     9    10    11
            +-----------------------------------+-----------------+-----------------+
            |            2g.48gb-me             | 1g.24gb+me.all  |      free       |
            +-----------------------------------+-----------------+-----------------+

            GPU 1, rtx-pro-6000-blackwell-96gb: no MIG devices
               0     1     2     3     4     5     6     7     8     9    10    11
            +-----------------------------------------------------------------------+
            |                                 free                                  |
            +-----------------------------------------------------------------------+

            GPU 2, a30-24gb: 1c.2g.12gb x2
                  0           1           2           3
            +-----------------------+-----------------------+
            |        2g.12gb        |         free          |
            +-----------------------+-----------------------+
            """);
  }

  @Test
  void toText_narrowSlices_areExplainedBelow() {
    var gpu = GpuModel.builder()
        .id("wide")
        .architecture("Next")
        .computeSlices(24)
        .memorySlices(24)
        .addProfiles(profile("1g.100gb", 0, 2, 3), profile("1g.100gb+me", 1), profile("1g.8gb", 5))
        .build();
    var layout = MigLayout.on(gpu).add("1g.100gb", 2).add("1g.100gb+me", 1).build();

    assertThat(LayoutDiagram.of(layout).toText()).isEqualTo("""
            wide: 1g.100gb x2, 1g.100gb+me
             0  1  2  3  4  5  6  7  8  9  10 11 12 13 14 15 16 17 18 19 20 21 22 23
            +--+--+--+-----+--+-----------------------------------------------------+
            |A |B |A |  -  |  |                          -                          |
            +--+--+--+-----+--+-----------------------------------------------------+
            A = 1g.100gb
            B = 1g.100gb+me
            - = lost: no profile can use this slice beside the others
            """);
  }

  static Stream<RawGeometry> oneOfEachGeometry() {
    Set<String> ids =
        Set.of("a30-24gb", "a100-40gb", "b300-269gb", "rtx-pro-6000-blackwell-96gb", "jetson-thor");
    return RawGeometry.allModels().filter(raw -> ids.contains(raw.gpu.id()));
  }

  /** Every maximal state. */
  @ParameterizedTest
  @MethodSource("oneOfEachGeometry")
  void everyDrawing_isReadableAtEightyColumns_andWellFormed(RawGeometry raw) throws Exception {
    var builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
    for (MigLayout layout : Layouts.of(raw.gpu).maximalStates().toList()) {
      String text = LayoutDiagram.of(layout).toText();
      assertThat(text).matches("([ -~]{0,80}\n)+");
      layout.devices().keySet().forEach(name -> {
        if (name.suffix().isEmpty()) {
          assertThat(text.lines().skip(2)).anyMatch(line -> line.contains(name.toString()));
        }
      });
    }
    for (MigLayout layout : Layouts.of(raw.gpu).maximalStates().limit(50).toList()) {
      String xml = LayoutDiagram.of(layout).toSvg();
      var svg = builder.parse(new InputSource(new StringReader(xml)));
      var root = svg.getDocumentElement();
      assertThat(root.getAttribute("role")).isEqualTo("img");
      assertThat(root.getAttribute("aria-labelledby")).isEqualTo("mig-title mig-description");
      assertThat(svg.getElementsByTagName("title").item(0).getTextContent())
          .startsWith("MIG layout of " + raw.gpu.id() + ": ");
      layout.placements().forEach(p -> assertThat(xml).contains(">" + p.profile() + "</text>"));
    }
  }

  @Test
  void toText_longTitle_isWrapped() {
    var gpu = GpuCatalog.bundled().require("rtx-pro-6000-blackwell-96gb");
    var layout = MigLayout.on(gpu)
        .add("1g.24gb", 1)
        .add("1g.24gb+gfx", 1)
        .add("1g.24gb+me", 1)
        .add("1g.24gb-me", 1)
        .build();

    assertThat(LayoutDiagram.ofNode(List.of(layout)).toText())
        .startsWith(
            "GPU 0, rtx-pro-6000-blackwell-96gb: 1g.24gb, 1g.24gb+gfx, 1g.24gb+me, 1g.24gb-me\n");
    assertThat(LayoutDiagram.ofNode(java.util.Collections.nCopies(11, layout)).toText())
        .startsWith("GPU 0-10, rtx-pro-6000-blackwell-96gb: 1g.24gb, 1g.24gb+gfx, 1g.24gb+me,\n"
            + "  1g.24gb-me\n");
  }

  @Test
  void toSvg_node_describesEveryGpu() {
    var node = LayoutDiagram.ofNode(
        List.of(MigLayout.on(B200).add("1g.23gb", 7).build(), MigLayout.on(B200).build()));

    assertThat(node.toSvg())
        .contains("<title id=\"mig-title\">MIG layouts of a node with 2 GPUs</title>")
        .contains("GPU 0, b200-180gb: 1g.23gb x7; 1g.23gb on memory slice 0;")
        .contains("nothing possible on memory slice 7. GPU 1, b200-180gb: no MIG devices; free on"
            + " memory slices 0 to 7.</desc>");
  }

  @Test
  void toSvg_nameWithMarkup_isEscaped() {
    var gpu = GpuModel.builder()
        .id("a<b>&c")
        .architecture("Next")
        .computeSlices(1)
        .memorySlices(1)
        .addProfiles(profile("1g.8gb", 0))
        .build();

    assertThat(LayoutDiagram.of(MigLayout.on(gpu).build()).toSvg())
        .contains(">a&lt;b&gt;&amp;c: no MIG devices</text>");
  }

  @Test
  void node_withGpusWithoutLayout_drawsEqualNeighboursOnce() {
    var l40s = GpuCatalog.bundled().require("l40s");
    var small = MigLayout.on(B200).add("3g.90gb", 2).build();

    var node = LayoutDiagram.node()
        .add(small)
        .add(small)
        .addWhole(B200)
        .addWhole(l40s)
        .addWhole(l40s)
        .addUnknown(B200)
        .build();

    assertThat(node.toText()).isEqualTo("""
            GPU 0-1, b200-180gb: 3g.90gb x2
                0        1        2        3        4        5        6        7
            +-----------------------------------+-----------------------------------+
            |              3g.90gb              |              3g.90gb              |
            +-----------------------------------+-----------------------------------+

            GPU 2, b200-180gb: whole GPU
            +-----------------------------------------------------------------------+
            |                               whole GPU                               |
            +-----------------------------------------------------------------------+

            GPU 3-4, l40s: whole GPU
            +-----------------------------------------------------------------------+
            |                               whole GPU                               |
            +-----------------------------------------------------------------------+

            GPU 5, b200-180gb: layout not known
            +-----------------------------------------------------------------------+
            |                           layout not known                            |
            +-----------------------------------------------------------------------+
            """);
    assertThat(node.toSvg())
        .contains("<title id=\"mig-title\">MIG layouts of a node with 6 GPUs</title>")
        .contains("3g.90gb on memory slices 4 to 7. GPU 2, b200-180gb: whole GPU."
            + " GPU 3-4, l40s: whole GPU. GPU 5, b200-180gb: layout not known.</desc>");
    assertThat(node).hasToString("MIG layouts of a node with 6 GPUs");
  }

  @Test
  void ofCounts_drawsEachLayoutOnce_andTheWholeGpusBelow() {
    var counts = new java.util.LinkedHashMap<MigLayout, Integer>();
    counts.put(MigLayout.on(B200).add("7g.180gb", 1).build(), 1);
    counts.put(MigLayout.on(B200).add("1g.23gb", 7).build(), 3);

    var svg = LayoutDiagram.ofCounts(counts, java.util.Map.of(B200, 2)).toSvg();

    assertThat(svg)
        .contains(">3 MIG layouts</title>")
        .contains(
            ">b200-180gb: 7g.180gb</text>",
            ">3 x b200-180gb: 1g.23gb x7</text>",
            ">2 x b200-180gb: whole GPU</text>");
  }

  @Test
  void withoutGpus_isRefused() {
    assertThatThrownBy(() -> LayoutDiagram.ofNode(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A node's diagram needs at least one GPU, but has none");
    assertThatThrownBy(() -> LayoutDiagram.ofCounts(java.util.Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A diagram needs at least one GPU, but the map is empty");
  }

  private static GpuInstanceProfile profile(String name, Integer... starts) {
    return GpuInstanceProfile.builder()
        .profile(MigProfile.parse(name))
        .maxInstances(2)
        .size(1)
        .addAllStarts(List.of(starts))
        .build();
  }
}
