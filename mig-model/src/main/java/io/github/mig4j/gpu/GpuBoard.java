package io.github.mig4j.gpu;

import io.github.mig4j.JsonForm;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A board that carries a GPU model, identified by its PCI device id.
 *
 * @param id the PCI device id
 * @param name the board in words, e.g. {@code H100 SXM5 80GB}
 * @param sharedWith boards of GPUs that the catalogue does not have, but that have the same id; the id
 *     alone does not tell them apart
 * @param provenance the source of the id
 */
public record GpuBoard(PciDeviceId id, String name, List<String> sharedWith, Provenance provenance)
    implements JsonForm {
  public GpuBoard {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    sharedWith = List.copyOf(Objects.requireNonNull(sharedWith, "sharedWith"));
    Objects.requireNonNull(provenance, "provenance");
  }

  /** A board with an id of its own. */
  public GpuBoard(PciDeviceId id, String name, Provenance provenance) {
    this(id, name, List.of(), provenance);
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("pci", id)
        .and("name", name)
        .and("sharedWith", sharedWith)
        .and("source", provenance.source())
        .and("confidence", provenance.confidence())
        .map();
  }
}
