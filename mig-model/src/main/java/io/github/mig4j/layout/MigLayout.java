package io.github.mig4j.layout;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonKey;
import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.Confidence;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.Provenance;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.JsonInput;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * MIG devices with their placements on one GPU. Every layout object is legal: no two GPU instances
 * share a memory slice, no profile exceeds its maximum number of instances, and all instances
 * together stay within every {@linkplain Budget budget} of the GPU.
 *
 * <pre>{@code
 * MigLayout small = MigLayout.on(b200).add("1g.23gb", 7).build();
 *
 * PlacementResult result = MigLayout.on(b200).add("3g.90gb", 2).add("1g.23gb", 1).place();
 * if (result instanceof PlacementResult.Rejected rejected) {
 *   rejected.violations().forEach(v -> System.out.println(v.message()));
 * }
 * }</pre>
 *
 * <p>The order of a request does not matter, because {@link #place} tries every distinct
 * arrangement. NVIDIA's driver places one instance at a time, so it can reject a legal layout if
 * the instances are created in another order; see {@link DriverPrediction}.
 */
public final class MigLayout implements JsonForm {

  private static final Set<GpuInstanceProfile.Field> PLACEMENT_FIELDS = EnumSet.of(
      GpuInstanceProfile.Field.NAME,
      GpuInstanceProfile.Field.SIZE,
      GpuInstanceProfile.Field.STARTS,
      GpuInstanceProfile.Field.MAX_INSTANCES);

  private final GpuModel gpu;
  private final List<Placement> placements;

  /** Computed at the first use if they are the GPU instances; two threads may both do it. */
  private @Nullable SortedMap<MigProfile, Integer> devices;

  MigLayout(GpuModel gpu, List<Placement> placements, Map<MigProfile, Integer> devices) {
    this.gpu = gpu;
    this.placements = placements.stream().sorted().toList();
    this.devices = Collections.unmodifiableSortedMap(new TreeMap<>(devices));
  }

  /** Creates a layout of whole GPU instances; the placements must be sorted. */
  MigLayout(GpuModel gpu, List<Placement> placements) {
    this.gpu = gpu;
    this.placements = List.copyOf(placements);
  }

  /** {@return a builder for a layout on a GPU, without devices} */
  public static Builder on(GpuModel gpu) {
    Objects.requireNonNull(gpu, "gpu");
    return new Builder(gpu);
  }

  /**
   * Finds a legal layout for MIG devices, at any placements. This is the placement validator.
   *
   * @param devices counts by profile, at least 1 each; empty: a GPU in MIG mode without devices
   * @return placed with the layout, rejected with every reason, or undetermined without the data
   * @throws IllegalArgumentException if a count is below 1
   */
  public static PlacementResult place(GpuModel gpu, Map<MigProfile, Integer> devices) {
    Objects.requireNonNull(gpu, "gpu");
    Objects.requireNonNull(devices, "devices");
    Builder builder = on(gpu);
    new TreeMap<>(devices).forEach(builder::add);
    return builder.place();
  }

  /** {@return the model of the GPU} */
  public GpuModel gpu() {
    return gpu;
  }

  /** {@return the placements of the GPU instances, by ascending start} */
  public List<Placement> placements() {
    return placements;
  }

  /** {@return the MIG devices: the GPU instances, or the compute instances that share them} */
  public SortedMap<MigProfile, Integer> devices() {
    SortedMap<MigProfile, Integer> known = devices;
    if (known == null) {
      known = Collections.unmodifiableSortedMap(gpuInstances());
      devices = known;
    }
    return known;
  }

  private SortedMap<MigProfile, Integer> gpuInstances() {
    SortedMap<MigProfile, Integer> counts = new TreeMap<>();
    placements.forEach(p -> counts.merge(p.profile(), 1, Integer::sum));
    return counts;
  }

  /**
   * {@return the placements, by ascending start, at which one more GPU instance fits beside those
   * of this layout, each possible on its own; empty if the GPU is full}
   */
  public List<Placement> freePlacements() {
    PlacementTable table = new PlacementTable(
        gpu, gpu.profiles().stream().filter(GpuInstanceProfile::isPlaceable).toList());
    PlacementTable.State state = table.emptyState();
    placements.forEach(p -> state.add(table.indexOfPlacement(p)));
    return IntStream.range(0, table.size())
        .filter(state::accepts)
        .mapToObj(table::placement)
        .toList();
  }

  /**
   * {@return how many instances of each profile, at least 1, fit beside the instances of this
   * layout, if all of them have that profile; empty if the GPU is full}
   */
  public SortedMap<MigProfile, Integer> room() {
    SortedMap<MigProfile, Integer> room = new TreeMap<>();
    for (Placement free : freePlacements()) {
      room.computeIfAbsent(free.profile(), this::maxAdditional);
    }
    return Collections.unmodifiableSortedMap(room);
  }

  private int maxAdditional(MigProfile profile) {
    int most = 1;
    while (keeping().add(profile, most + 1).place() instanceof PlacementResult.Placed) {
      most++;
    }
    return most;
  }

  /** {@return a builder that keeps the GPU instances, as whole instances, at their starts} */
  public Builder keeping() {
    return new Builder(gpu).keeping(placements);
  }

  /**
   * {@return how certain it is that the hardware accepts this layout: the confidence of the least
   * certain fact about its profiles, or without devices, of the GPU's number of slices}
   */
  public Confidence confidence() {
    return profiles().stream()
        .flatMap(profile -> PLACEMENT_FIELDS.stream().map(profile::provenance))
        .map(Provenance::confidence)
        .reduce(gpu.slicesProvenance().confidence(), Confidence::weaker);
  }

  /** {@return the budgets that are not checked, because numbers of this model are not published} */
  public Set<Budget> uncheckedBudgets() {
    Set<Budget> unchecked = EnumSet.noneOf(Budget.class);
    for (Budget budget : Budget.values()) {
      boolean known = gpu.sharedEngines().contains(budget)
          || (gpu.capacity(budget).isPresent()
              && profiles().stream().allMatch(p -> p.amount(budget).isPresent()));
      if (!known && !placements.isEmpty()) {
        unchecked.add(budget);
      }
    }
    return Collections.unmodifiableSet(unchecked);
  }

  private List<GpuInstanceProfile> profiles() {
    return placements.stream()
        .map(Placement::profile)
        .distinct()
        .map(name -> gpu.profile(name).orElseThrow())
        .toList();
  }

  /** Two layouts are equal if they have the same devices and placements on equal models. */
  @Override
  public boolean equals(Object other) {
    return other instanceof MigLayout that
        && gpu.equals(that.gpu)
        && placements.equals(that.placements)
        && devices().equals(that.devices());
  }

  @Override
  public int hashCode() {
    return Objects.hash(gpu.id(), placements, devices());
  }

  /** The model and the placements, e.g. {@code b200-180gb [3g.90gb@0:4, 3g.90gb@4:4]}. */
  @Override
  @JsonKey
  public String toString() {
    return gpu.id() + " " + placements;
  }

  /** Collects the devices of a layout; not thread-safe. */
  public static final class Builder {
    private final GpuModel gpu;
    private final SortedMap<MigProfile, Integer> anywhere = new TreeMap<>();
    private final List<Start> fixed = new ArrayList<>();
    private final List<Start> running = new ArrayList<>();

    private Builder(GpuModel gpu) {
      this.gpu = gpu;
    }

    /**
     * Adds devices at any placement.
     *
     * @throws IllegalArgumentException if the name is malformed or the count is below 1
     */
    public Builder add(String profile, int count) {
      Objects.requireNonNull(profile, "profile");
      return add(MigProfile.parse(profile), count);
    }

    /**
     * Adds devices at any placement.
     *
     * @throws IllegalArgumentException if the count is below 1
     */
    public Builder add(MigProfile profile, int count) {
      Objects.requireNonNull(profile, "profile");
      if (count < 1) {
        throw new IllegalArgumentException(
            "The count of %s must be at least 1, but was %d".formatted(profile, count));
      }
      anywhere.merge(profile, count, MigLayout::saturatedSum);
      return this;
    }

    /**
     * Adds one GPU instance at a given start.
     *
     * @param profile a profile without a {@code c} part, such as {@code 3g.90gb}
     * @param start index of its first memory slice, from 0
     * @throws IllegalArgumentException if the name is malformed or has a {@code c} part
     */
    public Builder addAt(String profile, int start) {
      Objects.requireNonNull(profile, "profile");
      MigProfile parsed = MigProfile.parse(profile);
      if (!parsed.isWholeGpuInstance()) {
        throw new IllegalArgumentException(
            "Only whole GPU instances have a start, but %s shares one; request it without a start"
                .formatted(parsed));
      }
      fixed.add(new Start(parsed, start, OptionalInt.empty()));
      return this;
    }

    /**
     * Keeps GPU instances that run where they are, such as those of {@link RunningInstances}. A
     * layout that is found has them, and so has each of the {@linkplain #nearest nearest}.
     */
    public Builder keeping(Collection<Placement> instances) {
      Objects.requireNonNull(instances, "instances");
      for (Placement each : instances) {
        running.add(new Start(each.profile(), each.start(), OptionalInt.of(each.size())));
      }
      return this;
    }

    /**
     * Finds a legal layout. This is the placement validator.
     *
     * @return placed with the layout, rejected with every reason, or undetermined without the data
     */
    public PlacementResult place() {
      List<Start> starts = new ArrayList<>(running);
      starts.addAll(fixed);
      return new PlacementSearch(gpu, anywhere, starts).result();
    }

    /**
     * The layouts nearest to what was asked for, nearest first: those with the fewest instances
     * changed, and among these the ones with the closest memory. A name that the GPU lacks counts
     * as the one it was probably {@linkplain GpuModel#suggestions meant} for.
     *
     * <p>Each layout {@linkplain #keeping keeps} what runs, and adds something to it. Each has the
     * instances with a chosen start at that start, unless the starts contradict each other, the GPU
     * or what runs; only then some of them are moved or left out. So a request that does not fit is
     * never among the layouts.
     *
     * @return at most so many, of whole GPU instances; none if the GPU's placements are unknown
     * @throws IllegalArgumentException if the limit is negative
     */
    public List<MigLayout> nearest(int limit) {
      if (limit < 0) {
        throw new IllegalArgumentException("The limit must be at least 0, but was " + limit);
      }
      return new NearestLayouts(gpu, anywhere, fixed, running).nearest(limit);
    }

    /**
     * Finds a legal layout.
     *
     * @throws InvalidLayoutException with every reason, if no layout exists
     */
    public MigLayout build() {
      return place().orElseThrow();
    }
  }

  /** A GPU instance whose start is given; its size too if it runs. */
  record Start(MigProfile profile, int start, OptionalInt size) {}

  static int saturatedSum(int a, int b) {
    return (int) Math.min((long) a + b, Integer.MAX_VALUE);
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("gpu", gpu().id())
        .and("placements", placements())
        .and("devices", devices())
        .and("confidence", confidence())
        .map();
  }

  /**
   * Reads the JSON form of a layout on a bundled GPU, the inverse of {@link #toJson()}.
   *
   * @throws IllegalArgumentException naming the field that is missing, unknown or of another kind,
   *     if the catalogue has no such GPU, or if the layout is not legal
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static MigLayout ofJson(Map<String, Object> json) {
    JsonInput in = JsonInput.of("layout", json);
    Builder layout = on(GpuCatalog.bundled().require(in.text("gpu")));
    in.objects("placements", fields -> {
      JsonInput placement = JsonInput.of("placement", fields).ignoring("size");
      return placement.requireNoOthers(
          layout.addAt(placement.text("profile"), placement.integer("start")));
    });
    Optional<Map<String, Object>> devices = in.optionalObject("devices");
    MigLayout placed = in.ignoring("confidence").requireNoOthers(layout).build();
    return devices.map(placed::withDevices).orElse(placed);
  }

  /**
   * The same GPU instances, shared by compute instances if the devices say so. Those that run can need
   * fewer GPU instances than there are.
   */
  private MigLayout withDevices(Map<String, Object> json) {
    Builder any = on(gpu);
    JsonInput.of("layout", json).allIntegers().forEach(any::add);
    MigLayout least = any.build();
    SortedMap<MigProfile, Integer> present = gpuInstances();
    least.gpuInstances().forEach((profile, count) -> {
      if (count > present.getOrDefault(profile, 0)) {
        throw new IllegalArgumentException(
            "Not a layout: the devices %s do not have the placements %s"
                .formatted(least.devices(), placements));
      }
    });
    return new MigLayout(gpu, placements, least.devices());
  }
}
