package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.lint.Finding;
import java.util.List;
import org.junit.jupiter.api.Test;

class ManifestTest {

  private static final String BAD =
      "version: v1\nmig-configs:\n  c:\n  - devices: al\n    mig-enabled: false\n";

  private static List<String> findings(String text) {
    return MigConfigFile.read(text).findings().stream().map(Finding::toString).toList();
  }

  private static String indented(String text, String indentation) {
    return text.replaceAll("(?m)^(?=.)", indentation);
  }

  @Test
  void read_block_pointsToTheManifestsLine_andCountsItsIndentation() {
    String manifest = "kind: ConfigMap\nmetadata: {name: m}\ndata:\n  other: x\n  config.yaml: |\n"
        + indented(BAD, "     ");

    assertThat(findings(manifest))
        .containsExactly("9:19: error: devices must be 'all' or a list of indexes such as [0, 1],"
            + " but was 'al' [invalid-devices]");
  }

  @Test
  void read_blockThatBeginsWithEmptyLines_pointsToTheRightLine() {
    String manifest = "kind: ConfigMap\ndata:\n  config.yaml: |2+ # the configuration\n\n\n"
        + indented(BAD, "    ");

    assertThat(MigConfigFile.read(manifest).findings())
        .extracting(finding -> finding.location().orElseThrow().toString())
        .containsExactly("9:18");
  }

  @Test
  void read_blockWithSyntaxError_pointsToTheRightLine() {
    String manifest = "kind: ConfigMap\ndata:\n  config.yaml: |\n    version: v1\n    a: b: c\n";

    assertThat(findings(manifest))
        .containsExactly("5:9: error: Not YAML: a second ': ' on this line or a wrong indentation;"
            + " quote the value, or align the key with its siblings [yaml-syntax]");
  }

  @Test
  void read_quotedText_pointsToItsBeginning_andThePathSaysTheRest() {
    String json = "{\"kind\":\"ConfigMap\",\n \"data\":{\"config.yaml\":\""
        + BAD.replace("\n", "\\n") + "\"}}";

    Finding finding = MigConfigFile.read(json).findings().get(0);

    assertThat(finding.location().orElseThrow()).hasToString("2:24");
    assertThat(finding.location().orElseThrow().path()).isEqualTo("mig-configs.c[0].devices");
    assertThat(finding.location().orElseThrow().config()).contains("c");
  }

  @Test
  void read_listAsKubectlPrintsIt_findsTheMapInIt() {
    String list = "apiVersion: v1\nkind: List\nitems:\n- kind: Secret\n- apiVersion: v1\n"
        + "  kind: ConfigMap\n  data:\n    config.yaml: |\n" + indented(BAD, "      ");

    assertThat(MigConfigFile.read(list).findings())
        .extracting(finding -> finding.location().orElseThrow().toString())
        .containsExactly("12:20");
  }

  @Test
  void read_configMapListWithoutKinds_findsTheMapInIt() {
    String list =
        "kind: ConfigMapList\nitems:\n- data:\n    config.yaml: |\n" + indented(BAD, "      ");

    assertThat(MigConfigFile.read(list).findings())
        .extracting(finding -> finding.location().orElseThrow().toString())
        .containsExactly("8:20");
  }

  @Test
  void read_laterDocument_findsTheMapInIt() {
    String manifest = "kind: Namespace\n---\nkind: ConfigMap\ndata: {a: b}\n---\nkind: ConfigMap\n"
        + "data:\n  config.yaml: |\n" + indented(BAD, "    ");

    assertThat(MigConfigFile.read(manifest).findings())
        .extracting(finding -> finding.location().orElseThrow().toString())
        .containsExactly("12:18");
  }

  @Test
  void read_mapWithoutTheKey_saysSo() {
    assertThat(findings("kind: ConfigMap\nmetadata: {name: m}\ndata: {}\n"))
        .containsExactly("3:7: error: ConfigMap 'm' has no key 'config.yaml'; put the configuration"
            + " there [configmap-key]");
  }

  @Test
  void read_forgottenBar_saysSo() {
    String manifest = "kind: ConfigMap\ndata:\n  config.yaml:\n" + indented(BAD, "    ");

    assertThat(findings(manifest))
        .containsExactly("4:5: error: data.'config.yaml' must be a text, but was a map; write"
            + " 'config.yaml: |' and indent the configuration below [wrong-type]");
  }

  @Test
  void read_brokenDocumentBehindTheMap_isAnError_sinceKubectlRefusesTheFile() {
    String manifest = "kind: ConfigMap\ndata:\n  config.yaml: 'version: v1'\n---\n[\n";

    assertThat(MigConfigFile.read(manifest).document()).isEmpty();
  }

  @Test
  void read_configurationInsideThatLostItsIndentation_saysSo() {
    String manifest =
        "kind: ConfigMap\ndata:\n  config.yaml: |\n    version: v1\n    mig-configs:\n"
            + "    c:\n    - devices: all\n    mig-enabled: false\n";

    assertThat(MigConfigFile.read(manifest).findings())
        .extracting(Finding::code)
        .containsExactly(ConfigCode.INDENTATION_LOST);
  }
}
