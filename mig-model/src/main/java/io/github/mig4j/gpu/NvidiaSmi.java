package io.github.mig4j.gpu;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads the tables that {@code nvidia-smi mig -lgip} and {@code nvidia-smi mig -lgipp} print, to
 * use a GPU that is newer than the catalogue.
 *
 * <pre>{@code
 * GpuModel mine = NvidiaSmi.read(lgip, lgipp).get(0).named("NVIDIA B200");
 * GpuCatalog known = GpuCatalog.bundled().with(mine);
 * }</pre>
 */
public final class NvidiaSmi {
  private NvidiaSmi() {}

  /**
   * Reads the profiles of every GPU in a listing. A layout needs the placements, too.
   *
   * @param text the output of {@code nvidia-smi mig -lgip}, optionally followed by that of {@code
   *     -lgipp}
   * @return GPUs by ascending index, at least one
   * @throws ListingSyntaxException naming the first line that is not understood
   */
  public static List<Gpu> read(String text) {
    Objects.requireNonNull(text, "text");
    ListingReader reader = new ListingReader();
    reader.read(text);
    return reader.gpus();
  }

  /**
   * Reads the profiles and placements of every GPU in two listings.
   *
   * @param lgip the output of {@code nvidia-smi mig -lgip}
   * @param lgipp the output of {@code nvidia-smi mig -lgipp} on the same machine
   * @return GPUs by ascending index, at least one
   * @throws ListingSyntaxException naming the first line that is not understood
   */
  public static List<Gpu> read(String lgip, String lgipp) {
    Objects.requireNonNull(lgip, "lgip");
    Objects.requireNonNull(lgipp, "lgipp");
    ListingReader reader = new ListingReader();
    reader.read(lgip);
    reader.read(lgipp);
    return reader.gpus();
  }

  /**
   * One GPU of a listing.
   *
   * @param index the GPU's index on its node, from 0
   * @param model the GPU's profiles; the id is {@code gpu-<index>}, because the listing does not
   *     contain the product
   * @param free how many more instances of each profile could be created when the listing was
   *     printed
   */
  public record Gpu(int index, GpuModel model, SortedMap<MigProfile, Integer> free) {
    public Gpu {
      Objects.requireNonNull(model, "model");
      Objects.requireNonNull(free, "free");
      free = Collections.unmodifiableSortedMap(new TreeMap<>(free));
    }

    /**
     * Returns the model with the name of a product.
     *
     * @param product the name as {@code nvidia-smi -L} prints it, e.g. {@code NVIDIA B200}
     * @return the model, with the product's label in lower case as its id
     */
    public GpuModel named(String product) {
      Objects.requireNonNull(product, "product");
      GpuProduct named = GpuProduct.named(product, ListingReader.READ);
      GpuModel.Builder copy = GpuModel.builder()
          .id(named.label().toLowerCase(Locale.ROOT))
          .architecture(model.architecture())
          .addProducts(named)
          .computeSlices(model.computeSlices())
          .slicesProvenance(model.slicesProvenance())
          .addAllProfiles(model.profiles());
      model.memorySlices().ifPresent(copy::memorySlices);
      return copy.build();
    }
  }
}
