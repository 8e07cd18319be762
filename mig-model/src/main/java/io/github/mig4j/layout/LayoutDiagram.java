package io.github.mig4j.layout;

import io.github.mig4j.gpu.GpuModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * A diagram of the layout of one GPU, or of all GPUs of a node: as text for terminals and logs, or
 * as SVG.
 *
 * <pre>{@code
 * System.out.print(LayoutDiagram.of(layout).toText());
 *
 * b200-180gb: 1g.23gb, 2g.45gb, 3g.90gb
 *     0        1        2        3        4        5        6        7
 * +-----------------+--------+--------+-----------------------------------+
 * |     2g.45gb     |1g.23gb |  free  |              3g.90gb              |
 * +-----------------+--------+--------+-----------------------------------+
 * }</pre>
 *
 * <p>Each column is a memory slice. Equal layouts give equal text.
 */
public final class LayoutDiagram {

  /** Consecutive slices that are drawn as one box. */
  record Box(Kind kind, String label, int start, int size) {
    enum Kind {
      INSTANCE,
      FREE,
      UNUSABLE
    }
  }

  /** One GPU of the drawing. */
  record Row(String title, MigLayout layout, int slices, List<Box> boxes) {}

  private final List<Row> rows;

  private LayoutDiagram(List<Row> rows) {
    this.rows = List.copyOf(rows);
  }

  /**
   * Draws one GPU.
   *
   * @param layout the GPU's layout
   * @return the drawing
   */
  public static LayoutDiagram of(MigLayout layout) {
    Objects.requireNonNull(layout, "layout");
    return new LayoutDiagram(List.of(row("", layout)));
  }

  /**
   * Draws the GPUs of a node, one below the other.
   *
   * @param layouts the layout of each GPU, by index; at least one
   * @return the drawing
   * @throws IllegalArgumentException if the list is empty
   */
  public static LayoutDiagram ofNode(List<MigLayout> layouts) {
    Objects.requireNonNull(layouts, "layouts");
    if (layouts.isEmpty()) {
      throw new IllegalArgumentException(
          "A node's diagram needs at least one layout, but the list is empty");
    }
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < layouts.size(); i++) {
      rows.add(row("GPU " + i + ", ", layouts.get(i)));
    }
    return new LayoutDiagram(rows);
  }

  /**
   * Draws each layout of several GPUs once, with the number of GPUs that have it.
   *
   * @param layouts the number of GPUs by layout, in the order of the drawing; at least one layout
   * @return the drawing
   * @throws IllegalArgumentException if the map is empty
   */
  public static LayoutDiagram ofCounts(Map<MigLayout, Integer> layouts) {
    Objects.requireNonNull(layouts, "layouts");
    if (layouts.isEmpty()) {
      throw new IllegalArgumentException(
          "A diagram needs at least one layout, but the map is empty");
    }
    List<Row> rows = new ArrayList<>();
    layouts.forEach((layout, count) -> rows.add(row(count == 1 ? "" : count + " x ", layout)));
    return new LayoutDiagram(rows);
  }

  /**
   * Returns the diagram in ASCII characters.
   *
   * @return lines of at most 80 columns, each with a line feed at the end
   */
  public String toText() {
    return new TextDrawing(rows).toString();
  }

  /**
   * Returns the diagram as an SVG document, with a title and a description for screen readers.
   *
   * @return XML in UTF-8 without declaration, with a line feed at the end
   */
  public String toSvg() {
    return new SvgDrawing(rows).toString();
  }

  /** The number of GPUs, e.g. {@code diagram of 2 GPUs}; {@link #toText} draws them. */
  @Override
  public String toString() {
    return "diagram of %d GPUs".formatted(rows.size());
  }

  private static Row row(String prefix, MigLayout layout) {
    GpuModel gpu = layout.gpu();
    int end = layout.placements().stream().mapToInt(Placement::end).max().orElse(1);
    int slices = gpu.memorySlices().orElse(end);
    return new Row(
        prefix + gpu.id() + ": " + devices(layout), layout, slices, boxes(layout, slices));
  }

  private static String devices(MigLayout layout) {
    if (layout.devices().isEmpty()) {
      return "no MIG devices";
    }
    return layout.devices().entrySet().stream()
        .map(LayoutDiagram::device)
        .collect(Collectors.joining(", "));
  }

  private static String device(Map.Entry<?, Integer> device) {
    return device.getKey() + (device.getValue() == 1 ? "" : " x" + device.getValue());
  }

  private static List<Box> boxes(MigLayout layout, int slices) {
    List<Box> boxes = new ArrayList<>();
    List<Placement> free = layout.freePlacements();
    int next = 0;
    for (Placement placement : layout.placements()) {
      addGap(boxes, free, next, placement.start());
      boxes.add(new Box(
          Box.Kind.INSTANCE, placement.profile().toString(), placement.start(), placement.size()));
      next = placement.end();
    }
    addGap(boxes, free, next, slices);
    return boxes;
  }

  /** Adds the boxes of a gap. A free slice is unusable if no additional instance can cover it. */
  private static void addGap(List<Box> boxes, List<Placement> free, int from, int to) {
    int start = from;
    while (start < to) {
      Box.Kind kind = kind(free, start);
      int end = start + 1;
      while (end < to && kind(free, end) == kind) {
        end++;
      }
      boxes.add(new Box(kind, kind == Box.Kind.FREE ? "free" : "-", start, end - start));
      start = end;
    }
  }

  private static Box.Kind kind(List<Placement> free, int slice) {
    return free.stream().anyMatch(p -> p.start() <= slice && slice < p.end())
        ? Box.Kind.FREE
        : Box.Kind.UNUSABLE;
  }
}
