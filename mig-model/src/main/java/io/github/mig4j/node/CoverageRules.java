package io.github.mig4j.node;

import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.text.Quoted;
import java.util.List;
import java.util.stream.Collectors;

/** Rules for which entries select which GPUs: every GPU should be selected, and by one entry. */
final class CoverageRules {

  private final ConfigOnNode on;
  private final Selection selection;

  private CoverageRules(ConfigOnNode on) {
    this.on = on;
    this.selection = on.selection();
  }

  static void check(ConfigOnNode on) {
    CoverageRules rules = new CoverageRules(on);
    rules.checkReservedName();
    if (on.selectsAny()) {
      rules.checkUncovered();
    } else {
      rules.reportNothingSelected();
    }
    rules.checkConflictingModes();
    rules.selection.entryIndexes().forEach(rules::checkShadowed);
  }

  private void checkReservedName() {
    boolean enables = selection.config.entries().stream().anyMatch(MigConfigSpec::migEnabled);
    if (on.name().equals(FileRules.ALL_DISABLED) && enables) {
      on.report(
          NodeCode.RESERVED_NAME,
          on.location(),
          "Config 'all-disabled' enables MIG, but the operator requests this name to disable it on nodes that request no configuration",
          "use another name");
    }
  }

  private void reportNothingSelected() {
    on.report(
        NodeCode.NOTHING_SELECTED,
        on.location(),
        "Config %s selects no GPU of the node, so nothing changes and the state is success all the same"
            .formatted(Quoted.of(on.name())),
        "add an entry for %s".formatted(ConfigOnNode.models(on.gpus())));
  }

  private void checkUncovered() {
    List<NodeGpu> uncovered =
        on.gpus().stream().filter(gpu -> selection.entriesFor(gpu).isEmpty()).toList();
    ConfigOnNode.byModel(uncovered)
        .forEach(group -> on.report(
            NodeCode.UNCOVERED_GPU,
            on.location(),
            "No entry selects %s, so mig-parted never finds the configuration applied, and every restart of the MIG manager stops the GPU clients of the node"
                .formatted(Selection.name(group)),
            "add an entry for it"));
  }

  private void checkConflictingModes() {
    List<NodeGpu> conflicting =
        on.gpus().stream().filter(selection::hasConflictingModes).toList();
    ConfigOnNode.byModel(conflicting).forEach(group -> {
      List<Integer> entries = selection.entriesFor(group.get(0));
      on.report(
          NodeCode.CONFLICTING_MODES,
          on.location(entries.get(entries.size() - 1), "mig-enabled"),
          "Entries %s have both true and false for %s, so mig-parted fails"
              .formatted(joined(entries), Selection.name(group)),
          "select each GPU in one of them only");
    });
  }

  private void checkShadowed(int entry) {
    List<NodeGpu> here = selection.selectedBy(entry);
    if (!here.isEmpty() && selection.decidedBy(entry).isEmpty()) {
      List<Integer> later = here.stream()
          .flatMap(gpu -> selection.decidingEntry(gpu).stream())
          .distinct()
          .sorted()
          .toList();
      on.report(
          NodeCode.SHADOWED_ENTRY,
          on.location(entry, "devices"),
          "Entry %d has no effect, since entry %s selects the same GPUs and comes later"
              .formatted(entry, joined(later)),
          "remove it");
    }
  }

  private static String joined(List<Integer> entries) {
    return entries.stream().map(String::valueOf).collect(Collectors.joining(", "));
  }
}
