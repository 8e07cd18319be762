package io.github.mig4j.node;

import io.github.mig4j.JsonForm;
import io.github.mig4j.config.DeviceFilter;
import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.Confidence;
import io.github.mig4j.gpu.GpuBoard;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.Provenance;
import io.github.mig4j.text.JsonFields;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a node's own GPUs accept, according to the configurations that the MIG manager generates from
 * NVML and publishes in the ConfigMap {@code <node>-mig-config}.
 *
 * <p>Each configuration {@code all-<profile>} there holds one profile as often as it fits. Combined
 * layouts, compute instances and starts are not in it.
 */
public final class HardwareEvidence {

  private static final HardwareEvidence NONE = new HardwareEvidence(MigConfigDocument.empty());

  private static final Provenance LISTED =
      new Provenance("the node's own list of configurations", Confidence.HARDWARE);

  private record Reading(List<DeviceFilter> filters, MigProfile profile, int count) {}

  private final List<Reading> readings = new ArrayList<>();
  private final SortedSet<Integer> indexes = new TreeSet<>();

  private HardwareEvidence(MigConfigDocument generated) {
    generated.configs().forEach((name, config) -> {
      for (MigConfigSpec entry : config.entries()) {
        if (entry.devices() instanceof DeviceSelector.Indexes selected) {
          indexes.addAll(selected.indexes());
        }
        if (entry.migDevices().size() == 1) {
          entry.migDevices().forEach((profile, count) -> {
            if (isOfAGpu(profile, count) && name.equals("all-" + profile.label())) {
              readings.add(new Reading(entry.deviceFilters(), profile, count));
            }
          });
        }
      }
    });
  }

  private static boolean isOfAGpu(MigProfile profile, int count) {
    return count >= 1
        && count <= GpuModel.MAX_MEMORY_SLICES
        && profile.isWholeGpuInstance()
        && profile.gpuSlices() >= 1
        && profile.gpuSlices() <= GpuModel.MAX_MEMORY_SLICES;
  }

  /**
   * {@return the evidence in the ConfigMap {@code <node>-mig-config}; none if it has no
   * configuration of one profile}
   */
  public static HardwareEvidence in(MigConfigDocument generated) {
    Objects.requireNonNull(generated, "generated");
    return new HardwareEvidence(generated);
  }

  /** {@return no evidence, which agrees with every model} */
  public static HardwareEvidence none() {
    return NONE;
  }

  /**
   * {@return how many instances of each profile a GPU of the node accepts; none if the node has no
   * such GPU}
   *
   * @param gpu the model, whose PCI device ids decide on nodes with several kinds of GPU
   */
  public SortedMap<MigProfile, Integer> maxInstances(GpuModel gpu) {
    Objects.requireNonNull(gpu, "gpu");
    SortedMap<MigProfile, Integer> counts = new TreeMap<>();
    for (Reading reading : readings) {
      if (isOf(reading, gpu)) {
        counts.merge(reading.profile, reading.count, Math::max);
      }
    }
    return Collections.unmodifiableSortedMap(counts);
  }

  /** A model without known boards is told apart only where the node has one kind of GPU. */
  private boolean isOf(Reading reading, GpuModel gpu) {
    return reading.filters.isEmpty()
        || reading.filters.stream().anyMatch(filter -> matches(filter, gpu))
        || (gpu.boards().isEmpty()
            && readings.stream().map(Reading::filters).distinct().count() == 1);
  }

  /** A filter may name the subsystem after the device. */
  private static boolean matches(DeviceFilter filter, GpuModel gpu) {
    String text = filter.text().toLowerCase(Locale.ROOT);
    return gpu.boards().stream()
        .map(GpuBoard::id)
        .anyMatch(id -> text.startsWith(id.deviceFilter().toLowerCase(Locale.ROOT)));
  }

  /**
   * {@return where the hardware and what the catalogue takes the node's GPU for disagree, by
   * profile; none if there is no evidence of this GPU} The hardware is right: make a model from its
   * own tables with {@link io.github.mig4j.gpu.NvidiaSmi}.
   */
  public List<Disagreement> disagreements(GpuModel gpu) {
    SortedMap<MigProfile, Integer> hardware = maxInstances(gpu);
    SortedMap<MigProfile, Integer> both = new TreeMap<>(hardware);
    List<Disagreement> found = new ArrayList<>();
    if (hardware.isEmpty()) {
      return found;
    }
    gpu.profiles().forEach(p -> both.putIfAbsent(p.profile(), p.maxInstances()));
    for (MigProfile profile : both.keySet()) {
      Integer accepted = hardware.get(profile);
      OptionalInt known = gpu.profile(profile).stream()
          .mapToInt(GpuInstanceProfile::maxInstances)
          .findFirst();
      OptionalInt seen = accepted == null ? OptionalInt.empty() : OptionalInt.of(accepted);
      if (!seen.equals(known)) {
        found.add(new Disagreement(gpu, profile, seen, known));
      }
    }
    return List.copyOf(found);
  }

