package io.github.mig4j.examples.migctl.offline;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.plan.FleetPlan;
import io.github.mig4j.plan.PlanNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

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
      SortedMap<Integer, MigLayout> layouts = plan.layouts(node);
      if (layouts.values().stream().allMatch(layout -> layout.devices().isEmpty())) {
        nodes.put(node, "all-disabled");
        continue;
      }
      MigConfig config = MigConfig.ofGpus(layouts, shape.gpuCount());
      String name = config.contentName("planned");
      document = document.with(name, config);
      nodes.put(node, name);
    }
    return new PlannedConfigs(document, nodes);
  }
}
