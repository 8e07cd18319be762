package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The slices of the newest generation of one pool; older slices are obsolete. */
record Pool(
    String name,
    List<Slice> slices,
    List<PublishedDevice> devices,
    Map<String, Map<String, Long>> counterSets) {

  static Pool of(String name, List<Slice> slices) {
    long newest = slices.stream().mapToLong(Slice::generation).max().orElse(0);
    List<Slice> current =
        slices.stream().filter(slice -> slice.generation() == newest).toList();
    Map<String, Map<String, Long>> counterSets = new HashMap<>();
    current.forEach(slice -> counterSets.putAll(slice.counterSets()));
    return new Pool(
        name,
        current,
        current.stream().flatMap(slice -> slice.devices().stream()).toList(),
        counterSets);
  }

  /** The pools of the slices among some objects, by name. */
  static List<Pool> among(List<JsonNode> objects) {
    return objects.stream()
        .filter(object -> object.path("kind").asText().equals(Wire.SLICE))
        .map(Slice::new)
        .filter(slice -> slice.driver().orElse(Wire.DRIVER).equals(Wire.DRIVER))
        .collect(Collectors.groupingBy(Slice::pool, TreeMap::new, Collectors.toList()))
        .entrySet()
        .stream()
        .map(pool -> of(pool.getKey(), pool.getValue()))
        .filter(pool -> !pool.node().isEmpty() || !pool.devices.isEmpty())
        .toList();
  }

  /** The node of the pool's devices; empty if no slice contains it. */
  String node() {
    return slices.stream().flatMap(slice -> slice.node().stream()).findFirst().orElse("");
  }

  long generation() {
    return slices.get(0).generation();
  }

  int size() {
    return slices.size();
  }

  /** The size that the slices name; if they differ, one that the pool does not have. */
  long expectedSize() {
    return slices.stream()
        .mapToLong(Slice::poolSize)
        .filter(named -> named != size())
        .max()
        .orElse(size());
  }

  boolean isComplete() {
    return size() == expectedSize();
  }

  /** The names that several devices have. */
  List<String> namesTwice() {
    Set<String> names = new HashSet<>();
    return devices.stream()
        .map(PublishedDevice::name)
        .filter(name -> !names.add(name))
        .toList();
  }

  boolean has(String device) {
    return devices.stream().anyMatch(each -> each.name().equals(device));
  }
}
