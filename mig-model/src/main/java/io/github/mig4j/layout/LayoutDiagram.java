package io.github.mig4j.layout;

import io.github.mig4j.gpu.GpuModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * A diagram of the layout of one GPU, or of several: as text for terminals and logs, or
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
      UNUSABLE,
      /** A whole GPU, which has no slices; or a GPU whose layout is not known. */
      NO_LAYOUT
    }
  }

  /** GPUs that look the same. */
  record Row(String title, int slices, List<Box> boxes) {
    Row prefixed(String prefix) {
      return new Row(prefix + title, slices, boxes);
    }

    boolean hasSlices() {
      return boxes.get(0).kind() != Box.Kind.NO_LAYOUT;
    }
  }

  /** As wide as most GPUs that have slices. */
  private static final int SLICES_OF_OTHERS = 8;

  private final String title;
  private final List<Row> rows;

  private LayoutDiagram(String title, List<Row> rows) {
    this.title = title;
    this.rows = List.copyOf(rows);
  }

  /** Collects the GPUs of a node in the order of their indexes, which begin at 0. */
  public static final class Builder {
    private final List<Row> gpus = new ArrayList<>();

    private Builder() {}

    /** Adds the next GPU, with a layout. */
    public Builder add(MigLayout layout) {
      Objects.requireNonNull(layout, "layout");
      gpus.add(row(layout));
      return this;
    }

    /** Adds the next GPU, on which MIG is off, or which has none. */
    public Builder addWhole(GpuModel gpu) {
      Objects.requireNonNull(gpu, "gpu");
      gpus.add(withoutLayout(gpu, "whole GPU"));
      return this;
    }

    /** Adds the next GPU, whose layout is not known. */
    public Builder addUnknown(GpuModel gpu) {
      Objects.requireNonNull(gpu, "gpu");
      gpus.add(withoutLayout(gpu, "layout not known"));
      return this;
    }

    /**
     * Draws the GPUs. Neighbours that look the same are one drawing.
     *
     * @throws IllegalArgumentException if there is no GPU
     */
    public LayoutDiagram build() {
      if (gpus.isEmpty()) {
        throw new IllegalArgumentException("A node's diagram needs at least one GPU, but has none");
      }
      List<Row> rows = new ArrayList<>();
      int first = 0;
      for (int next = 1; next <= gpus.size(); next++) {
        Row row = gpus.get(first);
        if (next == gpus.size() || !gpus.get(next).equals(row)) {
          rows.add(row.prefixed(
              first == next - 1
                  ? "GPU %s, ".formatted(first)
                  : "GPU %s-%s, ".formatted(first, next - 1)));
          first = next;
        }
      }
      return of("MIG layouts of a node with %s GPUs".formatted(gpus.size()), gpus.size(), rows);
    }

    /** The number of GPUs, e.g. {@code diagram of a node with 2 GPUs}. */
    @Override
    public String toString() {
      return "diagram of a node with %s GPUs".formatted(gpus.size());
    }
  }

  /** {@return the drawing of one GPU} */
  public static LayoutDiagram of(MigLayout layout) {
    Objects.requireNonNull(layout, "layout");
    Row row = row(layout);
    return new LayoutDiagram("MIG layout of " + row.title(), List.of(row));
  }

  /**
   * Draws the GPUs of a node by index. Neighbours that look the same are one drawing.
   *
   * @throws IllegalArgumentException if the list is empty
   */
  public static LayoutDiagram ofNode(List<MigLayout> layouts) {
    Objects.requireNonNull(layouts, "layouts");
    Builder node = node();
    layouts.forEach(node::add);
    return node.build();
  }

  /**
   * Draws the GPUs of a node, of which some can be without a layout.
   *
   * <pre>{@code
   * LayoutDiagram.node().add(layout).addWhole(l40s).build();
   * }</pre>
   */
  public static Builder node() {
    return new Builder();
  }

  /**
   * Draws each layout of several GPUs once, in the map's order, with the number of its GPUs.
   *
   * @throws IllegalArgumentException if the map is empty
   */
  public static LayoutDiagram ofCounts(Map<MigLayout, Integer> layouts) {
    return ofCounts(layouts, Map.of());
  }

  /**
   * Draws each layout of several GPUs once, with the number of GPUs that have it, and below them
   * the GPUs on which MIG is off, with their number by model; both in the order of the maps.
   *
   * @throws IllegalArgumentException if both maps are empty
   */
  public static LayoutDiagram ofCounts(
      Map<MigLayout, Integer> layouts, Map<GpuModel, Integer> whole) {
    Objects.requireNonNull(layouts, "layouts");
    Objects.requireNonNull(whole, "whole");
    List<Row> rows = new ArrayList<>();
    layouts.forEach((layout, count) -> rows.add(row(layout).prefixed(times(count))));
    whole.forEach((gpu, count) -> rows.add(withoutLayout(gpu, "whole GPU").prefixed(times(count))));
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("A diagram needs at least one GPU, but the map is empty");
    }
    return of("%s MIG layouts".formatted(rows.size()), rows.size(), rows);
  }

  private static LayoutDiagram of(String titleOfSeveral, int number, List<Row> rows) {
    String title = number == 1 ? "MIG layout of " + rows.get(0).title() : titleOfSeveral;
    return new LayoutDiagram(title, rows);
  }

  private static String times(int count) {
    return count == 1 ? "" : count + " x ";
  }

  /** {@return the diagram in ASCII: lines of at most 80 columns, each with a line feed} */
  public String toText() {
    return new TextDrawing(rows).toString();
  }

  /**
   * {@return the diagram as an SVG document in UTF-8 without declaration, with a line feed at the
   * end, and with a title and a description for screen readers}
   */
  public String toSvg() {
    return new SvgDrawing(title, rows).toString();
  }

  /** What is drawn, e.g. {@code MIG layouts of a node with 2 GPUs}; {@link #toText} draws it. */
  @Override
  public String toString() {
    return title;
  }

  private static Row withoutLayout(GpuModel gpu, String label) {
    int slices = gpu.memorySlices().orElse(SLICES_OF_OTHERS);
    return new Row(
        gpu.id() + ": " + label, slices, List.of(new Box(Box.Kind.NO_LAYOUT, label, 0, slices)));
  }

  private static Row row(MigLayout layout) {
    GpuModel gpu = layout.gpu();
    int end = layout.placements().stream().mapToInt(Placement::end).max().orElse(1);
    int slices = gpu.memorySlices().orElse(end);
    return new Row(gpu.id() + ": " + devices(layout), slices, boxes(layout, slices));
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
