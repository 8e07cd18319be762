package io.github.mig4j.node;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What applying a configuration does to a node: what each GPU ends with, and what is lost on the
 * way.
 *
 * <pre>{@code
 * NodeEffect effect = NodeEffect.of(config, Map.of(NodeGpu.of(0, b200), MigSetting.OFF));
 * effect.gpus().get(0).after();      // {1g.23gb=7}
 * effect.modeChange();               // WITHOUT_RESET
 * }</pre>
 *
 * <p>Nothing is kept inside a GPU: if one device of it changes, all are destroyed and made anew. And
 * if any GPU needs another MIG mode, every MIG-enabled GPU that the configuration selects is
 * cleared, even one that is right already.
 */
public final class NodeEffect {

  private final List<GpuEffect> gpus;
  private final ModeChange modeChange;
  private final boolean applied;

  private NodeEffect(List<GpuEffect> gpus, ModeChange modeChange, boolean applied) {
    this.gpus = List.copyOf(gpus);
    this.modeChange = modeChange;
    this.applied = applied;
  }

  /** What happens to the devices of one GPU. */
  public enum Change {
    /** Its devices stay. */
    UNTOUCHED,
    /** All its devices are destroyed, and those that are asked for are made. */
    REBUILT,
    /** All its devices are destroyed, and none is made. */
    CLEARED,
    /** The MIG manager fails at this GPU, which has lost its devices by then. */
    FAILS,
    /** Not to be told without knowing how the GPUs are set now. */
    UNKNOWN
  }

  /** What a change of MIG mode does. */
  public enum ModeChange {
    /** Every GPU that is selected is in its mode. */
    NONE,
    /** GPUs from Hopper on change their mode without a reset. */
    WITHOUT_RESET,
    /** Ampere GPUs need a reset, and then all GPUs of the node are reset, selected or not. */
    RESETS_ALL_GPUS,
    /** Not to be told without knowing how the GPUs are set now. */
    UNKNOWN
  }

  /**
   * What happens to one GPU.
   *
   * @param gpu the GPU
   * @param before how it is set now, if that is known
   * @param after how it will be set, by the last entry that is for it or, if that fails, without any
   *     devices; empty if no entry is for it and its setting is not known
   * @param change what happens on the way
   */
  public record GpuEffect(
      NodeGpu gpu, Optional<MigSetting> before, Optional<MigSetting> after, Change change) {
    public GpuEffect {
      Objects.requireNonNull(gpu, "gpu");
      Objects.requireNonNull(before, "before");
      Objects.requireNonNull(after, "after");
      Objects.requireNonNull(change, "change");
    }

    /**
     * The layout with which the GPU ends, or why there cannot be one.
     *
     * @return empty if MIG is off, or if no entry is for this GPU and its setting is not known
     */
    public Optional<PlacementResult> placement() {
      return after
          .filter(MigSetting::migEnabled)
          .map(setting -> MigLayout.place(gpu.model(), setting.devices()));
    }
  }

  /**
   * The effect on a node about whose present state nothing is known.
   *
   * @param config the configuration
   * @param gpus all GPUs of the node
   * @return the effect; changes are {@link Change#UNKNOWN} unless they fail in any case
   * @throws IllegalArgumentException if two GPUs have one index
   */
  public static NodeEffect of(MigConfig config, List<NodeGpu> gpus) {
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(gpus, "gpus");
    Map<NodeGpu, Optional<MigSetting>> current = new LinkedHashMap<>();
    gpus.forEach(gpu -> current.put(gpu, Optional.empty()));
    return of(new Selection(config, requireDistinct(gpus)), current);
  }

  /**
   * The effect on a node that is set like this now.
   *
   * @param config the configuration
   * @param current all GPUs of the node, each with its present setting
   * @return the effect
   * @throws IllegalArgumentException if two GPUs have one index
   */
  public static NodeEffect of(MigConfig config, Map<NodeGpu, MigSetting> current) {
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(current, "current");
    Map<NodeGpu, Optional<MigSetting>> settings = new LinkedHashMap<>();
    current.forEach((gpu, setting) -> settings.put(gpu, Optional.of(setting)));
    return of(new Selection(config, requireDistinct(List.copyOf(current.keySet()))), settings);
  }

  static List<NodeGpu> requireDistinct(List<NodeGpu> gpus) {
    long distinct = gpus.stream().map(NodeGpu::index).distinct().count();
    if (distinct != gpus.size()) {
      throw new IllegalArgumentException(
          "Each GPU of a node has an index of its own, but the indexes were "
              + gpus.stream().map(NodeGpu::index).toList());
    }
    return gpus;
  }

  private static NodeEffect of(Selection selection, Map<NodeGpu, Optional<MigSetting>> current) {
    ModeChange modeChange = modeChange(selection, current);
    List<GpuEffect> effects = new ArrayList<>();
    for (NodeGpu gpu : selection.gpus) {
      effects.add(effect(gpu, current.getOrDefault(gpu, Optional.empty()), selection, modeChange));
    }
    boolean applied = effects.stream()
        .allMatch(effect -> effect.change() == Change.UNTOUCHED
            && !selection.entriesFor(effect.gpu()).isEmpty());
    return new NodeEffect(effects, modeChange, applied);
  }

