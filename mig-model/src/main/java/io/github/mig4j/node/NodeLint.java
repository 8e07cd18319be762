package io.github.mig4j.node;

import io.github.mig4j.config.DeviceFilter;
import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.config.MigConfigReader;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import io.github.mig4j.layout.Violation;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.FindingCode;
import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.text.Position;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.Spot;
import io.github.mig4j.text.YamlPath;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Compares the configurations of a file with the GPUs of a node. */
public final class NodeLint {
  private static final int CONFIGMAP_BYTES = 1024 * 1024;

  private final List<NodeGpu> gpus;
  private final MigStrategy strategy;
  private final Optional<String> selected;
  private final Findings findings = new Findings();

  private NodeLint(List<NodeGpu> gpus, MigStrategy strategy, Optional<String> selected) {
    this.gpus = gpus;
    this.strategy = strategy;
    this.selected = selected;
  }

  /**
   * All there is to say about the file on a node, whichever configuration is chosen later: beside
   * {@link MigConfigFile#findings()} what each configuration would do there, as notes.
   *
   * @param file the file
   * @param gpus all GPUs of the node
   * @param strategy how the device plugin offers MIG devices on it
   * @return findings in the order of the file
   * @throws IllegalArgumentException if there is no GPU, or two have one index
   */
  public static List<Finding> of(MigConfigFile file, List<NodeGpu> gpus, MigStrategy strategy) {
    Objects.requireNonNull(file, "file");
    Objects.requireNonNull(gpus, "gpus");
    Objects.requireNonNull(strategy, "strategy");
    return of(file.reading(), gpus, strategy, Optional.empty());
  }

  /**
   * All there is to say about applying one configuration of the file to a node. What is wrong with
   * that one is an error or a warning, what is wrong with the others a note; a file that the MIG
   * manager refuses is an error whatever is chosen.
   *
   * @param file the file
   * @param gpus all GPUs of the node
   * @param strategy how the device plugin offers MIG devices on it
   * @param config the name of the configuration to be applied
   * @return findings in the order of the file; apply nothing if one is an error
   * @throws IllegalArgumentException if there is no GPU, or two have one index
   */
  public static List<Finding> of(
      MigConfigFile file, List<NodeGpu> gpus, MigStrategy strategy, String config) {
    Objects.requireNonNull(file, "file");
    Objects.requireNonNull(gpus, "gpus");
    Objects.requireNonNull(strategy, "strategy");
    Objects.requireNonNull(config, "config");
    return of(file.reading(), gpus, strategy, Optional.of(config));
  }

  private static List<Finding> of(
      MigConfigReader.Reading reading,
      List<NodeGpu> gpus,
      MigStrategy strategy,
      Optional<String> selected) {
    if (gpus.isEmpty()) {
      throw new IllegalArgumentException("A node to check against needs at least one GPU");
    }
    NodeLint lint = new NodeLint(List.copyOf(NodeEffect.requireDistinct(gpus)), strategy, selected);
    reading.findings().forEach(lint.findings::add);
    lint.checkSize(reading);
    reading.document().ifPresent(document -> lint.check(document, reading.places()));
    return lint.findings.sorted();
  }

  private void checkSize(MigConfigReader.Reading reading) {
    int bytes = reading.text().getBytes(StandardCharsets.UTF_8).length;
    if (bytes > CONFIGMAP_BYTES) {
      findings.error(
          FindingCode.CONFIGMAP_TOO_LARGE,
          YamlPath.ROOT.at(Position.START),
          "The file has %d bytes, but a ConfigMap holds at most %d; remove what no node asks for"
              .formatted(bytes, CONFIGMAP_BYTES));
    }
  }

  private void check(MigConfigDocument document, Map<String, MigConfigReader.ConfigPlaces> places) {
    if (selected.isPresent() && !document.configs().containsKey(selected.get())) {
      findings.error(
          FindingCode.CONFIG_NOT_PRESENT,
          YamlPath.ROOT.at(Position.START),
          "The file has no config %s; it has %s"
              .formatted(Quoted.of(selected.get()), names(document.configs().keySet())));
    }
    if (!document.configs().containsKey("all-disabled")) {
      findings.add(
          Severity.NOTE,
          FindingCode.NO_ALL_DISABLED,
          YamlPath.ROOT.at(Position.START),
          "The file has no config 'all-disabled', which the operator asks for on nodes that ask for"
              + " none; add it, or set migManager.config.default to ''");
    }
    document.configs().forEach((name, config) -> {
      MigConfigReader.ConfigPlaces configPlaces = places.get(name);
      if (configPlaces != null) {
        new ConfigLint(name, new Selection(config, gpus), configPlaces).check();
      }
    });
  }

