package io.github.mig4j.gpu;

import java.util.Objects;

/**
 * A name under which a GPU model is sold and reported.
 *
 * @param name the name as NVML and {@code nvidia-smi -L} print it, e.g. {@code NVIDIA H100 PCIe}
 * @param label the value of the node label {@code nvidia.com/gpu.product} without suffix, e.g.
 *     {@code NVIDIA-H100-PCIe}
 * @param provenance where the name was seen
 */
public record GpuProduct(String name, String label, Provenance provenance) {
  public GpuProduct {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(label, "label");
    Objects.requireNonNull(provenance, "provenance");
  }

  /**
   * Derives the label from the name as GPU Feature Discovery does (k8s-device-plugin internal/lm):
   * characters that no label may have are dropped, blanks become dashes.
   *
   * @param name the name as NVML prints it
   * @param provenance where the name was seen
   * @return the product
   */
  public static GpuProduct named(String name, Provenance provenance) {
    Objects.requireNonNull(name, "name");
    return new GpuProduct(name, labelOf(name), provenance);
  }

  static String labelOf(String name) {
    return String.join("-", name.replaceAll("[^A-Za-z0-9\\-_. ]", "").trim().split(" +"));
  }
}
