package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.lint.InvalidFileException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConfigEditTest {

  private static final MigConfig SEVEN = config("1g.10gb", 7);

  private static final String HAND_WRITTEN = """
      # our GPUs
      version: v1   # the only one

      mig-configs:
        # nothing special
        all-disabled:
        - devices: all
          mig-enabled: false

        # for notebooks
        small:
        - devices: all   # every one
          mig-enabled: true
          mig-devices: {1g.10gb: 3}  # room is left

        # for training
        large:
        - devices: all
          mig-enabled: true
          mig-devices:
            "3g.40gb": 2
        # nothing below
      """;

  private static MigConfig config(String profile, int count) {
    return MigConfig.of(MigConfigSpec.builder()
        .devices(DeviceSelector.ALL)
        .migEnabled(true)
        .putAllMigDevices(Map.of(MigProfile.parse(profile), count))
        .build());
  }

  @Test
  void merge_newConfig_standsBehindTheOthers_andNothingElseChanges() {
    ConfigEdit edit = MigConfigFile.read(HAND_WRITTEN).merge("seven", SEVEN);

    assertThat(edit.losses()).isEmpty();
    assertThat(edit.text())
        .isEqualTo(HAND_WRITTEN.replace("    # nothing below\n".substring(2), """
              seven:
                - devices: all
                  mig-enabled: true
                  mig-devices:
                    1g.10gb: 7
              # nothing below
            """));
  }

  @Test
  void merge_configThatIsThere_losesTheCommentsInIt_andSaysSo() {
    ConfigEdit edit = MigConfigFile.read(HAND_WRITTEN).merge("small", SEVEN);

    assertThat(edit.losses())
        .containsExactly(
            "the comment '# every one' on line 12", "the comment '# room is left' on line 14");
    assertThatThrownBy(edit::text)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("The edit would lose the comment '# every one' on line 12, the comment '# room"
            + " is left' on line 14; use textDespiteLosses if that is meant");
    assertThat(edit.textDespiteLosses()).isEqualTo(HAND_WRITTEN.replace("""
              - devices: all   # every one
                mig-enabled: true
                mig-devices: {1g.10gb: 3}  # room is left
            """, """
                - devices: all
                  mig-enabled: true
                  mig-devices:
                    1g.10gb: 7
            """));
  }

  @Test
  void merge_equalConfig_changesNothing() {
    ConfigEdit edit = MigConfigFile.read(HAND_WRITTEN).merge("small", config("1g.10gb", 3));

    assertThat(edit.text()).isEqualTo(HAND_WRITTEN);
  }

  @Test
  void remove_config_takesItsLines() {
    ConfigEdit edit = MigConfigFile.read(HAND_WRITTEN).remove("large");

    assertThat(edit.text()).isEqualTo(HAND_WRITTEN.replace("""
              large:
              - devices: all
                mig-enabled: true
                mig-devices:
                  "3g.40gb": 2
            """, ""));
  }

  @Test
  void remove_unknownConfig_changesNothing() {
    assertThat(MigConfigFile.read(HAND_WRITTEN).remove("none").text()).isEqualTo(HAND_WRITTEN);
  }

  @Test
  void remove_lastConfig_writesTheFileAnew_sinceAnEmptyMapIsRefused() {
    ConfigEdit edit = MigConfigFile.read(
            "version: v1\nmig-configs:\n  a:\n  - devices: all\n    mig-enabled: false\n")
        .remove("a");

    assertThat(edit.losses())
        .containsExactly("the layout of the file, which cannot be edited in place");
    assertThat(edit.textDespiteLosses()).isEqualTo("version: v1\n");
  }

  @Test
  void merge_intoAManifest_keepsTheManifest() {
    String manifest = """
        kind: ConfigMap
        data:
          config.yaml: |
            version: v1
            # ours
            mig-configs:
              all-disabled:
                - devices: all
                  mig-enabled: false
        metadata:
          name: m
        """;

    ConfigEdit edit = MigConfigFile.read(manifest).merge("seven", SEVEN);

    assertThat(edit.text()).isEqualTo(manifest.replace("metadata:", """
                  seven:
                    - devices: all
                      mig-enabled: true
                      mig-devices:
                        1g.10gb: 7
            metadata:"""));
  }

  @Test
  void merge_intoAManifestWithQuotedText_saysThatTheManifestWouldBeLost() {
    String manifest = "{\"kind\":\"ConfigMap\",\"data\":{\"config.yaml\":\"version: v1\"}}";

    ConfigEdit edit = MigConfigFile.read(manifest).merge("seven", SEVEN);

    assertThat(edit.losses())
        .containsExactly(
            "the manifest around the configuration",
            "the layout of the file, which cannot be edited in place");
  }

  @Test
  void merge_intoAFileWithoutConfigs_addsTheKey() {
    ConfigEdit edit = MigConfigFile.read("# ours\nversion: v1").merge("idle", off());

    assertThat(edit.text())
        .isEqualTo("# ours\nversion: v1\nmig-configs:\n  idle:\n    - devices: all\n"
            + "      mig-enabled: false\n");
  }

  @Test
  void merge_intoAnEmptyFile_writesIt() {
    assertThat(MigConfigFile.read("").merge("idle", off()).text())
        .isEqualTo(MigConfigDocument.empty().with("idle", off()).toYaml());
    assertThat(MigConfigFile.read("# to be filled\n").merge("idle", off()).text())
        .isEqualTo(
            "# to be filled\n" + MigConfigDocument.empty().with("idle", off()).toYaml());
  }

  @Test
  void merge_inPlaceOfAnAnchorThatOthersUse_writesTheFileAnew_andSaysWhatIsLost() {
    String anchored = "version: v1\nmig-configs:\n  a: &x # shared\n  - devices: all\n"
        + "    mig-enabled: false\n  b: *x\n";

    ConfigEdit edit = MigConfigFile.read(anchored).merge("a", SEVEN);

    assertThat(edit.losses())
        .containsExactly(
            "the comment '# shared' on line 3",
            "the layout of the file, which cannot be edited in place");
    assertThat(MigConfigFile.read(edit.textDespiteLosses()).orElseThrow().configs())
        .containsEntry("a", SEVEN)
        .containsEntry("b", off());
  }

  @Test
  void merge_inPlaceOfAnAlias_keepsTheAnchor() {
    String anchored = "version: v1\nmig-configs:\n  a: &x\n  - devices: all\n"
        + "    mig-enabled: false\n  b: *x\n  c: *x\n";

    assertThat(MigConfigFile.read(anchored).merge("b", SEVEN).text())
        .isEqualTo(anchored.replace(
            "  b: *x\n",
            "  b:\n    - devices: all\n      mig-enabled: true\n      mig-devices:\n"
                + "        1g.10gb: 7\n"));
  }

  /** Behind a comment after an anchor, SnakeYAML's parser ends, and its scanner does not. */
  @Test
  void merge_inPlaceOfAConfigBehindAnAnchorWithAComment_saysWhichCommentIsLost() {
    String file = """
        version: v1
        mig-configs:
          one: &one # all of them
          - devices: all
            mig-enabled: false
          two: *one # as one
          three:
          - devices: [0] # the first
            mig-enabled: false
        """;

    assertThat(MigConfigFile.read(file).merge("two", SEVEN).losses())
        .containsExactly("the comment '# as one' on line 6");
    assertThat(MigConfigFile.read(file).merge("three", SEVEN).losses())
        .containsExactly("the comment '# the first' on line 8");
  }

  @Test
  void merge_keepsTheFilesLineBreaks() {
    String windows = "version: v1\r\nmig-configs:\r\n  a:\r\n  - devices: all\r\n"
        + "    mig-enabled: false\r\n";

    assertThat(MigConfigFile.read(windows).merge("idle", off()).text())
        .isEqualTo(windows + "  idle:\r\n    - devices: all\r\n      mig-enabled: false\r\n");
  }

  @Test
  void merge_intoAFileThatIsRefused_isRefused() {
    MigConfigFile refused = MigConfigFile.read("version: v2\n");

    assertThatThrownBy(() -> refused.merge("seven", SEVEN))
        .isInstanceOf(InvalidFileException.class)
        .hasMessage("Not a MIG configuration file: 1:10: Unknown version 'v2'; the only"
            + " version is v1");
  }

  private static MigConfig off() {
    return MigConfig.of(MigConfigSpec.allDisabled());
  }

  @Test
  void canonical_ofAManifestWithComments_isTheConfigurationAlone_andSaysWhatIsLost() {
    ConfigEdit edit = MigConfigFile.read("""
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: m}
        data:
          config.yaml: |
            version: v1
            mig-configs:
              all-disabled:     # the way back
              - {mig-enabled: no, devices: all}
        """).canonical();

    assertThat(edit.losses())
        .containsExactly(
            "the manifest around the configuration", "the comment '# the way back' on line 8");
    assertThat(edit.textDespiteLosses()).isEqualTo("""
        version: v1
        mig-configs:
          all-disabled:
            - devices: all
              mig-enabled: false
        """);
    assertThat(MigConfigFile.read(edit.textDespiteLosses()).canonical().text())
        .isEqualTo(edit.textDespiteLosses());
  }
}
