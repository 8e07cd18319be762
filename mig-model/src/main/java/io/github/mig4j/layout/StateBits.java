package io.github.mig4j.layout;

import java.util.Arrays;

/**
 * Lists every state as a number with one bit per placement. It visits the states in the order of {@link
 * Layouts#states}. Placements that share a slice with a chosen one are excluded by one operation on bits, and
 * only the others are checked against the counters of the table.
 */
final class StateBits {

  private final PlacementTable table;
  private final PlacementTable.State state;

  /** By placement: the placements after it without a common slice. */
  private final long[] compatible;

  private final int limit;
  private long[] found = new long[64];
  private int count;

  StateBits(PlacementTable table, int limit) {
    this.table = table;
    this.limit = limit;
    state = table.emptyState();
    compatible = new long[table.size()];
    for (int i = 0; i < compatible.length; i++) {
      for (int later = i + 1; later < compatible.length; later++) {
        if ((table.slices(i) & table.slices(later)) == 0) {
          compatible[i] |= 1L << later;
        }
      }
    }
  }

  long[] all() {
    if (limit > 0) {
      long every = table.size() == Long.SIZE ? -1 : (1L << table.size()) - 1;
      visit(0, every);
    }
    return Arrays.copyOf(found, count);
  }

  /** Records a state, and visits the states with one or more of the free placements besides. */
  private void visit(long chosen, long free) {
    if (count == found.length) {
      found = Arrays.copyOf(found, 2 * count);
    }
    found[count++] = chosen;
    for (long rest = free; rest != 0 && count < limit; rest &= rest - 1) {
      int placement = Long.numberOfTrailingZeros(rest);
      if (state.accepts(placement)) {
        state.add(placement);
        visit(chosen | 1L << placement, free & compatible[placement]);
        state.remove(placement);
      }
    }
  }
}
