package io.github.mig4j.gpu;

import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.text.JsonFields;
import java.util.Arrays;
import java.util.Objects;

/**
 * How certain a fact about a GPU is. The constants are in order from the most to the least certain.
 */
public enum Confidence {
  /** Read from the hardware itself. */
  HARDWARE("hardware"),
  /** Stated by the program that builds the model. */
  CALLER("caller"),
  /** A constant of NVIDIA's NVML header; exact for what it states. */
  NVML_HEADER("nvml-header"),
  /** An entry of the public PCI id list; exact for what it states. */
  PCI_IDS("pci.ids"),
  /** A rule in the source of NVIDIA's DRA driver; exact for what it states. */
  NVIDIA_DRA_DRIVER("nvidia-dra-driver"),
  /** NVML values of real hardware, as published by others. */
  PUBLISHED_NVML("published-nvml"),
  /** nvidia-smi output of real hardware, as published by others. */
  PUBLISHED_SMI("published-smi"),
  /** NVIDIA's MIG user guide, some of whose tables are known to be wrong. */
  MIG_USER_GUIDE("mig-user-guide"),
  /** NVIDIA's vGPU documentation. */
  NVIDIA_VGPU_DOCS("nvidia-vgpu-docs"),
  /** A configuration shipped with NVIDIA's mig-parted. */
  MIG_PARTED("mig-parted"),
  /** NVIDIA's simulated NVML, which is known to be wrong in places. */
  NVML_MOCK("nvml-mock"),
  /** Concluded from a GPU with the same chip; not published. */
  INFERRED("inferred"),
  /** Not published: the model lacks the data for an answer. */
  UNKNOWN("unknown");

  private final String text;

  Confidence(String text) {
    this.text = text;
  }

  /**
   * Parses the text of a constant, e.g. {@code published-smi}; the inverse of {@link #toString()}.
   *
   * @throws IllegalArgumentException if no constant has this text
   */
  public static Confidence parse(String text) {
    Objects.requireNonNull(text, "text");
    return JsonFields.constant(Confidence.class, text)
        .orElseThrow(() -> new IllegalArgumentException("Not a confidence: '%s'. Expected one of %s"
            .formatted(text, Arrays.toString(values()))));
  }

  /** {@return the less certain of two, which is the confidence of a conclusion from both} */
  public Confidence weaker(Confidence other) {
    Objects.requireNonNull(other, "other");
    return compareTo(other) >= 0 ? this : other;
  }

  /** The name as in the catalogue's file. */
  @Override
  @JsonValue
  public String toString() {
    return text;
  }
}