  /**
   * What the list is for and these GPUs are not: indexes, device filters, and profiles where no GPU has
   * MIG. The labels of a node describe one of its models only; then the list names the others.
   *
   * <p>Source: NVIDIA/mig-parted bd7160f4, pkg/mig/builder, which writes device filters only for a node
   * with several models.
   *
   * @param gpus the GPUs that the node is said to have
   * @return what no such GPU explains, e.g. {@code GPU 1} or {@code device-filter 0x233010DE}; none if
   *     the list can be of these GPUs, or there is no evidence
   */
  public List<String> unexplainedBy(List<NodeGpu> gpus) {
    Objects.requireNonNull(gpus, "gpus");
    List<String> unexplained = new ArrayList<>();
    indexes.stream()
        .filter(index -> gpus.stream().noneMatch(gpu -> gpu.index() == index))
        .forEach(index -> unexplained.add("GPU " + index));
    if (gpus.stream().noneMatch(gpu -> gpu.model().boards().isEmpty())) {
      readings.stream()
          .flatMap(reading -> reading.filters.stream())
          .filter(filter -> gpus.stream().noneMatch(gpu -> gpu.passes(List.of(filter))))
          .map(filter -> "device-filter " + filter.text())
          .distinct()
          .forEach(unexplained::add);
    }
    if (!readings.isEmpty() && gpus.stream().noneMatch(gpu -> gpu.model().supportsMig())) {
      unexplained.add("profile " + readings.get(0).profile);
    }
    return List.copyOf(unexplained);
  }

  /**
   * {@return the model as the hardware has it: with the profiles that the hardware accepts, each as
   * often as it does; the model itself if both agree or there is no evidence} The catalogue's
   * starts and sizes are kept where they allow that number.
   */
  public GpuModel corrected(GpuModel gpu) {
    if (disagreements(gpu).isEmpty()) {
      return gpu;
    }
    List<GpuInstanceProfile> profiles = new ArrayList<>();
    SortedMap<MigProfile, Integer> hardware = maxInstances(gpu);
    gpu.profiles()
        .forEach(known -> Optional.ofNullable(hardware.get(known.profile()))
            .ifPresent(count -> profiles.add(counted(known, count))));
    hardware.forEach((profile, count) -> {
      if (gpu.profile(profile).isEmpty()) {
        profiles.add(GpuInstanceProfile.builder()
            .profile(profile)
            .maxInstances(count)
            .provenance(LISTED)
            .build());
      }
    });
    return gpu.withProfiles(profiles);
  }

  /** Starts for fewer instances than the hardware accepts are those of another GPU. */
  private static GpuInstanceProfile counted(GpuInstanceProfile known, int count) {
    if (known.maxInstances() == count) {
      return known;
    }
    Map<GpuInstanceProfile.Field, Provenance> sources =
        new EnumMap<>(GpuInstanceProfile.Field.class);
    sources.putAll(known.fieldProvenance());
    sources.put(GpuInstanceProfile.Field.MAX_INSTANCES, LISTED);
    GpuInstanceProfile.Builder counted = GpuInstanceProfile.builder()
        .profile(known.profile())
        .id(known.id())
        .maxInstances(count)
        .putAllAmounts(known.amounts())
        .provenance(known.provenance())
        .putAllFieldProvenance(sources);
    if (known.starts().size() >= count) {
      counted.size(known.size()).addAllStarts(known.starts());
    }
    return counted.build();
  }

  /**
   * A profile of which the hardware and the catalogue say different things.
   *
   * @param gpu what the catalogue takes the GPU for
   * @param hardware how many the hardware accepts; empty if it does not offer the profile
   * @param catalogue how many the catalogue states; empty if it does not know the profile
   */
  public record Disagreement(
      GpuModel gpu, MigProfile profile, OptionalInt hardware, OptionalInt catalogue)
      implements JsonForm {
    public Disagreement {
      Objects.requireNonNull(gpu, "gpu");
      Objects.requireNonNull(profile, "profile");
      Objects.requireNonNull(hardware, "hardware");
      Objects.requireNonNull(catalogue, "catalogue");
    }

    /** {@return both statements in one line, without a full stop} */
    public String message() {
      if (hardware.isEmpty()) {
        return "%s: the hardware does not offer %s, of which the catalogue states %d"
            .formatted(gpu.id(), profile, catalogue.orElse(0));
      }
      if (catalogue.isEmpty()) {
        return "%s: the hardware accepts %d of %s, which the catalogue does not know"
            .formatted(gpu.id(), hardware.getAsInt(), profile);
      }
      return "%s: the hardware accepts %d of %s, but the catalogue states %d"
          .formatted(gpu.id(), hardware.getAsInt(), profile, catalogue.getAsInt());
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("gpu", gpu.id())
          .and("profile", profile)
          .and("hardware", hardware)
          .and("catalogue", catalogue)
          .and("message", message())
          .map();
    }
  }

  /** Two are equal if they come from the same configurations. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof HardwareEvidence that
        && readings.equals(that.readings)
        && indexes.equals(that.indexes);
  }

  @Override
  public int hashCode() {
    return Objects.hash(readings, indexes);
  }

  /** The largest counts on any GPU of the node, e.g. {@code {1g.10gb=7, 7g.80gb=1}}. */
  @Override
  public String toString() {
    return readings.stream()
        .collect(Collectors.toMap(Reading::profile, Reading::count, Math::max, TreeMap::new))
        .toString();
  }
}
