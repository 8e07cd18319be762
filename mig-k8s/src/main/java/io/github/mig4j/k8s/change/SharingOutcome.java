package io.github.mig4j.k8s.change;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A node that offers what was asked of it.
 *
 * @param node the node's name
 * @param config what the node asks for: a key of the ConfigMap, or empty for the operator's default
 * @param allocatable the GPU resources that pods can be given, e.g. {@code nvidia.com/gpu=4}
 * @param doubt why that does not prove that the configuration is in force: the node offered the same
 *     before. Empty if it is proven
 */
public record SharingOutcome(
    String node, String config, SortedMap<String, Long> allocatable, Optional<String> doubt) {

  public SharingOutcome {
    allocatable = Collections.unmodifiableSortedMap(new TreeMap<>(allocatable));
  }
}
