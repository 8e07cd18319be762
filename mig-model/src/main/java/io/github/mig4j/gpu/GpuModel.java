package io.github.mig4j.gpu;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonKey;
import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.GpuInstanceProfile.Field;
import io.github.mig4j.text.Spelling;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.immutables.value.Value;

/**
 * A GPU model: its names, its size, and its MIG {@linkplain GpuInstanceProfile profiles}.
 *
 * <p>A model is data. {@link GpuCatalog#bundled()} has the published models; {@link #builder()}
 * builds one for a newer GPU. A GPU without MIG, such as an L40S, is a model without profiles.
 */
@Value.Immutable
@CopyStyle
public interface GpuModel extends JsonForm {

  /** The maximum number of memory slices of a model; the largest known GPU has 12. */
  int MAX_MEMORY_SLICES = 24;

  /** {@return the short, unique name of the model, e.g. {@code b200-180gb}} */
  @JsonKey
  String id();

  /** {@return the architecture, e.g. {@code Hopper}; comparisons ignore case} */
  @Value.Redacted
  String architecture();

  /** {@return the chip, e.g. {@code GH100}} */
  @Value.Redacted
  Optional<String> chip();

  /** {@return the CUDA compute capability, e.g. {@code 9.0}} */
  @Value.Redacted
  Optional<String> computeCapability();

  /** {@return the product names, if any; two models can share one: two boards of the GB200 do} */
  @Value.Redacted
  List<GpuProduct> products();

  /** {@return the boards that carry this model, by PCI device id, possibly empty} */
  @Value.Redacted
  List<GpuBoard> boards();

  /**
   * {@return the memory of the whole GPU in MiB, as {@code nvidia-smi --query-gpu=memory.total}
   * prints it}
   */
  @Value.Redacted
  OptionalInt totalMemoryMib();

  /** {@return the memory in the data sheet in GB, given for GPUs without MIG} */
  @Value.Redacted
  OptionalInt marketedMemoryGb();

  /** {@return the number of compute slices of the whole GPU, e.g. 7 on a B200, 0 without MIG} */
  @Value.Redacted
  @Value.Default
  default int computeSlices() {
    return 0;
  }

  /**
   * {@return the number of memory slices of the whole GPU, the units of placement: 8 on GPUs with 7
   * compute slices, but 12 on an RTX PRO 6000 with 4 compute slices; empty if it is not published}
   */
  @Value.Redacted
  OptionalInt memorySlices();

  /** {@return the MIG profiles in the order of declaration; empty if the GPU has no MIG} */
  @Value.Redacted
  List<GpuInstanceProfile> profiles();

  /** {@return engines that all instances share, so not added up; none on data-centre GPUs} */
  @Value.Redacted
  Set<Budget> sharedEngines();

  /** {@return the source of the number of slices} */
  @Value.Redacted
  @Value.Default
  default Provenance slicesProvenance() {
    return Provenance.CALLER;
  }

  /** {@return the source of the total memory} */
  @Value.Redacted
  @Value.Default
  default Provenance memoryProvenance() {
    return Provenance.CALLER;
  }

  /** {@return the first driver that partitions this GPU, or empty if it is not known} */
  @Value.Redacted
  Optional<DriverVersion> minimumDriver();

  /**
   * {@return the first driver with these profile names, or empty if no driver before it is known to
   * differ; earlier drivers give the same profiles of this board other names, which another model
   * has}
   */
  @Value.Redacted
  Optional<DriverVersion> driverFrom();

  /** {@return the first driver that has other profile names again; empty if none is known} */
  @Value.Redacted
  Optional<DriverVersion> driverBefore();

  /** {@return the source of the versions of the driver} */
  @Value.Redacted
  @Value.Default
  default Provenance driverProvenance() {
    return Provenance.CALLER;
  }

  /** {@return false if a driver is known to give the profiles of this model other names} */
  default boolean agreesWithDriver(DriverVersion driver) {
    Objects.requireNonNull(driver, "driver");
    return driverFrom().stream().allMatch(from -> driver.compareTo(from) >= 0)
        && driverBefore().stream().allMatch(before -> driver.compareTo(before) < 0);
  }

  /** {@return whether this GPU supports MIG, which is so if it has profiles} */
  default boolean supportsMig() {
    return !profiles().isEmpty();
  }

  /**
   * {@return the profile with a name, or that of the GPU instance of {@code 1c.3g.20gb}; empty if
   * this model has no such profile or compute instance}
   */
  default Optional<GpuInstanceProfile> profile(MigProfile name) {
    Objects.requireNonNull(name, "name");
    MigProfile gpuInstance = name.gpuInstance();
    // The search asks this at every step, so without a stream.
    for (GpuInstanceProfile p : profiles()) {
      if (p.profile().equals(gpuInstance)
          && (name.equals(gpuInstance) || p.computeInstances().contains(name))) {
        return Optional.of(p);
      }
    }
    return Optional.empty();
  }

