package io.github.mig4j.k8s.rollout;

import java.util.Objects;

/**
 * A number of nodes: fixed, or a part of those that are rolled out to.
 *
 * @param value nodes from 1, or percent from 1 to 100
 * @param unit which of both
 */
public record Amount(int value, Unit unit) {

  /** What an amount is counted in. */
  public enum Unit {
    /** Nodes. */
    NODES,
    /** Percent of all nodes of the rollout, rounded down to whole nodes, but at least one. */
    PERCENT
  }

  /** Checks the range. */
  public Amount {
    Objects.requireNonNull(unit, "unit");
    if (value < 1 || (unit == Unit.PERCENT && value > 100)) {
      throw new IllegalArgumentException(
          "An amount is at least 1 node, or from 1%% to 100%%, but was %d%s"
              .formatted(value, unit == Unit.PERCENT ? "%" : ""));
    }
  }

  /**
   * A fixed number.
   *
   * @param count nodes, at least 1
   * @return the amount
   */
  public static Amount nodes(int count) {
    return new Amount(count, Unit.NODES);
  }

  /**
   * A part of the rollout's nodes.
   *
   * @param percent from 1 to 100
   * @return the amount
   */
  public static Amount percent(int percent) {
    return new Amount(percent, Unit.PERCENT);
  }

  /**
   * Reads {@code "5"} or {@code "10%"}; the inverse of {@link #toString()}.
   *
   * @param text digits, perhaps with a percent sign
   * @return the amount
   * @throws IllegalArgumentException if it is anything else
   */
  public static Amount parse(String text) {
    Objects.requireNonNull(text, "text");
    if (!text.matches("[0-9]{1,6}%?")) {
      throw new IllegalArgumentException(
          "Not an amount: '%s'. Expected a number of nodes or a percentage, e.g. '5' or '10%%'"
              .formatted(text));
    }
    return text.endsWith("%")
        ? percent(Integer.parseInt(text.substring(0, text.length() - 1)))
        : nodes(Integer.parseInt(text));
  }

  /**
   * How many nodes these are.
   *
   * @param total nodes of the rollout
   * @return at least 1
   */
  public int of(int total) {
    return unit == Unit.NODES ? value : Math.max(1, (int) ((long) total * value / 100));
  }

  /** {@code 5} or {@code 10%}. */
  @Override
  public String toString() {
    return unit == Unit.NODES ? String.valueOf(value) : value + "%";
  }
}
