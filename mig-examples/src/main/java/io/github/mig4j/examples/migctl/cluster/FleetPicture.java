package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.examples.migctl.cluster.FleetNode.Gpu;
import io.github.mig4j.examples.migctl.cluster.FleetNode.Kind;
import io.github.mig4j.examples.migctl.cluster.FleetNode.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Draws the nodes of a cluster with the parts of their GPUs, as text, SVG or one HTML file. */
final class FleetPicture {

  private static final int MARGIN = 20;
  private static final int GPU_WIDTH = 420;
  private static final int INDEX_WIDTH = 76;
  private static final int GPU_HEIGHT = 30;
  /** Below it, a label has two lines. */
  private static final int SMALLEST_FONT = 9;

  private static final int LINE = 20;
  private static final int WIDTH = 2 * MARGIN + 2 * (GPU_WIDTH + INDEX_WIDTH);

  private final List<FleetNode> nodes;

  FleetPicture(List<FleetNode> nodes) {
    this.nodes = List.copyOf(nodes);
  }

  /** One line for each GPU; equal neighbours are one line. */
  String toText() {
    StringBuilder text = new StringBuilder();
    for (FleetNode node : nodes) {
      text.append("%s (%s)%n".formatted(node.name(), node.heading()));
      rows(node).forEach(row -> text.append("  %-8s %s%n".formatted(row.name(), line(row.gpu()))));
      node.resources().forEach(resource -> text.append("  %s%n".formatted(resource)));
    }
    if (!nodes.isEmpty()) {
      text.append(
          "* in use, - lost: no device can be created there beside the others%n".formatted());
    }
    return text.toString();
  }

  /** Neighbours that look the same. */
  private record Row(int first, int last, Gpu gpu) {
    String name() {
      return first == last ? "GPU " + first : "GPU %d-%d".formatted(first, last);
    }
  }

  private static List<Row> rows(FleetNode node) {
    List<Row> rows = new ArrayList<>();
    int first = 0;
    for (int next = 1; next <= node.gpus().size(); next++) {
      Gpu gpu = node.gpus().get(first);
      if (next == node.gpus().size() || !node.gpus().get(next).parts().equals(gpu.parts())) {
        rows.add(new Row(first, next - 1, gpu));
        first = next;
      }
    }
    return rows;
  }

  private static String line(Gpu gpu) {
    return gpu.parts().stream()
        .map(part -> switch (part.kind()) {
          case IN_USE -> part.label() + "*";
          case IDLE, UNKNOWN -> part.label();
          case FREE -> "free(%d)".formatted(part.size());
          case LOST -> "-".repeat(part.size());
        })
        .collect(Collectors.joining("|", "|", "|"));
  }

  /** Two drawings in a row, of equal neighbours each, below the heading of their node; a legend is at the end. */
  String toSvg() {
    StringBuilder body = new StringBuilder();
    int top = MARGIN;
    for (FleetNode node : nodes) {
      text(body, MARGIN, top + 14, 16, "bold", node.name());
      text(body, MARGIN, top + 14 + LINE, 13, "normal", node.heading());
      top += 2 * LINE + 4;
      for (String resource : node.resources()) {
        text(body, MARGIN, top + 12, 13, "normal", resource);
        top += LINE;
      }
      List<Row> rows = rows(node);
      for (int i = 0; i < rows.size(); i++) {
        int column = i % 2;
        draw(body, rows.get(i), MARGIN + column * (GPU_WIDTH + INDEX_WIDTH), top);
        if (column == 1 || i == rows.size() - 1) {
          top += GPU_HEIGHT + 8;
        }
      }
      top += MARGIN;
    }
    legend(body, top);
    int height = top + 50 + MARGIN;
    return """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %1$d %2$d" width="%1$d" height="%2$d"
             role="img" aria-labelledby="fleet-title" font-family="Helvetica, Arial, sans-serif" fill="#1a1a1a">
          <title id="fleet-title">GPUs of %3$d nodes</title>
          <defs>
            <pattern id="lost" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect width="8" height="8" fill="#eeeeee"/><rect width="3" height="8" fill="#c4c4c4"/>
            </pattern>
          </defs>
          <rect width="%1$d" height="%2$d" fill="#ffffff"/>
        %4$s</svg>
        """.formatted(WIDTH, height, nodes.size(), body);
  }

