package io.github.mig4j.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Findings;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Each family of rules reports its own codes and no others; docs/lint.md has the messages. */
class RulesTest {

  /** Breaks a rule of every family on a node with an A100 and an L40S. */
  private static final MigConfigFile FILE = MigConfigFile.read("""
      version: v1
      mig-configs:
        small:
          - devices: [0, 2]
            mig-enabled: false
          - devices: all
            mig-enabled: true
            mig-devices: {1c.3g.20gb: 6}
      """);

  private static final List<NodeGpu> GPUS = List.of(
      NodeGpu.of(0, GpuCatalog.bundled().require("a100-40gb")),
      NodeGpu.of(1, GpuCatalog.bundled().require("l40s")));

  private static List<Code> codes(Consumer<ConfigOnNode> rules) {
    Findings findings = new Findings("mig-parted");
    Selection selection = new Selection(FILE.orElseThrow().configs().get("small"), GPUS);
    rules.accept(new ConfigOnNode(FILE, "small", selection, true, findings));
    return findings.sorted().stream().map(Finding::code).toList();
  }

  @Test
  void coverage() {
    assertThat(codes(CoverageRules::check))
        .containsExactly(NodeCode.SHADOWED_ENTRY, NodeCode.CONFLICTING_MODES);
  }

  @Test
  void selectors() {
    assertThat(codes(SelectorRules::check)).containsExactly(NodeCode.INDEX_OUT_OF_RANGE);
  }

  @Test
  void placement() {
    assertThat(codes(PlacementRules::check)).containsExactly(NodeCode.MIG_NOT_SUPPORTED);
  }

  @Test
  void strategy() {
    assertThat(codes(on -> StrategyRules.check(on, MigStrategy.MIXED)))
        .containsExactly(NodeCode.SHARED_INSTANCE_UNDER_MIXED);
    assertThat(codes(on -> StrategyRules.check(on, MigStrategy.SINGLE)))
        .containsExactly(NodeCode.NOT_UNIFORM_UNDER_SINGLE);
    assertThat(codes(on -> StrategyRules.check(on, MigStrategy.NONE)))
        .containsExactly(NodeCode.MIG_UNDER_NONE);
  }

  @Test
  void modeChange() {
    assertThat(codes(ModeChangeRules::check)).containsExactly(NodeCode.MODE_CHANGE_RESETS);
  }
}
