package io.github.mig4j.k8s.dra;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The slices of one pool, of its newest generation; older ones are left over from before and do not
 * count.
 */
final class Pool {

  private final String name;
  private final List<Slice> slices;

  private Pool(String name, List<Slice> slices) {
    this.name = name;
    this.slices = slices;
  }

  static Pool of(String name, List<Slice> slices) {
    long newest = slices.stream().mapToLong(Slice::generation).max().orElse(0);
    return new Pool(
        name, slices.stream().filter(slice -> slice.generation() == newest).toList());
  }

  String name() {
    return name;
  }

  /** The node that the pool's devices are on; empty if no slice names it. */
  String node() {
    return slices.stream().flatMap(slice -> slice.node().stream()).findFirst().orElse("");
  }

  long generation() {
    return slices.get(0).generation();
  }

  int size() {
    return slices.size();
  }

  long expectedSize() {
    return slices.stream().mapToLong(Slice::poolSize).max().orElse(0);
  }

  boolean isComplete() {
    return size() == expectedSize();
  }

  List<PublishedDevice> devices() {
    return slices.stream().flatMap(slice -> slice.devices().stream()).toList();
  }

  Map<String, Map<String, Long>> counterSets() {
    Map<String, Map<String, Long>> sets = new HashMap<>();
    slices.forEach(slice -> sets.putAll(slice.counterSets()));
    return sets;
  }
}
