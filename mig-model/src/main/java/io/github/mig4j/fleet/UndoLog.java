package io.github.mig4j.fleet;

import java.util.Arrays;

/**
 * The old values of all changes since the first open mark, to undo them. After its growth it
 * allocates no objects.
 */
final class UndoLog {

  private long[] entries = new long[64];
  private int size;
  private int[] marks = new int[8];
  private int open;

  /** Opens a mark and returns its number, which is the number of open marks. */
  int mark() {
    if (open == marks.length) {
      marks = Arrays.copyOf(marks, 2 * open);
    }
    marks[open++] = size;
    return open;
  }

  /** Records an entry if a mark is open. */
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

  /** Removes and returns the last entry. */
  long pop() {
    return entries[--size];
  }

  /** Removes a mark and all later marks, and all entries if no mark remains. */
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
          .formatted(mark, open == 0 ? "no mark is" : "marks 1 to " + open + " are"));
    }
  }
}