  private static String names(Collection<String> names) {
    String listed = names.stream().limit(12).map(Quoted::of).collect(Collectors.joining(", "));
    return names.isEmpty() ? "none" : listed + (names.size() > 12 ? " and more" : "");
  }

  /** One configuration. */
  private final class ConfigLint {
    private final String name;
    private final Selection selection;
    private final MigConfigReader.ConfigPlaces places;
    private final YamlPath path;
    private final boolean isSelected;

    ConfigLint(String name, Selection selection, MigConfigReader.ConfigPlaces places) {
      this.name = name;
      this.selection = selection;
      this.places = places;
      this.path = Findings.CONFIGS.key(name);
      this.isSelected = selected.equals(Optional.of(name));
    }

    void check() {
      checkReservedName();
      boolean any = gpus.stream().anyMatch(gpu -> !selection.entriesFor(gpu).isEmpty());
      if (!any) {
        report(
            Severity.ERROR,
            FindingCode.NOTHING_SELECTED,
            path.at(places.name()),
            "Config %s selects none of the node's GPUs, so that nothing changes and the state says"
                    .formatted(Quoted.of(name))
                + " success all the same; add an entry for " + models(gpus));
      }
      selection.entryIndexes().forEach(this::checkSelectors);
      checkConflictingModes();
      selection.entryIndexes().forEach(this::checkShadowed);
      selection.entryIndexes().forEach(this::checkDevices);
      checkAmbiguousProfiles();
      if (any) {
        checkUncovered();
        checkStrategy();
        checkModeChange();
      }
    }

    private void report(Severity severity, FindingCode code, Spot spot, String message) {
      findings.add(isSelected ? severity : Severity.NOTE, code, spot, message);
    }

    private Spot at(int entry, String field) {
      MigConfigReader.EntryPlaces entryPlaces = places.entries().get(entry);
      YamlPath entryPath = path.item(entry);
      return entryPlaces.fields().containsKey(field)
          ? entryPath.key(field).at(entryPlaces.of(field))
          : entryPath.at(entryPlaces.entry());
    }

    private Spot at(int entry, MigProfile profile) {
      Position position = places.entries().get(entry).profiles().get(profile);
      YamlPath devices = path.item(entry).key("mig-devices");
      return position == null
          ? at(entry, "mig-devices")
          : devices.key(profile.toString()).at(position);
    }

    private void checkReservedName() {
      boolean switchesOn = selection.config.entries().stream().anyMatch(MigConfigSpec::migEnabled);
      if (name.equals("all-disabled") && switchesOn) {
        report(
            Severity.WARNING,
            FindingCode.RESERVED_NAME,
            path.at(places.name()),
            "Config 'all-disabled' switches MIG on, but the operator asks for this name to switch it"
                + " off wherever a node asks for nothing; give it another name");
      }
    }

    private void checkSelectors(int entry) {
      MigConfigSpec spec = selection.entry(entry);
      if (!spec.deviceFilters().isEmpty()) {
        checkFilters(entry, spec);
      }
      if (spec.devices() instanceof DeviceSelector.Indexes some) {
        List<Integer> beyond = some.indexes().stream()
            .filter(index -> index >= 0 && gpus.stream().noneMatch(gpu -> gpu.index() == index))
            .distinct()
            .sorted()
            .toList();
        if (!beyond.isEmpty()) {
          report(
              Severity.WARNING,
              FindingCode.INDEX_OUT_OF_RANGE,
              at(entry, "devices"),
              "The node has no GPU %s, only %s; leave it out"
                  .formatted(
                      Selection.ranges(beyond),
                      Selection.ranges(gpus.stream().map(NodeGpu::index).toList())));
        }
      }
    }

