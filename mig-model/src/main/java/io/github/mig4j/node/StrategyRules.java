package io.github.mig4j.node;

import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Rules for the MIG strategy: the device plugin should offer the devices, and should not stop. */
final class StrategyRules {

  private final ConfigOnNode on;
  private final Selection selection;

  private StrategyRules(ConfigOnNode on) {
    this.on = on;
    this.selection = on.selection();
  }

  static void check(ConfigOnNode on, MigStrategy strategy) {
    StrategyRules rules = new StrategyRules(on);
    switch (strategy) {
      case MIXED -> rules.forEachEnablingEntry(rules::checkMixed);
      case NONE -> rules.forEachEnablingEntry(rules::checkNone);
      case SINGLE -> rules.checkUniform();
    }
  }

  private interface EntryRule {
    void check(int entry, MigConfigSpec spec, List<NodeGpu> gpus);
  }

  /** Checks each entry that enables MIG on a GPU and decides for it. */
  private void forEachEnablingEntry(EntryRule rule) {
    selection
        .entryIndexes()
        .filter(entry -> selection.entry(entry).migEnabled())
        .forEach(entry -> {
          List<NodeGpu> capable = selection.decidedBy(entry).stream()
              .filter(gpu -> gpu.model().supportsMig())
              .toList();
          if (!capable.isEmpty()) {
            rule.check(entry, selection.entry(entry), capable);
          }
        });
  }

  private void checkMixed(int entry, MigConfigSpec spec, List<NodeGpu> gpus) {
    spec.migDevices().keySet().stream()
        .filter(profile -> !profile.isWholeGpuInstance())
        .forEach(profile -> on.report(
            NodeCode.SHARED_INSTANCE_UNDER_MIXED,
            on.location(entry, profile),
            "With strategy mixed no resource represents %s, and the device plugin stops"
                .formatted(profile),
            "use %s or strategy single".formatted(profile.gpuInstance())));
    if (spec.migDevices().isEmpty()) {
      on.report(
          NodeCode.EMPTY_MIG_GPU,
          on.location(entry, "mig-devices"),
          "%s would be in MIG mode without devices and offer nothing"
              .formatted(ConfigOnNode.names(gpus)),
          "add devices or set mig-enabled to false");
    }
  }

  private void checkNone(int entry, MigConfigSpec spec, List<NodeGpu> gpus) {
    if (!spec.migDevices().isEmpty()) {
      on.report(
          NodeCode.MIG_UNDER_NONE,
          on.location(entry, "mig-devices"),
          "With strategy none the devices are not offered, and %s stays one nvidia.com/gpu each"
              .formatted(ConfigOnNode.names(gpus)),
          "use strategy mixed or single");
    }
  }

  /** With strategy single the device plugin requires no MIG at all, or one profile everywhere. */
  private void checkUniform() {
    Map<NodeGpu, MigSetting> settings = new LinkedHashMap<>();
    Map<String, List<NodeGpu>> kinds = new TreeMap<>();
    for (NodeGpu gpu : on.gpus()) {
      Optional<MigSetting> wanted =
          gpu.model().supportsMig() ? selection.wanted(gpu) : Optional.of(MigSetting.OFF);
      wanted.ifPresent(setting -> {
        settings.put(gpu, setting);
        kinds.computeIfAbsent(kind(setting), any -> new ArrayList<>()).add(gpu);
      });
    }
    boolean uniform = kinds.size() == 1
        && settings.values().stream().allMatch(setting -> setting.devices().size() <= 1)
        && !settings.containsValue(MigSetting.EMPTY);
    // Profiles of one name can differ in size.
    if (!uniform
        || NodeOffer.of(settings, MigStrategy.SINGLE).devicePluginExit().isPresent()) {
      on.report(
          NodeCode.NOT_UNIFORM_UNDER_SINGLE,
          on.location(),
          "With strategy single %s %s, so the device plugin would stop"
              .formatted(
                  uniform
                      ? "all devices must have one size, but the sizes differ on"
                      : "all GPUs must have one profile or none, but",
                  described(kinds)),
          "use strategy mixed");
    }
  }

  /** E.g. {@code GPU 0 (a30-24gb): 1g.6gb, GPU 1 (l40s): MIG off}. */
  private static String described(Map<String, List<NodeGpu>> settings) {
    return settings.entrySet().stream()
        .map(each -> "%s: %s".formatted(ConfigOnNode.names(each.getValue()), each.getKey()))
        .collect(Collectors.joining(", "));
  }

  private static String kind(MigSetting setting) {
    return setting.devices().isEmpty()
        ? setting.toString()
        : setting.devices().keySet().stream()
            .map(MigProfile::toString)
            .collect(Collectors.joining(" and "));
  }
}
