package io.github.mig4j.lint;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How bad a {@link Finding} is; the constants are in order, the worst first. */
public enum Severity {
  /** NVIDIA's program refuses it, fails or does harm; or it prevents a change. */
  ERROR,
  /** It is accepted, but does something else than it seems to, or costs something. */
  WARNING,
  /** It is good to know. */
  NOTE;

  /** The word that compilers print, e.g. {@code error}. */
  @Override
  @JsonValue
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
