package io.github.mig4j.node;

import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import io.github.mig4j.text.JsonFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What applying a configuration does to a node: the result on each GPU, and what is lost during the
 * change.
 *
 * <pre>{@code
 * NodeEffect effect = NodeEffect.of(config, Map.of(NodeGpu.of(0, b200), MigSetting.OFF));
 * effect.gpus().get(0).after();      // {1g.23gb=7}
 * effect.modeChange();               // WITHOUT_RESET
 * }</pre>
 *
 * <p>The MIG manager keeps no device of a GPU that changes: if one device changes, it destroys all
 * and creates them again. If one GPU needs another MIG mode, it clears every MIG-enabled GPU that the
 * configuration selects, even one that already has its layout.
 */
public final class NodeEffect implements JsonForm {

  private final List<GpuEffect> gpus;
  private final ModeChange modeChange;
  private final boolean applied;

  private NodeEffect(List<GpuEffect> gpus, ModeChange modeChange, boolean applied) {
    this.gpus = List.copyOf(gpus);
    this.modeChange = modeChange;
    this.applied = applied;
  }

  /** What happens to the devices of one GPU. */
  public enum Change implements JsonName {
    /** Its devices stay. */
    UNTOUCHED,
    /** All its devices are destroyed, and the requested ones are created. */
    REBUILT,
    /** All its devices are destroyed, and none is created. */
    CLEARED,
    /** The MIG manager fails at this GPU after it has destroyed the devices. */
    FAILS,
    /** Not known, because the current setting of the GPUs is not known. */
    UNKNOWN
  }

  /** What a change of MIG mode does. */
  public enum ModeChange implements JsonName {
    /** Every selected GPU already has its mode. */
    NONE,
    /** The mode changes without a reset, as on Hopper GPUs and later ones. */
    WITHOUT_RESET,
    /** All GPUs of the node are reset, selected or not, because an Ampere GPU needs a reset. */
    RESETS_ALL_GPUS,
    /** Not known, because the current setting of the GPUs is not known. */
    UNKNOWN
  }

  /**
   * What happens to one GPU.
   *
   * @param before its current setting, if that is known
   * @param after its setting after the change: that of the last entry that selects it or, if that
   *     fails, no devices; empty if no entry selects it and its current setting is not known
   * @param change what happens to its devices
   */
  public record GpuEffect(
      NodeGpu gpu, Optional<MigSetting> before, Optional<MigSetting> after, Change change)
      implements JsonForm {
    public GpuEffect {
      Objects.requireNonNull(gpu, "gpu");
      Objects.requireNonNull(before, "before");
      Objects.requireNonNull(after, "after");
      Objects.requireNonNull(change, "change");
    }

    /**
     * {@return the layout of the GPU after the change, or why no layout is possible; empty if MIG
     * is off, or if no entry selects this GPU and its setting is not known}
     */
    public Optional<PlacementResult> placement() {
      return after
          .filter(MigSetting::migEnabled)
          .map(setting -> MigLayout.place(gpu.model(), setting.devices()));
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("index", gpu.index())
          .and("model", gpu.model().id())
          .and("change", change)
          .and("before", before)
          .and("after", after)
          .and(
              "placements",
              placement()
                  .filter(PlacementResult.Placed.class::isInstance)
                  .map(placed -> placed.orElseThrow().placements())
                  .orElse(List.of()))
          .map();
    }
  }

  /**
   * {@return the effect on all GPUs of a node whose current setting is not known; changes are
   * {@link Change#UNKNOWN} unless they fail in any case}
   *
   * @throws IllegalArgumentException if two GPUs have one index
   */
  public static NodeEffect of(MigConfig config, List<NodeGpu> gpus) {
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(gpus, "gpus");
    return of(new Selection(config, requireDistinct(gpus)), Map.of());
  }

  /**
   * {@return the effect on all GPUs of a node whose current setting is known}
   *
   * @throws IllegalArgumentException if two GPUs have one index
   */
  public static NodeEffect of(MigConfig config, Map<NodeGpu, MigSetting> current) {
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(current, "current");
    List<NodeGpu> gpus = requireDistinct(List.copyOf(current.keySet()));
    return of(new Selection(config, gpus), Map.copyOf(current));
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

  private static NodeEffect of(Selection selection, Map<NodeGpu, MigSetting> current) {
    ModeChange modeChange = modeChange(selection, current);
    List<GpuEffect> effects = new ArrayList<>();
    for (NodeGpu gpu : selection.gpus) {
      Optional<MigSetting> before = Optional.ofNullable(current.get(gpu));
      effects.add(effect(gpu, before, selection, modeChange));
    }
    boolean applied = effects.stream()
        .allMatch(effect -> effect.change() == Change.UNTOUCHED
            && !selection.entriesFor(effect.gpu()).isEmpty());
    return new NodeEffect(effects, modeChange, applied);
  }

  private static ModeChange modeChange(Selection selection, Map<NodeGpu, MigSetting> current) {
    ModeChange change = ModeChange.NONE;
    for (NodeGpu gpu : selection.gpus) {
      Optional<MigSetting> wanted = selection.wanted(gpu);
      MigSetting before = current.get(gpu);
      if (wanted.isEmpty() || !gpu.model().supportsMig()) {
        continue;
      }
      if (before == null) {
        return ModeChange.UNKNOWN;
      }
      if (before.migEnabled() != wanted.get().migEnabled()) {
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

  /** The effect on a GPU that no entry selects, or that has no MIG. */
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
   * If no GPU of the node has one of the profiles, mig-parted destroys all devices, creates none and
   * reports success; if another GPU has it, this one fails.
   */
  private static boolean isSilentlyEmpty(NodeGpu gpu, MigSetting wanted, Selection selection) {
    return wanted.devices().keySet().stream()
        .filter(profile -> gpu.model().profile(profile).isEmpty())
        .anyMatch(profile -> !isOnNode(profile, selection.gpus));
  }

  static boolean isOnNode(MigProfile profile, List<NodeGpu> gpus) {
    return gpus.stream().anyMatch(gpu -> gpu.model().profile(profile).isPresent());
  }

  /** {@return the effect on each GPU, in the order in which the GPUs were given} */
  public List<GpuEffect> gpus() {
    return gpus;
  }

  /** {@return what the change of MIG mode does: the most severe change that any GPU needs} */
  public ModeChange modeChange() {
    return modeChange;
  }

  /**
   * {@return whether the MIG manager finds that all GPUs already have this configuration, and does
   * nothing; false also if it is not known} This is never so if no entry selects a GPU of the node.
   */
  public boolean isApplied() {
    return applied;
  }

  /**
   * {@return whether the device plugin and all other GPU clients of the node are stopped during the
   * change} This is so for every change, however small.
   */
  public boolean pausesNode() {
    return !applied;
  }

  /** Two effects are equal if they are equal for every GPU. */
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

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("gpus", gpus)
        .and("modeChange", modeChange)
        .and("applied", isApplied())
        .and("pausesNode", pausesNode())
        .map();
  }
}