    private void checkFilters(int entry, MigConfigSpec spec) {
      boolean readable = spec.deviceFilters().stream().anyMatch(DeviceFilter::isDeviceId);
      if (readable && gpus.stream().noneMatch(gpu -> gpu.passes(spec.deviceFilters()))) {
        report(
            Severity.NOTE,
            FindingCode.FILTER_MATCHES_NOTHING,
            at(entry, "device-filter"),
            "No GPU of the node passes this filter, so the entry does nothing here; the node has %s"
                .formatted(models(gpus)));
      }
      List<NodeGpu> undecided =
          gpus.stream().filter(gpu -> gpu.isUndecided(spec.deviceFilters())).toList();
      byModel(undecided)
          .forEach(group -> report(
              Severity.NOTE,
              FindingCode.BOARD_NOT_KNOWN,
              at(entry, "device-filter"),
              "The filter names some boards of %s and not others; give the PCI device id of %s to tell"
                  .formatted(group.get(0).model().id(), Selection.name(group))));
    }

    private void checkConflictingModes() {
      byModel(gpus.stream().filter(selection::hasConflictingModes).toList()).forEach(group -> {
        List<Integer> entries = selection.entriesFor(group.get(0));
        int last = entries.get(entries.size() - 1);
        report(
            Severity.ERROR,
            FindingCode.CONFLICTING_MODES,
            at(last, "mig-enabled"),
            "Entries %s say both true and false for %s, which makes mig-parted fail; name each GPU in"
                    .formatted(joined(entries, ", "), Selection.name(group))
                + " one of them only");
      });
    }

    private void checkShadowed(int entry) {
      List<NodeGpu> here = selection.selectedBy(entry);
      if (!here.isEmpty() && selection.decidedBy(entry).isEmpty()) {
        String later = here.stream()
            .flatMap(gpu -> selection.decidingEntry(gpu).stream())
            .distinct()
            .sorted()
            .map(String::valueOf)
            .collect(Collectors.joining(", "));
        report(
            Severity.WARNING,
            FindingCode.SHADOWED_ENTRY,
            at(entry, "devices"),
            "Entry %d has no say, since entry %s is for the same GPUs and comes later; remove it"
                .formatted(entry, later));
      }
    }

    private void checkDevices(int entry) {
      MigConfigSpec spec = selection.entry(entry);
      if (!spec.migEnabled()) {
        return;
      }
      List<NodeGpu> here = selection.selectedBy(entry);
      byModel(here).forEach(group -> checkDevices(entry, spec, group));
      List<List<NodeGpu>> kinds =
          byModel(here.stream().filter(gpu -> gpu.model().supportsMig()).toList());
      if (spec.deviceFilters().isEmpty() && !spec.migDevices().isEmpty() && kinds.size() > 1) {
        report(
            Severity.WARNING,
            FindingCode.NO_FILTER_ON_MIXED_HARDWARE,
            at(entry, "mig-devices"),
            "The entry asks the same of %s; give each kind an entry with a device-filter"
                .formatted(models(here)));
      }
    }

