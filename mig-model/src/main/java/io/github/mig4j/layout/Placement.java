package io.github.mig4j.layout;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.JsonInput;
import java.util.Map;
import java.util.Objects;

/**
 * The placement of a GPU instance: profile, start and size. The text {@code 3g.40gb@4:4} has start
 * and size in the form of nvidia-smi.
 *
 * @param profile the GPU instance's profile
 * @param start index of the first memory slice, from 0
 * @param size number of memory slices, at least 1
 */
public record Placement(MigProfile profile, int start, int size)
    implements JsonForm, Comparable<Placement> {

  public Placement {
    Objects.requireNonNull(profile, "profile");
    if (start < 0 || size < 1) {
      throw new IllegalArgumentException(
          "A placement must have a start of at least 0 and a size of at least 1, but was %s@%d:%d"
              .formatted(profile, start, size));
    }
    if (start > Integer.MAX_VALUE - size) {
      throw new IllegalArgumentException(
          "A placement must end at slice %d or before, but was %s@%d:%d"
              .formatted(Integer.MAX_VALUE, profile, start, size));
    }
  }

  /** {@return the index of the first memory slice after this placement: start plus size} */
  public int end() {
    return start + size;
  }

  /** {@return whether two placements share a memory slice} */
  public boolean overlaps(Placement other) {
    Objects.requireNonNull(other, "other");
    return start < other.end() && other.start < end();
  }

  /** Compares start, then size and profile; consistent with equals. */
  @Override
  public int compareTo(Placement other) {
    Objects.requireNonNull(other, "other");
    if (start != other.start) {
      return Integer.compare(start, other.start);
    }
    return size == other.size
        ? profile.compareTo(other.profile)
        : Integer.compare(size, other.size);
  }

  /** Profile, start and size, e.g. {@code 3g.40gb@4:4}. */
  @Override
  public String toString() {
    return profile + "@" + start + ":" + size;
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("profile", profile)
        .and("start", start)
        .and("size", size)
        .map();
  }

  /**
   * Reads the JSON form, the inverse of {@link #toJson()}.
   *
   * @throws IllegalArgumentException naming the field that is missing, unknown or of another kind
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static Placement ofJson(Map<String, Object> json) {
    JsonInput in = JsonInput.of("placement", json);
    return in.requireNoOthers(new Placement(
        MigProfile.parse(in.text("profile")), in.integer("start"), in.integer("size")));
  }
}
