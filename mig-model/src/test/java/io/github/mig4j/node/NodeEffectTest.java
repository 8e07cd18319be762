package io.github.mig4j.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.config.DeviceFilter;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.PciDeviceId;
import io.github.mig4j.layout.PlacementResult;
import io.github.mig4j.node.NodeEffect.Change;
import io.github.mig4j.node.NodeEffect.GpuEffect;
import io.github.mig4j.node.NodeEffect.ModeChange;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class NodeEffectTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  private static final GpuModel A100 = GpuCatalog.bundled().require("a100-40gb");
  private static final GpuModel L40S = GpuCatalog.bundled().require("l40s");

  private static final MigSetting SMALL = MigSetting.of(Map.of(MigProfile.parse("1g.23gb"), 7));
  private static final MigSetting A100_SMALL = MigSetting.of(Map.of(MigProfile.parse("1g.5gb"), 7));

  private static MigConfig config(String entries) {
    return MigConfigFile.read("version: v1\nmig-configs:\n  c:\n" + entries)
        .orElseThrow()
        .configs()
        .get("c");
  }

  private static final String B200_SMALL =
      "  - devices: all\n    mig-enabled: true\n    mig-devices: {1g.23gb: 7}\n";

  private static final String OFF = "  - devices: all\n    mig-enabled: false\n";

  private static Map<NodeGpu, MigSetting> node(GpuModel model, MigSetting... settings) {
    Map<NodeGpu, MigSetting> node = new LinkedHashMap<>();
    for (MigSetting setting : settings) {
      node.put(NodeGpu.of(node.size(), model), setting);
    }
    return node;
  }

  private static List<Change> changes(NodeEffect effect) {
    return effect.gpus().stream().map(GpuEffect::change).toList();
  }

  private static List<String> after(NodeEffect effect) {
    return effect.gpus().stream()
        .map(gpu -> gpu.after().map(MigSetting::toString).orElse("unknown"))
        .toList();
  }

  @Test
  void of_wholeGpus_switchesThemOn_withoutAReset() {
    var effect = NodeEffect.of(config(B200_SMALL), node(B200, MigSetting.OFF, MigSetting.OFF));

    assertThat(after(effect)).containsExactly("{1g.23gb=7}", "{1g.23gb=7}");
    assertThat(changes(effect)).containsExactly(Change.REBUILT, Change.REBUILT);
    assertThat(effect.modeChange()).isEqualTo(ModeChange.WITHOUT_RESET);
    assertThat(effect.pausesNode()).isTrue();
    assertThat(effect.gpus().get(0).placement().orElseThrow())
        .isInstanceOf(PlacementResult.Placed.class);
  }

  @Test
  void of_configInForce_doesNothing() {
    var effect = NodeEffect.of(config(B200_SMALL), node(B200, SMALL, SMALL));

    assertThat(changes(effect)).containsExactly(Change.UNTOUCHED, Change.UNTOUCHED);
    assertThat(effect.isApplied()).isTrue();
    assertThat(effect.pausesNode()).isFalse();
  }

  @Test
  void of_otherDevices_rebuildsThatGpuAlone_butPausesTheNode() {
    var effect = NodeEffect.of(config(B200_SMALL), node(B200, MigSetting.EMPTY, SMALL));

    assertThat(changes(effect)).containsExactly(Change.REBUILT, Change.UNTOUCHED);
    assertThat(effect.modeChange()).isEqualTo(ModeChange.NONE);
    assertThat(effect.pausesNode()).isTrue();
  }

  @Test
  void of_neededModeChange_clearsAlsoTheGpuThatIsRight() {
    var effect = NodeEffect.of(config(B200_SMALL), node(B200, MigSetting.OFF, SMALL));

    assertThat(changes(effect)).containsExactly(Change.REBUILT, Change.REBUILT);
  }

  @Test
  void of_neededModeChangeOnAmpere_takesTheGpuThatIsNotListed() {
    var first = config("  - devices: [0]\n    mig-enabled: true\n    mig-devices: {1g.5gb: 7}\n");

    var effect = NodeEffect.of(first, node(A100, MigSetting.OFF, A100_SMALL));

    assertThat(effect.modeChange()).isEqualTo(ModeChange.RESETS_ALL_GPUS);
    assertThat(changes(effect)).containsExactly(Change.REBUILT, Change.CLEARED);
    assertThat(after(effect)).containsExactly("{1g.5gb=7}", "on without devices");
  }

  @Test
  void of_neededModeChangeOnHopperAndLater_sparesTheGpuThatIsNotListed() {
    var first = config("  - devices: [0]\n    mig-enabled: true\n    mig-devices: {1g.23gb: 7}\n");

    var effect = NodeEffect.of(first, node(B200, MigSetting.OFF, SMALL));

    assertThat(changes(effect)).containsExactly(Change.REBUILT, Change.UNTOUCHED);
    assertThat(effect.isApplied()).isFalse();
  }

  @Test
  void of_allDisabled_clears() {
    var effect = NodeEffect.of(config(OFF), node(B200, SMALL));

    assertThat(changes(effect)).containsExactly(Change.CLEARED);
    assertThat(after(effect)).containsExactly("off");
    assertThat(effect.gpus().get(0).placement()).isEmpty();
  }

  @Test
  void of_severalEntriesForOneGpu_theLastOneDecides() {
    var twice = config(
        B200_SMALL + "  - devices: [1]\n    mig-enabled: true\n    mig-devices: {3g.90gb: 2}\n");

    var effect = NodeEffect.of(twice, node(B200, SMALL, SMALL));

    assertThat(after(effect)).containsExactly("{1g.23gb=7}", "{3g.90gb=2}");
  }

  @Test
  void of_entriesOfBothModesForOneGpu_fails() {
    var both =
        config(OFF + "  - devices: [0]\n    mig-enabled: true\n    mig-devices: {1g.23gb: 7}\n");

    var effect = NodeEffect.of(both, node(B200, SMALL, MigSetting.OFF));

    assertThat(changes(effect)).containsExactly(Change.FAILS, Change.UNTOUCHED);
    assertThat(after(effect)).containsExactly("on without devices", "off");
  }

  @Test
  void of_foreignProfile_emptiesTheGpuInSilence() {
    var foreign = config(
        "  - devices: all\n    mig-enabled: true\n    mig-devices: {1g.5gb: 1, 1g.23gb: 1}\n");

    var effect = NodeEffect.of(foreign, node(B200, SMALL));

    assertThat(changes(effect)).containsExactly(Change.CLEARED);
    assertThat(after(effect)).containsExactly("on without devices");
  }

  @Test
  void of_profileOfAnotherGpuOfTheNode_fails() {
    var config = config("  - devices: all\n    mig-enabled: true\n    mig-devices: {1g.5gb: 7}\n");

    var effect = NodeEffect.of(config, List.of(NodeGpu.of(0, A100), NodeGpu.of(1, B200)));

    assertThat(changes(effect)).containsExactly(Change.UNKNOWN, Change.FAILS);
  }

  @Test
  void of_layoutThatDoesNotFit_fails_andLosesTheDevices() {
    var tooMuch =
        config("  - devices: all\n    mig-enabled: true\n    mig-devices: {3g.90gb: 3}\n");

    var effect = NodeEffect.of(tooMuch, node(B200, SMALL));

    assertThat(changes(effect)).containsExactly(Change.FAILS);
    assertThat(after(effect)).containsExactly("on without devices");
  }

  @Test
  void of_gpuWithoutMig_isLeftAlone_butFailsIfAsked() {
    assertThat(changes(NodeEffect.of(config(OFF), node(L40S, MigSetting.OFF))))
        .containsExactly(Change.UNTOUCHED);
    assertThat(changes(NodeEffect.of(config(B200_SMALL), node(L40S, MigSetting.OFF))))
        .containsExactly(Change.FAILS);
  }

  @Test
  void of_presentStateNotKnown_saysSo() {
    var effect = NodeEffect.of(config(B200_SMALL), NodeGpu.several(B200, 2));

    assertThat(changes(effect)).containsExactly(Change.UNKNOWN, Change.UNKNOWN);
    assertThat(effect.modeChange()).isEqualTo(ModeChange.UNKNOWN);
    assertThat(after(effect)).containsExactly("{1g.23gb=7}", "{1g.23gb=7}");
  }

  @Test
  void of_filters_selectByDeviceAndSubsystem() {
    var filtered = config("""
          - device-filter: "0x290110DE:0x00010002"
            devices: all
            mig-enabled: true
            mig-devices: {1g.23gb: 7}
        """);
    NodeGpu other = NodeGpu.of(0, B200).withDeviceId(PciDeviceId.parse("0x2901"));
    NodeGpu same =
        new NodeGpu(1, B200, Optional.of(PciDeviceId.parse("0x2901")), OptionalLong.of(0x00010002));

    var effect = NodeEffect.of(filtered, List.of(other, same));

    assertThat(after(effect)).containsExactly("unknown", "{1g.23gb=7}");
  }

  /** As mig-parted does: hardware of which the subsystem is not known has subsystem 0. */
  @Test
  void isSelectedBy_filterForSubsystemZero_matchesAnUnknownSubsystem() {
    PciDeviceId id = PciDeviceId.parse("0x2901");

    assertThat(new DeviceFilter("0x290110DE:0").matches(id, OptionalLong.empty()))
        .isTrue();
    assertThat(new DeviceFilter("0x290110DE:1").matches(id, OptionalLong.empty()))
        .isFalse();
    assertThat(new DeviceFilter("0x290110DE").matches(id, OptionalLong.of(1))).isTrue();
  }

  @Test
  void of_twoGpusWithOneIndex_isRefused() {
    MigConfig config = config(OFF);
    List<NodeGpu> gpus = List.of(NodeGpu.of(0, B200), NodeGpu.of(0, A100));

    assertThatThrownBy(() -> NodeEffect.of(config, gpus))
        .hasMessage("Each GPU of a node has an index of its own, but the indexes were [0, 0]");
  }
}
