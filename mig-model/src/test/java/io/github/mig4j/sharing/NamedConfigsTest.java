package io.github.mig4j.sharing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** Configurations inside other files: found by name, with the lines of the whole file. */
class NamedConfigsTest {

  private static final String BAD = """
      version: v1
      sharing:
        timeSlicing:
          failRequestsGreaterThanOne: true
          resources:
          - name: nvidia.com/gpu
            replicas: 1
      """;

  private static Map<String, DevicePluginConfigFile> read(String header, int indentation) {
    return DevicePluginConfigFile.readAll(header + BAD.indent(indentation));
  }

  private static void assertFoundAt(
      Map<String, DevicePluginConfigFile> files, String name, String place) {
    assertThat(files).containsKey(name);
    assertThat(files.get(name).findings()).singleElement().satisfies(finding -> {
      assertThat(finding.code()).isEqualTo(SharingCode.TOO_FEW_REPLICAS);
      assertThat(finding.location().orElseThrow().toString()).isEqualTo(place);
      assertThat(finding.location().orElseThrow().path())
          .isEqualTo("sharing.timeSlicing.resources[0].replicas");
    });
  }

  @Test
  void configMap_hasOneForEachKey() {
    var files = read("""
        apiVersion: v1
        kind: ConfigMap
        data:
          none: ''
          bad: |
        """, 4);

    assertThat(files).containsOnlyKeys("none", "bad");
    assertThat(files.get("none").orElseThrow()).isEqualTo(DevicePluginConfig.unshared());
    assertFoundAt(files, "bad", "12:21");
  }

  @Test
  void listOfConfigMaps_isOpened() {
    assertFoundAt(read("""
        kind: List
        items:
        - kind: Node
        - kind: ConfigMap
          data:
            bad: |
        """, 6), "bad", "13:23");
  }

  @Test
  void helmValues_ofThePluginAndOfTheOperator() {
    assertFoundAt(read("config:\n  map:\n    bad: |-\n", 6), "bad", "10:23");
    assertFoundAt(
        read("devicePlugin:\n  config:\n    create: true\n    data:\n      bad: |\n", 8),
        "bad",
        "12:25");
  }

  @Test
  void kustomizationThatPatchesAConfigMap_isFollowedThroughTwoBlocks() {
    assertFoundAt(read("""
        kind: Kustomization
        patches:
        - target: {kind: ConfigMap}
          patch: |-
            - op: add
              path: /data
              value:
                bad: |-
        """, 10), "bad", "15:27");
    assertFoundAt(read("""
        kind: Kustomization
        patchesStrategicMerge:
        - |
          kind: ConfigMap
          data:
            bad: |
        """, 6), "bad", "13:23");
    assertFoundAt(read("""
        kind: Kustomization
        patches:
        - patch: |-
            - op: replace
              path: /data/bad~1name
              value: |
        """, 8), "bad/name", "13:25");
  }

  @Test
  void quotedText_hasAllFindingsWhereItBegins() {
    var files = DevicePluginConfigFile.readAll(
        "{kind: ConfigMap, data: {bad: \"version: v1\\nsharing: {timeSlicing: }\"}}");

    assertThat(files.get("bad").findings())
        .extracting(finding -> finding.location().orElseThrow().toString())
        .containsExactly("1:31");
  }

  @Test
  void configurationItself_hasNoName() {
    assertFoundAt(DevicePluginConfigFile.readAll(BAD), "", "7:17");
  }

  @Test
  void helmValuesBelowAnotherChartsKey_haveThePluginsConfigurationsAlone() {
    var files = read("""
        gpu-operator:
          migManager:
            config:
              data:
                config.yaml: |
                  version: v1
                  mig-configs: {}
          devicePlugin:
            config:
              data:
                bad: |
        """, 10);

    assertThat(files).containsOnlyKeys("bad");
    assertFoundAt(files, "bad", "18:27");
  }

  @Test
  void mapWithoutKind_isReadAsConfigMap_andSaysSo() {
    var files = DevicePluginConfigFile.readAll("""
        metadata: {name: share}
        data:
          any: |
            version: v1
          mig: |
            version: v1
            migStrategy: mixed
        """);

    assertThat(files).containsOnlyKeys("any", "mig");
    assertThat(files.get("any").findings())
        .hasToString("[1:1: note: The kind is missing, and the file is read as a ConfigMap; add"
            + " 'apiVersion: v1' and 'kind: ConfigMap' before it is applied [kind-missing]]");
    assertThat(files.get("mig").findings())
        .hasToString("[7:5: warning: The device plugin ignores 'migStrategy' here; migStrategy"
            + " belongs into flags [misplaced-key]]");
  }

  @Test
  void equalNamesInTwoMaps_areBothRead() {
    String map = "kind: ConfigMap\nmetadata: {name: %s}\ndata: {any: 'version: v1'}\n";

    assertThat(DevicePluginConfigFile.readAll(map.formatted("a") + "---\n" + map.formatted("b")))
        .containsOnlyKeys("any", "b/any");
  }

  @Test
  void aliasedText_isNotMultiplied() {
    StringBuilder text = new StringBuilder("kind: ConfigMap\ndata:\n  a: &a |\n    ");
    text.append("x".repeat(400_000)).append('\n');
    for (int i = 0; i < 1000; i++) {
      text.append("  a").append(i).append(": *a\n");
    }

    var files = DevicePluginConfigFile.readAll(text.toString());

    assertThat(files).hasSize(3);
    assertThat(files.get("a").findings())
        .extracting(Object::toString)
        .contains("7:3: error: Aliases multiply the texts of this file; write out what is needed"
            + " [alias-expansion]");
  }

  @Test
  void partOfAFile_andTheOtherKind_areOneFindingEach() {
    assertThat(
            DevicePluginConfigFile.read("- {name: nvidia.com/gpu, replicas: 4}").findings())
        .hasToString("[1:1: error: These are the resources of a sharing section, without the head"
            + " of the file; put 'version: v1', 'sharing:', 'timeSlicing:' or 'mps:', and"
            + " 'resources:' above, and indent them [fragment]]");
    assertThat(DevicePluginConfigFile.read("mps: {resources: []}").findings())
        .hasToString("[1:1: error: This is the inside of a sharing section, without the head of the"
            + " file; put 'version: v1' and 'sharing:' above, and indent it [fragment]]");
    assertThat(DevicePluginConfigFile.read("version: v1\nmig-configs: {}").findings())
        .hasToString("[1:1: error: The file is a configuration of mig-parted, which the device"
            + " plugin does not read; name its ConfigMap in migManager.config of the GPU Operator,"
            + " not in devicePlugin.config [other-kind]]");
  }

  @Test
  void unknownKeys_areWrittenBackWhereTheyWere() {
    String text = """
        version: v1
        keyOfRoot: {"a": [1, "b", null]}
        flags:
          migStrategy: mixed
          plugin:
            passDeviceSpecs: true
            sharedDevicesAllocationPolicy: packed
            keyOfTomorrow: 7
        imex:
          channelIDs: [0]
          wide: true
        """;

    var file = DevicePluginConfigFile.read(text);

    assertThat(file.orElseThrow().toYaml()).isEqualTo(text);
    assertThat(DevicePluginConfig.parse(text).unknownKeys())
        .hasToString("[imex.wide=true, keyOfRoot={\"a\": [1, \"b\", null]},"
            + " flags.plugin.keyOfTomorrow=7]");
    assertThat(file.findings())
        .extracting(found ->
            found.code().toString() + " " + found.location().orElseThrow().line())
        .containsExactly("unknown-key 2", "unknown-key 8", "unknown-key 11");
  }
}
