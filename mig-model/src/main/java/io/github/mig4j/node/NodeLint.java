package io.github.mig4j.node;

import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Findings;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Compares the configurations of a file with the GPUs of a node. Each family of rules has a class of
 * its own in this package.
 */
public final class NodeLint {

  private NodeLint() {}

  /**
   * {@return the findings of a file on a node in the order of the file, whichever configuration is
   * chosen later: those of {@link MigConfigFile#findings()}, and as notes what each configuration
   * would do on the node}
   *
   * @param gpus all GPUs of the node
   * @param strategy how the device plugin offers MIG devices on it
   * @throws IllegalArgumentException if there is no GPU, or two have one index
   */
  public static List<Finding> of(MigConfigFile file, List<NodeGpu> gpus, MigStrategy strategy) {
    Objects.requireNonNull(file, "file");
    Objects.requireNonNull(gpus, "gpus");
    Objects.requireNonNull(strategy, "strategy");
    return of(file, gpus, strategy, Optional.empty());
  }

  /**
   * {@return the findings of applying one configuration of a file to a node, in the order of the file;
   * do not apply it if one is an error} Problems of that
   * configuration are errors or warnings, and problems of the others are notes; a file that the MIG
   * manager refuses is an error whichever configuration is chosen.
   *
   * @param gpus all GPUs of the node
   * @param strategy how the device plugin offers MIG devices on it
   * @throws IllegalArgumentException if there is no GPU, or two have one index
   */
  public static List<Finding> of(
      MigConfigFile file, List<NodeGpu> gpus, MigStrategy strategy, String config) {
    Objects.requireNonNull(file, "file");
    Objects.requireNonNull(gpus, "gpus");
    Objects.requireNonNull(strategy, "strategy");
    Objects.requireNonNull(config, "config");
    return of(file, gpus, strategy, Optional.of(config));
  }

  private static List<Finding> of(
      MigConfigFile file, List<NodeGpu> gpus, MigStrategy strategy, Optional<String> selected) {
    if (gpus.isEmpty()) {
      throw new IllegalArgumentException("A node to check against needs at least one GPU");
    }
    List<NodeGpu> distinct = List.copyOf(NodeEffect.requireDistinct(gpus));
    Findings findings = new Findings("mig-parted");
    file.findings().forEach(findings::add);
    FileRules.checkSize(file, findings);
    file.content()
        .ifPresent(document -> check(document, file, distinct, strategy, selected, findings));
    return findings.sorted();
  }

  private static void check(
      MigConfigDocument document,
      MigConfigFile file,
      List<NodeGpu> gpus,
      MigStrategy strategy,
      Optional<String> selected,
      Findings findings) {
    selected.ifPresent(name -> FileRules.checkSelected(document, name, findings));
    if (file.document().isPresent()) {
      FileRules.checkDefault(document, file.defaultConfig(), findings);
    }
    document.configs().forEach((name, config) -> {
      boolean isSelected = selected.equals(Optional.of(name));
      ConfigOnNode on =
          new ConfigOnNode(file, name, new Selection(config, gpus), isSelected, findings);
      CoverageRules.check(on);
      SelectorRules.check(on);
      PlacementRules.check(on);
      if (on.selectsAny()) {
        StrategyRules.check(on, strategy);
        if (isSelected) {
          ModeChangeRules.check(on);
        }
      }
    });
  }
}
