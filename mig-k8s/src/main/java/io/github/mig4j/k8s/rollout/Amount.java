package io.github.mig4j.k8s.rollout;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.JsonName;
import java.util.Objects;

/**
 * A number of nodes: a fixed number, or a percentage of the rollout's nodes.
 *
 * @param value nodes from 1, or percent from 1 to 100
 * @param unit nodes or percent
 */
public record Amount(int value, Unit unit) {

  /** The unit of an amount. */
  public enum Unit implements JsonName {
    /** Nodes. */
    NODES,
    /** Percent of the rollout's nodes, rounded down to whole nodes, but at least one. */
    PERCENT
  }

  public Amount {
    Objects.requireNonNull(unit, "unit");
    if (value < 1 || (unit == Unit.PERCENT && value > 100)) {
      throw new IllegalArgumentException(
          "An amount must be at least 1 node, or from 1%% to 100%%, but was %d%s"
              .formatted(value, unit == Unit.PERCENT ? "%" : ""));
    }
  }

  /**
   * {@return a fixed number of nodes}
   *
   * @param count nodes, at least 1
   */
  public static Amount nodes(int count) {
    return new Amount(count, Unit.NODES);
  }

  /**
   * {@return a percentage of the rollout's nodes}
   *
   * @param percent from 1 to 100
   */
  public static Amount percent(int percent) {
    return new Amount(percent, Unit.PERCENT);
  }

  /**
   * Reads {@code "5"} or {@code "10%"}; the inverse of {@link #toString()}.
   *
   * @param text digits, optionally with a percent sign
   * @return the amount
   * @throws IllegalArgumentException if the text has another form
   */
  @JsonCreator
  public static Amount parse(String text) {
    Objects.requireNonNull(text, "text");
    if (!text.matches("[0-9]{1,6}%?")) {
      throw new IllegalArgumentException(
          "Not an amount: '%s'; expected a number of nodes or a percentage, e.g. '5' or '10%%'"
              .formatted(text));
    }
    return text.endsWith("%")
        ? percent(Integer.parseInt(text.substring(0, text.length() - 1)))
        : nodes(Integer.parseInt(text));
  }

  /**
   * {@return the number of nodes in a rollout, at least 1}
   *
   * @param total the number of the rollout's nodes
   */
  public int of(int total) {
    return unit == Unit.NODES ? value : Math.max(1, (int) ((long) total * value / 100));
  }

  /** {@code 5} or {@code 10%}. */
  @Override
  @JsonValue
  public String toString() {
    return unit == Unit.NODES ? String.valueOf(value) : value + "%";
  }
}
