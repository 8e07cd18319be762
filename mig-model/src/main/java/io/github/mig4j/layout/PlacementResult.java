package io.github.mig4j.layout;

import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.Confidence;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.text.JsonFields;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The result of {@link MigLayout#place}: placed with a layout, rejected with every reason, or
 * undetermined because the model lacks data.
 */
public sealed interface PlacementResult extends JsonForm {

  /**
   * {@return the layout}
   *
   * @throws InvalidLayoutException with every reason, if no layout exists
   */
  MigLayout orElseThrow();

  /**
   * {@return how certain this result is: a layout has the confidence of the least certain fact
   * about its profiles, a rejection that of its most certain reason, and an undetermined result has
   * {@link Confidence#UNKNOWN}}
   */
  Confidence confidence();

  /**
   * The request fits.
   *
   * @param layout the first layout that the search finds; it places the largest profile first
   */
  record Placed(MigLayout layout) implements PlacementResult {
    public Placed {
      Objects.requireNonNull(layout, "layout");
    }

    @Override
    public MigLayout orElseThrow() {
      return layout;
    }

    @Override
    public Confidence confidence() {
      return layout.confidence();
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("fits", true)
          .and("gpu", layout.gpu().id())
          .and("placements", layout.placements())
          .and("devices", layout.devices())
          .and("violations", List.of())
          .and("confidence", confidence())
          .map();
    }
  }

  /**
   * The request does not fit.
   *
   * @param violations every reason, never empty
   */
  record Rejected(GpuModel gpu, List<Violation> violations) implements PlacementResult {
    public Rejected {
      Objects.requireNonNull(gpu, "gpu");
      violations = List.copyOf(Objects.requireNonNull(violations, "violations"));
      if (violations.isEmpty()) {
        throw new IllegalArgumentException("A rejection needs at least one violation");
      }
    }

    @Override
    public MigLayout orElseThrow() {
      throw new InvalidLayoutException(gpu, Violation.summary(violations), violations);
    }

    @Override
    public Confidence confidence() {
      return violations.stream()
          .map(Violation::confidence)
          .min(Comparator.naturalOrder())
          .orElseThrow();
    }

    /** The model and the {@linkplain Violation#summary decisive reasons}. */
    @Override
    public String toString() {
      return "%s: rejected, %s".formatted(gpu.id(), Violation.summary(violations));
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("fits", false)
          .and("gpu", gpu.id())
          .and("placements", List.of())
          .and("violations", violations)
          .and("confidence", confidence())
          .map();
    }
  }

  /**
   * The known counts and budgets allow the request, but the placements of its profiles on this
   * model are not published.
   *
   * @param profiles the requested profiles without placements
   */
  record Undetermined(GpuModel gpu, List<MigProfile> profiles) implements PlacementResult {
    public Undetermined {
      Objects.requireNonNull(gpu, "gpu");
      profiles = List.copyOf(Objects.requireNonNull(profiles, "profiles"));
    }

    /** {@return the missing data and how to read it, in a sentence without a full stop} */
    public String message() {
      return ("the placements of %s on %s are not known; counts and budgets allow the request. Read"
              + " the placements with 'nvidia-smi mig -lgipp' on such a GPU")
          .formatted(
              profiles.stream().map(MigProfile::toString).collect(Collectors.joining(", ")),
              gpu.id());
    }

    @Override
    public MigLayout orElseThrow() {
      throw new InvalidLayoutException(gpu, message(), List.of());
    }

    @Override
    public Confidence confidence() {
      return Confidence.UNKNOWN;
    }

    /** The model and {@link #message}. */
    @Override
    public String toString() {
      return "%s: undetermined, %s".formatted(gpu.id(), message());
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("gpu", gpu.id())
          .and("placements", List.of())
          .and("violations", List.of(Map.of("code", "undetermined", "message", message())))
          .and("confidence", confidence())
          .map();
    }
  }
}
