package io.github.mig4j.lint;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * The kind of a {@link Finding}. Each package that checks something has an enum of its kinds.
 *
 * <p>The text of a code, such as {@code missing-field}, is stable: a program may depend on it, and
 * the text of a code that is removed is not used again.
 */
public interface Code {

  /** {@return the name of the enum's constant, e.g. {@code MISSING_FIELD}} */
  String name();

  /** {@return the stable text: words in lower case with dashes, e.g. {@code missing-field}} */
  @JsonValue
  default String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The stable text of this code, as {@link #text} returns it. */
  @Override
  String toString();
}
