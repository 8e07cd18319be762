package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.SourceLocation;
import io.github.mig4j.lint.TextCode;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MigConfigFileTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("NVIDIA-B200");

  private static final MigConfigDocument TWO_SPLITS = MigConfigDocument.empty()
      .with("all-disabled", MigConfig.of(MigConfigSpec.allDisabled()))
      .with("b200-split-small", whole("1g.23gb", 7))
      .with("b200-split-medium", whole("2g.45gb", 3));

  private static MigConfig whole(String profile, int count) {
    return MigConfig.of(
        MigConfigSpec.allDevices(MigLayout.on(B200).add(profile, count).build()));
  }

  private static List<String> findings(String text) {
    return MigConfigFile.read(text).findings().stream().map(Finding::toString).toList();
  }

  @Test
  void read_manifestOfTwoSplits_meansWhatTheBuilderSays() {
    var file = MigConfigFile.read("""
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: mig-config
          namespace: gpu-operator
        data:
          config.yaml: |
            version: v1
            mig-configs:
              all-disabled:
                - devices: all
                  mig-enabled: false
              b200-split-small:
                - devices: all
                  mig-enabled: true
                  mig-devices:
                    "1g.23gb": 7
              b200-split-medium:
                - devices: all
                  mig-enabled: true
                  mig-devices:
                    "2g.45gb": 3
        """);

    assertThat(file.findings()).isEmpty();
    assertThat(file.orElseThrow()).isEqualTo(TWO_SPLITS);
    assertThat(file.orElseThrow().configs())
        .containsOnlyKeys("all-disabled", "b200-split-small", "b200-split-medium");
  }

  @Test
  void read_manifestWithoutIndentation_saysSo_andNothingElse() {
    assertThat(findings("""
            apiVersion: v1
            kind: ConfigMap
            metadata:
            name: mig-config
            data:
            config.yaml: |
            version: v1
            mig-configs:
            all-disabled:
            - devices: all
            mig-enabled: false
            small:
            - devices: all
            mig-enabled: true
            mig-devices:
            "1g.23gb": 7
            """))
        .containsExactly(
            "1:1: error: The lines have lost their indentation, probably in copying, so that inner"
                + " keys are beside outer ones; indent each level by two blanks more than the one"
                + " above [indentation-lost]");
  }

  @Test
  void read_configurationWithoutIndentation_saysSo() {
    String flat = "version: v1\nmig-configs:\nc:\n- devices: all\nmig-enabled: false\n";

    assertThat(MigConfigFile.read(flat).findings())
        .extracting(Finding::code)
        .containsExactly(ConfigCode.INDENTATION_LOST);
  }

  @Test
  void read_configurationWithoutIndentationThatIsNoYaml_saysBoth() {
    String flat = "version: v1\nmig-configs:\nc:\n- devices: all\n  - mig-enabled: false\n"
        .replace("  -", "}-");

    assertThat(MigConfigFile.read(flat).findings())
        .extracting(Finding::code)
        .containsExactly(ConfigCode.INDENTATION_LOST, TextCode.YAML_SYNTAX);
  }

  @Test
  void read_everyKindOfMistakeInOneFile_findsAllOfThem_inTheOrderOfTheFile() {
    assertThat(findings("""
            version: 1
            extra: true
            mig-configs:
              small:
              - devices: first
                migEnabled: true
                mig-enabled: 1
                mig-devices:
                  1g.10gb.me: 1.5
                  2G.20gb: -1
                  nonsense: 1
              empty: []
              one:
                devices: all
              off:
              - device-filter: 0x233010DE
                devices: [0, two]
                mig-enabled: false
                mig-devices: {1g.10gb: 1}
              on:
              - devices: all
                mig-enabled: true
              - 7
              -
            """))
        .containsExactly(
            "1:10: error: version must be the text v1, but was the number 1 [wrong-type]",
            "2:1: error: Unexpected field 'extra'; the file has only version and mig-configs"
                + " [unexpected-field]",
            "5:14: error: devices must be 'all' or a list of indexes such as [0, 1], but was"
                + " 'first' [invalid-devices]",
            "6:5: error: Unexpected field 'migEnabled'; write mig-enabled [unexpected-field]",
            "7:18: error: mig-enabled must be true or false, but was the number 1 [wrong-type]",
            "9:7: error: Not a MIG profile: '1g.10gb.me'; did you mean '1g.10gb+me'?"
                + " [invalid-profile]",
            "9:19: error: A count must be a whole number, but was the number 1.5 [wrong-type]",
            "10:7: error: Not a MIG profile: '2G.20gb'; did you mean '2g.20gb'? [invalid-profile]",
            "10:16: error: A count must not be negative, but was -1; remove the profile for no devices"
                + " [negative-count]",
            "11:7: error: Not a MIG profile: 'nonsense'; expected"
                + " [<c>c.]<g>g.<gb>gb[+attribute|-attribute], e.g. '1g.5gb' or '1g.5gb+me'"
                + " [invalid-profile]",
            "12:3: error: Config 'empty' has no entry; add one that begins with '- devices:'"
                + " [no-entries]",
            "14:5: error: Config 'one' must be a list of entries, each beginning with '- ', but was"
                + " a map [wrong-type]",
            "15:3: warning: The key 'off' is read as the boolean false and becomes 'false'; quote it"
                + " [key-not-text]",
            "16:20: error: A device filter must be a text, but YAML reads 0x233010DE as a number;"
                + " quote it [unquoted-filter]",
            "17:18: error: An index must be a whole number, but was the text 'two' [wrong-type]",
            "20:3: warning: The key 'on' is read as the boolean true and becomes 'true'; quote it"
                + " [key-not-text]",
            "21:5: error: mig-devices is missing, but mig-enabled is true; add the devices, or"
                + " write 'mig-devices: {}' for a GPU in MIG mode without devices [missing-field]",
            "23:5: error: An entry must be a map with devices and mig-enabled, but was the number 7"
                + " [wrong-type]",
            "24:4: error: An entry must be a map with devices and mig-enabled, but was null"
                + " [wrong-type]");
  }

  @Test
  void locationOf_configFieldAndProfile_isWhereTheirKeysAre() {
    MigConfigFile file = MigConfigFile.read("""
        version: v1
        mig-configs:
          small:
            - devices: all
              mig-enabled: true
              mig-devices:
                1g.23gb: 7
        """);

    assertThat(file.locationOf("small")).hasToString("3:3");
    assertThat(file.locationOf("small", 0, "mig-enabled"))
        .isEqualTo(
            new SourceLocation(5, 7, "mig-configs.small[0].mig-enabled", Optional.of("small")));
    assertThat(file.locationOf("small", 0, "device-filter")).hasToString("4:7");
    assertThat(file.locationOf("small", 0, MigProfile.parse("1g.23gb")).path())
        .isEqualTo("mig-configs.small[0].mig-devices.1g.23gb");
    assertThat(file.locationOf("small", 0, MigProfile.parse("2g.45gb"))).hasToString("6:7");
  }

  @Test
  void locationOf_whatTheFileLacks_isMisuse() {
    MigConfigFile file = MigConfigFile.read("version: v1\n");

    assertThatThrownBy(() -> file.locationOf("small"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The file has no config 'small'");
    assertThatThrownBy(
            () -> MigConfigFile.read(TWO_SPLITS.toYaml()).locationOf("all-disabled", 1, "devices"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Config 'all-disabled' has 1 entries, so entry must be from 0 to 0, but was 1");
  }

  @Test
  void toYaml_ofAProfileLongerThanASimpleKey_isReadBack() {
    MigConfigDocument document = MigConfigDocument.empty()
        .with(
            "long",
            MigConfig.of(MigConfigSpec.builder()
                .devices(DeviceSelector.ALL)
                .migEnabled(true)
                .putMigDevices(MigProfile.parse("1g.5gb+" + "a".repeat(1200)), 3)
                .build()));

    assertThat(MigConfigDocument.parse(document.toYaml())).isEqualTo(document);
    assertThat(MigConfigDocument.ofJson(document.toJson())).isEqualTo(document);
  }
}
