package io.github.mig4j.node;

import io.github.mig4j.config.DeviceFilter;
import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfigSpec;
import java.util.List;

/** Rules for {@code device-filter} and {@code devices}: what they select should be on the node. */
final class SelectorRules {

  private SelectorRules() {}

  static void check(ConfigOnNode on) {
    on.selection().entryIndexes().forEach(entry -> {
      MigConfigSpec spec = on.selection().entry(entry);
      if (!spec.deviceFilters().isEmpty()) {
        checkMatches(on, entry, spec);
        checkBoards(on, entry, spec);
      }
      if (spec.devices() instanceof DeviceSelector.Indexes some) {
        checkIndexes(on, entry, some.indexes());
      }
    });
  }

  private static void checkMatches(ConfigOnNode on, int entry, MigConfigSpec spec) {
    if (on.selection().passing(entry).isEmpty()
        && spec.deviceFilters().stream().anyMatch(DeviceFilter::isDeviceId)) {
      on.report(
          NodeCode.FILTER_MATCHES_NOTHING,
          on.location(entry, "device-filter"),
          "No GPU of the node passes this filter, so the entry has no effect here",
          "the node has %s".formatted(ConfigOnNode.models(on.gpus())));
    }
  }

  private static void checkBoards(ConfigOnNode on, int entry, MigConfigSpec spec) {
    List<NodeGpu> undecided = on.selection().passing(entry).stream()
        .filter(gpu -> gpu.isUndecided(spec.deviceFilters()))
        .toList();
    ConfigOnNode.byModel(undecided)
        .forEach(group -> on.report(
            NodeCode.BOARD_NOT_KNOWN,
            on.location(entry, "device-filter"),
            "The filter matches only some boards of %s"
                .formatted(group.get(0).model().id()),
            "add the PCI device id of %s to decide".formatted(Selection.name(group))));
  }

  private static void checkIndexes(ConfigOnNode on, int entry, List<Integer> indexes) {
    List<Integer> existing = on.gpus().stream().map(NodeGpu::index).toList();
    List<Integer> absent = indexes.stream()
        .filter(index -> index >= 0 && !existing.contains(index))
        .distinct()
        .sorted()
        .toList();
    if (!absent.isEmpty()) {
      on.report(
          NodeCode.INDEX_OUT_OF_RANGE,
          on.location(entry, "devices"),
          "The node has no GPU %s, only %s"
              .formatted(Selection.ranges(absent), Selection.ranges(existing)),
          "remove it");
    }
  }
}
