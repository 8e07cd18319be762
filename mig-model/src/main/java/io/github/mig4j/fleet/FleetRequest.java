package io.github.mig4j.fleet;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.Arrays;
import java.util.Optional;

/**
 * A profile that is asked for again and again, on any GPU that offers it or on one model; made by
 * {@link Fleet#request} and understood by that fleet alone. There are as many as there are kinds of
 * request, so a scheduler may look one up per pod or keep it.
 */
public final class FleetRequest {

  private final Fleet fleet;
  private final MigProfile profile;
  private final Optional<GpuModel> model;

  /** The profile's number, by the fleet's number of the model; grows with the fleet. */
  private int[] profileOf = {};

  FleetRequest(Fleet fleet, MigProfile profile, Optional<GpuModel> model) {
    this.fleet = fleet;
    this.profile = profile;
    this.model = model;
  }

  /**
   * What is asked for.
   *
   * @return a GPU instance profile
   */
  public MigProfile profile() {
    return profile;
  }

  /**
   * Where it is asked for.
   *
   * @return the model, or empty for any that offers the profile
   */
  public Optional<GpuModel> model() {
    return model;
  }

  /**
   * Whether a GPU of the fleet offers the profile, full or not; where none does, no place will ever
   * be found.
   *
   * @return false for a profile that is mistyped or of other models
   */
  public boolean isOffered() {
    return Arrays.stream(profileOf).anyMatch(number -> number != GpuStates.NONE);
  }

  void learn(GpuStates states) {
    boolean wanted = model.map(states.gpu()::equals).orElse(true);
    profileOf = Arrays.copyOf(profileOf, profileOf.length + 1);
    profileOf[profileOf.length - 1] = wanted ? states.profiles().indexOf(profile) : GpuStates.NONE;
  }

  int[] profileOf(Fleet asked) {
    if (asked != fleet) {
      throw new IllegalArgumentException(
          "The request for %s was made by another fleet; ask this one for its own"
              .formatted(profile));
    }
    return profileOf;
  }

  /** The profile, and the model if it is asked for on one. */
  @Override
  public String toString() {
    return model.map(on -> profile + " on " + on.id()).orElse(profile.toString());
  }
}
