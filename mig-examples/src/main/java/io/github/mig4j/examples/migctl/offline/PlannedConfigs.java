package io.github.mig4j.examples.migctl.offline;

import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.plan.FleetPlan;
import io.github.mig4j.plan.PlanNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A plan as configurations: nodes that are cut alike have the same one, with a name that contains a
 * hash of its content.
 *
 * @param document the configurations, and {@code all-disabled}
 * @param nodes the name of each node's configuration, by the node's name
 */
record PlannedConfigs(MigConfigDocument document, Map<String, String> nodes) {

  static PlannedConfigs of(FleetPlan plan, List<PlanNode> shapes) {
    MigConfigDocument document =
        MigConfigDocument.empty().with("all-disabled", MigConfig.of(MigConfigSpec.allDisabled()));
    Map<String, String> nodes = new LinkedHashMap<>();
    for (PlanNode shape : shapes) {
      String node = shape.name();
      Map<Integer, MigLayout> layouts = plan.layouts(node);
      if (layouts.values().stream().allMatch(layout -> layout.devices().isEmpty())) {
        nodes.put(node, "all-disabled");
        continue;
      }
      MigConfig config = config(layouts, shape.gpuCount());
      String name = config.contentName("planned");
      document = document.with(name, config);
      nodes.put(node, name);
    }
    return new PlannedConfigs(document, nodes);
  }

  /** One entry for each layout. */
  private static MigConfig config(Map<Integer, MigLayout> layouts, int gpus) {
    Map<MigConfigSpec, List<Integer>> indexes = new LinkedHashMap<>();
    layouts.forEach((index, layout) ->
        indexes.computeIfAbsent(entry(layout), any -> new ArrayList<>()).add(index));
    if (indexes.size() == 1 && layouts.size() == gpus) {
      return new MigConfig(List.copyOf(indexes.keySet()));
    }
    List<MigConfigSpec> entries = new ArrayList<>();
    indexes.forEach((spec, alike) -> entries.add(MigConfigSpec.builder()
        .devices(DeviceSelector.of(alike.stream().mapToInt(Integer::intValue).toArray()))
        .migEnabled(spec.migEnabled())
        .putAllMigDevices(spec.migDevices())
        .build()));
    return new MigConfig(entries);
  }

  private static MigConfigSpec entry(MigLayout layout) {
    return MigConfigSpec.builder()
        .devices(DeviceSelector.ALL)
        .migEnabled(!layout.devices().isEmpty())
        .putAllMigDevices(layout.devices())
        .build();
  }
}
