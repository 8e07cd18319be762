package io.github.mig4j.gpu;

import java.util.Locale;

/** How NVIDIA's device plugin offers MIG devices to Kubernetes. */
public enum MigStrategy {
  /** Only whole GPUs are offered. */
  NONE,
  /** Every GPU of a node is cut alike, and its devices are offered as {@code nvidia.com/gpu}. */
  SINGLE,
  /** Each profile is offered under a name of its own, such as {@code nvidia.com/mig-1g.23gb}. */
  MIXED;

  /** The value as labels and Helm values spell it, e.g. {@code mixed}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
