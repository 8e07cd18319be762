package io.github.mig4j.layout;

import io.github.mig4j.gpu.Confidence;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The outcome of {@link MigLayout#place}: a layout, every reason why there is none, or that the
 * model lacks the data to tell.
 */
public sealed interface PlacementResult {

  /**
   * The layout, where one is demanded.
   *
   * @return the layout
   * @throws InvalidLayoutException naming every reason, if there is no layout
   */
  MigLayout orElseThrow();

  /**
   * How sure this answer is. A layout is as sure as the least sure fact about its profiles, a
   * rejection as its surest reason; what could not be told has {@link Confidence#UNKNOWN}.
   *
   * @return the confidence
   */
  Confidence confidence();

  /**
   * The request fits.
   *
   * @param layout the first layout found, largest profile first
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
  }

  /**
   * The request does not fit.
   *
   * @param gpu the model
   * @param violations every reason, never empty
   */
  record Rejected(GpuModel gpu, List<Violation> violations) implements PlacementResult {
    public Rejected {
      Objects.requireNonNull(gpu, "gpu");
      Objects.requireNonNull(violations, "violations");
      violations = List.copyOf(violations);
      if (violations.isEmpty()) {
        throw new IllegalArgumentException("A rejection needs at least one violation");
      }
    }

    @Override
    public MigLayout orElseThrow() {
      throw new InvalidLayoutException(gpu, this);
    }

    @Override
    public Confidence confidence() {
      return violations.stream()
          .map(Violation::confidence)
          .min(Comparator.naturalOrder())
          .orElseThrow();
    }

    /** Every reason, e.g. {@code b200-180gb: rejected [b200-180gb has 7 compute slices, …]}. */
    @Override
    public String toString() {
      return "%s: rejected %s".formatted(gpu.id(), violations);
    }
  }

  /**
   * Nothing that is known speaks against the request, but where its profiles may start on this
   * model was never published.
   *
   * @param gpu the model
   * @param profiles the requested profiles without placements
   */
  record Undetermined(GpuModel gpu, List<MigProfile> profiles) implements PlacementResult {
    public Undetermined {
      Objects.requireNonNull(gpu, "gpu");
      Objects.requireNonNull(profiles, "profiles");
      profiles = List.copyOf(profiles);
    }

    /**
     * What is missing and how to supply it.
     *
     * @return the sentence, without a full stop
     */
    public String message() {
      return ("where %s may start on %s is not known; counts and budgets allow the request. Read"
              + " the placements with 'nvidia-smi mig -lgipp' on such a GPU")
          .formatted(
              profiles.stream().map(MigProfile::toString).collect(Collectors.joining(", ")),
              gpu.id());
    }

    @Override
    public MigLayout orElseThrow() {
      throw new InvalidLayoutException(gpu, this);
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
  }
}
