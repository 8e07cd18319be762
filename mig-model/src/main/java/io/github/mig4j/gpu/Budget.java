package io.github.mig4j.gpu;

import io.github.mig4j.JsonName;

/**
 * A quantity of a GPU that is divided among its instances. All instances together never take more
 * than the profile of the whole GPU has.
 *
 * <p>NVIDIA's DRA driver publishes a GPU's partitions by the same rule, one counter per quantity
 * (k8s-dra-driver-gpu, partitions.go).
 */
public enum Budget implements JsonName {
  /** Compute slices, the number before {@code g} in a profile's name. */
  COMPUTE_SLICES("compute slices"),
  /** Memory slices, the units of the grid on which instances are placed. */
  MEMORY_SLICES("memory slices"),
  /** Memory in MiB, as the driver reports it per profile. */
  MEMORY_MIB("MiB of memory"),
  /** Streaming multiprocessors. */
  SMS("SMs"),
  /** Copy engines, {@code CE} in nvidia-smi's table. */
  COPY_ENGINES("copy engines"),
  /** Video decoders, {@code DEC}. */
  DECODERS("decoders"),
  /** Video encoders, {@code ENC}. */
  ENCODERS("encoders"),
  /** JPEG decoders. */
  JPEG_ENGINES("JPEG engines"),
  /** Optical flow accelerators, {@code OFA}. */
  OFA_ENGINES("OFA engines");

  private final String noun;

  Budget(String noun) {
    this.noun = noun;
  }

  /** {@return the plural noun for use after a number, e.g. {@code "copy engines"}} */
  public String noun() {
    return noun;
  }
}
