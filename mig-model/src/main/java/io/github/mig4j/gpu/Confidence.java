package io.github.mig4j.gpu;

import java.util.Arrays;
import java.util.Objects;

/** How sure a fact about a GPU is; the constants run from the surest to the least sure. */
public enum Confidence {
  /** Read from the hardware itself. */
  HARDWARE("hardware"),
  /** Stated by the program that built the model. */
  CALLER("caller"),
  /** A constant of NVIDIA's NVML header; exact for what it states. */
  NVML_HEADER("nvml-header"),
  /** An entry of the public PCI id list; exact for what it states. */
  PCI_IDS("pci.ids"),
  /** A rule in the source of NVIDIA's DRA driver; exact for what it states. */
  NVIDIA_DRA_DRIVER("nvidia-dra-driver"),
  /** NVML values of real hardware that somebody published. */
  PUBLISHED_NVML("published-nvml"),
  /** nvidia-smi output of real hardware that somebody published. */
  PUBLISHED_SMI("published-smi"),
  /** NVIDIA's MIG user guide, some of whose tables are known to be wrong. */
  MIG_USER_GUIDE("mig-user-guide"),
  /** NVIDIA's vGPU documentation. */
  NVIDIA_VGPU_DOCS("nvidia-vgpu-docs"),
  /** A configuration shipped with NVIDIA's mig-parted. */
  MIG_PARTED("mig-parted"),
  /** NVIDIA's simulated NVML, which is known to be wrong in places. */
  NVML_MOCK("nvml-mock"),
  /** Concluded from a sibling of the same silicon; seen nowhere. */
  INFERRED("inferred"),
  /** Never published; an answer of this confidence could not be told. */
  UNKNOWN("unknown");

  private final String text;

  Confidence(String text) {
    this.text = text;
  }

  /**
   * The constant whose {@link #toString()} this is.
   *
   * @param text e.g. {@code "published-smi"}
   * @return the constant
   * @throws IllegalArgumentException if there is none
   */
  public static Confidence parse(String text) {
    Objects.requireNonNull(text, "text");
    for (Confidence confidence : values()) {
      if (confidence.text.equals(text)) {
        return confidence;
      }
    }
    throw new IllegalArgumentException(
        "Not a confidence: '%s'. Expected one of %s".formatted(text, Arrays.toString(values())));
  }

  /**
   * The less sure of two, which is how sure a conclusion from both is.
   *
   * @param other the other
   * @return this or the other
   */
  public Confidence weaker(Confidence other) {
    Objects.requireNonNull(other, "other");
    return compareTo(other) >= 0 ? this : other;
  }

  /** The name as the catalogue's file spells it. */
  @Override
  public String toString() {
    return text;
  }
}
