package io.github.mig4j.gpu;

import java.util.Objects;

/**
 * A board that carries a GPU model, identified by its PCI device id.
 *
 * @param id the PCI device id
 * @param name the board in words, e.g. {@code H100 SXM5 80GB}
 * @param provenance the source of the id
 */
public record GpuBoard(PciDeviceId id, String name, Provenance provenance) {
  public GpuBoard {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(provenance, "provenance");
  }
}
