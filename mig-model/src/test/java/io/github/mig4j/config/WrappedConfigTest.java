package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Finding;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
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
        Arguments.of("the data of a map alone", """
            config.yaml: |
              @"""),
        Arguments.of("values that an anchor names", """
            text: &text |
              @
            migManager: {config: {data: {config.yaml: *text}}}"""),
        Arguments.of("keys in quotes", """
            "migManager":
              'config':
                "data":
                  "config.yaml": |-
                    @"""),
        Arguments.of("another chart's further objects", """
            extraObjects:
            - |
              kind: ConfigMap
              data:
                config.yaml: |
                  @"""),
        Arguments.of("a Kustomization with the values of a chart", """
            kind: Kustomization
            helmCharts:
            - name: gpu-operator
              valuesInline:
                migManager:
                  config:
                    data:
                      config.yaml: |
                        @"""),
        Arguments.of("a HelmChart of k3s", """
            kind: HelmChart
            spec:
              valuesContent: |-
                migManager:
                  config:
                    data:
                      config.yaml: |
                        @"""),
        Arguments.of("a task of Ansible", """
            - hosts: all
              tasks:
              - kubernetes.core.k8s:
                  definition:
                    kind: ConfigMap
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
    return wrapper.substring(0, at)
        + config.strip().replace("\n", "\n" + indentation)
        + wrapper.substring(at + 1)
        + "\n";
  }

  private static int line(String wrapper) {
    return (int) wrapper.substring(0, wrapper.indexOf('@')).lines().count() + 3;
  }

  private static int column(String wrapper) {
    int at = wrapper.indexOf('@');
    return at - wrapper.lastIndexOf('\n', at) + "  - devices: ".length();
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

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrappers")
  void read_wrapped_withOtherLineBreaksAndAByteOrderMark_findsTheSame(String name, String wrapper) {
    String text = wrapped(wrapper, CONFIG);

    assertThat(findings(text.replace("\n", "\r\n"))).isEqualTo(findings(text));
    assertThat(findings("\uFEFF" + text)).isEqualTo(findings(text));
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
  void read_severalMaps_checksAllOfThem() {
    String map = "kind: ConfigMap\nmetadata: {name: %s}\ndata:\n  config.yaml: |\n";
    String good = CONFIG.replace("al\n", "all\n").indent(4);

    assertThat(
            findings(map.formatted("a") + good + "---\n" + map.formatted("b") + CONFIG.indent(4)))
        .containsExactly(
            "11:1: warning: The manifest has 2 ConfigMaps with 'config.yaml', and only the first,"
                + " 'a', is used here; put each into a file of its own [several-configmaps]",
            "18:18: " + FINDING);
  }

  @Test
  void read_valuesOfTheDevicePlugin_withAConfigurationOfMigParted_isAFinding_andReadAllTheSame() {
    assertThat(findings("devicePlugin:\n  config:\n    data:\n      any: |\n" + CONFIG.indent(8)))
        .containsExactly(
            "4:7: error: The values of the device plugin have a configuration of mig-parted under"
                + " 'any', which only the MIG manager reads; move it to migManager.config.data,"
                + " under the key 'config.yaml' [configmap-key]",
            "8:22: " + FINDING);
  }

  @Test
  void read_whatIsElsewhere_isANoteBesideAConfiguration() {
    assertThat(findings("kind: HelmRelease\nspec:\n  valuesFrom: [{kind: Secret, name: more}]\n"
            + "  values:\n    migManager:\n      config:\n        data:\n          config.yaml: |\n"
            + CONFIG.replace("al\n", "all\n").indent(12)))
        .containsExactly("3:16: note: More is in the Secret 'more', which is not part of this text;"
            + " check that one [content-elsewhere]");
  }

  @Test
  void read_placeholderThatIsNotTheCause_doesNotHideTheFault() {
    String script = "kind: ConfigMap\ndata:\n  run.sh: |\n    echo ${HOME} '{{ x }}'\n";

    assertThat(findings(script + "\tconfig.yaml: a\n"))
        .containsExactly(
            "5:1: error: Not YAML: a tab cannot indent a line; use blanks [yaml-syntax]");
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
            "version: v1\nsmall:\n- devices: all\n  mig-enabled: false\n",
            "1:1: error: These are entries of mig-configs, but that key is missing; put"
                + " 'mig-configs:' below the version, and indent them [fragment]"),
        Arguments.of(
            "small:\n  devices: all\n  mig-enable: false\nlarge:\n",
            "1:1: error: These are entries of mig-configs, without the head of the file; put"
                + " 'version: v1' and 'mig-configs:' above, and indent them [fragment]"),
        Arguments.of(
            "timeSlicing:\n  resources:\n  - {name: nvidia.com/gpu, replicas: 4}\n",
            "1:1: error: The file is a configuration of the device plugin, which mig-parted does"
                + " not read; name its ConfigMap in devicePlugin.config of the GPU Operator, not in"
                + " migManager.config [other-kind]"),
        Arguments.of(
            "- {name: nvidia.com/gpu, replicas: 4}\n",
            "1:1: error: The file is a configuration of the device plugin, which mig-parted does"
                + " not read; name its ConfigMap in devicePlugin.config of the GPU Operator, not in"
                + " migManager.config [other-kind]"),
        Arguments.of(
            "version: v1\nhooks: {apply-exit: [{command: reboot}]}\n",
            "1:1: error: The file has hooks of mig-parted, which it does not read from its"
                + " configuration; put them into a file of their own, which the MIG manager does"
                + " not use [other-kind]"),
        Arguments.of(
            "kind: ClusterPolicy\nspec:\n  migManager:\n    config: {name: team}\n",
            "4:20: error: The configuration is in the ConfigMap 'team', which is not part of this"
                + " text; check that one [content-elsewhere]"),
        Arguments.of(
            "kind: Kustomization\nresources: [mig.yaml]\n",
            "2:13: error: The configuration is in the file 'mig.yaml', which is not part of this"
                + " text; check that one [content-elsewhere]"),
        Arguments.of(
            "kind: Application\nspec:\n  source:\n    helm:\n      values: |\n        migManager:\n"
                + "        \tconfig: {}\n",
            "7:9: error: Not YAML: a tab cannot indent a line; use blanks [yaml-syntax]"),
        Arguments.of(
            "kind: Application\nspec:\n  source:\n    helm:\n      values: |\n        migManager:\n"
                + "          config: {data: {config.yaml: {{ .Values.mig }}}}\n",
            "7:40: error: The file is a Helm template, and '{{ .Values.mig }}' is not filled in;"
                + " render it first with 'helm template', and check what that prints [template]"),
        Arguments.of(
            "version: v1\nmig-configs:\n  \"{{ name }}\":\n  - devices: all\n    mig-enabled: false\n",
            "3:4: error: The file is a template, and '{{ name }}' is not filled in; render it first"
                + " with its template engine, and check what that prints [template]"),
        Arguments.of(
            "version: v1\nmig-configs:\n  a:\n  - devices: $DEVICES\n    mig-enabled: false\n",
            "4:14: error: The file is a template, and the variable '$DEVICES' is not filled in;"
                + " fill it in first, e.g. with 'envsubst', and check what that prints"
                + " [template]"),
        Arguments.of(
            "My file:\n```yaml\n" + CONFIG + "```\n",
            "2:1: error: Not YAML: this line is a fence of Markdown; check only the"
                + " lines between two fences [yaml-syntax]"),
        Arguments.of(
            "# How to cut\n\nApply this:\n\n```yaml\n# mig.yaml\n" + CONFIG + "```\n",
            "5:1: error: Not YAML: this line is a fence of Markdown; check only the lines between"
                + " two fences [yaml-syntax]"),
        Arguments.of(
            "resource \"kubectl_manifest\" \"mig\" {\n  yaml_body = <<-YAML\n" + CONFIG
                + "YAML\n}\n",
            "2:1: error: Not YAML: this line is for Terraform; check only the text below it"
                + " [yaml-syntax]"),
        Arguments.of(
            "version: v1\nmig-configs:\n  a:\n  - devices: all\n    mig-enabled:\u00A0true\n    x: 1\n",
            "5:1: error: Not YAML: this line has characters that only look like blanks; use blanks"
                + " (U+0020) [yaml-syntax]"),
        Arguments.of(
            "$ cat config.yaml\n" + CONFIG,
            "1:1: error: Not YAML: this line is for a shell; remove the commands around the file"
                + " [yaml-syntax]"),
        Arguments.of(
            CONFIG + "EOF\n",
            "6:1: error: Not YAML: this line is for a shell; remove the commands around the file"
                + " [yaml-syntax]"),
        Arguments.of(
            "+-----------------------+\n| GPU instance profiles: |\n",
            "1:1: error: Not YAML: this is a table of nvidia-smi; expected a configuration, not a"
                + " listing [yaml-syntax]"),
        Arguments.of(
            "time=\"2026-05-02T08:00:00Z\" level=info msg=\"a: b\"\n"
                + "time=\"2026-05-02T08:00:01Z\" level=info msg=c\n",
            "1:1: error: Not YAML: this is a log; expected a configuration [yaml-syntax]"),
        Arguments.of(
            "Name: mig\nData\n====\nconfig.yaml:\n----\n" + CONFIG,
            "3:1: error: Not YAML: this is the output of 'kubectl describe'; use that of 'kubectl"
                + " get -o yaml' [yaml-syntax]"),
        Arguments.of(
            "version: v1\nmig-configs:\n  a:\n  \u00A0- devices: all\n    mig-enabled: false\n",
            "4:1: error: Not YAML: this line has characters that only look like blanks; use blanks"
                + " (U+0020) [yaml-syntax]"),
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
  void read_policyBesideTheMapThatItNames_hasNothingElsewhere() {
    String policy = """
        ---
        apiVersion: nvidia.com/v1
        kind: ClusterPolicy
        metadata: {name: cluster-policy}
        spec: {migManager: {config: {name: mig}}}
        """;
    String map = "kind: ConfigMap\nmetadata: {name: %s}\ndata:\n  config.yaml: |\n    version: v1\n"
        + "    mig-configs: {a: [{devices: all, mig-enabled: false}]}\n";

    assertThat(findings(map.formatted("mig") + policy)).isEmpty();
    assertThat(findings(map.formatted("other") + policy))
        .containsExactly("11:36: note: More is in the ConfigMap 'mig', which is not part of this"
            + " text; check that one [content-elsewhere]");
  }

  @Test
  void read_valuesWhoseDataIsAText_areRefusedAndTheTextIsChecked() {
    assertThat(findings("""
        migManager:
          config:
            name: mig
            create: true
            data: |-
              version: v1
              mig-configs:
                a:
                - devices: all
                  mig-enabled: 1
        """))
        .containsExactly(
            "5:11: error: migManager.config.data must be a map of texts, but was a text; write"
                + " 'config.yaml: |' above it and indent it [wrong-type]",
            "10:24: error: mig-enabled must be true or false, but was the number 1 [wrong-type]");
  }

  @Test
  void read_mapWhoseDataIsAText_isRefused() {
    assertThat(findings("kind: ConfigMap\nmetadata: {name: a}\ndata: |\n  version: v1\n"))
        .containsExactly("3:7: error: The data of ConfigMap 'a' must be a map of texts, but was a"
            + " text; write 'config.yaml: |' above it and indent it [wrong-type]");
  }

  @Test
  void read_mapWithBinaryData_saysThatItIsNotChecked() {
    assertThat(findings(
            "kind: ConfigMap\nmetadata: {name: a}\nbinaryData:\n  config.yaml: dmVyc2lvbjogdjEK\n"))
        .containsExactly("4:16: error: ConfigMap 'a' has 'config.yaml' in base64, under"
            + " binaryData, which is not checked; decode it, and put the text under data"
            + " [configmap-key]");
  }

  @Test
  void read_keyOfTheManifestThatIsThereTwice_isAWarning() {
    assertThat(findings("""
        kind: ConfigMap
        metadata: {name: a}
        data:
          config.yaml: |
            version: v1
            mig-configs: {lost: [{devices: all, mig-enabled: false}]}
        data:
          config.yaml: |
            version: v1
            mig-configs: {a: [{devices: all, mig-enabled: false}]}
        """))
        .containsExactly("7:1: warning: The key 'data' is here and on line 3, and only the last"
            + " counts; remove one [duplicate-key]");
  }

  @Test
  void read_valuesThatRepeatASection_showWhereTheConfigurationWasLost() {
    assertThat(findings("""
        migManager:
          config:
            data:
              config.yaml: |
                version: v1
        migManager: {enabled: true}
        """))
        .containsExactly(
            "1:1: error: The Helm values have no configuration; expected the text 'config.yaml'"
                + " under migManager.config.data [no-configmap]",
            "6:1: warning: The key 'migManager' is here and on line 1, and only the last counts;"
                + " remove one [duplicate-key]");
  }

  @ParameterizedTest
  @CsvSource({
    "0x2335,     0x233510DE",
    "2335,       0x233510DE",
    "0x10DE2335, 0x233510DE",
    "0x233510DF, 0x233510DE",
    "0x233510DF:0x18BE10DE, 0x233510DE"
  })
  void read_filterWithoutNvidiasVendor_isAWarning_withWhatIsMeant(String filter, String meant) {
    assertThat(findings("version: v1\nmig-configs:\n  a:\n  - device-filter: \"" + filter
            + "\"\n    devices: all\n    mig-enabled: false\n"))
        .containsExactly("4:20: warning: The filter '" + filter + "' does not have NVIDIA's vendor"
            + " 10DE behind the device, so it matches no GPU; write e.g. \"" + meant
            + "\" [filter-not-an-id]");
  }

  @Test
  void read_valuesWithAStrategyThatTheOperatorRefuses_isAWarning() {
    String values = "mig: {strategy: %s}\nmigManager:\n  config:\n    data:\n      config.yaml: |\n"
        + "        version: v1\n        mig-configs: {a: [{devices: all, mig-enabled: false}]}\n";

    assertThat(findings(values.formatted("mixed"))).isEmpty();
    assertThat(findings(values.formatted("Mixed")))
        .containsExactly("1:17: warning: mig.strategy must be none, single or mixed, but was"
            + " 'Mixed'; the GPU Operator refuses any other [invalid-value]");
  }

  /** What writers of configurations mistype most, and where they have to look. */
  static Stream<Arguments> mistyped() {
    return Stream.of(
        Arguments.of(
            "  - devices: all\n    mig-enabled: true\n    mig-devices:\n      1g.5gb: 5\n     2g.10gb: 1\n",
            "8:6: error: Not YAML: the indentation of this line fits no line above; align it with"
                + " what it belongs to [yaml-syntax]"),
        Arguments.of(
            "  - devices: all\n    mig-enabled: true\n   mig-devices: {}\n",
            "6:4: error: Not YAML: the indentation of this line fits no line above; align it with"
                + " what it belongs to [yaml-syntax]"),
        Arguments.of(
            "  - devices: \"a\" ll\n",
            "4:18: error: Not YAML: this follows a value that has ended; put the whole value into"
                + " one pair of quotes [yaml-syntax]"),
        Arguments.of(
            "  - devices: [0, 1\n    mig-enabled: true\n",
            "5:16: error: Not YAML: expected ',' or ']', since the '[' on line 4 is open; add what"
                + " is missing [yaml-syntax]"),
        Arguments.of(
            "  - {devices: all mig-enabled: true}\n",
            "4:30: error: Not YAML: expected ',' or '}', since the '{' on line 4 is open; add what"
                + " is missing [yaml-syntax]"),
        Arguments.of(
            "  - devices: all\n    mig-enabled: true\n    mig-devices:\n      \"1g.5gb: 7\n",
            "7:7: error: Not YAML: the quote that begins here is not closed; add the closing one"
                + " [yaml-syntax]"),
        Arguments.of(
            "  - devices: all\n    mig-enabled true\n    mig-devices: {}\n",
            "5:5: error: Not YAML: this line has no ': ' behind a key; write 'key: value'"
                + " [yaml-syntax]"),
        Arguments.of(
            "  - devices: [\n",
            "5:1: error: Not YAML: a value is missing here; write it, and close the brackets before"
                + " it [yaml-syntax]"));
  }

  @ParameterizedTest
  @MethodSource("mistyped")
  void read_mistypedYaml_saysWhatIsWrongInPlainWords(String entries, String finding) {
    assertThat(findings("version: v1\nmig-configs:\n  a:\n" + entries)).containsExactly(finding);
  }

  @Test
  void read_bracketThatIsOpenInsideOfAConfigMap_isNamedWithTheLineOfTheWholeFile() {
    assertThat(findings("kind: ConfigMap\nmetadata: {name: a}\ndata:\n  config.yaml: |\n"
            + "    version: v1\n    mig-configs: {a: [\n    b: c\n"))
        .containsExactly("8:5: error: Not YAML: expected ',' or ']', since the '[' on line 6 is"
            + " open; add what is missing [yaml-syntax]");
  }

  @Test
  void read_entriesWithoutAName_areRefusedWithWhatIsMissing() {
    assertThat(findings("version: v1\nmig-configs:\n- devices: all\n  mig-enabled: false\n"))
        .containsExactly("3:1: error: mig-configs must be a map of configurations by name, but was"
            + " a list; put a name above its entries, e.g. 'custom:' [wrong-type]");
  }

  @Test
  void read_valueWithACharacterThatLooksLikeABlank_showsItsCode() {
    assertThat(findings(
            "version: v1\nmig-configs:\n  a:\n  - devices: all\u00A0\n    mig-enabled: false\n"))
        .containsExactly("4:14: error: devices must be 'all' or a list of indexes such as [0, 1],"
            + " but was 'all\\u00A0' [invalid-devices]");
  }

  @Test
  void read_placeholderInAComment_isNoTemplate() {
    assertThat(findings("# rendered from {{ .Values.mig }}\n" + CONFIG))
        .containsExactly("5:14: " + FINDING);
  }
}