  private static ModeChange modeChange(
      Selection selection, Map<NodeGpu, Optional<MigSetting>> current) {
    ModeChange change = ModeChange.NONE;
    for (NodeGpu gpu : selection.gpus) {
      Optional<MigSetting> wanted = selection.wanted(gpu);
      Optional<MigSetting> before = current.getOrDefault(gpu, Optional.empty());
      if (wanted.isEmpty() || !gpu.model().supportsMig()) {
        continue;
      }
      if (before.isEmpty()) {
        return ModeChange.UNKNOWN;
      }
      if (before.get().migEnabled() != wanted.get().migEnabled()) {
        boolean reset = needsReset(gpu) || change == ModeChange.RESETS_ALL_GPUS;
        change = reset ? ModeChange.RESETS_ALL_GPUS : ModeChange.WITHOUT_RESET;
      }
    }
    return change;
  }

  /** A change of MIG mode stays pending on Ampere until the GPU is reset. */
  static boolean needsReset(NodeGpu gpu) {
    return gpu.model().architecture().equalsIgnoreCase("Ampere");
  }

  private static GpuEffect effect(
      NodeGpu gpu, Optional<MigSetting> before, Selection selection, ModeChange modeChange) {
    Optional<MigSetting> wanted = selection.wanted(gpu);
    if (wanted.isEmpty() || !gpu.model().supportsMig()) {
      return leftOut(gpu, before, wanted, modeChange);
    }
    MigSetting after = wanted.get();
    if (isSilentlyEmpty(gpu, after, selection)) {
      return new GpuEffect(gpu, before, Optional.of(MigSetting.EMPTY), Change.CLEARED);
    }
    boolean rejected = after.migEnabled()
        && MigLayout.place(gpu.model(), after.devices()) instanceof PlacementResult.Rejected;
    if (rejected || selection.hasConflictingModes(gpu)) {
      MigSetting emptied = after.migEnabled() ? MigSetting.EMPTY : MigSetting.OFF;
      return new GpuEffect(gpu, before, Optional.of(emptied), Change.FAILS);
    }
    return new GpuEffect(gpu, before, wanted, change(before, after, modeChange));
  }

  private static Change change(
      Optional<MigSetting> before, MigSetting after, ModeChange modeChange) {
    if (before.isEmpty() || modeChange == ModeChange.UNKNOWN) {
      return Change.UNKNOWN;
    }
    boolean same = before.get().equals(after);
    if (same && (modeChange == ModeChange.NONE || before.get().devices().isEmpty())) {
      return Change.UNTOUCHED;
    }
    return after.devices().isEmpty() ? Change.CLEARED : Change.REBUILT;
  }

  /** No entry is for the GPU, or it has no MIG. */
  private static GpuEffect leftOut(
      NodeGpu gpu,
      Optional<MigSetting> before,
      Optional<MigSetting> wanted,
      ModeChange modeChange) {
    if (!gpu.model().supportsMig()) {
      boolean asked = wanted.map(MigSetting::migEnabled).orElse(false);
      return new GpuEffect(
          gpu, before, Optional.of(MigSetting.OFF), asked ? Change.FAILS : Change.UNTOUCHED);
    }
    boolean loses = before.map(setting -> !setting.devices().isEmpty()).orElse(true);
    if (modeChange == ModeChange.RESETS_ALL_GPUS && loses) {
      return new GpuEffect(gpu, before, before.map(any -> MigSetting.EMPTY), Change.CLEARED);
    }
    boolean unknown = modeChange == ModeChange.UNKNOWN && loses;
    return new GpuEffect(gpu, before, before, unknown ? Change.UNKNOWN : Change.UNTOUCHED);
  }

  /**
   * Where no GPU of the node has one of the profiles, mig-parted destroys all devices, makes none
   * and reports success; where another GPU has it, this one fails.
   */
  private static boolean isSilentlyEmpty(NodeGpu gpu, MigSetting wanted, Selection selection) {
    return wanted.devices().keySet().stream()
        .filter(profile -> gpu.model().profile(profile).isEmpty())
        .anyMatch(profile -> !isOnNode(profile, selection.gpus));
  }

  static boolean isOnNode(MigProfile profile, List<NodeGpu> gpus) {
    return gpus.stream().anyMatch(gpu -> gpu.model().profile(profile).isPresent());
  }

  /**
   * The effect on each GPU.
   *
   * @return effects in the order in which the GPUs were given
   */
  public List<GpuEffect> gpus() {
    return gpus;
  }

  /**
   * What the needed changes of MIG mode do.
   *
   * @return the gravest change that any GPU needs
   */
  public ModeChange modeChange() {
    return modeChange;
  }

  /**
   * Whether the MIG manager finds the configuration in force already, and does nothing. It never
   * does if a GPU of the node is left out.
   *
   * @return false also if it cannot be told
   */
  public boolean isApplied() {
    return applied;
  }

  /**
   * Whether the device plugin and the other clients of all GPUs of the node are stopped for the
   * time of the change, whatever they run on. That is so for every change, however small.
   *
   * @return false if the configuration is in force already
   */
  public boolean pausesNode() {
    return !applied;
  }

  /** Two effects are equal if they say the same of every GPU. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof NodeEffect that
        && gpus.equals(that.gpus)
        && modeChange == that.modeChange
        && applied == that.applied;
  }

  @Override
  public int hashCode() {
    return Objects.hash(gpus, modeChange, applied);
  }

  /** The change of each GPU by its index, e.g. {@code 0 rebuilt, 1 untouched; mode change none}. */
  @Override
  public String toString() {
    return gpus.stream()
        .map(effect -> effect.gpu().index() + " " + effect.change().name().toLowerCase(Locale.ROOT))
        .collect(Collectors.joining(
            ", ",
            "",
            "; mode change " + modeChange.name().toLowerCase(Locale.ROOT).replace('_', ' ')));
  }
}
