package io.github.mig4j.fleet;

import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The instances on one GPU, and what can be added. Each state of a model exists once in its {@link
 * GpuStates}, so two states of the same tables are equal only if they are the same object.
 *
 * <p>Immutable and thread-safe.
 */
public final class GpuState implements JsonForm {

  private final GpuStates states;
  private final int number;

  /** Created when it is requested first. Two threads may create equal ones. */
  private @Nullable MigLayout layout;

  GpuState(GpuStates states, int number) {
    this.states = states;
    this.number = number;
  }

  /** {@return the tables that contain this state: all states of the same model} */
  public GpuStates states() {
    return states;
  }

  /** {@return the index of this state in {@link GpuStates#all()}, 0 for the empty one} */
  public int number() {
    return number;
  }

  /** {@return the instances on the GPU: a legal layout of whole GPU instances} */
  public MigLayout layout() {
    MigLayout known = layout;
    if (known == null) {
      known = states.layout(number);
      layout = known;
    }
    return known;
  }

  /** {@return whether the GPU has no instances} */
  public boolean isEmpty() {
    return number == 0;
  }

  /** {@return the number of memory slices without an instance, the unusable ones included} */
  public int freeSlices() {
    return states.freeSlices(number);
  }

  /** {@return the number of placements that can be added, each on its own; 0 if the GPU is full} */
  public int choices() {
    return states.choices(number);
  }

  /**
   * {@return the number of memory slices, at least 0, that this GPU is expected to accept next, of
   * requests for random profiles while some of its instances end; to be compared with that of
   * another state of the same model}
   */
  public double expectedSlices() {
    return states.expected().of(number);
  }

  /** {@return the placements that can be added, each on its own, by ascending start} */
  public List<Placement> freePlacements() {
    return states.placements().stream().filter(this::canPlace).toList();
  }

  /**
   * {@return whether an instance of a profile can be added}
   *
   * @throws IllegalArgumentException if the GPU does not offer it
   */
  public boolean fits(MigProfile profile) {
    return states.fits(number, states.profile(profile));
  }

  /**
   * {@return the placement after which the most {@linkplain #choices} remain, of several the first;
   * empty if the profile does not fit}
   *
   * @throws IllegalArgumentException if the GPU does not offer it
   */
  public Optional<Placement> best(MigProfile profile) {
    int best = states.best(number, states.profile(profile));
    return best == GpuStates.NONE
        ? Optional.empty()
        : Optional.of(states.placements().get(best));
  }

  /**
   * {@return whether an instance can be added at a placement}
   *
   * @throws IllegalArgumentException if the GPU does not offer the profile or the start
   */
  public boolean canPlace(Placement placement) {
    Objects.requireNonNull(placement, "placement");
    return states.canPlace(number, numberOf(placement));
  }

  /**
   * {@return the state with one more instance}
   *
   * @throws IllegalArgumentException if it cannot be added
   */
  public GpuState place(Placement placement) {
    Objects.requireNonNull(placement, "placement");
    return states.all().get(states.place(number, numberOf(placement)));
  }

  /**
   * {@return the state without an instance}
   *
   * @throws IllegalArgumentException if the state does not have this instance
   */
  public GpuState free(Placement placement) {
    Objects.requireNonNull(placement, "placement");
    return states.all().get(states.free(number, numberOf(placement)));
  }

  private int numberOf(Placement placement) {
    return states.placement(placement.profile(), placement.start());
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("layout", layout())
        .and("freeSlices", freeSlices())
        .and("freePlacements", freePlacements())
        .map();
  }

  /** The layout, e.g. {@code h100-sxm-80gb [3g.40gb@4:4]}. */
  @Override
  public String toString() {
    return layout().toString();
  }
}
