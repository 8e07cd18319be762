package io.github.mig4j.k8s.simulator;

import io.github.mig4j.config.DeviceFilter;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/**
 * The steps of mig-parted with one configuration: assert it, apply its modes, apply its devices.
 *
 * <p>Entries are processed in order, and the GPUs of each entry in order. A failure stops the run: GPUs
 * before it have the new devices, the GPU that failed is empty, and those after it are unchanged.
 */
record Partitioning(NodeGpus node, ConfigFile.Selection selected, Traps traps) {

  /** A failed run of mig-parted: the GPU, the reason, and the last line. */
  static final class PartitioningException extends Exception {
    private static final long serialVersionUID = 1L;

    private final int index;
    private final String device;
    private final String line;
    private final String outcome;

    PartitioningException(SimulatedGpu gpu, String line, String outcome) {
      super("GPU %d: %s".formatted(gpu.index(), line));
      this.index = gpu.index();
      this.device = gpu.model().boards().stream()
          .map(board -> board.id().deviceFilter())
          .findFirst()
          .orElse("0x000010DE");
      this.line = line;
      this.outcome = "Error applying MIG configuration with hooks: " + outcome;
    }

    void writeTo(MigManagerLog log) {
      log.debug("  GPU %d: %s".formatted(index, device));
      log.error(line);
    }

    String outcome() {
      return outcome;
    }
  }

  private static final String RESET_FAILED = "error resetting all GPUs: exit status 255";
  private static final String ORDERINGS_FAILED =
      "error setting MIGConfig: error attempting multiple config orderings: all orderings failed";

  /** Whether an entry selects every GPU of the node and every GPU has the devices of its last entry. */
  boolean isApplied() {
    return selected.recognition() == ConfigFile.Recognition.BY_DEVICES
        && node.snapshot().stream()
            .allMatch(gpu -> deciding(gpu)
                .map(entry -> entry.migEnabled() == gpu.migEnabled()
                    && entry.migDevices().equals(gpu.devices()))
                .orElse(false));
  }

  /**
   * Whether every selected GPU has the MIG mode of its last entry. A GPU without MIG support is always
   * disabled.
   */
  boolean isModeApplied() {
    return node.snapshot().stream()
        .allMatch(gpu ->
            deciding(gpu).map(entry -> entry.migEnabled() == gpu.migEnabled()).orElse(true));
  }

  /**
   * Changes the MIG mode of selected GPUs. A GPU without MIG support is skipped. A mode change clears
   * every selected GPU; before Hopper, where it needs a reset of all GPUs, it clears every GPU of the
   * node.
   */
  void applyMode() throws PartitioningException {
    List<SimulatedGpu> before = node.snapshot();
    List<SimulatedGpu> switched = before.stream().filter(this::changesMode).toList();
    if (switched.isEmpty()) {
      return;
    }
    for (Trap trap : traps.spring(Trap.Step.MODE)) {
      if (trap == Trap.MODE_CHANGE_REFUSED) {
        before.stream()
            .filter(gpu -> needsReset(gpu.model()) && deciding(gpu).isPresent())
            .forEach(gpu -> node.set(gpu.cleared()));
      }
      throw new PartitioningException(switched.get(0), trap.line(), RESET_FAILED);
    }
    boolean resets = switched.stream().anyMatch(gpu -> needsReset(gpu.model()));
    for (SimulatedGpu gpu : before) {
      if (changesMode(gpu)) {
        node.set(deciding(gpu).orElseThrow().migEnabled() ? gpu.holding(Map.of()) : gpu.disabled());
      } else if (resets || deciding(gpu).isPresent()) {
        node.set(gpu.cleared());
      }
    }
  }

  /** Applies the mode, if that was not done, and creates the devices. */
  void apply() throws PartitioningException {
    applyMode();
    for (MigConfigSpec entry : selected.config().entries()) {
      for (SimulatedGpu gpu : node.snapshot()) {
        if (entry.migEnabled() && gpu.migEnabled() && isFor(entry, gpu)) {
          applyDevices(entry, gpu);
        }
      }
    }
  }

