package io.github.mig4j.gpu;

import io.github.mig4j.text.Spelling;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.immutables.value.Value;

/**
 * A GPU model: its names, its size, and the {@linkplain GpuInstanceProfile profiles} that MIG can
 * cut it into.
 *
 * <p>A model is data. {@link GpuCatalog#bundled()} has the published ones; one that is newer is
 * built with {@link #builder()}. A GPU without MIG, such as an L40S, is a model without profiles.
 */
@Value.Immutable
public interface GpuModel {

  /** The largest placement grid that can be described; the largest known GPU has 12 slices. */
  int MAX_MEMORY_SLICES = 24;

  /**
   * The short name that tells models apart.
   *
   * @return e.g. {@code b200-180gb}
   */
  String id();

  /**
   * The architecture.
   *
   * @return e.g. {@code Hopper}; compared without case
   */
  @Value.Redacted
  String architecture();

  /**
   * The chip.
   *
   * @return e.g. {@code GH100}
   */
  @Value.Redacted
  Optional<String> chip();

  /**
   * The CUDA compute capability.
   *
   * @return e.g. {@code 9.0}
   */
  @Value.Redacted
  Optional<String> computeCapability();

  /**
   * The names under which this model is reported; two models can share one, as two boards of the
   * GB200 do.
   *
   * @return products, possibly none
   */
  @Value.Redacted
  List<GpuProduct> products();

  /**
   * The boards on which this model is built.
   *
   * @return boards by PCI device id, possibly none
   */
  @Value.Redacted
  List<GpuBoard> boards();

  /**
   * The memory that the driver reports for the whole GPU.
   *
   * @return MiB, as {@code nvidia-smi --query-gpu=memory.total} prints it
   */
  @Value.Redacted
  OptionalInt totalMemoryMib();

  /**
   * The memory that the data sheet states, kept for GPUs without MIG.
   *
   * @return GB
   */
  @Value.Redacted
  OptionalInt marketedMemoryGb();

  /**
   * Compute slices on the whole GPU.
   *
   * @return e.g. 7 on a B200, 0 without MIG
   */
  @Value.Redacted
  @Value.Default
  default int computeSlices() {
    return 0;
  }

  /**
   * Units of the placement grid: 8 on the GPUs with 7 compute slices, but 12 on an RTX PRO 6000
   * with its 4.
   *
   * @return the number of units, or empty if it was never published
   */
  @Value.Redacted
  OptionalInt memorySlices();

  /**
   * What this model can be cut into.
   *
   * @return profiles in the order of declaration; none without MIG
   */
  @Value.Redacted
  List<GpuInstanceProfile> profiles();

  /**
   * Engines that all instances use in common, so that their numbers are not added up.
   *
   * @return budgets, none on data-centre GPUs
   */
  @Value.Redacted
  Set<Budget> sharedEngines();

  /**
   * Where the number of slices comes from.
   *
   * @return the provenance
   */
  @Value.Redacted
  @Value.Default
  default Provenance slicesProvenance() {
    return Provenance.CALLER;
  }

  /**
   * Where the total memory comes from.
   *
   * @return the provenance
   */
  @Value.Redacted
  @Value.Default
  default Provenance memoryProvenance() {
    return Provenance.CALLER;
  }

  /**
   * Whether this GPU can be partitioned by MIG at all.
   *
   * @return true if it has profiles
   */
  default boolean supportsMig() {
    return !profiles().isEmpty();
  }

  /**
   * The profile of a name.
   *
   * @param name a profile; for {@code 1c.3g.20gb} its GPU instance's profile is returned
   * @return the profile, or empty if this model offers neither it nor such a compute instance
   */
  default Optional<GpuInstanceProfile> profile(MigProfile name) {
    Objects.requireNonNull(name, "name");
    MigProfile gpuInstance = name.gpuInstance();
    return profiles().stream()
        .filter(p -> p.profile().equals(gpuInstance))
        .filter(p -> name.equals(gpuInstance) || p.computeInstances().contains(name))
        .findFirst();
  }