    private void checkDevices(int entry, MigConfigSpec spec, List<NodeGpu> group) {
      GpuModel model = group.get(0).model();
      if (!model.supportsMig()) {
        report(
            Severity.ERROR,
            FindingCode.MIG_NOT_SUPPORTED,
            at(entry, "mig-enabled"),
            "%s has no MIG, so that the configuration is never found applied and each run clears the"
                    .formatted(Selection.name(group))
                + " other GPUs; add a device-filter, and an entry with mig-enabled false for this one");
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
      GpuModel model = group.get(0).model();
      boolean silent = !NodeEffect.isOnNode(profile, gpus);
      report(
          Severity.ERROR,
          FindingCode.UNKNOWN_PROFILE,
          at(entry, profile),
          "%s: %s; mig-parted would %s"
              .formatted(
                  Selection.name(group),
                  new Violation.UnknownProfile(model, profile).message(),
                  silent
                      ? "destroy all devices, make none and report success"
                      : "destroy all devices and fail"));
    }

    private void checkPlacement(
        int entry, SortedMap<MigProfile, Integer> devices, List<NodeGpu> group) {
      GpuModel model = group.get(0).model();
      PlacementResult result = MigLayout.place(model, devices);
      if (result instanceof PlacementResult.Rejected rejected) {
        report(
            Severity.ERROR,
            FindingCode.NOT_PLACEABLE,
            at(entry, "mig-devices"),
            "%s cannot hold %s: %s; mig-parted would destroy all devices and fail"
                .formatted(
                    Selection.name(group), devices, Violation.summary(rejected.violations())));
      } else if (result instanceof PlacementResult.Undetermined undetermined) {
        report(
            Severity.NOTE,
            FindingCode.PLACEMENT_UNKNOWN,
            at(entry, "mig-devices"),
            "%s: %s".formatted(Selection.name(group), undetermined.message()));
      } else if (DriverOrder.mayFailAtFirst(model, devices)) {
        report(
            Severity.NOTE,
            FindingCode.DRIVER_ORDER,
            at(entry, "mig-devices"),
            "%s can hold %s, but the driver will probably refuse the order in which mig-parted makes"
                    .formatted(Selection.name(group), devices)
                + " them first; it then tries others, by hand give explicit starts");
      }
    }

    private void checkAmbiguousProfiles() {
      Map<MigProfile, Map<String, String>> sizes = new TreeMap<>();
      Map<MigProfile, Integer> entries = new TreeMap<>();
      for (NodeGpu gpu : gpus) {
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
          report(
              Severity.WARNING,
              FindingCode.AMBIGUOUS_PROFILE,
              at(entries.getOrDefault(profile, 0), profile),
              "%s means %s, and both are offered as %s; keep one kind per node"
                  .formatted(profile, which, profile.resourceName()));
        }
      });
    }

    /** How much of the GPU a profile takes, e.g. {@code 1 of 8 memory slices}. */
    private Optional<String> size(GpuModel model, MigProfile profile) {
      OptionalInt size =
          model.profile(profile).map(GpuInstanceProfile::size).orElse(OptionalInt.empty());
      return size.isPresent() && model.memorySlices().isPresent()
          ? Optional.of("%d/%d".formatted(size.getAsInt(), model.memorySlices().getAsInt()))
          : Optional.empty();
    }

    private void checkUncovered() {
      List<NodeGpu> uncovered =
          gpus.stream().filter(gpu -> selection.entriesFor(gpu).isEmpty()).toList();
      byModel(uncovered)
          .forEach(group -> report(
              Severity.WARNING,
              FindingCode.UNCOVERED_GPU,
              path.at(places.name()),
              "No entry is for %s, so that the configuration is never found applied and every restart of"
                      .formatted(Selection.name(group))
                  + " the MIG manager stops the GPU clients of the node; add an entry for it"));
    }

    private void checkStrategy() {
      selection
          .entryIndexes()
          .filter(entry -> !selection.decidedBy(entry).isEmpty())
          .forEach(this::checkStrategy);
      if (strategy == MigStrategy.SINGLE) {
        checkUniform();
      }
    }

    private void checkStrategy(int entry) {
      MigConfigSpec spec = selection.entry(entry);
      List<NodeGpu> capable = selection.decidedBy(entry).stream()
          .filter(gpu -> gpu.model().supportsMig())
          .toList();
      if (!spec.migEnabled() || capable.isEmpty()) {
        return;
      }
      if (strategy == MigStrategy.MIXED) {
        spec.migDevices().keySet().stream()
            .filter(profile -> !profile.isWholeGpuInstance())
            .forEach(profile -> report(
                Severity.ERROR,
                FindingCode.SHARED_INSTANCE_UNDER_MIXED,
                at(entry, profile),
                "With strategy mixed no resource stands for %s, and the device plugin stops at it; use"
                        .formatted(profile)
                    + " " + profile.gpuInstance() + " or strategy single"));
        if (spec.migDevices().isEmpty()) {
          report(
              Severity.WARNING,
              FindingCode.EMPTY_MIG_GPU,
              at(entry, "mig-devices"),
              "%s would be in MIG mode without devices and offer nothing; name devices or switch MIG"
                      .formatted(names(capable))
                  + " off");
        }
      }
      if (strategy == MigStrategy.NONE && !spec.migDevices().isEmpty()) {
        report(
            Severity.WARNING,
            FindingCode.MIG_UNDER_NONE,
            at(entry, "mig-devices"),
            "With strategy none the devices are not offered, %s stays one nvidia.com/gpu each; use"
                    .formatted(names(capable))
                + " strategy mixed or single");
      }
    }

