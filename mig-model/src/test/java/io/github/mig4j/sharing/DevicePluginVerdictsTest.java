package io.github.mig4j.sharing;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the device plugin accepts and refuses, by its own reader and Go's. */
class DevicePluginVerdictsTest {

  private static final String GPU = "{name: nvidia.com/gpu, replicas: 4}";

  private static DevicePluginConfigFile root(String flow) {
    return DevicePluginConfigFile.read("{version: v1, " + flow + "}");
  }

  private static DevicePluginConfigFile entry(String fields) {
    return root("sharing: {timeSlicing: {failRequestsGreaterThanOne: true, resources: [{" + fields
        + "}]}}");
  }

  private static List<Code> codes(DevicePluginConfigFile file) {
    return file.findings().stream().map(Finding::code).toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "version: v1",
        "version:",
        "flags:",
        "flags: {plugin: , gfd: }",
        "sharing:",
        "sharing: {mps: }",
        "imex: {channelIDs: [], required: yes}",
        "imex: {channelIDs: [0]}",
        "resources: {gpus: , mig: }",
        "flags: {migStrategy: }",
        "flags: {gfd: {sleepInterval: 1h2.5m.5s}}",
        "flags: {gfd: {sleepInterval: '0'}}",
        "flags: {plugin: {deviceListStrategy: [envvar, cdi-annotations]}}",
      })
  void read_accepts_withoutAWord(String field) {
    DevicePluginConfigFile file = DevicePluginConfigFile.read(
        (field.startsWith("version") ? "" : "version: v1\n") + field + "\n");

    assertThat(codes(file)).isSubsetOf(SharingCode.MISSING_VERSION);
    assertThat(file.config()).isPresent();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "name: nvidia.com/gpu, replicas: 2                                 |",
        "name: nvidia.com/gpu, replicas: 2.0                               |",
        "name: gpu, replicas: 0x10                                         |",
        "name: nvidia.com/gpu, replicas: 2, devices: all                   |",
        "name: nvidia.com/gpu, replicas: 2, devices: 3                     | IGNORED_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices: [0, '1', '0:0']       | IGNORED_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices: []                    | IGNORED_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices: [GPU-4cf8db2d-06c0-7d70-1a51-e59b25b2c16c,"
            + " MIG-4cf8db2d-06c0-7d70-1a51-e59b25b2c16c,"
            + " MIG-GPU-4cf8db2d-06c0-7d70-1a51-e59b25b2c16c/0/0]          | IGNORED_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices: '2'                   | INVALID_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices: 0                     | INVALID_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices: -2                    | INVALID_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices: 2.5                   | INVALID_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices: [-1]                  | INVALID_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices: ['-1']                | INVALID_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices: [GPU-UUID]            | INVALID_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices: [MIG-UUID]            | INVALID_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices: [invalid-UUID]        | INVALID_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices:"
            + " [MIG-GPU-4cf8db2d-06c0-7d70-1a51-e59b25b2c16c]             | INVALID_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices: [18446744073709551616] | INVALID_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices: not-all               | INVALID_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices: null                  | INVALID_DEVICES",
        "name: nvidia.com/gpu, replicas: 2, devices: true                  | INVALID_DEVICES",
        "name: nvidia.com/gpu, replicas: 1                                 | TOO_FEW_REPLICAS",
        "name: nvidia.com/gpu, replicas: 0                                 | TOO_FEW_REPLICAS",
        "name: nvidia.com/gpu, replicas: -1                                | TOO_FEW_REPLICAS",
        "name: nvidia.com/gpu, replicas: null                              | TOO_FEW_REPLICAS",
        "name: nvidia.com/gpu, replicas: 2.5                               | WRONG_TYPE",
        "name: nvidia.com/gpu, replicas: '2'                               | WRONG_TYPE",
        "name: nvidia.com/gpu, replicas: yes                               | WRONG_TYPE",
        "name: nvidia.com/gpu, Replicas: 2               | UNKNOWN_KEY MISSING_REPLICAS",
        "replicas: 2                                                       | MISSING_NAME",
        "name: , replicas: 2                                               | INVALID_RESOURCE_NAME",
        "name: '$invalid$', replicas: 2                                    | INVALID_RESOURCE_NAME",
        "name: nvidia.com/GPU, replicas: 2                                 | INVALID_RESOURCE_NAME",
        "name: amd.com/gpu, replicas: 2                                    | INVALID_RESOURCE_NAME",
        "name: nvidia.com/gpu., replicas: 2                                | INVALID_RESOURCE_NAME",
        "name: nvidia.com/-gpu, replicas: 2                                | INVALID_RESOURCE_NAME",
        "name: 7, replicas: 2                                              | WRONG_TYPE",
        "name: '7', replicas: 2                                            | UNKNOWN_RESOURCE",
        "name: nvidia.com/gpu.shared, replicas: 2                          | UNKNOWN_RESOURCE",
        "name: nvidia.com/gpu, rename: fast, replicas: 2                   | IGNORED_RENAME",
        "name: nvidia.com/gpu, rename: '$invalid$', replicas: 2            | INVALID_RESOURCE_NAME",
        "name: nvidia.com/gpu, rename: , replicas: 2                       | INVALID_RESOURCE_NAME",
        "name: nvidia.com/gpu, failRequestsGreaterThanOne: true, replicas: 2 | MISPLACED_KEY",
      })
  void read_entry_isJudgedAsThePluginDoes(String fields, String expected) {
    DevicePluginConfigFile file = entry(fields);

    List<String> codes = codes(file).stream().map(Code::name).sorted().toList();
    assertThat(codes)
        .isEqualTo(
            expected == null
                ? List.of()
                : List.of(expected.split(" ")).stream().sorted().toList());
    assertThat(file.config().isPresent())
        .isEqualTo(file.findings().stream().noneMatch(Finding::isError));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sharing: {timeSlicing: }                            | NO_RESOURCES",
        "sharing: {timeSlicing: {}}                          | NO_RESOURCES",
        "sharing: {timeSlicing: {resources: }}               | NO_RESOURCES",
        "sharing: {mps: {}}                                  | NO_RESOURCES",
        "sharing: {timeSlicing: []}                          | WRONG_TYPE",
        "sharing: {timeSlicing: {resources: {}}}             | WRONG_TYPE",
        "sharing: {timeSlicing: {resources: [gpu]}}          | WRONG_TYPE",
        "sharing: {timeSlicing: {resources: [null]}}         | MISSING_NAME",
        "sharing: [timeSlicing]                              | WRONG_TYPE",
        "flags: [migStrategy]                                | WRONG_TYPE",
        "flags: {migStrategy: Mixed}                         | INVALID_FLAG",
        "flags: {migStrategy: [mixed]}                       | WRONG_TYPE",
        "flags: {failOnInitError: 'true'}                    | WRONG_TYPE",
        "flags: {mpsRoot: 7}                                 | WRONG_TYPE",
        "flags: {nvidiaDriverRoot: yes}                      | WRONG_TYPE",
        "flags: {plugin: {nvidiaCTKPath: 1.5}}               | WRONG_TYPE",
        "flags: {plugin: {deviceIDStrategy: 0}}              | WRONG_TYPE",
        "flags: {gfd: {outputFile: on}}                      | WRONG_TYPE",
        "flags: {failOnInitError: 1}                         | WRONG_TYPE",
        "flags: {deviceDiscoveryStrategy: cuda}              | INVALID_FLAG",
        "flags: {plugin: {deviceListStrategy: []}}           | INVALID_FLAG",
        "flags: {plugin: {deviceListStrategy: [null]}}       | INVALID_FLAG",
        "flags: {plugin: {deviceListStrategy: {}}}           | WRONG_TYPE",
        "flags: {plugin: {deviceIDStrategy: UUID}}           | INVALID_FLAG",
        "flags: {gfd: {sleepInterval: 60 s}}                 | INVALID_DURATION",
        "flags: {gfd: {sleepInterval: ''}}                   | INVALID_DURATION",
        "flags: {gfd: {sleepInterval: 300000000h}}           | INVALID_DURATION",
        "flags: {gfd: {sleepInterval: [60s]}}                | WRONG_TYPE",
        "imex: {channelIDs: [0, 0]}                          | INVALID_IMEX_CHANNELS",
        "imex: {channelIDs: 0}                               | WRONG_TYPE",
        "resources: [{name: nvidia.com/gpu, replicas: 2}]    | WRONG_TYPE",
        "resources: {gpus: [{name: nvidia.com/gpu}]}         | WRONG_TYPE",
        "resources: {gpus: [null]}                           | WRONG_TYPE",
        "resources: {mig: [~]}                               | WRONG_TYPE",
        "resources: {gpus: [{pattern: '*', name: GPU}]}      | INVALID_RESOURCE_NAME",
      })
  void read_refuses_whatThePluginDoes(String field, SharingCode code) {
    DevicePluginConfigFile file = root(field);

    assertThat(file.findings().stream().filter(Finding::isError))
        .extracting(Finding::code)
        .containsExactly(code);
    assertThat(file.config()).isEmpty();
  }

  /** Go makes a text of a number where it knows the field, which it does not below flags. */
  @ParameterizedTest
  @ValueSource(strings = {"version: 1", "version: 1.0", "version: yes", "version: v2"})
  void read_versionOfAnyScalar_isUnknown(String text) {
    assertThat(codes(DevicePluginConfigFile.read(text)))
        .containsExactly(SharingCode.UNKNOWN_VERSION);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[v1]", "v1 and more", "7"})
  void read_whatIsNoMap_isRefused(String text) {
    assertThat(codes(DevicePluginConfigFile.read(text))).containsExactly(SharingCode.WRONG_TYPE);
  }

  /** Go's JSON reader disregards case; the plugin's own, inside the two sections, does not. */
  @Test
  void read_keysInOtherLetters_countOutsideOfTheSections() {
    DevicePluginConfigFile file = DevicePluginConfigFile.read("""
        VERSION: v1
        Flags: {MIGSTRATEGY: mixed}
        SHARING:
          timeslicing:
            RenameByDefault: true
            resources: [%s]
        """.formatted(GPU));

    assertThat(file.orElseThrow().flags().migStrategy()).isPresent();
    assertThat(file.orElseThrow().sharing()).contains(GpuSharing.timeSlicing(4));
    assertThat(codes(file))
        .containsExactlyInAnyOrder(
            SharingCode.KEY_CASE,
            SharingCode.KEY_CASE,
            SharingCode.KEY_CASE,
            SharingCode.KEY_CASE,
            SharingCode.KEY_CASE,
            SharingCode.UNKNOWN_KEY,
            SharingCode.REQUESTS_NOT_LIMITED);
  }

  /** Every key of the format, everywhere it does not belong: never silently lost. */
  @Test
  void read_everyKnownKeyInEveryWrongMap_isTold() {
    for (KnownKeys home : KnownKeys.values()) {
      for (String key : home.keys()) {
        for (KnownKeys other : List.of(
            KnownKeys.ROOT, KnownKeys.FLAGS, KnownKeys.PLUGIN, KnownKeys.GFD, KnownKeys.SHARING)) {
          if (other.known(key).isEmpty()) {
            String place = switch (other) {
              case FLAGS -> "flags: {%s: 1}";
              case PLUGIN -> "flags: {plugin: {%s: 1}}";
              case GFD -> "flags: {gfd: {%s: 1}}";
              case SHARING -> "sharing: {%s: 1}";
              default -> "%s: 1";
            };
            assertThat(codes(root(place.formatted(key))))
                .as(place.formatted(key))
                .containsAnyOf(SharingCode.MISPLACED_KEY, SharingCode.UNKNOWN_KEY);
          }
        }
      }
    }
  }

  @Test
  void read_mpsWinsOverTimeSlicing_andIgnoredSectionMustBeReadableAllTheSame() {
    String both = "sharing: {timeSlicing: {resources: [%s]}, mps: {resources: [%s]}}";

    assertThat(root(both.formatted(GPU, GPU)).orElseThrow().sharing()).contains(GpuSharing.mps(4));
    assertThat(root(both.formatted("{name: gpu, replicas: 1}", GPU)).config()).isEmpty();
  }

  @Test
  void read_replicas_fromTheSmallestToTheLimitOfMps() {
    IntStream.rangeClosed(-1, 60).forEach(replicas -> {
      String resources = "{resources: [{name: nvidia.com/gpu, replicas: " + replicas + "}]}";
      assertThat(root("sharing: {timeSlicing: " + resources + "}").config().isPresent())
          .isEqualTo(replicas >= 2);
      assertThat(root("sharing: {mps: " + resources + "}").config().isPresent())
          .isEqualTo(replicas >= 2 && replicas <= 48);
    });
  }

  @Test
  void read_nameOf63Characters_isTheLongest() {
    String name = "nvidia.com/" + "g".repeat(52);

    assertThat(codes(entry("name: " + name + ", replicas: 2")))
        .containsExactly(SharingCode.UNKNOWN_RESOURCE);
    assertThat(codes(entry("name: " + name + "g, replicas: 2")))
        .containsExactly(SharingCode.RESOURCE_NAME_TOO_LONG);
    assertThat(codes(entry("name: " + "g".repeat(53) + ", replicas: 2")))
        .containsExactly(SharingCode.RESOURCE_NAME_TOO_LONG);
  }

  @Test
  void read_renameThatIsTheDefault_isNotIgnored() {
    DevicePluginConfigFile file = root("sharing: {timeSlicing: {renameByDefault: true,"
        + " failRequestsGreaterThanOne: true, resources: [{name: nvidia.com/gpu, rename:"
        + " nvidia.com/gpu.shared, replicas: 2}]}}");

    assertThat(file.findings()).isEmpty();
    assertThat(file.orElseThrow().sharing().orElseThrow().renameByDefault()).isTrue();
  }
}
