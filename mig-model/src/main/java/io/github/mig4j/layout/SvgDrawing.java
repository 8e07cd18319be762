package io.github.mig4j.layout;

import io.github.mig4j.layout.LayoutDiagram.Box;
import io.github.mig4j.layout.LayoutDiagram.Row;
import java.util.List;
import java.util.stream.Collectors;

/** Draws boxes on a grid of slices, in integers, because fractions depend on the locale. */
final class SvgDrawing {

  private static final int MARGIN = 20;
  private static final int GRID = 760;
  private static final int TITLE_HEIGHT = 26;
  private static final int NUMBER_HEIGHT = 20;
  private static final int BOX_HEIGHT = 56;
  private static final int ROW_HEIGHT = TITLE_HEIGHT + NUMBER_HEIGHT + BOX_HEIGHT + MARGIN;
  private static final int FONT_SIZE = 15;
  private static final int MIN_FONT_SIZE = 7;

  /** Fills by compute slices; dark text on each has a contrast of at least 7 to 1. */
  private static final List<String> FILLS = List.of(
      "#d9d9d9", "#b3e2cd", "#fdd9b5", "#c6d4f1", "#f4cae4", "#e6f5c9", "#fff2ae", "#f1e2cc",
      "#cccccc");

  private final StringBuilder svg = new StringBuilder();

  SvgDrawing(String title, List<Row> rows) {
    int width = GRID + 2 * MARGIN;
    int height = rows.size() * ROW_HEIGHT + MARGIN;
    line(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %s %s\" width=\"%s\" height=\"%s\""
            .formatted(width, height, width, height));
    line("     role=\"img\" aria-labelledby=\"mig-title mig-description\" font-family=\"Helvetica,"
        + " Arial, sans-serif\" fill=\"#1a1a1a\">");
    line("  <title id=\"mig-title\">%s</title>".formatted(escaped(title)));
    line("  <desc id=\"mig-description\">%s</desc>"
        .formatted(
            escaped(rows.stream().map(SvgDrawing::described).collect(Collectors.joining(" ")))));
    line("  <rect width=\"%s\" height=\"%s\" fill=\"#ffffff\"/>".formatted(width, height));
    for (int i = 0; i < rows.size(); i++) {
      draw(rows.get(i), MARGIN + i * ROW_HEIGHT);
    }
    line("</svg>");
  }

  private void draw(Row row, int top) {
    text(MARGIN, top + 16, "start", 16, "bold", row.title());
    int grid = top + TITLE_HEIGHT + NUMBER_HEIGHT;
    for (int slice = 0; row.hasSlices() && slice < row.slices(); slice++) {
      int centre = (x(row, slice) + x(row, slice + 1)) / 2;
      text(centre, grid - 6, "middle", 12, "normal", String.valueOf(slice));
    }
    for (Box box : row.boxes()) {
      draw(row, box, grid);
    }
  }

  private void draw(Row row, Box box, int top) {
    int left = x(row, box.start());
    int width = x(row, box.start() + box.size()) - left;
    String look = switch (box.kind()) {
      case INSTANCE -> "fill=\"%s\" stroke=\"#1a1a1a\"".formatted(fill(box));
      case FREE -> "fill=\"#ffffff\" stroke=\"#767676\" stroke-dasharray=\"5 4\"";
      case UNUSABLE -> "fill=\"#eeeeee\" stroke=\"#767676\" stroke-dasharray=\"1 3\"";
      case NO_LAYOUT -> "fill=\"#eeeeee\" stroke=\"#1a1a1a\"";
    };
    line("  <rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"4\" %s/>"
        .formatted(left + 2, top, width - 4, BOX_HEIGHT, look));
    String label = box.kind() == Box.Kind.UNUSABLE ? "lost" : box.label();
    int size = Math.max(MIN_FONT_SIZE, Math.min(FONT_SIZE, (width - 8) * 8 / (5 * label.length())));
    text(left + width / 2, top + BOX_HEIGHT / 2 + size / 3, "middle", size, "normal", label);
  }

  private void text(int x, int y, String anchor, int size, String weight, String text) {
    line(("  <text x=\"%s\" y=\"%s\" text-anchor=\"%s\" font-size=\"%s\" font-weight=\"%s\">%s"
            + "</text>")
        .formatted(x, y, anchor, size, weight, escaped(text)));
  }

  private static int x(Row row, int slice) {
    return MARGIN + GRID * slice / row.slices();
  }

  private static String fill(Box box) {
    int computeSlices = Integer.parseInt(box.label().substring(0, box.label().indexOf('g')));
    return FILLS.get(computeSlices % FILLS.size());
  }

  private static String described(Row row) {
    return row.hasSlices()
        ? row.boxes().stream()
            .map(SvgDrawing::described)
            .collect(Collectors.joining("", row.title(), "."))
        : row.title() + ".";
  }

  private static String described(Box box) {
    return "; %s on %s"
        .formatted(
            box.kind() == Box.Kind.UNUSABLE ? "nothing possible" : box.label(),
            box.size() == 1
                ? "memory slice " + box.start()
                : "memory slices %s to %s".formatted(box.start(), box.start() + box.size() - 1));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private void line(String line) {
    svg.append(line).append('\n');
  }

  @Override
  public String toString() {
    return svg.toString();
  }
}
