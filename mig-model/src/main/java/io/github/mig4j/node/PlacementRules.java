package io.github.mig4j.node;

import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.DriverPrediction;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import io.github.mig4j.layout.Violation;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Rules for {@code mig-devices}: the GPUs should support MIG, have the profiles and the space. */
final class PlacementRules {

  /** mig-parted leaves profiles of equal slices in any order; the smaller first is the worse. */
  private static final Comparator<MigProfile> FIRST_TRIED = Comparator.comparingInt(
          MigProfile::gpuSlices)
      .thenComparingInt(MigProfile::computeSlices)
      .reversed()
      .thenComparing(Comparator.naturalOrder());

  private final ConfigOnNode on;
  private final Selection selection;

  private PlacementRules(ConfigOnNode on) {
    this.on = on;
    this.selection = on.selection();
  }

  static void check(ConfigOnNode on) {
    PlacementRules rules = new PlacementRules(on);
    rules
        .selection
        .entryIndexes()
        .filter(entry -> rules.selection.entry(entry).migEnabled())
        .forEach(rules::checkEntry);
    rules.checkAmbiguousProfiles();
  }

  private void checkEntry(int entry) {
    MigConfigSpec spec = selection.entry(entry);
    List<NodeGpu> here = selection.selectedBy(entry);
    ConfigOnNode.byModel(here).forEach(group -> checkModel(entry, spec, group));
    long kinds = here.stream()
        .filter(gpu -> gpu.model().supportsMig())
        .map(gpu -> gpu.model().id())
        .distinct()
        .count();
    if (spec.deviceFilters().isEmpty() && !spec.migDevices().isEmpty() && kinds > 1) {
      on.report(
          NodeCode.NO_FILTER_ON_MIXED_HARDWARE,
          on.location(entry, "mig-devices"),
          "The entry requests the same devices on %s".formatted(ConfigOnNode.models(here)),
          "add an entry with a device-filter for each kind");
    }
  }

  /** Checks GPUs of one model. */
  private void checkModel(int entry, MigConfigSpec spec, List<NodeGpu> group) {
    GpuModel model = group.get(0).model();
    if (!model.supportsMig()) {
      on.report(
          NodeCode.MIG_NOT_SUPPORTED,
          on.location(entry, "mig-enabled"),
          "MIG is not supported by %s, so mig-parted never finds the configuration applied, and each run clears the other GPUs"
              .formatted(Selection.name(group)),
          "add a device-filter, and an entry with mig-enabled false for this one");
      return;
    }
    List<MigProfile> unknown = spec.migDevices().keySet().stream()
        .filter(profile -> model.profile(profile).isEmpty())
        .toList();
    unknown.forEach(profile -> reportUnknown(entry, group, profile));
    if (unknown.isEmpty()) {
      checkPlacement(entry, spec.migDevices(), group);
    }
  }

  private void reportUnknown(int entry, List<NodeGpu> group, MigProfile profile) {
    boolean silent = !NodeEffect.isOnNode(profile, on.gpus());
    on.report(
        NodeCode.UNKNOWN_PROFILE,
        on.location(entry, profile),
        "%s: %s; mig-parted would %s"
            .formatted(
                Selection.name(group),
                new Violation.UnknownProfile(group.get(0).model(), profile).message(),
                silent
                    ? "destroy all devices, create none and report success"
                    : "destroy all devices and fail"),
        "use a profile that the GPU has");
  }

  private void checkPlacement(
      int entry, SortedMap<MigProfile, Integer> devices, List<NodeGpu> group) {
    GpuModel model = group.get(0).model();
    PlacementResult result = MigLayout.place(model, devices);
    if (result instanceof PlacementResult.Rejected rejected) {
      on.report(
          NodeCode.NOT_PLACEABLE,
          on.location(entry, "mig-devices"),
          "%s cannot hold %s: %s; mig-parted would destroy all devices and fail"
              .formatted(Selection.name(group), devices, Violation.summary(rejected.violations())),
          "lower the counts");
    } else if (result instanceof PlacementResult.Undetermined undetermined) {
      on.report(
          NodeCode.PLACEMENT_UNKNOWN,
          on.location(entry, "mig-devices"),
          "%s: %s".formatted(Selection.name(group), undetermined.message()),
          "");
    } else if (mayFailAtFirst(model, devices)) {
      on.report(
          NodeCode.DRIVER_ORDER,
          on.location(entry, "mig-devices"),
          "%s can hold %s, but the driver will probably refuse the order in which mig-parted first creates them, which then tries other orders"
              .formatted(Selection.name(group), devices),
          "if you create them with nvidia-smi, give explicit starts");
    }
  }

  /** Whether the driver will probably refuse an order that mig-parted may try first. */
  private static boolean mayFailAtFirst(GpuModel gpu, Map<MigProfile, Integer> devices) {
    List<MigProfile> order = devices.entrySet().stream()
        .sorted(Map.Entry.comparingByKey(FIRST_TRIED))
        .flatMap(each -> Collections.nCopies(each.getValue(), each.getKey()).stream())
        .toList();
    return gpu.profiles().stream().allMatch(GpuInstanceProfile::isPlaceable)
        && !DriverPrediction.of(gpu).create(order).isComplete();
  }

  private void checkAmbiguousProfiles() {
    if (ConfigOnNode.byModel(on.gpus()).size() == 1) {
      return;
    }
    Map<MigProfile, Map<String, String>> sizes = new TreeMap<>();
    Map<MigProfile, Integer> entries = new TreeMap<>();
    for (NodeGpu gpu : on.gpus()) {
      selection.decidingEntry(gpu).ifPresent(entry -> {
        for (MigProfile profile : selection.entry(entry).migDevices().keySet()) {
          size(gpu.model(), profile).ifPresent(size -> {
            sizes
                .computeIfAbsent(profile, any -> new LinkedHashMap<>())
                .putIfAbsent(size, gpu.model().id());
            entries.put(profile, entry);
          });
        }
      });
    }
    sizes.forEach((profile, bySize) -> {
      if (bySize.size() > 1) {
        String which = bySize.entrySet().stream()
            .map(each -> each.getKey() + " of " + each.getValue())
            .collect(Collectors.joining(" and "));
        on.report(
            NodeCode.AMBIGUOUS_PROFILE,
            on.location(entries.getOrDefault(profile, 0), profile),
            "%s means %s, and both are offered as %s"
                .formatted(profile, which, profile.resourceName()),
            "keep one kind of GPU per node");
      }
    });
  }

  /** The share of the GPU's memory slices that a profile takes, e.g. {@code 1/8}. */
  private static Optional<String> size(GpuModel model, MigProfile profile) {
    OptionalInt size =
        model.profile(profile).map(GpuInstanceProfile::size).orElse(OptionalInt.empty());
    return size.isPresent() && model.memorySlices().isPresent()
        ? Optional.of("%d/%d".formatted(size.getAsInt(), model.memorySlices().getAsInt()))
        : Optional.empty();
  }
}
