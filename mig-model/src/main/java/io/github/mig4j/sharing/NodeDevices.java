package io.github.mig4j.sharing;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.immutables.value.Value;

/**
 * The devices of a node, of one product, as its device plugin would offer them without sharing.
 *
 * <pre>{@code
 * NodeDevices node = NodeDevices.wholeGpus("NVIDIA-L40S", 4);
 * }</pre>
 */
@Value.Immutable
public interface NodeDevices {

  /**
   * The GPUs' name.
   *
   * @return the label {@code nvidia.com/gpu.product} without suffix, e.g. {@code NVIDIA-L40S}
   */
  String product();

  /**
   * How the plugin offers MIG devices on this node: {@code MIG_STRATEGY} where it is set, otherwise
   * the file's flag, otherwise none.
   *
   * @return the strategy in force
   */
  @Value.Default
  default MigStrategy strategy() {
    return MigStrategy.NONE;
  }

  /**
   * GPUs with MIG mode off.
   *
   * @return how many, 0 unless set
   */
  @Value.Default
  default int wholeGpus() {
    return 0;
  }

  /**
   * GPUs with MIG mode on.
   *
   * @return how many, 0 unless set
   */
  @Value.Default
  default int migGpus() {
    return 0;
  }

  /**
   * The MIG devices of all these GPUs together.
   *
   * @return counts by profile
   */
  @Value.NaturalOrder
  SortedMap<MigProfile, Integer> migDevices();

  /**
   * A node whose GPUs are not in MIG mode.
   *
   * @param product the label {@code nvidia.com/gpu.product} without suffix
   * @param count how many GPUs, at least 1
   * @return the devices, under strategy none
   */
  static NodeDevices wholeGpus(String product, int count) {
    return builder().product(product).wholeGpus(count).build();
  }

  /**
   * What is allocatable without sharing.
   *
   * @return counts by resource name, none of them 0
   */
  default SortedMap<String, Integer> offered() {
    SortedMap<String, Integer> offered = new TreeMap<>();
    switch (strategy()) {
      case NONE -> offered.put(ResourceName.GPU, wholeGpus() + migGpus());
      case SINGLE -> {
        int devices = migDevices().values().stream().mapToInt(count -> count).sum();
        offered.put(ResourceName.GPU, migGpus() > 0 ? devices : wholeGpus());
      }
      case MIXED -> {
        offered.put(ResourceName.GPU, wholeGpus());
        migDevices().forEach((profile, count) -> offered.put(profile.resourceName(), count));
      }
    }
    offered.values().removeIf(count -> count == 0);
    return Collections.unmodifiableSortedMap(offered);
  }

  /** Checks that there is a GPU, and that the plugin starts with these under the strategy. */
  @Value.Check
  default void check() {
    if (wholeGpus() < 0 || migGpus() < 0 || wholeGpus() + migGpus() < 1) {
      throw new IllegalArgumentException(
          "A node has at least 1 GPU, but wholeGpus was %d and migGpus %d"
              .formatted(wholeGpus(), migGpus()));
    }
    migDevices().forEach((profile, count) -> {
      if (count < 1 || migGpus() == 0) {
        throw new IllegalArgumentException(
            "MIG devices are counted from 1 and need a GPU in MIG mode, but there were %d %s on %d"
                .formatted(count, profile, migGpus()));
      }
      if (strategy() == MigStrategy.MIXED && !profile.isWholeGpuInstance()) {
        throw new IllegalArgumentException(
            ("Under strategy mixed the device plugin offers no resource for %s and does not start;"
                    + " use %s")
                .formatted(profile, profile.gpuInstance()));
      }
    });
    boolean uniform = wholeGpus() == 0 && migDevices().size() == 1;
    if (strategy() == MigStrategy.SINGLE && migGpus() > 0 && !uniform) {
      throw new IllegalArgumentException(
          ("Under strategy single all GPUs are cut alike or the device plugin does not start, but"
                  + " there were %d whole GPUs and MIG devices %s")
              .formatted(wholeGpus(), migDevices()));
    }
  }

  /**
   * Starts a node.
   *
   * @return a builder; {@code product} and a GPU are required
   */
  static Builder builder() {
    return new Builder();
  }

  /** Builds {@link NodeDevices}. */
  final class Builder extends ImmutableNodeDevices.Builder {
    Builder() {}
  }
}
