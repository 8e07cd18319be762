package io.github.mig4j.fleet;

import java.util.Arrays;

/** What was, since the first open mark, so that it can be again. Grows once, then makes no garbage. */
final class UndoLog {

  private long[] entries = new long[64];
  private int size;
  private int[] marks = new int[8];
  private int open;

  /** The number of the new mark: how many are open with it. */
  int mark() {
    if (open == marks.length) {
      marks = Arrays.copyOf(marks, 2 * open);
    }
    marks[open++] = size;
    return open;
  }

  /** Does nothing without a mark. */
  void record(long entry) {
    if (open > 0) {
      if (size == entries.length) {
        entries = Arrays.copyOf(entries, 2 * size);
      }
      entries[size++] = entry;
    }
  }

  boolean hasEntriesSince(int mark) {
    requireOpen(mark);
    return size > marks[mark - 1];
  }

  /** The last entry, which is thereby forgotten. */
  long pop() {
    return entries[--size];
  }

  /** Forgets a mark and those after it, and all entries once there is no mark. */
  void close(int mark) {
    requireOpen(mark);
    open = mark - 1;
    if (open == 0) {
      size = 0;
    }
  }

  private void requireOpen(int mark) {
    if (mark < 1 || mark > open) {
      throw new IllegalStateException("Mark %d is not open; %s"
          .formatted(mark, open == 0 ? "none is" : "1 to " + open + " are"));
    }
  }
}
