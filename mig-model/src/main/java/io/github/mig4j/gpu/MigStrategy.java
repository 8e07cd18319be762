package io.github.mig4j.gpu;

import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.text.JsonFields;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/** The MIG strategy of NVIDIA's device plugin: how it offers MIG devices to Kubernetes. */
public enum MigStrategy {
  /** The plugin offers whole GPUs only. */
  NONE,
  /** All GPUs of a node have one layout of one profile, offered as {@code nvidia.com/gpu}. */
  SINGLE,
  /** The plugin offers each profile as its own resource, such as {@code nvidia.com/mig-1g.23gb}. */
  MIXED;

  /**
   * {@return the strategy with a name, as in labels and Helm values; empty if the text is none of
   * {@code none}, {@code single} and {@code mixed}; the inverse of {@link #toString()}}
   */
  public static Optional<MigStrategy> parse(String name) {
    Objects.requireNonNull(name, "name");
    return JsonFields.constant(MigStrategy.class, name);
  }

  /** The value in labels and Helm values, e.g. {@code mixed}. */
  @Override
  @JsonValue
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