  /**
   * Today's name of a profile that was once named after its memory in whole GiB: mig-parted did so
   * before August 2022 ({@code 7g.79gb} on an A100 with 80 GB, {@code 1g.11gb} on an H100 NVL), and
   * some tables still do.
   *
   * @param old a name that this model does not offer
   * @return the name it offers instead, or empty if this is no old name or the memory is not known
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
   * Profiles that somebody who asked for one that this model lacks probably meant: today's name of
   * an old one, those with as many slices, with other attributes, or spelled alike.
   *
   * @param unknown a name that this model does not offer
   * @return at most three names, the likeliest first; empty if none comes near
   */
  default List<MigProfile> suggestions(MigProfile unknown) {
    Objects.requireNonNull(unknown, "unknown");
    Optional<MigProfile> renamed = renamed(unknown);
    if (renamed.isPresent()) {
      return List.of(renamed.get());
    }
    List<MigProfile> offered =
        profiles().stream().flatMap(p -> p.computeInstances().stream()).toList();
    List<MigProfile> sameGpuInstance = offered.stream()
        .filter(p -> p.gpuInstance().equals(unknown.gpuInstance()))
        .toList();
    if (!sameGpuInstance.isEmpty()) {
      return sameGpuInstance.stream().limit(3).toList();
    }
    List<MigProfile> sameSlices = offered.stream()
        .filter(p -> p.computeSlices() == unknown.computeSlices()
            && p.gpuSlices() == unknown.gpuSlices()
            && p.suffix().equals(unknown.suffix()))
        .sorted(Comparator.comparingInt(p -> Math.abs(p.memoryGb() - unknown.memoryGb())))
        .limit(2)
        .toList();
    if (!sameSlices.isEmpty()) {
      return sameSlices;
    }
    List<MigProfile> sameSize = offered.stream()
        .filter(p -> p.computeSlices() == unknown.computeSlices()
            && p.gpuSlices() == unknown.gpuSlices()
            && p.memoryGb() == unknown.memoryGb())
        .limit(3)
        .toList();
    if (!sameSize.isEmpty()) {
      return sameSize;
    }
    return Spelling.nearest(
            unknown.toString(),
            profiles().stream().map(p -> p.profile().toString()).toList())
        .stream()
        .map(MigProfile::parse)
        .toList();
  }

  private static int ceilGib(int mib) {
    return (mib + 1023) / 1024;
  }

  /**
   * The profile that takes the whole GPU and therefore states its budgets.
   *
   * @return the profile with all compute slices and no attributes, e.g. {@code 7g.180gb}; empty if
   *     it is not among the profiles that are known
   */
  default Optional<GpuInstanceProfile> wholeGpu() {
    return profiles().stream()
        .filter(p -> p.profile().suffix().isEmpty() && p.profile().gpuSlices() == computeSlices())
        .findFirst();
  }

  /**
   * How much of a budget the whole GPU has.
   *
   * @param budget the budget
   * @return the amount, or empty if it is not known or all instances share it
   */
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
   * Whether a board with this much memory can be of this model, by NVIDIA's rounding rule: the
   * whole GPU's profile is named after its memory in GiB, rounded up (go-nvlib v0.12.0).
   *
   * @param totalMemoryMib what the driver reports, in MiB
   * @return false if the whole GPU's profile would have another name
   */
  default boolean agreesWithMemory(int totalMemoryMib) {
    return wholeGpu()
        .map(whole -> whole.profile().memoryGb())
        .map(gb -> gb == 0 || gb == ceilGib(totalMemoryMib))
        .orElse(true);
  }

  /** Checks that profiles are distinct and lie on the grid. */
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
            "%s: profile %s has at most %d instances, but maxInstances was %d"
                .formatted(id(), p.profile(), MAX_MEMORY_SLICES, p.maxInstances()));
      }
      if (p.size().orElse(1) > slices) {
        throw new IllegalArgumentException("%s: profile %s covers %d of %d memory slices"
            .formatted(id(), p.profile(), p.size().getAsInt(), slices));
      }
      for (int start : p.starts()) {
        if (start > slices - p.size().orElse(1)) {
          throw new IllegalArgumentException(
              "%s: profile %s at start %d reaches past the last of %d memory slices"
                  .formatted(id(), p.profile(), start, slices));
        }
      }
    }
  }

  /**
   * All profile names, for messages.
   *
   * @return names in the order of declaration, e.g. {@code 1g.6gb, 1g.6gb+me, 2g.12gb}
   */
  default String profileNames() {
    return profiles().stream().map(p -> p.profile().toString()).collect(Collectors.joining(", "));
  }

  /**
   * Starts a new model.
   *
   * @return an empty builder
   */
  static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link GpuModel}; {@code id} and {@code architecture} are required. */
  final class Builder extends ImmutableGpuModel.Builder {
    Builder() {}
  }
}
