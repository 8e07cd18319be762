package io.github.mig4j.examples.migctl.offline;

/** A line of a file with a mark below the character that a finding is about. */
final class SourceLine {

  /** Characters before and after the mark. */
  private static final int SHOWN = 60;

  private SourceLine() {}

  /**
   * Returns two lines, or nothing if the file has no such character.
   *
   * @param column the character, from 1
   */
  static String marked(String line, int column) {
    int[] all = line.codePoints().map(c -> isPrintable(c) ? c : ' ').toArray();
    if (column > all.length) {
      return "";
    }
    int from = Math.max(0, column - 1 - SHOWN);
    int to = Math.min(all.length, column - 1 + SHOWN);
    String shown = (from > 0 ? "…" : "")
        + new String(all, from, to - from).stripTrailing()
        + (to < all.length ? "…" : "");
    int before = column - 1 - from + (from > 0 ? 1 : 0);
    return "    %s%n    %s^%n".formatted(shown, " ".repeat(before));
  }

  private static boolean isPrintable(int character) {
    return character >= ' '
        && !Character.isISOControl(character)
        && Character.getType(character) != Character.FORMAT;
  }
}
