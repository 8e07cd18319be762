package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.MigProfile;
import java.util.ArrayList;
import java.util.Map;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.domains.Domain;
import net.jqwik.api.statistics.Statistics;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;

@Domain(ConfigDomain.class)
class RoundTripPropertiesTest {

  @Property(tries = 1000, edgeCases = EdgeCasesMode.NONE)
  void parse_readsBackWhatToYamlWrote_inItsOrder(@ForAll MigConfigDocument document) {
    MigConfigFile file = MigConfigFile.read(document.toYaml());

    assertThat(file.orElseThrow()).isEqualTo(document);
    assertThat(new ArrayList<>(file.orElseThrow().configs().keySet()))
        .isEqualTo(new ArrayList<>(document.configs().keySet()));
    assertThat(file.orElseThrow().toYaml()).isEqualTo(document.toYaml());
    assertThat(MigConfigDocument.ofJson(document.toJson())).isEqualTo(document);
    cover(document);
  }

  private static void cover(MigConfigDocument document) {
    boolean trap = document.configs().keySet().stream().anyMatch(ConfigDomain.TRAPS::contains);
    boolean longName = document.configs().keySet().stream().anyMatch(name -> name.length() > 1024);
    boolean emptyFilter = document.configs().values().stream()
        .flatMap(config -> config.entries().stream())
        .anyMatch(entry -> entry.deviceFilters().size() == 1
            && entry.deviceFilters().get(0).text().isEmpty());
    Statistics.label("name that YAML misreads")
        .collect(trap)
        .coverage(c -> c.check(true).percentage(p -> p > 10));
    Statistics.label("name longer than a simple key")
        .collect(longName)
        .coverage(c -> c.check(true).percentage(p -> p > 2));
    Statistics.label("single empty filter")
        .collect(emptyFilter)
        .coverage(c -> c.check(true).percentage(p -> p > 1));
    Statistics.label("no configuration")
        .collect(document.configs().isEmpty())
        .coverage(c -> c.check(true).count(n -> n > 0));
  }

  /** Another YAML 1.1 reader sees the same texts, numbers and booleans. */
  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void toYaml_isReadAlike_bySnakeYaml(@ForAll MigConfigDocument document) {
    Map<String, Object> root = new Yaml(new LoaderOptions()).load(document.toYaml());

    assertThat(root.get("version")).isEqualTo("v1");
    Object configs = root.getOrDefault("mig-configs", Map.of());
    assertThat(((Map<?, ?>) configs).keySet()).isEqualTo(document.configs().keySet());
  }

  @Test
  void toYaml_isCanonical() {
    var entry = MigConfigSpec.builder()
        .addDeviceFilters(new DeviceFilter("0x233010DE"))
        .devices(DeviceSelector.of(0, 1))
        .migEnabled(true)
        .putMigDevices(MigProfile.parse("2g.20gb"), 1)
        .putMigDevices(MigProfile.parse("1g.10gb+me"), 1)
        .build();
    var on =
        MigConfigSpec.builder().devices(DeviceSelector.ALL).migEnabled(true).build();

    var document = MigConfigDocument.empty()
        .with("all-disabled", MigConfig.of(MigConfigSpec.allDisabled()))
        .with("yes", MigConfig.of(entry, on));

    assertThat(document.toYaml()).isEqualTo("""
            version: v1
            mig-configs:
              all-disabled:
                - devices: all
                  mig-enabled: false
              "yes":
                - device-filter: ["0x233010DE"]
                  devices: [0, 1]
                  mig-enabled: true
                  mig-devices:
                    1g.10gb+me: 1
                    2g.20gb: 1
                - devices: all
                  mig-enabled: true
                  mig-devices: {}
            """);
  }
}