  /** One file without scripts: a table, which can be read without the picture, and the picture. */
  String toHtml() {
    String rows = nodes.stream()
        .map(node -> "<tr><td>%s</td><td>%s</td><td>%d</td><td>%s</td></tr>%n"
            .formatted(
                escaped(node.name()),
                escaped(node.heading()),
                node.gpus().size(),
                node.resources().stream()
                    .map(FleetPicture::escaped)
                    .collect(Collectors.joining("<br>"))))
        .collect(Collectors.joining());
    return """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>GPUs of the cluster</title>
        <style>
        body { font-family: Helvetica, Arial, sans-serif; color: #1a1a1a; margin: 2em auto; max-width: 1000px; padding: 0 1em }
        table { border-collapse: collapse; width: 100%% }
        th, td { border-bottom: 1px solid #c4c4c4; padding: 0.4em 0.8em; text-align: left; vertical-align: top }
        td:last-child { overflow-wrap: anywhere }
        svg { max-width: 100%%; height: auto }
        </style>
        </head>
        <body>
        <h1>GPUs of the cluster</h1>
        <table>
        <thead><tr><th>Node</th><th>GPU, configuration, state</th><th>GPUs</th><th>In use</th></tr></thead>
        <tbody>
        %s</tbody>
        </table>
        %s</body>
        </html>
        """.formatted(rows, toSvg());
  }

  private static void draw(StringBuilder body, Row row, int left, int top) {
    text(body, left, top + GPU_HEIGHT / 2 + 5, 13, "normal", row.name());
    Gpu gpu = row.gpu();
    int slice = 0;
    for (Part part : gpu.parts()) {
      int from = left + INDEX_WIDTH + (GPU_WIDTH - 20) * slice / gpu.slices();
      slice += part.size();
      int to = left + INDEX_WIDTH + (GPU_WIDTH - 20) * slice / gpu.slices();
      box(body, part.kind(), part.label(), from, top, to - from - 3);
    }
  }

  private static void box(
      StringBuilder body, Kind kind, String label, int left, int top, int width) {
    String look = switch (kind) {
      case IN_USE -> "fill=\"#2c5aa0\" stroke=\"#1a1a1a\"";
      case IDLE -> "fill=\"#c6d4f1\" stroke=\"#1a1a1a\"";
      case FREE -> "fill=\"#ffffff\" stroke=\"#767676\" stroke-dasharray=\"5 4\"";
      case LOST -> "fill=\"url(#lost)\" stroke=\"#767676\"";
      case UNKNOWN -> "fill=\"#fff2ae\" stroke=\"#767676\"";
    };
    body.append("  <rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\" %s/>%n"
        .formatted(left, top, width, GPU_HEIGHT, look));
    String colour = kind == Kind.IN_USE ? "#ffffff" : "#1a1a1a";
    int center = left + width / 2;
    int size = fontSize(label, width);
    int attribute = label.indexOf('+');
    if (size < SMALLEST_FONT && attribute > 0) {
      String profile = label.substring(0, attribute);
      int smaller = Math.min(11, fontSize(profile, width));
      label(body, center, top + GPU_HEIGHT / 2 - 3, smaller, colour, profile);
      label(body, center, top + GPU_HEIGHT / 2 + 9, smaller, colour, label.substring(attribute));
    } else {
      label(body, center, top + GPU_HEIGHT / 2 + size / 3, size, colour, label);
    }
  }

  /** So large that a label fits into a box. */
  private static int fontSize(String label, int width) {
    return Math.max(7, Math.min(13, (width - 4) * 8 / (5 * label.length())));
  }

  private static void label(
      StringBuilder body, int center, int base, int size, String colour, String label) {
    body.append(
        "  <text x=\"%d\" y=\"%d\" text-anchor=\"middle\" font-size=\"%d\" fill=\"%s\">%s</text>%n"
            .formatted(center, base, size, colour, escaped(label)));
  }

  private static void legend(StringBuilder body, int top) {
    int left = MARGIN;
    for (Kind kind : Kind.values()) {
      String label = switch (kind) {
        case IN_USE -> "in use";
        case IDLE -> "not in use";
        case FREE -> "free";
        case LOST -> "lost";
        case UNKNOWN -> "not known";
      };
      box(body, kind, label, left, top, 120);
      left += 132;
    }
    text(
        body,
        MARGIN,
        top + GPU_HEIGHT + 18,
        12,
        "normal",
        "The width is memory. Free: a device fits there. Lost: none does, beside the others. Kubernetes does not"
            + " report which of equal devices is in use.");
  }

  private static void text(StringBuilder body, int x, int y, int size, String weight, String text) {
    body.append("  <text x=\"%d\" y=\"%d\" font-size=\"%d\" font-weight=\"%s\">%s</text>%n"
        .formatted(x, y, size, weight, escaped(text)));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
