package io.github.mig4j.gpu;

import java.util.Objects;

/**
 * A board on which a GPU model is built, told apart by its PCI device id.
 *
 * @param id the PCI device id
 * @param name the board in words, e.g. {@code H100 SXM5 80GB}
 * @param provenance where the id was seen
 */
public record GpuBoard(PciDeviceId id, String name, Provenance provenance) {
  public GpuBoard {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(provenance, "provenance");
  }
}