  private void applyDevices(MigConfigSpec entry, SimulatedGpu gpu) throws PartitioningException {
    SortedMap<MigProfile, Integer> desired = entry.migDevices();
    if (desired.equals(gpu.devices())
        && selected.recognition() == ConfigFile.Recognition.BY_DEVICES) {
      return;
    }
    meetTraps(gpu, desired);
    // A profile that no GPU of the node has voids the whole map: all devices are destroyed, none
    // created.
    if (desired.keySet().stream().anyMatch(this::isForeign)) {
      node.set(gpu.cleared());
      return;
    }
    PlacementResult result = MigLayout.place(gpu.model(), desired);
    if (result instanceof PlacementResult.Rejected) {
      node.set(gpu.cleared());
      throw new PartitioningException(gpu, refusal(gpu, desired), ORDERINGS_FAILED);
    }
    node.set(gpu.holding(desired));
  }

  /** An unsupported profile fails with another message than one that does not fit. */
  private static String refusal(SimulatedGpu gpu, SortedMap<MigProfile, Integer> desired) {
    return desired.keySet().stream()
        .filter(profile -> gpu.model().profile(profile).isEmpty())
        .findFirst()
        .map("Error getting GPU instance profile info for '%s': Not Supported"::formatted)
        .orElseGet(() -> "Error creating GPU instance for '%s': Insufficient Resources"
            .formatted(desired.lastKey()));
  }

  private void meetTraps(SimulatedGpu gpu, SortedMap<MigProfile, Integer> desired)
      throws PartitioningException {
    for (Trap trap : traps.spring(Trap.Step.DEVICES)) {
      // The more profiles, the more orders in which they can be created.
      if (trap.effect() == Trap.Effect.FAIL_ONE_ORDERING && desired.size() > 1) {
        continue;
      }
      if (trap.effect() != Trap.Effect.REFUSE) {
        node.set(gpu.cleared());
      }
      String largest = desired.isEmpty() ? "" : desired.lastKey().toString();
      throw new PartitioningException(gpu, trap.line().formatted(largest), ORDERINGS_FAILED);
    }
  }

  /**
   * A reboot: a pending mode change takes effect on Ampere, any other GPU has MIG disabled afterwards, and
   * all devices are destroyed.
   */
  void reboot() {
    for (SimulatedGpu gpu : node.snapshot()) {
      boolean enabled = needsReset(gpu.model())
          && deciding(gpu).map(MigConfigSpec::migEnabled).orElse(gpu.migEnabled());
      node.set(enabled ? gpu.holding(Map.of()) : gpu.disabled());
    }
  }

  private boolean isForeign(MigProfile profile) {
    return node.snapshot().stream().allMatch(gpu -> gpu.model().profile(profile).isEmpty());
  }

  private boolean changesMode(SimulatedGpu gpu) {
    return gpu.model().supportsMig()
        && deciding(gpu).map(entry -> entry.migEnabled() != gpu.migEnabled()).orElse(false);
  }

  /** The last entry that selects a GPU. */
  private Optional<MigConfigSpec> deciding(SimulatedGpu gpu) {
    return selected.config().entries().stream()
        .filter(entry -> isFor(entry, gpu))
        .reduce((a, b) -> b);
  }

  private static boolean isFor(MigConfigSpec entry, SimulatedGpu gpu) {
    return entry.devices().selects(gpu.index())
        && (entry.deviceFilters().isEmpty()
            || entry.deviceFilters().stream().anyMatch(filter -> matches(filter, gpu.model())));
  }

  /** Whether a filter without subsystem is one of the model's boards. */
  private static boolean matches(DeviceFilter filter, GpuModel model) {
    return model.boards().stream()
        .anyMatch(board -> board.id().deviceFilter().equalsIgnoreCase(filter.text()));
  }

  private static boolean needsReset(GpuModel model) {
    return model.architecture().equalsIgnoreCase("Ampere");
  }
}
