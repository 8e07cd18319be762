package io.github.mig4j.fleet;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The states of a geometry as numbers: which states there are, which follows when an instance is
 * added or removed, and what can be added. A state is a set of placements, with one bit for each.
 * Models that differ only in names have equal tables. Immutable.
 *
 * <p>A part of a legal state is legal. So all neighbours are found by removing one instance after
 * another from each state.
 */
final class StateTables {

  /** In place of a placement's number if nothing fits; one byte, as all placements. */
  static final byte NONE = GpuStates.NONE;

  private final int placements;

  /** By placement: its profile, and its memory slices. */
  final byte[] profileOf;

  final byte[] sizeOf;

  /** By state, ascending number of instances: its placements, one bit for each. */
  final long[] sets;

  /** By hash of a set: one more than the number of its state, or 0. */
  private final int[] hashed;

  /**
   * By state and placement: the state after adding or removing the placement, or the same state if
   * neither is possible.
   */
  final char[] neighbours;

  /** By state: the number of placements that can be added. */
  final byte[] choices;

  final byte[] usedSlices;

  /** By state and profile: the placement after which the most choices remain. */
  final byte[] best;

  /** Computed when a policy asks for it first. */
  private volatile @Nullable ExpectedSlices expected;

  /** Computes the tables of every state, in any order, for so many profiles. */
  StateTables(long[] sets, byte[] profileOf, byte[] sizeOf, int profiles) {
    this.placements = profileOf.length;
    this.profileOf = profileOf;
    this.sizeOf = sizeOf;
    this.sets = byInstances(sets);
    hashed = hashed(this.sets);
    neighbours = new char[this.sets.length * placements];
    choices = new byte[this.sets.length];
    usedSlices = new byte[this.sets.length];
    connect();
    best = new byte[this.sets.length * profiles];
    choose(profiles);
  }

  /** Sorts by the number of instances and keeps the order of states with equal numbers. */
  private static long[] byInstances(long[] sets) {
    int[] next = new int[Long.SIZE + 2];
    for (long set : sets) {
      next[Long.bitCount(set) + 1]++;
    }
    for (int count = 1; count < next.length; count++) {
      next[count] += next[count - 1];
    }
    long[] sorted = new long[sets.length];
    for (long set : sets) {
      sorted[next[Long.bitCount(set)]++] = set;
    }
    return sorted;
  }

  private static int[] hashed(long[] sets) {
    int[] hashed = new int[Integer.highestOneBit(sets.length) * 4];
    for (int state = 0; state < sets.length; state++) {
      int slot = slot(sets[state], hashed.length);
      while (hashed[slot] != 0) {
        slot = slot + 1 & hashed.length - 1;
      }
      hashed[slot] = state + 1;
    }
    return hashed;
  }

  private static int slot(long set, int slots) {
    long mixed = set * 0x9e3779b97f4a7c15L;
    return (int) (mixed >>> 32) & slots - 1;
  }

  /** The state with exactly these placements, or {@link GpuStates#NONE}. */
  int stateOf(long set) {
    int slot = slot(set, hashed.length);
    while (hashed[slot] != 0) {
      if (sets[hashed[slot] - 1] == set) {
        return hashed[slot] - 1;
      }
      slot = slot + 1 & hashed.length - 1;
    }
    return GpuStates.NONE;
  }

  private void connect() {
    for (int state = 0; state < sets.length; state++) {
      int row = state * placements;
      Arrays.fill(neighbours, row, row + placements, (char) state);
      for (long rest = sets[state]; rest != 0; rest &= rest - 1) {
        int placement = Long.numberOfTrailingZeros(rest);
        int smaller = stateOf(sets[state] ^ 1L << placement);
        neighbours[row + placement] = (char) smaller;
        neighbours[smaller * placements + placement] = (char) state;
        choices[smaller]++;
        usedSlices[state] += sizeOf[placement];
      }
    }
  }

  /** Of several placements after which as many choices remain, the first is the best. */
  private void choose(int profiles) {
    Arrays.fill(best, NONE);
    for (int state = 0; state < sets.length; state++) {
      for (long rest = sets[state]; rest != 0; rest &= rest - 1) {
        int placement = Long.numberOfTrailingZeros(rest);
        int smaller = neighbours[state * placements + placement];
        int cell = smaller * profiles + profileOf[placement];
        int more = best[cell] == NONE ? 1 : choices[state] - choicesAfter(smaller, best[cell]);
        if (more > 0 || (more == 0 && placement < best[cell])) {
          best[cell] = (byte) placement;
        }
      }
    }
  }

  private int choicesAfter(int state, int placement) {
    return choices[neighbours[state * placements + placement]];
  }

  /** Whether these tables are of the same states. */
  boolean areOf(StateTables other) {
    return Arrays.equals(sets, other.sets)
        && Arrays.equals(profileOf, other.profileOf)
        && Arrays.equals(sizeOf, other.sizeOf)
        && best.length == other.best.length;
  }

  int profiles() {
    return best.length / sets.length;
  }

  /** The memory slices that each state is expected to accept next. */
  ExpectedSlices expected() {
    ExpectedSlices known = expected;
    if (known == null) {
      known = new ExpectedSlices(this);
      expected = known;
    }
    return known;
  }
}
