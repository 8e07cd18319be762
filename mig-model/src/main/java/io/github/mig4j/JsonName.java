package io.github.mig4j;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** A constant of an enum whose form in JSON is its name in lower case with dashes. */
public interface JsonName {

  /** {@return the name of the constant, e.g. {@code TIME_SLICING}} */
  String name();

  /** {@return the name in JSON, e.g. {@code time-slicing}} */
  @JsonValue
  default String toJson() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
