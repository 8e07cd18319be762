package io.github.mig4j.sharing;

import java.util.Locale;
import java.util.Objects;

/**
 * What the tenants of one GPU need of each other's presence.
 *
 * @param tenants how many share the GPU, at least 1
 * @param memoryGib memory that each can use, in GiB; 0 if it does not matter
 * @param isolation from what each must be kept safe
 */
public record SharingNeed(int tenants, double memoryGib, Isolation isolation) {

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
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public SharingNeed {
    Objects.requireNonNull(isolation, "isolation");
    if (tenants < 1) {
      throw new IllegalArgumentException("tenants must be at least 1, but was " + tenants);
    }
    if (!(memoryGib >= 0) || Double.isInfinite(memoryGib)) {
      throw new IllegalArgumentException("memoryGib must not be negative, but was " + memoryGib);
    }
  }
}
