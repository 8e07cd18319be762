package io.github.mig4j.lint;

import java.util.Locale;

/** How bad a {@link Finding} is; the constants run from the worst to the least. */
public enum Severity {
  /** The MIG manager refuses the file, or the selected configuration fails or does harm. */
  ERROR,
  /** Accepted, but it does something else than it seems to, or costs something. */
  WARNING,
  /** Good to know. */
  NOTE;

  /** The word as compilers print it, e.g. {@code error}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
