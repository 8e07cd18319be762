package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Finding;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A configuration is found where people keep it, and its findings have the lines of that file. */
class WrappedConfigTest {

  private static final String CONFIG = """
      version: v1
      mig-configs:
        small:
        - devices: al
          mig-enabled: false
      """;

  private static final String FINDING =
      "error: devices must be 'all' or a list of indexes such as [0, 1], but was 'al'"
          + " [invalid-devices]";

  /** Each file has the configuration at {@code @} with the indentation of that line. */
  static Stream<Arguments> wrappers() {
    return Stream.of(
        Arguments.of("a map without kind", """
            metadata: {name: team}
            data:
              config.yaml: |
                @"""),
        Arguments.of("a List without kind", """
            items:
            - kind: Node
            - apiVersion: v1
              kind: ConfigMap
              data:
                config.yaml: |
                  @"""),
        Arguments.of("a List in a List", """
            kind: List
            items:
            - kind: ConfigMapList
              items:
              - metadata: {name: team}
                data:
                  config.yaml: |-
                    @"""),
        Arguments.of("Helm values", """
            # values of the operator
            migManager: &manager
              config:
                data:
                  config.yaml: |-
                    @"""),
        Arguments.of("Helm values below another chart's key", """
            platform:
              gpu-operator:
                migManager:
                  config:
                    data:
                      config.yaml: |
                        @"""),
        Arguments.of("an OpenShift Template", """
            kind: Template
            apiVersion: template.openshift.io/v1
            objects:
            - kind: ConfigMap
              data:
                config.yaml: |
                  @"""),
        Arguments.of("an Argo CD object with values as a text", """
            kind: Application
            spec:
              source:
                helm:
                  values: |
                    migManager:
                      config:
                        data:
                          config.yaml: |
                            @"""),
        Arguments.of("an Argo CD object with values as a map", """
            kind: Application
            spec:
              sources:
              - helm:
                  valuesObject:
                    migManager:
                      config:
                        data:
                          config.yaml: |
                            @"""),
        Arguments.of("an Argo CD object with a parameter", """
            kind: Application
            spec:
              source:
                helm:
                  parameters:
                  - name: migManager.config.data.config\\.yaml
                    value: |
                      @"""),
        Arguments.of("an ApplicationSet, whose own placeholders are no fault", """
            kind: ApplicationSet
            spec:
              template:
                metadata:
                  name: '{{cluster}}-gpu'
                spec:
                  source:
                    helm:
                      values: |
                        gpu-operator:
                          migManager:
                            config:
                              data:
                                config.yaml: |
                                  @"""),
        Arguments.of("a Flux object", """
            kind: HelmRelease
            spec:
              values:
                migManager:
                  config:
                    data:
                      config.yaml: |
                        @"""),
        Arguments.of("a ConfigMap with values for Flux", """
            kind: ConfigMap
            metadata: {name: values}
            data:
              values.yaml: |
                migManager:
                  config:
                    data:
                      config.yaml: |
                        @"""),
        Arguments.of("a Kustomization with a strategic merge patch", """
            kind: Kustomization
            patches:
            - target: {kind: ConfigMap}
              patch: |
                kind: ConfigMap
                metadata: {name: team}
                data:
                  config.yaml: |
                    @"""),
        Arguments.of("a Kustomization with a JSON patch", """
            kind: Kustomization
            patches:
            - target: {kind: ConfigMap}
              patch: |
                - op: replace
                  path: /data/config.yaml
                  value: |
                    @"""));
  }

  private static String wrapped(String wrapper, String config) {
    int at = wrapper.indexOf('@');
    String indentation = " ".repeat(at - wrapper.lastIndexOf('\n', at) - 1);
    return wrapper.substring(0, at) + config.replace("\n", "\n" + indentation).strip() + "\n";
  }

  private static int line(String wrapper) {
    return (int) wrapper.lines().count() + 3;
  }

  private static int column(String wrapper) {
    return wrapper.length() - 1 - wrapper.lastIndexOf('\n') + "  - devices: ".length();
  }

