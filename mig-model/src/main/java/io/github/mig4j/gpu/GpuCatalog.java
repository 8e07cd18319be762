package io.github.mig4j.gpu;

import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.text.Spelling;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The known GPU models, which can be found by any of their names.
 *
 * <pre>{@code
 * GpuModel b200 = GpuCatalog.bundled().require("NVIDIA-B200");
 * }</pre>
 *
 * <p>A catalogue is immutable; {@link #with} returns a larger one.
 */
public final class GpuCatalog {

  private final List<GpuModel> models;

  private GpuCatalog(List<GpuModel> models) {
    this.models = List.copyOf(models);
  }

  /**
   * {@return the models that are part of this library, always the same object: every GPU with
   * published MIG profiles, and the data-centre GPUs without MIG that are shared by time-slicing}
   */
  public static GpuCatalog bundled() {
    return Bundled.CATALOG;
  }

  /**
   * Reads models from JSON in the form of the bundled file, which docs/gpu-catalogue.md describes.
   *
   * @throws IllegalArgumentException if the text is not such a file; the message names the line
   */
  public static GpuCatalog parse(String json) {
    Objects.requireNonNull(json, "json");
    return new GpuCatalog(CatalogFile.parse(json));
  }

  /** {@return a catalogue with these models as well; each replaces one with the same id} */
  public GpuCatalog with(GpuModel... more) {
    Objects.requireNonNull(more, "more");
    Map<String, GpuModel> byId = new LinkedHashMap<>();
    Stream.concat(models.stream(), Stream.of(more)).forEach(model -> byId.put(model.id(), model));
    return new GpuCatalog(new ArrayList<>(byId.values()));
  }

  /** {@return all models in the order of the file: first those with MIG, then the others} */
  @JsonValue
  public List<GpuModel> models() {
    return models;
  }

  /**
   * Finds models by id ({@code b200-180gb}), product label ({@code NVIDIA-B200}, also with the
   * suffixes {@code -MIG-1g.23gb}, {@code -MIG-INVALID} and {@code -SHARED} that GPU Feature
   * Discovery adds), product name ({@code NVIDIA B200}), PCI device id ({@code 0x2901}) or device
   * filter ({@code 0x290110DE}). Case does not matter.
   *
   * @param name any of these
   * @return every model with this name: none, one, or several if boards share a name
   */
  public List<GpuModel> find(String name) {
    Objects.requireNonNull(name, "name");
    Optional<PciDeviceId> id = PciDeviceId.tryParse(name);
    if (id.isPresent()) {
      return select(model -> model.boards().stream().anyMatch(b -> b.id().equals(id.get())));
    }
    List<GpuModel> byId = select(model -> model.id().equalsIgnoreCase(name));
    if (!byId.isEmpty()) {
      return byId;
    }
    String label = GpuProduct.Label.parse(GpuProduct.labelOf(name)).product();
    List<GpuModel> byLabel = byLabel(label);
    // Before 2022 feature discovery omitted the first word, NVIDIA.
    return byLabel.isEmpty() ? byLabel("NVIDIA-" + label) : byLabel;
  }

  /**
   * Finds the only model with a name, as in {@link #find}.
   *
   * @throws UnknownGpuException if no model or more than one has this name; the message lists
   *     similar names or the candidates
   */
  public GpuModel require(String name) {
    Objects.requireNonNull(name, "name");
    List<GpuModel> found = find(name);
    List<String> others = othersWithId(name, found);
    if (found.size() == 1 && others.isEmpty()) {
      return found.get(0);
    }
    if (!others.isEmpty()) {
      throw new UnknownGpuException(
          "PCI device id '%s' is shared by %s and by %s, which the catalogue does not have; use the id or the product label of the GPU"
              .formatted(name, ids(found), String.join(", ", others)),
          found);
    }
    throw new UnknownGpuException(
        found.isEmpty()
            ? unknown(name)
            : "GPU name '%s' is shared by %s; use the id of one".formatted(name, ids(found)),
        found);
  }

  /** Boards outside the catalogue with the PCI device id that a name states. */
  private static List<String> othersWithId(String name, List<GpuModel> found) {
    Optional<PciDeviceId> id = PciDeviceId.tryParse(name);
    return found.stream()
        .flatMap(model -> model.boards().stream())
        .filter(board -> id.equals(Optional.of(board.id())))
        .flatMap(board -> board.sharedWith().stream())
        .distinct()
        .toList();
  }

  private String unknown(String name) {
    List<String> near = idsStartingWith(name);
    if (near.isEmpty()) {
      Stream<String> ids = models.stream().map(GpuModel::id);
      Stream<String> labels =
          models.stream().flatMap(model -> model.products().stream()).map(GpuProduct::label);
      near = Spelling.nearest(name, Stream.concat(ids, labels).toList());
    }
    return "Unknown GPU '%s'. %s"
        .formatted(
            name,
            near.isEmpty()
                ? "Expected an id, a product label or a PCI device id, e.g. 'b200-180gb',"
                    + " 'NVIDIA-B200' or '0x2901'; a newer GPU can be added to the catalogue"
                : "Did you mean " + String.join(", ", near) + "?");
  }

  /**
   * Ids whose parts start with the words of a name: all H100 for {@code H100}. If no id matches all
   * words, only the first word counts.
   */
  private List<String> idsStartingWith(String name) {
    List<String> words = Stream.of(name.toLowerCase(Locale.ROOT).split("[^a-z0-9]+"))
        .filter(word -> !word.isEmpty() && !word.equals("nvidia"))
        .toList();
    List<String> prefixed = idsStartingWith(words);
    return prefixed.isEmpty() && !words.isEmpty() ? idsStartingWith(words.subList(0, 1)) : prefixed;
  }

  private List<String> idsStartingWith(List<String> words) {
    return models.stream()
        .map(GpuModel::id)
        .filter(id -> !words.isEmpty()
            && words.stream()
                .allMatch(word -> Stream.of(id.split("-")).anyMatch(part -> part.startsWith(word))))
        .toList();
  }

  private static String ids(List<GpuModel> models) {
    return models.stream().map(GpuModel::id).collect(Collectors.joining(", "));
  }

  private List<GpuModel> byLabel(String label) {
    return select(
        model -> model.products().stream().anyMatch(p -> p.label().equalsIgnoreCase(label)));
  }

  private List<GpuModel> select(Predicate<GpuModel> condition) {
    return models.stream().filter(condition).toList();
  }

  /** Holds the bundled catalogue, which is read at the first use. */
  private static final class Bundled {
    static final GpuCatalog CATALOG = new GpuCatalog(CatalogFile.parse(CatalogFile.bundledText()));
  }

  /** Two catalogues are equal if they have the same models in the same order. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof GpuCatalog that && models.equals(that.models);
  }

  @Override
  public int hashCode() {
    return models.hashCode();
  }

  /** The number of models, e.g. {@code 38 GPU models}. */
  @Override
  public String toString() {
    return models.size() + " GPU models";
  }
}
