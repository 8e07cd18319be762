package io.github.mig4j.gpu;

import io.github.mig4j.JsonForm;
import io.github.mig4j.text.JsonFields;
import java.util.Map;
import java.util.Objects;

/**
 * The source of a fact about a GPU, and how certain the fact is.
 *
 * @param source a description with which a reader can find the source
 * @param confidence how certain the fact is
 */
public record Provenance(String source, Confidence confidence) implements JsonForm {
  public Provenance {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(confidence, "confidence");
  }

  /** The provenance of a model whose builder names no source. */
  public static final Provenance CALLER = new Provenance("the calling program", Confidence.CALLER);

  /** Both parts, e.g. {@code "published-smi (A30, driver 535)"}. */
  @Override
  public String toString() {
    return confidence + " (" + source + ")";
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("source", source).and("confidence", confidence).map();
  }
}
