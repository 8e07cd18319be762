package io.github.mig4j.examples.migctl.console;

import io.github.mig4j.gpu.GpuModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A node and its GPUs.
 *
 * @param name the node's name
 * @param gpus its GPUs by index
 */
public record NodeShape(String name, List<GpuModel> gpus) {

  private static final Pattern NAMED = Pattern.compile("([^=]*)=(.+)");
  private static final Pattern NAME = Pattern.compile("[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?");

  private static final Pattern SEVERAL = Pattern.compile("([0-9]{1,5})x([^=]+)");

  /**
   * Reads {@code NAME=ID[:COUNT]} and {@code NODESxID[:COUNT]}, which are equal nodes with names such as
   * {@code h100-sxm-80gb-1}.
   *
   * @throws IllegalArgumentException for other texts, and for a name that occurs twice
   */
  public static List<NodeShape> read(List<String> texts) {
    List<String> each = new ArrayList<>();
    Map<String, Integer> numbers = new HashMap<>();
    long total = 0;
    for (String text : texts) {
      Matcher form = SEVERAL.matcher(text.strip());
      if (!form.matches()) {
        each.add(text);
        continue;
      }
      List<GpuModel> gpus = Input.models(List.of(form.group(2).split("\\+", -1)));
      int nodes = Integer.parseInt(form.group(1));
      total += (long) nodes * gpus.size();
      if (nodes < 1 || total > Input.MAX_PLANNED_GPUS) {
        throw new IllegalArgumentException(
            "Not nodes: '%s'. Expected NODESxID[:COUNT] with at least 1 node, and at most %d GPUs in all"
                .formatted(text.strip(), Input.MAX_PLANNED_GPUS));
      }
      String name = gpus.get(0).id();
      for (int i = 0; i < nodes; i++) {
        each.add("%s-%d=%s".formatted(name, numbers.merge(name, 1, Integer::sum), form.group(2)));
      }
    }
    return named(each);
  }

  /**
   * Reads {@code NAME=ID[:COUNT]}. Further GPUs of the same node follow after {@code +}.
   *
   * @throws IllegalArgumentException for other texts, and for a name that occurs twice
   */
  public static List<NodeShape> named(List<String> texts) {
    Map<String, NodeShape> shapes = new LinkedHashMap<>();
    for (String text : texts) {
      Matcher form = NAMED.matcher(text.strip());
      if (!form.matches()) {
        throw new IllegalArgumentException(
            "Not a node: '%s'. Expected NAME=ID[:COUNT], e.g. 'gpu-node=b200-180gb:8'"
                .formatted(text.strip()));
      }
      if (!NAME.matcher(form.group(1)).matches()) {
        throw new IllegalArgumentException(
            "Not the name of a node: '%s' in '%s'. Expected 1 to 253 lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit"
                .formatted(form.group(1), text.strip()));
      }
      NodeShape shape =
          new NodeShape(form.group(1), Input.models(List.of(form.group(2).split("\\+", -1))));
      if (shapes.put(shape.name(), shape) != null) {
        throw new IllegalArgumentException("Node '%s' occurs twice".formatted(shape.name()));
      }
    }
    return new ArrayList<>(shapes.values());
  }

  /** For example {@code gpu-node: 8 x b200-180gb}. */
  @Override
  public String toString() {
    return name
        + ": "
        + gpus.stream()
            .collect(Collectors.groupingBy(GpuModel::id, LinkedHashMap::new, Collectors.counting()))
            .entrySet()
            .stream()
            .map(gpu -> gpu.getValue() + " x " + gpu.getKey())
            .collect(Collectors.joining(", "));
  }
}
