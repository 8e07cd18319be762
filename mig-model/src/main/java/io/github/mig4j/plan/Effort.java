package io.github.mig4j.plan;

/**
 * The work that is left for one answer. Every part of a search takes from it before it works, so an
 * answer ends after a limited number of steps, however large the problem is. Not thread-safe.
 *
 * <p>Work is counted in cells, which are numbers that a search reads or writes. A step is as many
 * cells as one branch of the search needs on a small fleet.
 */
final class Effort {

  private static final long CELLS_PER_STEP = 5_000;

  private long left;
  private boolean exhausted;

  private Effort(long cells) {
    left = cells;
  }

  static Effort ofSteps(int steps) {
    return new Effort(steps * CELLS_PER_STEP);
  }

  /** Takes some cells, and returns whether they were left. */
  boolean take(long cells) {
    if (cells > left) {
      left = 0;
      exhausted = true;
      return false;
    }
    left -= cells;
    return true;
  }

  /** Whether a part of the work was not done. */
  boolean isExhausted() {
    return exhausted;
  }

  /** Whether nothing is left. */
  boolean isSpent() {
    return left == 0;
  }

  /**
   * Separates a part of what is left; {@link #end} returns what the part did not use.
   *
   * @param divisor 2 for half of what is left
   */
  Effort part(long divisor) {
    Effort part = new Effort(left / divisor);
    left -= part.left;
    return part;
  }

  /** Returns what a part did not use. */
  void end(Effort part) {
    left += part.left;
    exhausted |= part.exhausted;
  }
}
