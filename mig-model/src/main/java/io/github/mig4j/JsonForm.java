package io.github.mig4j;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Map;

/** A value with a form in JSON, which any mapper of Jackson 2 and 3 writes without modules. */
public interface JsonForm {

  /**
   * {@return the fields in their order, as docs/json.md describes them; an absent value has no
   * field, and what a field contains is text, numbers, booleans, lists and maps at every level}
   */
  @JsonValue
  Map<String, Object> toJson();
}
