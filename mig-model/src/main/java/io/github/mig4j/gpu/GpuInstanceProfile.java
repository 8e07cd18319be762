package io.github.mig4j.gpu;

import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.immutables.value.Value;

/**
 * A MIG profile of one GPU model: where its instances can start, how many can exist at once, and
 * how much of the GPU's {@linkplain Budget budgets} each one takes.
 *
 * <p>An unknown number is absent. No number is guessed.
 */
@Value.Immutable
public interface GpuInstanceProfile extends JsonForm {

  /** A fact about a profile that can have its own provenance. */
  enum Field implements JsonName {
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

    /** The field that says how much of a budget an instance takes. */
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

  /** {@return the profile's name without a {@code c} part, e.g. {@code 3g.40gb}} */
  MigProfile profile();

  /**
   * {@return the number in the ID column of {@code nvidia-smi mig -lgip}, e.g. 19 for {@code 1g} on
   * 7-slice GPUs; it differs from the constant in the NVML header}
   */
  OptionalInt id();

  /** {@return the number of memory slices that an instance covers, at least 1} */
  OptionalInt size();

  /** {@return the memory slices from 0 where an instance can start, ascending; empty if unknown} */
  List<Integer> starts();

  /** {@return the maximum number of instances of this profile on one GPU, at least 1} */
  int maxInstances();

  /**
   * {@return how much one instance takes of the budgets that are not part of its name and
   * placement, in the unit of the budget; an unknown budget is absent}
   */
  @Value.Redacted
  Map<Budget, Integer> amounts();

  /** {@return the provenance of all facts without their own provenance} */
  @Value.Redacted
  @Value.Default
  default Provenance provenance() {
    return Provenance.CALLER;
  }

  /** {@return the provenance of facts from other sources, by field} */
  @Value.Redacted
  Map<Field, Provenance> fieldProvenance();

  /** {@return how much of a budget one instance takes, or empty if it is not known} */
  default OptionalInt amount(Budget budget) {
    Objects.requireNonNull(budget, "budget");
    return switch (budget) {
      case COMPUTE_SLICES -> OptionalInt.of(profile().gpuSlices());
      case MEMORY_SLICES -> size();
      default -> {
        Integer amount = amounts().get(budget);
        yield amount == null ? OptionalInt.empty() : OptionalInt.of(amount);
      }
    };
  }

  /** {@return the provenance of one fact: its own, or else {@link #provenance()}} */
  default Provenance provenance(Field field) {
    Objects.requireNonNull(field, "field");
    return fieldProvenance().getOrDefault(field, provenance());
  }

  /** {@return the provenance of the field with the {@linkplain #amount amount} of a budget} */
  default Provenance provenance(Budget budget) {
    Objects.requireNonNull(budget, "budget");
    return provenance(Field.of(budget));
  }

  /**
   * The profiles of the compute instances that can share an instance of this profile: sizes 1, 2
   * and 3 for {@code 3g}, sizes 1, 2 and 4 for {@code 4g}.
   *
   * <p>The rule is from go-nvlib v0.12.0 and agrees with every published {@code nvidia-smi mig
   * -lcip} listing: a size is all compute slices, or at most half of them, rounded up.
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

  /** {@return whether the placements of this profile are known: size and starts} */
  default boolean isPlaceable() {
    return size().isPresent() && !starts().isEmpty();
  }

  /** Checks ranges. The model checks what involves other profiles. */
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

  /** {@return an empty builder} */
  static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link GpuInstanceProfile}; {@code profile} and {@code maxInstances} are required. */
  final class Builder extends ImmutableGpuInstanceProfile.Builder {
    Builder() {}
  }

  @Override
  default Map<String, Object> toJson() {
    return ModelJson.of(this);
  }
}
