package io.github.mig4j.gpu;

import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.JsonForm;
import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.text.JsonFields;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What {@code nvidia-smi mig} lists: what the GPUs of a machine can be cut into ({@code -lgip},
 * {@code -lgipp}, {@code -lcip}), and which instances run on them ({@code -lgi}, {@code -lci}). A
 * GPU newer than the catalogue works at run time this way.
 *
 * <pre>{@code
 * GpuModel mine = NvidiaSmi.read(lgip, lgipp).gpus().get(0).named("NVIDIA B200");
 * GpuCatalog known = GpuCatalog.bundled().with(mine);
 * }</pre>
 *
 * <p>The text may be pasted from anywhere: Markdown fences, quotation marks, shell prompts, colours
 * and several listings in one text do no harm. Each row that can be read is read, and each thing
 * that is not understood is one {@linkplain #findings() finding}. A GPU that is listed twice, such as
 * before and after a change, is as the last listing says.
 *
 * @param listings the listings of which at least a row was read, or that say that they have none
 * @param profiles rows of {@code -lgip}
 * @param placements rows of {@code -lgipp}
 * @param instances rows of {@code -lgi}
 * @param computeProfiles rows of {@code -lcip}
 * @param computeInstances rows of {@code -lci}
 * @param gpus what the rows of {@code -lgip} and {@code -lgipp} say of each GPU, by ascending index
 * @param findings what was not understood, by text and line; the facts of each say in which text, and
 *     its code is a {@link ListingCode}, or {@code more-findings} behind the first 100
 */
public record NvidiaSmi(
    Set<Listing> listings,
    List<ProfileRow> profiles,
    List<PlacementRow> placements,
    List<InstanceRow> instances,
    List<ComputeProfileRow> computeProfiles,
    List<ComputeInstanceRow> computeInstances,
    List<Gpu> gpus,
    List<Finding> findings)
    implements JsonForm {

  public NvidiaSmi {
    Objects.requireNonNull(listings, "listings");
    profiles = List.copyOf(Objects.requireNonNull(profiles, "profiles"));
    placements = List.copyOf(Objects.requireNonNull(placements, "placements"));
    instances = List.copyOf(Objects.requireNonNull(instances, "instances"));
    computeProfiles = List.copyOf(Objects.requireNonNull(computeProfiles, "computeProfiles"));
    computeInstances = List.copyOf(Objects.requireNonNull(computeInstances, "computeInstances"));
    gpus = List.copyOf(Objects.requireNonNull(gpus, "gpus"));
    findings = List.copyOf(Objects.requireNonNull(findings, "findings"));
    listings = Collections.unmodifiableSet(new TreeSet<>(listings));
  }

  /**
   * Reads every listing of texts that {@code nvidia-smi mig} printed on one machine. Time and
   * memory grow with the length of the texts.
   *
   * @throws ListingSyntaxException if no text has a row that can be used
   */
  public static NvidiaSmi read(String... texts) {
    Objects.requireNonNull(texts, "texts");
    ListingReader reader = new ListingReader();
    for (int text = 0; text < texts.length; text++) {
      reader.read(text, texts[text]);
    }
    return reader.result();
  }

  /** {@return whether no finding is worse than a note, so that no row is known to be missing} */
  public boolean isComplete() {
    return findings.stream().allMatch(found -> found.severity() == Severity.NOTE);
  }

  /** The listings read, and how many GPUs and rows they have. */
  @Override
  public String toString() {
    return ("%s: %d GPUs, %d profiles, %d placements, %d instances, %d compute profiles,"
            + " %d compute instances")
        .formatted(
            listings,
            gpus.size(),
            profiles.size(),
            placements.size(),
            instances.size(),
            computeProfiles.size(),
            computeInstances.size());
  }

  /** A listing, named after the option that prints it. */
  public enum Listing {
    /** What the GPUs can be cut into. */
    GPU_INSTANCE_PROFILES("-lgip", "GPU instance profiles"),
    /** Where GPU instances may start. */
    GPU_INSTANCE_PLACEMENTS("-lgipp", "possible placements of GPU instances"),
    /** Which GPU instances run. */
    GPU_INSTANCES("-lgi", "GPU instances"),
    /** What the GPU instances that run can be divided into. */
    COMPUTE_INSTANCE_PROFILES("-lcip", "compute instance profiles"),
    /** Which compute instances run. */
    COMPUTE_INSTANCES("-lci", "compute instances");

    private final String option;
    private final String title;

    Listing(String option, String title) {
      this.option = option;
      this.title = title;
    }

    /** {@return the option of {@code nvidia-smi mig} that prints it, e.g. {@code -lgip}} */
    public String option() {
      return option;
    }

    /** {@return what it lists, e.g. {@code GPU instance profiles}} */
    public String title() {
      return title;
    }

    /** The option, e.g. {@code -lgip}. */
    @Override
    @JsonValue
    public String toString() {
      return option;
    }
  }

  /**
   * A row of {@code nvidia-smi mig -lgip}.
   *
   * @param gpu the GPU's index on its node, from 0
   * @param id the number that nvidia-smi gives it, which {@code -cgi} takes
   * @param free how many more instances could be created when the listing was printed
   * @param total how many instances the GPU can hold at once
   * @param amounts what one instance takes, in the unit of the budget; absent if not listed
   */
  public record ProfileRow(
      int gpu, MigProfile profile, int id, int free, int total, Map<Budget, Integer> amounts)
      implements JsonForm {
    public ProfileRow {
      Objects.requireNonNull(profile, "profile");
      Objects.requireNonNull(amounts, "amounts");
      amounts = Collections.unmodifiableMap(new TreeMap<>(amounts));
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("gpu", gpu)
          .and("profile", profile)
          .and("id", id)
          .and("free", free)
          .and("total", total)
          .and("amounts", amounts)
          .map();
    }
  }

  /**
   * A row of {@code nvidia-smi mig -lgipp}.
   *
   * @param gpu the GPU's index on its node, from 0
   * @param profileId the number of the profile in {@code -lgip}
   * @param starts indexes of memory slices from 0, ascending
   * @param size how many memory slices an instance covers
   */
  public record PlacementRow(int gpu, int profileId, List<Integer> starts, int size)
      implements JsonForm {
    public PlacementRow {
      starts = List.copyOf(Objects.requireNonNull(starts, "starts"));
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("gpu", gpu)
          .and("profileId", profileId)
          .and("starts", starts)
          .and("size", size)
          .map();
    }
  }

  /**
   * A row of {@code nvidia-smi mig -lgi}: a GPU instance that runs.
   *
   * @param gpu the GPU's index on its node, from 0
   * @param profileId the number of the profile in {@code -lgip}
   * @param id the instance's number on its GPU
   * @param start index of its first memory slice, from 0
   * @param size how many memory slices it covers, at least 1
   */
  public record InstanceRow(int gpu, MigProfile profile, int profileId, int id, int start, int size)
      implements JsonForm {
    public InstanceRow {
      Objects.requireNonNull(profile, "profile");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("gpu", gpu)
          .and("profile", profile)
          .and("profileId", profileId)
          .and("id", id)
          .and("start", start)
          .and("size", size)
          .map();
    }
  }

  /**
   * A row of {@code nvidia-smi mig -lcip}.
   *
   * @param gpu the GPU's index on its node, from 0
   * @param gpuInstance the number of the GPU instance in {@code -lgi}
   * @param profile the MIG device's profile, e.g. {@code 1c.3g.20gb}
   * @param id the number that {@code -cci} takes
   * @param free how many more could be created when the listing was printed
   * @param total how many the GPU instance can hold at once
   */
  public record ComputeProfileRow(
      int gpu, int gpuInstance, MigProfile profile, int id, int free, int total)
      implements JsonForm {
    public ComputeProfileRow {
      Objects.requireNonNull(profile, "profile");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("gpu", gpu)
          .and("gpuInstance", gpuInstance)
          .and("profile", profile)
          .and("id", id)
          .and("free", free)
          .and("total", total)
          .map();
    }
  }

  /**
   * A row of {@code nvidia-smi mig -lci}: a compute instance that runs.
   *
   * @param gpu the GPU's index on its node, from 0
   * @param gpuInstance the number of the GPU instance in {@code -lgi}
   * @param profile the MIG device's profile, e.g. {@code 1c.3g.20gb}
   * @param profileId the number of the profile in {@code -lcip}
   * @param id the compute instance's number in its GPU instance
   */
  public record ComputeInstanceRow(
      int gpu, int gpuInstance, MigProfile profile, int profileId, int id) implements JsonForm {
    public ComputeInstanceRow {
      Objects.requireNonNull(profile, "profile");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("gpu", gpu)
          .and("gpuInstance", gpuInstance)
          .and("profile", profile)
          .and("profileId", profileId)
          .and("id", id)
          .map();
    }
  }

  /** The kinds of findings about a listing. */
  public enum ListingCode implements Code {
    /** A row is refused: a column has a value that cannot be, or rows contradict each other. */
    ROW_UNUSABLE(Severity.ERROR),
    /** The listing is not whole, so that rows or parts of a row may be missing. */
    ROWS_MISSING(Severity.WARNING),
    /** An amount is in another unit than nvidia-smi prints, and is not read. */
    UNIT_UNKNOWN(Severity.WARNING),
    /** A line is not part of a listing, or repeats a row, and is ignored without harm. */
    TEXT_IGNORED(Severity.NOTE),
    /** Listings of one GPU contradict each other, such as those of two machines. */
    LISTINGS_DIFFER(Severity.WARNING),
    /** nvidia-smi found nothing to list, or failed. */
    NOTHING_LISTED(Severity.NOTE);

    private final Severity severity;

    ListingCode(Severity severity) {
      this.severity = severity;
    }

    Severity severity() {
      return severity;
    }

    /** The stable text of this code, e.g. {@code row-unusable}. */
    @Override
    public String toString() {
      return text();
    }
  }

  /**
   * Which text a finding is about: the {@linkplain Finding#facts() facts} of each finding.
   *
   * @param text its index among the texts that were read, from 0
   */
  public record InText(int text) implements JsonForm {
    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("text", text).map();
    }
  }

  /**
   * One GPU of a listing of profiles.
   *
   * @param index the GPU's index on its node, from 0
   * @param model what it can be cut into; its id is {@code gpu-<index>}, since no product is listed
   * @param free how many more of each profile could be created when the listing was printed
   */
  public record Gpu(int index, GpuModel model, SortedMap<MigProfile, Integer> free)
      implements JsonForm {
    public Gpu {
      Objects.requireNonNull(model, "model");
      Objects.requireNonNull(free, "free");
      free = Collections.unmodifiableSortedMap(new TreeMap<>(free));
    }

    /**
     * {@return the model under the name of a product as {@code nvidia-smi -L} prints it, e.g.
     * {@code NVIDIA B200}; its id is the product's label in lower case}
     */
    public GpuModel named(String product) {
      Objects.requireNonNull(product, "product");
      GpuProduct named = GpuProduct.named(product, model.slicesProvenance());
      return GpuModel.builder()
          .from(model)
          .id(named.label().toLowerCase(Locale.ROOT))
          .products(List.of(named))
          .build();
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("index", index)
          .and("free", free)
          .andAll(model.toJson())
          .map();
    }
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("listings", listings)
        .and("profiles", profiles)
        .and("placements", placements)
        .and("instances", instances)
        .and("computeProfiles", computeProfiles)
        .and("computeInstances", computeInstances)
        .and("gpus", gpus)
        .and("findings", findings)
        .map();
  }
}
