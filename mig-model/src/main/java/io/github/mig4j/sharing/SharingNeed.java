package io.github.mig4j.sharing;

import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.JsonForm;
import io.github.mig4j.text.JsonFields;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * What the tenants of one GPU need of each other's presence.
 *
 * @param tenants how many share the GPU, from 1 to {@value #MAX_TENANTS}
 * @param memoryGib memory that each can use, in GiB; 0 if it does not matter
 * @param isolation from what each must be kept safe
 */
public record SharingNeed(int tenants, double memoryGib, Isolation isolation) implements JsonForm {

  /** More pods than the kubelet is configured for on any node; by default it runs 110. */
  static final int MAX_TENANTS = 1000;

  /** From what a tenant is kept safe; each constant includes those above it. */
  public enum Isolation {
    /** Nothing: tenants trust each other. */
    NONE,
    /** One cannot use up the memory of another. */
    MEMORY,
    /** One that crashes ends no other, either. */
    FAULT;

    /** The name as it is printed, e.g. {@code memory}. */
    @Override
    @JsonValue
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public SharingNeed {
    Objects.requireNonNull(isolation, "isolation");
    if (tenants < 1 || tenants > MAX_TENANTS) {
      throw new IllegalArgumentException(
          "tenants must be from 1 to %d, but was %d".formatted(MAX_TENANTS, tenants));
    }
    if (!(memoryGib >= 0) || Double.isInfinite(memoryGib)) {
      throw new IllegalArgumentException("memoryGib must be a number from 0, but was " + memoryGib);
    }
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("tenants", tenants)
        .and("memoryGib", memoryGib)
        .and("isolation", isolation)
        .map();
  }
}