    /** What the device plugin wants with strategy single: no MIG at all, or one profile everywhere. */
    private void checkUniform() {
      Map<String, List<NodeGpu>> settings = new TreeMap<>();
      TreeSet<String> profiles = new TreeSet<>();
      for (NodeGpu gpu : gpus) {
        Optional<MigSetting> wanted =
            gpu.model().supportsMig() ? selection.wanted(gpu) : Optional.of(MigSetting.OFF);
        if (wanted.isPresent()) {
          boolean empty = wanted.get().devices().isEmpty();
          String kind = empty
              ? wanted.get().toString()
              : joined(List.copyOf(wanted.get().devices().keySet()), " and ");
          settings.computeIfAbsent(kind, any -> new ArrayList<>()).add(gpu);
          wanted.get().devices().keySet().forEach(profile -> profiles.add(profile.toString()));
        }
      }
      boolean uniform = settings.size() == 1
          && profiles.size() <= 1
          && !settings.containsKey(MigSetting.EMPTY.toString());
      if (!uniform) {
        report(
            Severity.ERROR,
            FindingCode.NOT_UNIFORM_UNDER_SINGLE,
            path.at(places.name()),
            "With strategy single all GPUs must be cut into one profile or none, but %s; the device"
                    .formatted(settings.entrySet().stream()
                        .map(each -> "%s: %s".formatted(names(each.getValue()), each.getKey()))
                        .collect(Collectors.joining(", ")))
                + " plugin would stop. Use strategy mixed");
      } else {
        checkOneSize();
      }
    }

    /** To the device plugin a profile of the same name on two models is of two sizes. */
    private void checkOneSize() {
      Map<NodeGpu, MigSetting> settings = new LinkedHashMap<>();
      gpus.forEach(gpu -> selection
          .wanted(gpu)
          .ifPresent(
              setting -> settings.put(gpu, gpu.model().supportsMig() ? setting : MigSetting.OFF)));
      NodeOffer.of(settings, MigStrategy.SINGLE)
          .devicePluginExit()
          .ifPresent(exit -> report(
              Severity.ERROR, FindingCode.NOT_UNIFORM_UNDER_SINGLE, path.at(places.name()), exit));
    }

    private void checkModeChange() {
      if (!isSelected) {
        return;
      }
      List<NodeGpu> concerned = gpus.stream()
          .filter(gpu -> gpu.model().supportsMig() && selection.wanted(gpu).isPresent())
          .toList();
      List<NodeGpu> resetting =
          concerned.stream().filter(NodeEffect::needsReset).toList();
      byModel(resetting)
          .forEach(group -> report(
              Severity.NOTE,
              FindingCode.MODE_CHANGE_RESETS,
              path.at(places.name()),
              "Where %s changes its MIG mode, mig-parted resets all GPUs of the node, and in a virtual"
                      .formatted(Selection.name(group))
                  + " machine that may take a reboot; a change of devices alone does not"));
      byModel(concerned.stream().filter(gpu -> !NodeEffect.needsReset(gpu)).toList())
          .forEach(group -> report(
              Severity.NOTE,
              FindingCode.MODE_CHANGE_CLEARS,
              path.at(places.name()),
              "Where %s changes its MIG mode, no reset is needed, but all selected GPUs in MIG mode are"
                      .formatted(Selection.name(group))
                  + " cleared; a change of devices clears only the GPU that changes"));
    }
  }

  private static List<List<NodeGpu>> byModel(List<NodeGpu> gpus) {
    Map<String, List<NodeGpu>> groups = gpus.stream()
        .collect(Collectors.groupingBy(
            gpu -> gpu.model().id(), LinkedHashMap::new, Collectors.toList()));
    return List.copyOf(groups.values());
  }

  private static String names(List<NodeGpu> gpus) {
    return byModel(gpus).stream().map(Selection::name).collect(Collectors.joining(" and "));
  }

  private static String models(List<NodeGpu> gpus) {
    return joined(gpus.stream().map(gpu -> gpu.model().id()).distinct().toList(), " and ");
  }

  private static <T> String joined(List<T> values, String separator) {
    Function<T, String> text = String::valueOf;
    return values.stream().map(text).collect(Collectors.joining(separator));
  }
}