  /**
   * Finds the current name of a profile by its old name, which has the memory in whole GiB.
   * mig-parted used old names before August 2022 ({@code 7g.79gb} on an A100 with 80 GB, {@code
   * 1g.11gb} on an H100 NVL), and some tables still use them.
   *
   * @return the current name, or empty if the name is no old name or the memory is unknown
   */
  default Optional<MigProfile> renamed(MigProfile old) {
    Objects.requireNonNull(old, "old");
    if (profile(old).isPresent()) {
      return Optional.empty();
    }
    return profiles().stream()
        .filter(p -> p.profile().gpuSlices() == old.gpuSlices())
        .filter(p -> p.profile().suffix().equals(old.suffix()))
        .filter(p -> p.amount(Budget.MEMORY_MIB).isPresent())
        .filter(p -> ceilGib(p.amount(Budget.MEMORY_MIB).getAsInt()) == old.memoryGb())
        .flatMap(p -> p.computeInstances().stream())
        .filter(p -> p.computeSlices() == old.computeSlices())
        .findFirst();
  }

  /**
   * Suggests profiles for a name that this model does not have: the current name of an old name, or
   * profiles with the same slices, with other attributes, or with a similar spelling.
   *
   * @return at most three names, the most likely first; empty if no name is similar
   */
  default List<MigProfile> suggestions(MigProfile unknown) {
    Objects.requireNonNull(unknown, "unknown");
    Optional<MigProfile> renamed = renamed(unknown);
    if (renamed.isPresent()) {
      return List.of(renamed.get());
    }
    List<MigProfile> offered =
        profiles().stream().flatMap(p -> p.computeInstances().stream()).toList();
    Stream<MigProfile> sameGpuInstance =
        offered.stream().filter(p -> p.gpuInstance().equals(unknown.gpuInstance()));
    List<MigProfile> sameSlices = offered.stream()
        .filter(p ->
            p.computeSlices() == unknown.computeSlices() && p.gpuSlices() == unknown.gpuSlices())
        .toList();
    Stream<MigProfile> otherMemory = sameSlices.stream()
        .filter(p -> p.suffix().equals(unknown.suffix()))
        .sorted(Comparator.comparingInt(p -> Math.abs(p.memoryGb() - unknown.memoryGb())));
    Stream<MigProfile> otherAttributes =
        sameSlices.stream().filter(p -> p.memoryGb() == unknown.memoryGb());
    Stream<MigProfile> similar = Spelling.nearest(
            unknown.toString(),
            profiles().stream().map(p -> p.profile().toString()).toList())
        .stream()
        .map(MigProfile::parse)
        .filter(p -> isLike(p, unknown));
    return Stream.of(
            sameGpuInstance.limit(3), otherMemory.limit(2), otherAttributes.limit(3), similar)
        .map(Stream::toList)
        .filter(meant -> !meant.isEmpty())
        .findFirst()
        .orElse(List.of());
  }

  /** A difference of one digit is no likeness: nobody writes 5g.50gb for 1g.10gb. */
  private static boolean isLike(MigProfile offered, MigProfile unknown) {
    int smaller = Math.min(offered.memoryGb(), unknown.memoryGb());
    int larger = Math.max(offered.memoryGb(), unknown.memoryGb());
    boolean isClose =
        Math.abs(offered.gpuSlices() - unknown.gpuSlices()) <= 1 && larger <= 2L * smaller;
    return isClose || smaller == larger;
  }

  private static int ceilGib(int mib) {
    return (mib + 1023) / 1024;
  }

  /**
   * {@return the profile with all compute slices and without attributes, e.g. {@code 7g.180gb},
   * which defines the GPU's budgets; empty if it is not known}
   */
  default Optional<GpuInstanceProfile> wholeGpu() {
    for (GpuInstanceProfile p : profiles()) {
      if (p.profile().suffix().isEmpty() && p.profile().gpuSlices() == computeSlices()) {
        return Optional.of(p);
      }
    }
    return Optional.empty();
  }

  /** {@return a budget of the whole GPU, or empty if it is unknown or all instances share it} */
  default OptionalInt capacity(Budget budget) {
    Objects.requireNonNull(budget, "budget");
    return switch (budget) {
      case COMPUTE_SLICES -> supportsMig() ? OptionalInt.of(computeSlices()) : OptionalInt.empty();
      case MEMORY_SLICES -> memorySlices();
      default ->
        sharedEngines().contains(budget)
            ? OptionalInt.empty()
            : wholeGpu().map(whole -> whole.amount(budget)).orElse(OptionalInt.empty());
    };
  }

