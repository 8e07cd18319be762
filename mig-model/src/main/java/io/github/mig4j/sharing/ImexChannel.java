package io.github.mig4j.sharing;

import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.text.JsonFields;

/** Whether containers get IMEX channel 0, the only one that the plugin injects. */
public enum ImexChannel {
  /** They do not. */
  NONE,
  /** They do where the node has it. */
  IF_PRESENT,
  /** They do, and the plugin does not start without it. */
  REQUIRED;

  /** {@return the name in JSON, in lower case with dashes} */
  @JsonValue
  public String toJson() {
    return JsonFields.name(this);
  }
}
