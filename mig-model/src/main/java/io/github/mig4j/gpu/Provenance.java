package io.github.mig4j.gpu;

import java.util.Objects;

/**
 * Where a fact about a GPU comes from and how sure it is.
 *
 * @param source what was read, in words that let a reader find it
 * @param confidence how far to trust it
 */
public record Provenance(String source, Confidence confidence) {
  public Provenance {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(confidence, "confidence");
  }

  /** The provenance of models that a program builds without naming a source. */
  public static final Provenance CALLER = new Provenance("the calling program", Confidence.CALLER);

  /** Both parts, e.g. {@code "published-smi (A30, driver 535)"}. */
  @Override
  public String toString() {
    return confidence + " (" + source + ")";
  }
}
