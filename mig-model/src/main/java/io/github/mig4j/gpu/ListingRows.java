package io.github.mig4j.gpu;

import static io.github.mig4j.gpu.ListingReader.PASTE_AGAIN;

import io.github.mig4j.gpu.NvidiaSmi.ComputeInstanceRow;
import io.github.mig4j.gpu.NvidiaSmi.ComputeProfileRow;
import io.github.mig4j.gpu.NvidiaSmi.Gpu;
import io.github.mig4j.gpu.NvidiaSmi.InstanceRow;
import io.github.mig4j.gpu.NvidiaSmi.Listing;
import io.github.mig4j.gpu.NvidiaSmi.ListingCode;
import io.github.mig4j.gpu.NvidiaSmi.PlacementRow;
import io.github.mig4j.gpu.NvidiaSmi.ProfileRow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** The rows of the listings as they are read, and what they say together; not thread-safe. */
final class ListingRows {

  /** Far more than any GPU has of anything. */
  private static final int MAX_ROWS_PER_GPU = 256;

  /** No GPU instance: the rows are of the whole GPU. */
  private static final int WHOLE_GPU = -1;

  private static final String WHERE = "nvidia-smi mig %s on the GPU itself";

  /** Whose rows a table lists. */
  private record Subject(int gpu, int gpuInstance) {
    static final Comparator<Subject> ORDER =
        Comparator.comparingInt(Subject::gpu).thenComparingInt(Subject::gpuInstance);

    @Override
    public String toString() {
      return gpuInstance == WHOLE_GPU
          ? "GPU " + gpu
          : "GPU instance %d of GPU %d".formatted(gpuInstance, gpu);
    }
  }

  /** A row, the table in which it is, and where that is in the texts. */
  private record Read<R>(R row, int table, int text, int line) {}

  /** The rows of one listing by subject, and by the number that distinguishes them there. */
  private final class Rows<R> {
    private final Listing listing;
    private final SortedMap<Subject, Map<Integer, Read<R>>> bySubject =
        new TreeMap<>(Subject.ORDER);

    Rows(Listing listing) {
      this.listing = listing;
    }

    void put(Subject subject, int number, String name, R row, int line) {
      Map<Integer, Read<R>> rows = bySubject.computeIfAbsent(subject, any -> new LinkedHashMap<>());
      if (!rows.isEmpty()) {
        Read<R> first = rows.values().iterator().next();
        if (first.table != table) {
          note(
              line,
              "%s is listed by %s again; the rows from line %d on are replaced"
                  .formatted(subject, listing, first.line));
          rows.clear();
        }
      }
      Read<R> earlier = rows.get(number);
      if (earlier == null && rows.size() < MAX_ROWS_PER_GPU) {
        rows.put(number, new Read<>(row, table, text, line));
        listings.add(listing);
      } else if (earlier == null) {
        error(
            line,
            "%s of %s is not used: more than %d rows of %s are listed for one GPU"
                .formatted(name, subject, MAX_ROWS_PER_GPU, listing));
      } else if (earlier.row.equals(row)) {
        note(line, "%s of %s is listed twice; the second row is ignored".formatted(name, subject));
      } else {
        error(
            line,
            "%s of %s is not used: it is listed with other values on line %d"
                .formatted(name, subject, earlier.line));
      }
    }

    private void note(int line, String message) {
      findings.add(ListingCode.TEXT_IGNORED, text, line, message, "");
    }

    private void error(int line, String message) {
      findings.add(ListingCode.ROW_UNUSABLE, text, line, message, "");
    }

    List<R> all() {
      return bySubject.values().stream()
          .flatMap(rows -> rows.values().stream())
          .map(Read::row)
          .toList();
    }

    Map<Integer, Read<R>> of(int gpu) {
      return bySubject.getOrDefault(new Subject(gpu, WHOLE_GPU), Map.of());
    }
  }

  private final ListingFindings findings;
  private final Set<Listing> listings = EnumSet.noneOf(Listing.class);
  private final Rows<ProfileRow> profiles = new Rows<>(Listing.GPU_INSTANCE_PROFILES);
  private final Rows<PlacementRow> placements = new Rows<>(Listing.GPU_INSTANCE_PLACEMENTS);
  private final Rows<InstanceRow> instances = new Rows<>(Listing.GPU_INSTANCES);
  private final Rows<ComputeProfileRow> computeProfiles =
      new Rows<>(Listing.COMPUTE_INSTANCE_PROFILES);
  private final Rows<ComputeInstanceRow> computeInstances = new Rows<>(Listing.COMPUTE_INSTANCES);
  private int table;
  private int text;

  ListingRows(ListingFindings findings) {
    this.findings = findings;
  }

  void moveTo(int newText) {
    text = newText;
  }

  void nextTable() {
    table++;
  }

  void add(ProfileRow row, int line) {
    profiles.put(new Subject(row.gpu(), WHOLE_GPU), row.id(), row.profile().toString(), row, line);
  }

  void add(PlacementRow row, int line) {
    placements.put(
        new Subject(row.gpu(), WHOLE_GPU),
        row.profileId(),
        "profile ID " + row.profileId(),
        row,
        line);
  }

  void add(InstanceRow row, int line) {
    instances.put(
        new Subject(row.gpu(), WHOLE_GPU),
        row.id(),
        "instance %d (%s)".formatted(row.id(), row.profile()),
        row,
        line);
  }

