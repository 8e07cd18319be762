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
}
