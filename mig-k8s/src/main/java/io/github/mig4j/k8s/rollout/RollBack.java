package io.github.mig4j.k8s.rollout;

import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.text.JsonFields;

/** Which nodes are rolled back to their previous configuration when nodes fail. */
public enum RollBack {
  /** None: a node that failed stays as it is, for inspection. */
  NONE,
  /** Each node that failed, immediately. */
  FAILED,
  /** As {@link #FAILED}, and every node that the rollout changed if failures stop it. */
  ALL;

  /**
   * The name in JSON, in lower case with dashes.
   *
   * @return the name
   */
  @JsonValue
  public String toJson() {
    return JsonFields.name(this);
  }
}