  void add(ComputeProfileRow row, int line) {
    computeProfiles.put(
        new Subject(row.gpu(), row.gpuInstance()), row.id(), row.profile().toString(), row, line);
  }

  void add(ComputeInstanceRow row, int line) {
    computeInstances.put(
        new Subject(row.gpu(), row.gpuInstance()),
        row.id(),
        "compute instance %d (%s)".formatted(row.id(), row.profile()),
        row,
        line);
  }

  /** nvidia-smi says that there are no instances, also none of those that were listed before. */
  void none(Listing listing) {
    listings.add(listing);
    (listing == Listing.GPU_INSTANCES ? instances : computeInstances).bySubject.clear();
  }

  boolean isEmpty() {
    return listings.isEmpty();
  }

  NvidiaSmi result() {
    requireKnownProfiles();
    requirePlaces();
    requireKnownInstances();
    List<Gpu> gpus = new ArrayList<>();
    profiles.bySubject.forEach((subject, rows) -> {
      if (!rows.isEmpty()) {
        addGpu(subject, rows, gpus);
      }
    });
    return new NvidiaSmi(
        listings,
        profiles.all(),
        placements.all(),
        instances.all(),
        computeProfiles.all(),
        computeInstances.all(),
        gpus,
        findings.sorted());
  }

  private void requireKnownProfiles() {
    placements.bySubject.forEach((subject, rows) -> {
      Map<Integer, Read<ProfileRow>> known = profiles.of(subject.gpu);
      rows.forEach((id, read) -> {
        if (!known.isEmpty() && !known.containsKey(id)) {
          findings.add(
              ListingCode.ROWS_MISSING,
              read.text,
              read.line,
              "profile ID %d of %s is not in the listing of -lgip, so that profile is missing"
                  .formatted(id, subject),
              PASTE_AGAIN.formatted(Listing.GPU_INSTANCE_PROFILES));
        }
      });
    });
  }

  /** A GPU has a place for each instance that -lgip allows. */
  private void requirePlaces() {
    placements.bySubject.forEach((subject, rows) -> rows.forEach((id, read) -> {
      Read<ProfileRow> profile = profiles.of(subject.gpu).get(id);
      int places = places(read.row);
      if (profile != null && places > 0 && profile.row.total() > places) {
        findings.add(
            ListingCode.LISTINGS_DIFFER,
            read.text,
            read.line,
            "the listings of %s contradict each other: -lgip allows %d of %s, but -lgipp has room for %d"
                .formatted(subject, profile.row.total(), profile.row.profile(), places),
            "print both again on the same machine");
      }
    }));
  }

  /** How many instances of a profile fit beside each other. */
  private static int places(PlacementRow row) {
    int places = 0;
    int end = 0;
    for (int start : row.starts().stream().sorted().toList()) {
      if (start >= end) {
        places++;
        end = start + row.size();
      }
    }
    return places;
  }

  private void requireKnownInstances() {
    computeInstances.bySubject.forEach((subject, rows) -> {
      Map<Integer, Read<InstanceRow>> known = instances.of(subject.gpu);
      if (!known.isEmpty() && !known.containsKey(subject.gpuInstance)) {
        Read<ComputeInstanceRow> first = rows.values().iterator().next();
        findings.add(
            ListingCode.ROWS_MISSING,
            first.text,
            first.line,
            "%s is not in the listing of -lgi, so that instance is missing".formatted(subject),
            PASTE_AGAIN.formatted(Listing.GPU_INSTANCES));
      }
    });
  }

  private void addGpu(Subject subject, Map<Integer, Read<ProfileRow>> rows, List<Gpu> gpus) {
    try {
      gpus.add(gpu(subject.gpu, rows, placements.of(subject.gpu)));
    } catch (IllegalArgumentException e) {
      Read<ProfileRow> first = rows.values().iterator().next();
      findings.add(
          ListingCode.ROW_UNUSABLE,
          first.text,
          first.line,
          "the listings of %s contradict each other: %s".formatted(subject, e.getMessage()),
          "print both again on the same machine");
    }
  }

  private static Gpu gpu(
      int index, Map<Integer, Read<ProfileRow>> rows, Map<Integer, Read<PlacementRow>> starts) {
    Provenance provenance = new Provenance(
        WHERE.formatted(starts.isEmpty() ? "-lgip" : "-lgip and -lgipp"), Confidence.HARDWARE);
    GpuModel.Builder model = GpuModel.builder()
        .id("gpu-" + index)
        .architecture("unknown")
        .slicesProvenance(provenance)
        .computeSlices(rows.values().stream()
            .map(Read::row)
            .mapToInt(row -> row.profile().gpuSlices() * row.total())
            .max()
            .orElse(0));
    starts.values().stream()
        .map(Read::row)
        .flatMapToInt(row -> row.starts().stream().mapToInt(start -> start + row.size()))
        .max()
        .ifPresent(model::memorySlices);
    SortedMap<MigProfile, Integer> free = new TreeMap<>();
    rows.forEach((id, read) -> {
      ProfileRow row = read.row;
      GpuInstanceProfile.Builder profile = GpuInstanceProfile.builder()
          .profile(row.profile())
          .id(id)
          .maxInstances(row.total())
          .putAllAmounts(row.amounts())
          .provenance(provenance);
      Read<PlacementRow> known = starts.get(id);
      if (known != null) {
        profile.size(known.row.size()).addAllStarts(known.row.starts());
      }
      model.addProfiles(profile.build());
      free.put(row.profile(), row.free());
    });
    return new Gpu(index, model.build(), free);
  }
}
