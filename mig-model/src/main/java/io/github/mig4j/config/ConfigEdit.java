package io.github.mig4j.config;

import io.github.mig4j.JsonForm;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A file with one configuration set or removed, and what that costs. Everything else in the file
 * stays as it is written, comments included, unless {@link #losses()} says otherwise.
 *
 * <pre>{@code
 * ConfigEdit edit = MigConfigFile.read(yaml).merge("small", config);
 * String merged = edit.losses().isEmpty() ? edit.text() : edit.textDespiteLosses();
 * }</pre>
 */
public final class ConfigEdit implements JsonForm {
  private final String text;
  private final List<String> losses;

  ConfigEdit(String text, List<String> losses) {
    this.text = text;
    this.losses = List.copyOf(losses);
  }

  /**
   * {@return what the file contains and the edited one lacks, beside the configuration itself: one
   * phrase each, such as {@code the comment '# training' on line 7}}
   */
  public List<String> losses() {
    return losses;
  }

  /**
   * {@return the edited file, if nothing is lost; a manifest remains one}
   *
   * @throws IllegalStateException naming every loss, if there are any
   */
  public String text() {
    if (!losses.isEmpty()) {
      throw new IllegalStateException(
          "The edit would lose %s; use textDespiteLosses if that is meant"
              .formatted(losses.stream().limit(10).collect(Collectors.joining(", "))));
    }
    return text;
  }

  /** {@return the text of the edited file, whatever is lost} */
  public String textDespiteLosses() {
    return text;
  }

  @Override
  public String toString() {
    return "ConfigEdit[%d losses]".formatted(losses.size());
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("text", textDespiteLosses()).and("losses", losses()).map();
  }
}
