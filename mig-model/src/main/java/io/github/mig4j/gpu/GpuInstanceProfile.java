package io.github.mig4j.gpu;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.immutables.value.Value;

/**
 * A MIG profile as one GPU model offers it: where its instances may start, how many there can be,
 * and what each takes of the GPU's {@linkplain Budget budgets}.
 *
 * <p>What is not known is absent, never guessed.
 */
@Value.Immutable
public interface GpuInstanceProfile {

  /** A fact about a profile that has a provenance of its own. */
  enum Field {
    /** The name. */
    NAME,
    /** {@link GpuInstanceProfile#id()}. */
    ID,
    /** {@link GpuInstanceProfile#size()}. */
    SIZE,
    /** {@link GpuInstanceProfile#starts()}. */
    STARTS,
    /** {@link GpuInstanceProfile#maxInstances()}. */
    MAX_INSTANCES,
    /** The memory budget. */
    MEMORY,
    /** The SM budget. */
    SMS,
    /** The budgets of copy, video, JPEG and optical flow engines. */
    ENGINES;

    /** The field that states what an instance takes of a budget. */
    static Field of(Budget budget) {
      return switch (budget) {
        case COMPUTE_SLICES -> NAME;
        case MEMORY_SLICES -> SIZE;
        case MEMORY_MIB -> MEMORY;
        case SMS -> SMS;
        case COPY_ENGINES, DECODERS, ENCODERS, JPEG_ENGINES, OFA_ENGINES -> ENGINES;
      };
    }
  }

  /**
   * The profile's name.
   *
   * @return a profile that takes its GPU instance alone, e.g. {@code 3g.40gb}
   */
  MigProfile profile();

  /**
   * The number in the ID column of {@code nvidia-smi mig -lgip}, which differs from the constant of
   * the NVML header.
   *
   * @return the id, e.g. 19 for {@code 1g} on 7-slice GPUs
   */
  OptionalInt id();

  /**
   * How many memory slices an instance covers.
   *
   * @return the number of units of the GPU's placement grid, at least 1
   */
  OptionalInt size();

  /**
   * Where an instance may start.
   *
   * @return indexes of memory slices from 0, ascending; empty if not known
   */
  List<Integer> starts();

  /**
   * How many instances of this profile a GPU can hold at once.
   *
   * @return at least 1
   */
  int maxInstances();

  /**
   * What one instance takes of the budgets that its name and placement do not state.
   *
   * @return amounts by budget, in the unit of the budget; a budget is absent if not known
   */
  Map<Budget, Integer> amounts();

  /**
   * Where the facts come from that have no provenance of their own.
   *
   * @return the provenance
   */
  @Value.Default
  default Provenance provenance() {
    return Provenance.CALLER;
  }

  /**
   * Facts that come from elsewhere.
   *
   * @return provenance by field
   */
  Map<Field, Provenance> fieldProvenance();

  /**
   * What one instance takes of a budget.
   *
   * @param budget the budget
   * @return the amount, or empty if it is not known
   */
  default OptionalInt amount(Budget budget) {
    return switch (budget) {
      case COMPUTE_SLICES -> OptionalInt.of(profile().gpuSlices());
      case MEMORY_SLICES -> size();
      default -> {
        Integer amount = amounts().get(budget);
        yield amount == null ? OptionalInt.empty() : OptionalInt.of(amount);
      }
    };
  }

  /**
   * How sure one fact is.
   *
   * @param field the fact
   * @return its own provenance if it has one, otherwise {@link #provenance()}
   */
  default Provenance provenance(Field field) {
    Provenance own = fieldProvenance().get(field);
    return own == null ? provenance() : own;
  }

  /**
   * How sure it is what one instance takes of a budget.
   *
   * @param budget the budget
   * @return the provenance of the field that states it
   */
  default Provenance provenance(Budget budget) {
    return provenance(Field.of(budget));
  }

  /**
   * The compute instances into which an instance of this profile can be divided: for {@code 3g}
   * sizes 1, 2 and 3, for {@code 4g} sizes 1, 2 and 4.
   *
   * <p>The rule is that of go-nvlib v0.12.0, which agrees with every published {@code nvidia-smi mig
   * -lcip} listing: all compute slices, or at most half of them rounded up.
   *
   * @return MIG profiles by ascending number of compute slices; the last is {@link #profile()}
   */
  default List<MigProfile> computeInstances() {
    int whole = profile().gpuSlices();
    return IntStream.rangeClosed(1, whole)
        .filter(slices -> slices == whole || 2 * slices <= whole + 1)
        .filter(slices -> slices != 5)
        .mapToObj(slices ->
            new MigProfile(slices, whole, profile().memoryGb(), profile().suffix()))
        .toList();
  }

  /**
   * Whether it is known where instances may be placed.
   *
   * @return true if size and starts are known
   */
  default boolean isPlaceable() {
    return size().isPresent() && !starts().isEmpty();
  }

  /** Checks ranges; what involves other profiles is the model's business. */
  @Value.Check
  default void check() {
    if (!profile().isWholeGpuInstance()) {
      throw new IllegalArgumentException(
          "A GPU instance profile has no 'c' part, but was %s; use %s"
              .formatted(profile(), profile().gpuInstance()));
    }
    if (profile().gpuSlices() < 1) {
      throw new IllegalArgumentException(
          "A GPU instance has at least one compute slice, but was %s".formatted(profile()));
    }
    if (maxInstances() < 1) {
      throw new IllegalArgumentException(
          "%s: maxInstances must be at least 1, but was %d".formatted(profile(), maxInstances()));
    }
    if (size().isPresent() && size().getAsInt() < 1) {
      throw new IllegalArgumentException(
          "%s: size must be at least 1, but was %d".formatted(profile(), size().getAsInt()));
    }
    int previous = -1;
    for (int start : starts()) {
      if (start <= previous) {
        throw new IllegalArgumentException(
            "%s: starts must ascend from 0 or above, but were %s".formatted(profile(), starts()));
      }
      previous = start;
    }
    amounts().forEach((budget, amount) -> {
      if (amount < 0 || budget == Budget.COMPUTE_SLICES || budget == Budget.MEMORY_SLICES) {
        throw new IllegalArgumentException(
            "%s: cannot take %d %s".formatted(profile(), amount, budget.noun()));
      }
    });
  }

  /**
   * Starts a new profile.
   *
   * @return an empty builder
   */
  static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link GpuInstanceProfile}; {@code profile} and {@code maxInstances} are required. */
  final class Builder extends ImmutableGpuInstanceProfile.Builder {
    Builder() {}
  }
}
