package io.github.mig4j.sharing;

import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * One way to let tenants share a GPU, and whether it suits them.
 *
 * @param profile for MIG, the smallest profile of which there can be enough, if there is one
 * @param reasons everything that is in its favour or not
 */
public record SharingOption(
    Method method, Verdict verdict, Optional<MigProfile> profile, List<Reason> reasons)
    implements JsonForm {

  /** How a GPU can be used. */
  public enum Method implements JsonName {
    /** By one tenant alone. */
    WHOLE_GPU("the whole GPU"),
    /** Cut by MIG, one device for each tenant. */
    MIG("MIG"),
    /** By CUDA time-slicing. */
    TIME_SLICING("time-slicing"),
    /** By CUDA MPS. */
    MPS("MPS");

    private final String text;

    Method(String text) {
      this.text = text;
    }

    /** The name for people, e.g. {@code time-slicing}. */
    @Override
    public String toString() {
      return text;
    }
  }

  /** Whether a way suits a need. */
  public enum Verdict {
    /** It does. */
    SUITS,
    /** An amount is missing that would decide it. */
    UNKNOWN,
    /** It does not. */
    SUITS_NOT;

    /** The name as it is printed, e.g. {@code suits-not}. */
    @Override
    @JsonValue
    public String toString() {
      return JsonFields.name(this);
    }
  }

  /** What a reason is about. */
  public enum Topic {
    /** Whether this GPU can do it at all. */
    SUPPORT,
    /** Whether there is enough of it for all tenants. */
    CAPACITY,
    /** Whether one tenant can use up another's memory. */
    MEMORY_ISOLATION,
    /** Whether one tenant's crash ends another. */
    FAULT_ISOLATION,
    /** How much of the multiprocessors each tenant gets. */
    SHARE;

    /** The name as it is printed, e.g. {@code fault-isolation}. */
    @Override
    @JsonValue
    public String toString() {
      return JsonFields.name(this);
    }
  }

  /**
   * One thing to know about a way.
   *
   * @param verdict whether it suits this need
   * @param message subject and value in one line, without a full stop
   */
  public record Reason(Topic topic, Verdict verdict, String message) implements JsonForm {
    public Reason {
      Objects.requireNonNull(topic, "topic");
      Objects.requireNonNull(verdict, "verdict");
      Objects.requireNonNull(message, "message");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("topic", topic)
          .and("verdict", verdict)
          .and("message", message)
          .map();
    }
  }

  public SharingOption {
    Objects.requireNonNull(method, "method");
    Objects.requireNonNull(verdict, "verdict");
    Objects.requireNonNull(profile, "profile");
    Objects.requireNonNull(reasons, "reasons");
    reasons = List.copyOf(reasons);
  }

  static SharingOption of(Method method, Optional<MigProfile> profile, List<Reason> reasons) {
    Verdict worst =
        reasons.stream().map(Reason::verdict).max(Enum::compareTo).orElse(Verdict.SUITS);
    return new SharingOption(method, worst, profile, reasons);
  }

  /** {@return whether this way suits; false also if it is not known} */
  public boolean suits() {
    return verdict == Verdict.SUITS;
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("method", method.toJson())
        .and("verdict", verdict)
        .and("profile", profile)
        .and("reasons", reasons)
        .map();
  }
}
