package io.github.mig4j.fleet;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.Arrays;
import java.util.Optional;

/**
 * A reusable request for a profile, on any GPU that offers it or on one model. {@link
 * Fleet#request} creates it, and only that fleet accepts it. Each kind of request exists once per
 * fleet, so a scheduler can look it up for each pod or keep it.
 */
public final class FleetRequest {

  private final Fleet fleet;
  private final MigProfile profile;
  private final Optional<GpuModel> model;

  /** The number of the profile, by the fleet's number of the model; grows with the fleet. */
  private int[] profileOf = {};

  FleetRequest(Fleet fleet, MigProfile profile, Optional<GpuModel> model) {
    this.fleet = fleet;
    this.profile = profile;
    this.model = model;
  }

  /**
   * The requested profile.
   *
   * @return a GPU instance profile
   */
  public MigProfile profile() {
    return profile;
  }

  /**
   * The requested model.
   *
   * @return the model, or empty for any that offers the profile
   */
  public Optional<GpuModel> model() {
    return model;
  }

  /**
   * Whether a GPU of the fleet offers the profile, full or not. Without one, a placement is never
   * found.
   *
   * @return false for a profile that is misspelled or of other models
   */
  public boolean isOffered() {
    return Arrays.stream(profileOf).anyMatch(number -> number != GpuStates.NONE);
  }

  void addModel(GpuStates states) {
    boolean wanted = model.map(states.gpu()::equals).orElse(true);
    profileOf = Arrays.copyOf(profileOf, profileOf.length + 1);
    profileOf[profileOf.length - 1] = wanted ? states.profiles().indexOf(profile) : GpuStates.NONE;
  }

  int[] profileOf(Fleet asked) {
    if (asked != fleet) {
      throw new IllegalArgumentException(
          "The request for %s belongs to another fleet; create it with this fleet"
              .formatted(profile));
    }
    return profileOf;
  }

  /** The profile, and the requested model if there is one. */
  @Override
  public String toString() {
    return model.map(on -> profile + " on " + on.id()).orElse(profile.toString());
  }
}
