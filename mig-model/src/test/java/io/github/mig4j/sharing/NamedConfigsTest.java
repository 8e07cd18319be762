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
        sharing:
          timeSlicing:
            order: "fair"
            resources:
              - name: nvidia.com/gpu
                replicas: 4
                devices: [0]
                rename: "gpu.mine"
                weight: 1.5
          third: {}
        imex:
          channelIDs: [0]
          wide: true
        """;

    var file = DevicePluginConfigFile.read(text);

    assertThat(file.orElseThrow().toYaml()).isEqualTo(text);
    assertThat(DevicePluginConfig.parse(text).unknownKeys())
        .hasToString("[imex.wide=true, keyOfRoot={\"a\": [1, \"b\", null]},"
            + " flags.plugin.keyOfTomorrow=7, sharing.third={},"
            + " sharing.timeSlicing.order=\"fair\","
            + " sharing.timeSlicing.resources[nvidia.com/gpu].devices=[0],"
            + " sharing.timeSlicing.resources[nvidia.com/gpu].rename=\"gpu.mine\","
            + " sharing.timeSlicing.resources[nvidia.com/gpu].weight=1.5]");
    assertThat(file.findings())
        .extracting(found ->
            found.code().toString() + " " + found.location().orElseThrow().line())
        .containsExactly(
            "unknown-key 2",
            "unknown-key 8",
            "requests-not-limited 10",
            "unknown-key 11",
            "ignored-devices 15",
            "ignored-rename 16",
            "unknown-key 17",
            "unknown-key 18",
            "unknown-key 21");
    assertThat(file.findings().get(1))
        .hasToString("8:5: warning: The device plugin up to v0.20.0 does not know 'keyOfTomorrow'"
            + " here and ignores it; known are passDeviceSpecs, deviceListStrategy,"
            + " deviceIDStrategy, cdiAnnotationPrefix, nvidiaCTKPath, containerDriverRoot,"
            + " sharedDevicesAllocationPolicy [unknown-key]");
  }

  @Test
  void unknownKeysOfAnotherConfiguration_areAdded_whereTheyHaveAPlace() {
    DevicePluginConfig other = DevicePluginConfig.parse("""
        version: v1
        both: 1
        theirs: 2
        sharing:
          mps:
            order: fair
            resources: [{name: nvidia.com/gpu, replicas: 2, weight: 1}]
        """);

    DevicePluginConfig config = DevicePluginConfig.parse("version: v1\nboth: 3\n");

    assertThat(config.withUnknownKeysOf(other).toYaml())
        .isEqualTo("version: v1\nboth: 3\ntheirs: 2\n");
    assertThat(DevicePluginConfig.of(GpuSharing.mps(4)).withUnknownKeysOf(other).toYaml())
        .isEqualTo("""
            version: v1
            both: 1
            theirs: 2
            sharing:
              mps:
                order: "fair"
                resources:
                  - name: nvidia.com/gpu
                    replicas: 4
                    weight: 1
            """);
  }

  @Test
  void valuesOfTheMigManager_withAConfigurationOfThePlugin_areReadAndRefused() {
    var files = read("migManager:\n  config:\n    data:\n      bad: |\n", 8);

    assertThat(files).containsOnlyKeys("bad");
    assertThat(files.get("bad").findings())
        .extracting(Object::toString)
        .satisfiesExactly(
            outside -> assertThat(outside)
                .isEqualTo("4:7: error: The values of the MIG manager have a configuration of the"
                    + " device plugin under 'bad', which only the device plugin reads; move it to"
                    + " devicePlugin.config.data [no-configuration]"),
            inside ->
                assertThat(inside).startsWith("11:25: error: nvidia.com/gpu has replicas: 1"));
  }

  @Test
  void valuesWhoseDataIsAText_areReadAndRefused() {
    var files = DevicePluginConfigFile.readAll(
        "devicePlugin:\n  config:\n    name: share\n    data: |\n      version: v1\n      flags: {migStrategy: some}\n");

    assertThat(files.get("").findings())
        .extracting(Object::toString)
        .satisfiesExactly(
            outside -> assertThat(outside)
                .isEqualTo("4:11: error: devicePlugin.config.data must be a map of texts, but was a"
                    + " text; write a name such as 'default: |' above it and indent it"
                    + " [wrong-type]"),
            inside -> assertThat(inside).startsWith("6:28: error: "));
  }

  @Test
  void whatIsElsewhere_isANoteBesideAConfiguration_andOtherwiseAnError() {
    String kustomization = """
        configMapGenerator:
        - name: share
          files: [t4=t4.yaml]
        """;

    assertThat(DevicePluginConfigFile.readAll(kustomization).get("").findings())
        .hasToString("[3:11: error: The configuration is in the file 't4.yaml', which is not part"
            + " of this text; check that one [content-elsewhere]]");
    assertThat(DevicePluginConfigFile.readAll(kustomization + "  literals: [\"l40=version: v1\"]\n")
            .get("l40")
            .findings())
        .hasToString("[3:11: note: More is in the file 't4.yaml', which is not part of this text;"
            + " check that one [content-elsewhere]]");
    assertThat(DevicePluginConfigFile.readAll("devicePlugin: {config: {name: share}}")
            .get("")
            .findings())
        .hasToString(
            "[1:31: error: The configuration is in the ConfigMap 'share', which is not part"
                + " of this text; check that one [content-elsewhere]]");
  }

  @Test
  void dataWithoutItsMap_isReadAndSaysSo() {
    var files = DevicePluginConfigFile.readAll(
        "t4: |\n  version: v1\n  flags: {migStrategy: none}\noff: ''\n");

    assertThat(files).containsOnlyKeys("t4", "off");
    assertThat(files.get("t4").findings())
        .hasToString("[1:1: note: The head is missing, and the file is read as the data of a"
            + " ConfigMap; put it below 'data:' of a ConfigMap before it is applied"
            + " [kind-missing]]");
  }
}
