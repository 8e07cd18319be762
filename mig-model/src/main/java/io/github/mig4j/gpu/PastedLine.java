package io.github.mig4j.gpu;

import io.github.mig4j.text.Quoted;
import java.util.regex.Pattern;

/**
 * One line of a text that was pasted, without what terminals, editors and web pages add to it.
 *
 * @param cells what is between the outer bars of a table's row, at its columns
 * @param behind what follows the last bar
 * @param opened whether a bar is at the front
 * @param closed whether a bar is at the end, or only a remark follows it
 */
record PastedLine(String cells, String behind, boolean opened, boolean closed) {

  /** Far longer than any line of a listing. */
  static final int MAX_LENGTH = 1000;

  private static final Pattern COLOUR = Pattern.compile(
      "\u001B(?:\\[[0-9;?]*[ -/]*[@-~]|\\][^\u0007\u001B]*(?:\u0007|\u001B\\\\)|.)");
  private static final Pattern CONTROL = Pattern.compile("[\\p{Cc}\\p{Cf}]");
  private static final Pattern BLANK = Pattern.compile("[\\t\\p{Zs}]");
  private static final Pattern VERTICAL = Pattern.compile("[\u2502\u2503\u2551]");
  private static final Pattern HORIZONTAL = Pattern.compile("[\u2500-\u257F]");

  /** Marks of a quotation, numbers of lines, and the times and names that kubectl prints. */
  private static final Pattern QUOTED = Pattern.compile(
      "^ *(?:(?:[#/*>;]|\\d{1,5}[:.]?(?= )|\\d{4}-\\d{2}-\\d{2}T\\S{1,30}|\\[[^]|]{1,200}]) *)+(?=[|+]|GPU +\\d)");

  static PastedLine of(String raw) {
    String line = Quoted.isPlain(raw) ? raw : plain(raw);
    line = QUOTED.matcher(line).replaceFirst("").stripTrailing();
    int first = line.indexOf('|');
    int last = line.lastIndexOf('|');
    boolean opened = first >= 0 && line.substring(0, first).isBlank();
    if (first < 0 || (first == last && opened)) {
      return new PastedLine(line.replace('|', ' '), "", opened, false);
    }
    String front = opened || first == last ? line.substring(0, last) : line.substring(first, last);
    return new PastedLine(front.replace('|', ' '), line.substring(last + 1).strip(), opened, true);
  }

  private static String plain(String raw) {
    String line = COLOUR.matcher(raw).replaceAll("");
    line = BLANK.matcher(line).replaceAll(" ");
    line = CONTROL.matcher(line).replaceAll("");
    line = VERTICAL.matcher(line).replaceAll("|");
    return HORIZONTAL.matcher(line).replaceAll("-");
  }

  /** The cells without blanks around them. */
  String trimmed() {
    return cells.strip();
  }
}
