package io.github.mig4j;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** A constant of an enum whose form in JSON is its name in lower case with dashes. */
public interface JsonName {

  /**
   * The name of the constant.
   *
   * @return e.g. {@code TIME_SLICING}
   */
  String name();

  /**
   * The name in JSON.
   *
   * @return e.g. {@code time-slicing}
   */
  @JsonValue
  default String toJson() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
