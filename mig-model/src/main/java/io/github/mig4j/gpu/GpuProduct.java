package io.github.mig4j.gpu;

/**
 * A product name of a GPU model.
 *
 * @param name the name as NVML and {@code nvidia-smi -L} print it, e.g. {@code NVIDIA H100 PCIe}
 * @param label the value of the node label {@code nvidia.com/gpu.product} without suffix, e.g.
 *     {@code NVIDIA-H100-PCIe}
 * @param provenance where the name was seen
 */
public record GpuProduct(String name, String label, Provenance provenance) {

  /**
   * Derives the label from the name like GPU Feature Discovery (k8s-device-plugin internal/lm),
   * which removes characters that are invalid in labels and replaces blanks by dashes.
   *
   * @param name the name as NVML prints it
   * @param provenance where the name was seen
   * @return the product
   */
  public static GpuProduct named(String name, Provenance provenance) {
    return new GpuProduct(name, labelOf(name), provenance);
  }

  static String labelOf(String name) {
    return String.join("-", name.replaceAll("[^A-Za-z0-9\\-_. ]", "").trim().split(" +"));
  }
}
