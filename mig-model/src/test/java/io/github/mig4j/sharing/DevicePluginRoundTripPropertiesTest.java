package io.github.mig4j.sharing;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.sharing.DevicePluginFlags.DeviceDiscovery;
import io.github.mig4j.sharing.DevicePluginFlags.DeviceIdStrategy;
import io.github.mig4j.sharing.DevicePluginFlags.DeviceListStrategy;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.statistics.Statistics;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;

class DevicePluginRoundTripPropertiesTest {

  private static final List<String> TEXTS = List.of(
      "/", "", "yes", "7", "~", "0x1", "a: b", "#a", "'a'", "a\nb", "\u0085", "ünïcode", "1e3",
      " ");

  private static final List<String> NAMES = List.of(
      "nvidia.com/gpu", "nvidia.com/mig-1g.5gb", "nvidia.com/mig-1g.10gb.me", "nvidia.com/x.y-z");

  /** Valid by construction: what each random number means depends on those before it. */
  @Provide
  Arbitrary<DevicePluginConfig> configs() {
    return Arbitraries.randomValue(DevicePluginRoundTripPropertiesTest::config);
  }

  private static DevicePluginConfig config(Random random) {
    boolean mps = random.nextInt(3) == 0;
    DevicePluginFlags.Builder flags = DevicePluginFlags.builder();
    for (Flag flag : Flag.ALL) {
      if (random.nextInt(3) > 0) {
        continue;
      }
      if (flag instanceof Flag.Text text) {
        text.set().accept(flags, any(TEXTS, random));
      } else if (flag instanceof Flag.Truth truth) {
        truth.set().accept(flags, random.nextBoolean());
      }
    }
    if (random.nextBoolean()) {
      flags.migStrategy(mps ? MigStrategy.SINGLE : any(List.of(MigStrategy.values()), random));
      flags.deviceDiscoveryStrategy(any(List.of(DeviceDiscovery.values()), random));
      flags.deviceIdStrategy(any(List.of(DeviceIdStrategy.values()), random));
      flags.sleepInterval(any(List.of("60s", "1h2m3.5s", "0", "-1.5h", "300us"), random));
      for (int i = random.nextInt(3); i > 0; i--) {
        flags.addDeviceListStrategy(any(List.of(DeviceListStrategy.values()), random));
      }
    }
    DevicePluginConfig.Builder config = DevicePluginConfig.builder()
        .flags(flags.build())
        .imexChannel(any(List.of(ImexChannel.values()), random));
    if (mps || random.nextBoolean()) {
      GpuSharing.Builder sharing =
          GpuSharing.builder().kind(mps ? SharingKind.MPS : SharingKind.TIME_SLICING);
      if (random.nextBoolean()) {
        sharing.renameByDefault(random.nextBoolean());
        sharing.failRequestsGreaterThanOne(random.nextBoolean());
      }
      for (int i = random.nextInt(3); i >= 0; i--) {
        sharing.addResources(
            mps
                ? SharedResource.gpu(2 + random.nextInt(47))
                : new SharedResource(
                    any(NAMES, random), 2 + random.nextInt(Integer.MAX_VALUE - 1)));
      }
      config.sharing(sharing.build());
    }
    return config.build();
  }

  private static <T> T any(List<T> values, Random random) {
    return values.get(random.nextInt(values.size()));
  }

  @Property(tries = 2000, edgeCases = EdgeCasesMode.NONE)
  void parse_readsBackWhatToYamlWrote(@ForAll("configs") DevicePluginConfig config) {
    DevicePluginConfigFile file = DevicePluginConfigFile.read(config.toYaml());

    assertThat(file.findings()).noneMatch(Finding::isError);
    assertThat(file.orElseThrow()).isEqualTo(config);
    assertThat(file.orElseThrow().toYaml()).isEqualTo(config.toYaml());
    Statistics.label("sharing")
        .collect(config.sharing().map(s -> s.kind().toString()).orElse("none"))
        .coverage(c -> {
          c.check("none").percentage(p -> p > 10);
          c.check("mps").percentage(p -> p > 10);
          c.check("time-slicing").percentage(p -> p > 10);
        });
    Statistics.label("no flags")
        .collect(config.flags().equals(DevicePluginFlags.none()))
        .coverage(c -> c.check(false).percentage(p -> p > 50));
  }

  /** Another YAML 1.1 reader sees the same. */
  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void toYaml_isReadAlike_bySnakeYaml(@ForAll("configs") DevicePluginConfig config) {
    Map<String, Object> root = new Yaml(new LoaderOptions()).load(config.toYaml());

    assertThat(root.get("version")).isEqualTo("v1");
    assertThat(root.containsKey("sharing")).isEqualTo(config.sharing().isPresent());
    Object flags = root.getOrDefault("flags", Map.of());
    assertThat(((Map<?, ?>) flags).get("nvidiaDriverRoot"))
        .isEqualTo(config.flags().nvidiaDriverRoot().orElse(null));
  }

  /** Whatever the text, the outcome is a value, and every message one line. */
  @Property(tries = 3000, edgeCases = EdgeCasesMode.NONE)
  void readAll_mutatedFile_endsInAValue(
      @ForAll("configs") DevicePluginConfig config, @ForAll Random random) {
    StringBuilder text = new StringBuilder(
        random.nextBoolean()
            ? config.toYaml()
            : "kind: ConfigMap\ndata:\n  a: |\n" + config.toYaml().indent(4));
    List<String> pieces = List.of(
        "[",
        "]",
        "{",
        "}",
        ": ",
        "- ",
        "&a ",
        "*a",
        "<<: *a\n",
        "|",
        "\n",
        "\t",
        "  ",
        "null",
        "yes",
        "08",
        "-1",
        "1.5",
        "1e999",
        "kind: List\n",
        "items:\n",
        "\u0000",
        "\uD800",
        "!!int ",
        "'",
        "#");
    for (int i = random.nextInt(8); i > 0; i--) {
      int at = random.nextInt(text.length() + 1);
      int end = Math.min(text.length(), at + random.nextInt(6));
      text.replace(at, end, any(pieces, random));
    }

    DevicePluginConfigFile.readAll(text.toString()).values().forEach(file -> {
      boolean errors = file.findings().stream().anyMatch(Finding::isError);
      assertThat(file.config().isPresent()).isNotEqualTo(errors);
      assertThat(file.findings())
          .allSatisfy(
              finding -> assertThat(finding.toString()).doesNotContain("\n").doesNotContain("\r"));
      file.lint(NodeDevices.wholeGpus(2));
    });
  }
}