  /**
   * Whether a board with this memory can be this model. NVIDIA names the profile of the whole GPU
   * after its memory in GiB, rounded up (go-nvlib v0.12.0). Without MIG, error correction and the
   * driver take up to 15% of the memory in the data sheet.
   *
   * @param totalMemoryMib memory as reported by the driver, in MiB
   * @return false if this memory gives the profile of the whole GPU another name, or is that of a
   *     larger or smaller board
   */
  default boolean agreesWithMemory(int totalMemoryMib) {
    if (!supportsMig()) {
      int known = totalMemoryMib().orElse(marketedMemoryGb().orElse(0) * 1024);
      return known == 0 || Math.abs((long) known - totalMemoryMib) * 100 <= known * 15L;
    }
    int gib = totalMemoryMib().isPresent()
        ? ceilGib(totalMemoryMib().getAsInt())
        : wholeGpu().map(whole -> whole.profile().memoryGb()).orElse(0);
    return gib == 0 || gib == ceilGib(totalMemoryMib);
  }

  /** Checks that profiles are distinct and within the GPU's slices. */
  @Value.Check
  default void check() {
    int slices = memorySlices().orElse(MAX_MEMORY_SLICES);
    if (slices < 1 || slices > MAX_MEMORY_SLICES) {
      throw new IllegalArgumentException("%s: memorySlices must be from 1 to %d, but was %d"
          .formatted(id(), MAX_MEMORY_SLICES, slices));
    }
    if (computeSlices() < 0 || computeSlices() > MAX_MEMORY_SLICES) {
      throw new IllegalArgumentException("%s: computeSlices must be from 0 to %d, but was %d"
          .formatted(id(), MAX_MEMORY_SLICES, computeSlices()));
    }
    Set<MigProfile> seen = new HashSet<>();
    for (GpuInstanceProfile p : profiles()) {
      if (!seen.add(p.profile())) {
        throw new IllegalArgumentException(
            "%s: profile %s is declared twice".formatted(id(), p.profile()));
      }
      if (p.profile().gpuSlices() > computeSlices()) {
        throw new IllegalArgumentException(
            "%s: profile %s has more compute slices than the GPU, which has %d"
                .formatted(id(), p.profile(), computeSlices()));
      }
      if (p.maxInstances() > MAX_MEMORY_SLICES) {
        throw new IllegalArgumentException(
            "%s: maxInstances of profile %s must be at most %d, but was %d"
                .formatted(id(), p.profile(), MAX_MEMORY_SLICES, p.maxInstances()));
      }
      if (p.size().orElse(1) > slices) {
        throw new IllegalArgumentException("%s: profile %s covers %d of %d memory slices"
            .formatted(id(), p.profile(), p.size().getAsInt(), slices));
      }
      for (int start : p.starts()) {
        if (start > slices - p.size().orElse(1)) {
          throw new IllegalArgumentException(
              "%s: profile %s at start %d ends after the last of %d memory slices"
                  .formatted(id(), p.profile(), start, slices));
        }
      }
    }
  }

  /** {@return the profile names as declared, e.g. {@code 1g.6gb, 1g.6gb+me, 2g.12gb}} */
  default String profileNames() {
    return profiles().stream().map(p -> p.profile().toString()).collect(Collectors.joining(", "));
  }

  /**
   * {@return a copy with other profiles, such as those that the hardware itself lists, and as many
   * compute slices as the largest of them needs}
   */
  default GpuModel withProfiles(List<GpuInstanceProfile> profiles) {
    Objects.requireNonNull(profiles, "profiles");
    int slices = profiles.stream()
        .mapToInt(profile -> profile.profile().gpuSlices())
        .reduce(computeSlices(), Math::max);
    return builder().from(this).computeSlices(slices).profiles(profiles).build();
  }

  /** {@return an empty builder} */
  static Builder builder() {
    return new Builder();
  }

  /**
   * Builds a {@link GpuModel}; {@code id} and {@code architecture} are required. {@code from} copies
   * another model, and later calls replace single values of it; {@code add…} adds to its lists:
   *
   * <pre>{@code
   * GpuModel mine = GpuModel.builder().from(h100).id("my-h100").build();
   * }</pre>
   */
  final class Builder extends ImmutableGpuModel.Builder {
    Builder() {}
  }

  /** {@return the weakest confidence of what determines layouts; unknown if a placement is} */
  default Confidence layoutConfidence() {
    Confidence weakest = slicesProvenance().confidence();
    for (GpuInstanceProfile profile : profiles()) {
      if (!profile.isPlaceable()) {
        return Confidence.UNKNOWN;
      }
      for (Field field : List.of(Field.NAME, Field.SIZE, Field.STARTS, Field.MAX_INSTANCES)) {
        weakest = weakest.weaker(profile.provenance(field).confidence());
      }
    }
    return weakest;
  }

  @Override
  default Map<String, Object> toJson() {
    return ModelJson.of(this);
  }

  /**
   * Reads the JSON form, the inverse of {@link #toJson()}.
   *
   * @throws IllegalArgumentException naming the field that is missing, unknown or of another kind
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static GpuModel ofJson(Map<String, Object> json) {
    return ModelJson.read(json);
  }
}