  private static List<String> findings(String text) {
    return MigConfigFile.read(text).findings().stream().map(Finding::toString).toList();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrappers")
  void read_wrapped_findsIt_andPointsIntoTheWholeFile(String name, String wrapper) {
    assertThat(findings(wrapped(wrapper, CONFIG)))
        .contains("%d:%d: %s".formatted(line(wrapper), column(wrapper), FINDING))
        .noneMatch(finding -> finding.contains("error") && !finding.contains(FINDING));
    assertThat(MigConfigFile.read(wrapped(wrapper, CONFIG.replace("al\n", "all\n")))
            .orElseThrow()
            .configs())
        .containsOnlyKeys("small");
  }

  /** Whatever the wrapper, a damaged configuration in it is one finding in the right line. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("wrappers")
  void read_wrappedAndDamaged_isOneFinding(String name, String wrapper) {
    String tab = wrapped(wrapper, "version: v1\nmig-configs:\n\tsmall: []\n");
    String template = wrapped(wrapper, CONFIG.replace("al\n", "{{ .Values.devices }}\n"));

    assertThat(findings(tab).stream().filter(finding -> finding.contains("error")))
        .singleElement()
        .asString()
        .startsWith((line(wrapper) - 1) + ":")
        .endsWith("error: Not YAML: a tab cannot indent a line; use blanks [yaml-syntax]");
    assertThat(findings(template))
        .containsExactly("%d:%d: error: The file is a Helm template, and"
                .formatted(line(wrapper), column(wrapper))
            + " '{{ .Values.devices }}' is not filled in; render it first with 'helm template',"
            + " and check what that prints [template]");
  }

  @Test
  void read_literalOfAKustomization_findsIt() {
    String text = "kind: Kustomization\nconfigMapGenerator:\n- name: team\n  literals:\n  - |\n"
        + "    config.yaml=" + CONFIG.replace("\n", "\n    ");

    assertThat(findings(text)).containsExactly("9:18: " + FINDING);
    assertThat(findings(text.replace("version: v1", "version: v2")))
        .contains("6:26: error: Unknown version 'v2'; the only version is v1 [unknown-version]");
  }

  @Test
  void read_helmValues_knowTheStrategy() {
    String values = "mig: {strategy: single}\nmigManager:\n  config:\n    data:\n"
        + "      config.yaml: |\n        version: v1\n";

    assertThat(MigConfigFile.read(values).strategy()).contains(MigStrategy.SINGLE);
    assertThat(MigConfigFile.read(values.replace("single", "sometimes")).strategy())
        .isEmpty();
    assertThat(MigConfigFile.read(CONFIG).strategy()).isEmpty();
  }

  @Test
  void read_wrongKey_isAFinding_andTheConfigurationIsReadAllTheSame() {
    String text =
        "kind: ConfigMap\nmetadata: {name: team}\ndata:\n  mig.yaml: |\n" + CONFIG.indent(4);

    assertThat(findings(text))
        .containsExactly(
            "4:3: error: ConfigMap 'team' has its configuration under 'mig.yaml', which the MIG"
                + " manager does not read; name the key 'config.yaml' [configmap-key]",
            "8:18: " + FINDING);
    MigConfigFile fixed = MigConfigFile.read(text.replace("al\n", "all\n"));
    assertThat(fixed.document()).isEmpty();
    assertThat(fixed.content().orElseThrow().configs()).containsOnlyKeys("small");
  }

  @Test
  void read_missingKind_isANote() {
    assertThat(findings("metadata: {name: team}\ndata:\n  config.yaml: |\n"
            + CONFIG.replace("al\n", "all\n").indent(4)))
        .containsExactly("1:1: note: The kind is missing, and the file is read as a ConfigMap; add"
            + " 'apiVersion: v1' and 'kind: ConfigMap' before it is applied [kind-missing]");
  }

  static Stream<Arguments> noFiles() {
    return Stream.of(
        Arguments.of(
            "small:\n- devices: all\n  mig-enabled: false\n",
            "1:1: error: These are entries of mig-configs, without the head of the file; put"
                + " 'version: v1' and 'mig-configs:' above, and indent them [fragment]"),
        Arguments.of(
            "- devices: all\n  mig-enabled: false\n",
            "1:1: error: These are the entries of one configuration, without its name; put"
                + " 'version: v1', 'mig-configs:' and a name above, and indent them [fragment]"),
        Arguments.of(
            "devices: all\nmig-enabled: true\nmig-devices:\n  1g.10gb: 7\n",
            "1:1: error: This is one entry of a configuration; put 'version: v1', 'mig-configs:'"
                + " and a name above, begin the entry with '- ', and indent it [fragment]"),
        Arguments.of(
            "1g.10gb: 4\n3g.40gb: 1\n",
            "1:1: error: These are the profiles of mig-devices; put them into an entry of a"
                + " configuration below 'version: v1' and 'mig-configs:' [fragment]"),
        Arguments.of(
            "version: v1\nflags: {migStrategy: mixed}\n",
            "1:1: error: The file is a configuration of the device plugin, which mig-parted does"
                + " not read; name its ConfigMap in devicePlugin.config of the GPU Operator, not in"
                + " migManager.config [other-kind]"),
        Arguments.of(
            "kind: Kustomization\nconfigMapGenerator:\n- name: m\n  files: [config.yaml=mig.yaml]\n",
            "4:11: error: The configuration is in the file 'mig.yaml', which is not part of this"
                + " text; check that one [content-elsewhere]"),
        Arguments.of(
            "kind: HelmRelease\nspec:\n  valuesFrom:\n  - kind: ConfigMap\n    name: values\n",
            "4:5: error: The configuration is in the ConfigMap 'values', which is not part of this"
                + " text; check that one [content-elsewhere]"),
        Arguments.of(
            "migManager: {enabled: true}\n",
            "1:1: error: The Helm values have no configuration; expected the text 'config.yaml'"
                + " under migManager.config.data [no-configmap]"),
        Arguments.of(
            "version: v1\nmig-configs:\n{% for name in names %}\n  {{ name }}: []\n{% endfor %}\n",
            "3:1: error: The file is a template, and '{% for name in names %}' is not filled in;"
                + " render it first with its template engine, and check what that prints"
                + " [template]"),
        Arguments.of(
            "version: v1\nmig-configs:\n  a:\n  - devices: ${DEVICES}\n    mig-enabled: false\n",
            "4:14: error: The file is a template, and the variable '${DEVICES}' is not filled in;"
                + " fill it in first, e.g. with 'envsubst', and check what that prints"
                + " [template]"));
  }

  @ParameterizedTest
  @MethodSource("noFiles")
  void read_whatIsNoFile_isOneFinding(String text, String finding) {
    assertThat(findings(text)).containsExactly(finding);
    assertThat(findings(text.replace("\n", "\r\n"))).containsExactly(finding);
    assertThat(MigConfigFile.read(text).document()).isEmpty();
  }

  @Test
  void read_placeholderInAComment_isNoTemplate() {
    assertThat(findings("# rendered from {{ .Values.mig }}\n" + CONFIG))
        .containsExactly("5:14: " + FINDING);
  }
}
