package io.github.mig4j.layout;

import io.github.mig4j.layout.LayoutDiagram.Box;
import io.github.mig4j.layout.LayoutDiagram.Row;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Draws with {@code +}, {@code -} and {@code |}. */
final class TextDrawing {

  private static final int MAX_LINE_CHARS = 80;
  private static final int MAX_SLICE_CHARS = 12;

  private final StringBuilder text = new StringBuilder();

  TextDrawing(List<Row> rows) {
    String gap = "";
    for (Row row : rows) {
      text.append(gap);
      draw(row);
      gap = "\n";
    }
  }

  private void draw(Row row) {
    int width = Math.min(MAX_SLICE_CHARS, (MAX_LINE_CHARS - 1) / row.slices());
    Map<String, String> legend = new LinkedHashMap<>();
    List<String> labels = new ArrayList<>();
    for (Box box : row.boxes()) {
      labels.add(fitting(box, box.size() * width - 1, legend));
    }
    wrap(row.title());
    if (row.hasSlices()) {
      line(numbers(row, width));
    }
    line(rule(row, width));
    int height =
        labels.stream().mapToInt(label -> label.split("\n", -1).length).max().orElse(1);
    for (int i = 0; i < height; i++) {
      StringBuilder cells = new StringBuilder("|");
      for (int b = 0; b < labels.size(); b++) {
        String[] lines = labels.get(b).split("\n", -1);
        String cell = i < lines.length ? lines[i] : "";
        cells.append(centred(cell, row.boxes().get(b).size() * width - 1)).append('|');
      }
      line(cells.toString());
    }
    line(rule(row, width));
    legend.forEach((label, letter) -> line(letter + " = " + label));
    if (row.boxes().stream().anyMatch(box -> box.kind() == Box.Kind.UNUSABLE)) {
      line("- = lost: no profile can use this slice beside the others");
    }
  }

  private static String numbers(Row row, int width) {
    StringBuilder numbers = new StringBuilder();
    for (int slice = 0; slice < row.slices(); slice++) {
      numbers.append(' ').append(centred(String.valueOf(slice), width - 1));
    }
    return numbers.toString();
  }

  /** The label on one line or on two lines, or a letter that a legend explains. */
  private static String fitting(Box box, int room, Map<String, String> legend) {
    String label = box.label();
    if (label.length() <= room) {
      return label;
    }
    if (box.kind() == Box.Kind.FREE) {
      return " ";
    }
    int sign = Math.max(label.indexOf('+'), label.indexOf('-'));
    if (sign > 0 && sign <= room && label.length() - sign <= room) {
      return label.substring(0, sign) + "\n" + label.substring(sign);
    }
    int index = legend.size();
    char letter = (char) (index < 26 ? 'A' + index : 'a' + index % 26);
    return legend.computeIfAbsent(label, any -> String.valueOf(letter));
  }

  private static String rule(Row row, int width) {
    StringBuilder rule = new StringBuilder("+");
    for (Box box : row.boxes()) {
      rule.append("-".repeat(box.size() * width - 1)).append('+');
    }
    return rule.toString();
  }

  private static String centred(String text, int width) {
    int left = Math.max(0, (width - text.length()) / 2);
    int right = Math.max(0, width - text.length() - left);
    return " ".repeat(left) + text + " ".repeat(right);
  }

  /** Wraps a title, which lists every profile and may be longer than a line. */
  private void wrap(String title) {
    String rest = title;
    String indent = "";
    while (indent.length() + rest.length() > MAX_LINE_CHARS) {
      int cut = rest.lastIndexOf(' ', MAX_LINE_CHARS - indent.length());
      if (cut <= 0) {
        break;
      }
      line(indent + rest.substring(0, cut));
      rest = rest.substring(cut + 1);
      indent = "  ";
    }
    line(indent + rest);
  }

  private void line(String line) {
    text.append(line.stripTrailing()).append('\n');
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
