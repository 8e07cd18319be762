package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.domains.Domain;
import net.jqwik.api.domains.DomainContext;
import org.junit.jupiter.api.Test;

@Domain(ConfigDomain.class)
@Domain(DomainContext.Global.class)
class ConfigNamesTest {

  private static final MigConfig OFF = MigConfig.of(MigConfigSpec.allDisabled());

  /** These names are in clusters; a change of the hash would orphan them. */
  @Test
  void contentName_isStable() {
    MigConfig filtered = MigConfigFile.read("""
            version: v1
            mig-configs:
              c:
                - device-filter: "0x290110DE"
                  devices: [0, 1]
                  mig-enabled: true
                  mig-devices: {2g.45gb: 2, 1g.23gb: 3}
            """).orElseThrow().configs().get("c");

    assertThat(OFF.contentName("all-off")).isEqualTo("all-off-642ad96a");
    assertThat(filtered.contentName("mixed")).isEqualTo("mixed-4a451ec7");
    assertThat(filtered.retryName("mixed", 2)).isEqualTo("mixed-4a451ec7-r2");
    assertThat(OFF.contentName("all-off-642ad96a")).isEqualTo("all-off-642ad96a");
    assertThat(OFF.retryName("all-off-642ad96a", 2)).isEqualTo("all-off-642ad96a-r2");
    assertThat(OFF.contentName("all-off-4a451ec7")).isEqualTo("all-off-4a451ec7-642ad96a");
    assertThat(OFF.contentName("all-off-20261125")).isEqualTo("all-off-20261125-642ad96a");
  }

  @Test
  void contentHash_isTheContents_notTheSpellings() {
    String canonical = "version: v1\nmig-configs:\n  c:\n  - devices: all\n    mig-enabled: true\n"
        + "    mig-devices: {1g.10gb: 7}\n";
    String odd = "version: 'v1'\nmig-configs: {c: [{mig-devices: {01g.10gb: 7.0, 2g.20gb: 0},"
        + " devices: all, mig-enabled: yes}]}\n";

    assertThat(MigConfigDocument.parse(odd).configs().get("c").contentHash())
        .isEqualTo(MigConfigDocument.parse(canonical).configs().get("c").contentHash());
  }

  @Test
  void contentHash_tellsFiltersApart_thatLookAlikeInAList() {
    MigConfig one = filtered("a, b");
    MigConfig two = MigConfig.of(MigConfigSpec.builder()
        .addDeviceFilters(new DeviceFilter("a"), new DeviceFilter("b"))
        .devices(DeviceSelector.ALL)
        .migEnabled(false)
        .build());

    assertThat(one.contentHash()).isNotEqualTo(two.contentHash());
  }

  private static MigConfig filtered(String filter) {
    return MigConfig.of(MigConfigSpec.builder()
        .addDeviceFilters(new DeviceFilter(filter))
        .devices(DeviceSelector.ALL)
        .migEnabled(false)
        .build());
  }

  @Property
  void names_areLabelValues_howeverLongTheBase(
      @ForAll MigConfig config, @ForAll @IntRange(min = 1, max = 63) int length) {
    String base = "n".repeat(length);

    assertThat(MigConfig.requireLabelValue(config.contentName(base))).hasSizeLessThan(64);
    assertThat(MigConfig.requireLabelValue(config.retryName(base, 12)))
        .isNotEqualTo(config.contentName(base));
  }

  @Test
  void names_ofABaseThatIsNoLabelValue_areRefused() {
    assertThatThrownBy(() -> OFF.contentName("two words"))
        .hasMessage("Config name 'two words' is no label value, so no node can request it; use 1 to"
            + " 63 letters, digits, '.', '_' and '-', beginning and ending with a letter or digit");
  }

  @Test
  void newDocument_refusesANameThatNoFileCanContain_andNull() {
    assertThatThrownBy(() -> new MigConfigDocument(Map.of("a\uD800", OFF)))
        .hasMessage(
            "Config name 'a\\uD800' has half a surrogate pair, which no file can contain; remove it");
    assertThatThrownBy(() -> new MigConfigDocument(Collections.singletonMap("a", null)))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("config");
    assertThatThrownBy(() -> new MigConfigDocument(Collections.singletonMap(null, OFF)))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("name");
  }

  @Test
  void retryName_ofTheFirstAttempt_isRefused() {
    assertThatThrownBy(() -> OFF.retryName("off", 1))
        .hasMessage("The first attempt is under the content name, so a retry counts from 2, but was"
            + " 1");
  }
}
