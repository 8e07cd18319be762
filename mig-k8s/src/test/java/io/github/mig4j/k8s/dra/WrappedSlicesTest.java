package io.github.mig4j.k8s.dra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.mig4j.gpu.GpuCatalog;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Slices and claims are found in lists and other objects, and where their heads are cut off. */
class WrappedSlicesTest {

  private static final String SLICE = """
      apiVersion: resource.k8s.io/v1
      kind: ResourceSlice
      metadata: {name: s1}
      spec:
        driver: gpu.nvidia.com
        nodeName: gpu-node
        pool: {name: gpu-node, generation: 1, resourceSliceCount: 1}
        devices:
        - name: gpu-0
          attributes:
            type: {string: gpu}
            productName: {string: NVIDIA H100 80GB HBM3}
          capacity:
            memory: {value: 81559Mi}
      """;

  private static final String CLAIM = """
      metadata: {namespace: team-a, name: train}
      spec: {devices: {requests: [{name: gpu}]}}
      status: {allocation: {devices: {results: [
        {request: gpu, driver: gpu.nvidia.com, pool: gpu-node, device: gpu-0}]}}}
      """;

  /** Each text has the slice at {@code @} with the indentation of that line. */
  static Stream<Arguments> wrappers() {
    return Stream.of(
        Arguments.of("itself", "@"),
        Arguments.of("a List", "kind: List\nitems:\n- kind: Node\n  metadata: {name: a}\n- @"),
        Arguments.of("a List without kind", "items:\n- @"),
        Arguments.of("a list of objects", "- @"),
        Arguments.of("several documents", "kind: Pod\n---\n@\n---\nkind: List\nitems: []\n"),
        Arguments.of("a Template", "kind: Template\nobjects:\n- @"),
        Arguments.of("a ConfigMap", "kind: ConfigMap\ndata:\n  dump.yaml: |\n    @"),
        Arguments.of("values of a chart", "chart:\n  extraObjects:\n  - @"),
        Arguments.of(
            "a List in a text of a chart's values",
            "chart:\n  extra: |\n    kind: List\n    items:\n    - @"));
  }

  private static String wrapped(String wrapper, String slice) {
    int at = wrapper.indexOf('@');
    String indentation = " ".repeat(at - wrapper.lastIndexOf('\n', at) - 1);
    return wrapper.substring(0, at)
        + slice.strip().replace("\n", "\n" + indentation)
        + wrapper.substring(at + 1);
  }

  private static DraInventory read(String text) {
    return DraInventory.parse(text, GpuCatalog.bundled());
  }

  private static List<String> gpus(DraInventory inventory) {
    return inventory.nodes().stream()
        .flatMap(node -> node.gpus().stream()
            .map(gpu -> "%s %s %s"
                .formatted(
                    node.name(), gpu.model().orElseThrow().id(), gpu.isFree() ? "free" : "taken")))
        .toList();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrappers")
  void parse_wrapped_findsTheSlice(String name, String wrapper) {
    String text = wrapped(wrapper, SLICE);

    assertThat(gpus(read(text))).containsExactly("gpu-node h100-sxm-80gb free");
    assertThat(read(text.replace("\n", "\r\n"))).isEqualTo(read(SLICE));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrappers")
  void parse_wrappedTemplate_isRefusedAsOne(String name, String wrapper) {
    String text = wrapped(wrapper, SLICE.replace("nodeName: gpu-node", "nodeName: {{ .node }}"));

    assertThatThrownBy(() -> read(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching("Line [0-9]+, column [0-9]+: The file is a Helm template, and"
            + " '\\{\\{ \\.node }}' is not filled in; render it first with 'helm template', and"
            + " check what that prints");
  }

  @Test
  void parse_json_readsTheSame() throws IOException {
    var json = new ObjectMapper();
    String list = json.writeValueAsString(json.createObjectNode()
        .set("items", json.createArrayNode().add(ObjectTexts.parse(SLICE).get(0))));

    assertThat(read(list)).isEqualTo(read(SLICE));
  }

  @Test
  void parse_withoutHead_isRecognisedByItsFields() {
    String spec = SLICE.substring(SLICE.indexOf("spec:"));
    String inside = spec.substring("spec:\n".length()).indent(-2);
    String devices = inside.substring(inside.indexOf("devices:"));
    String device = devices.substring("devices:\n".length());

    assertThat(read(spec)).isEqualTo(read(SLICE));
    assertThat(read(inside)).isEqualTo(read(SLICE));
    assertThat(gpus(read(devices))).containsExactly(" h100-sxm-80gb free");
    assertThat(read(device)).isEqualTo(read(devices));
    assertThat(gpus(read("items:\n" + ("- " + SLICE.indent(2).strip() + "\n")
            + ("- " + CLAIM.indent(2).strip()))))
        .containsExactly("gpu-node h100-sxm-80gb taken");
  }

  @Test
  void parse_ownerReferenceOfASlice_isNoObject() {
    String owned = SLICE.replace(
        "{name: s1}", "{name: s1, ownerReferences: [{kind: Node, name: gpu-node, uid: a}]}");

    assertThat(read(wrapped("kind: ConfigMap\ndata:\n  a: |\n    @", owned)))
        .isEqualTo(read(owned));
  }

  @Test
  void parse_anotherFile_isRefused() {
    assertThatThrownBy(() -> read("version: v1\nmig-configs: {}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Not a Kubernetes object: it has no kind; expected what 'kubectl get"
            + " resourceslices -o yaml' prints");
    assertThatThrownBy(() -> read(SLICE + "---\nversion: v1"))
        .hasMessageStartingWith("Not a Kubernetes object: it has no kind");
  }
}
