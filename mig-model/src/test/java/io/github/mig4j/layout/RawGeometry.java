package io.github.mig4j.layout;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * An independent reference: it computes every legal state of a GPU from the text of the catalogue,
 * slice by slice. It shares no code with the tested classes. It ignores compute slices, which must
 * not change the result.
 */
final class RawGeometry {

  private static final List<String> SUMMED =
      List.of("memory-mib", "sm", "ce", "dec", "enc", "jpeg", "ofa");
  private static final Set<String> DISTINCT =
      Set.of("a30-24gb", "a100-40gb", "rtx-pro-6000-blackwell-96gb", "jetson-thor");
  private static final Map<String, String> ENGINE_NAMES = Map.of(
      "ce", "copy-engines",
      "dec", "decoders",
      "enc", "encoders",
      "jpeg", "jpeg-engines",
      "ofa", "ofa-engines");

  final GpuModel gpu;
  final List<String> names = new ArrayList<>();
  final List<JsonNode> profiles = new ArrayList<>();
  final int slices;
  final Set<SortedMap<Integer, String>> states = new HashSet<>();
  final Set<List<Integer>> counts = new HashSet<>();
  final Map<List<Integer>, List<SortedMap<Integer, String>>> statesByCounts = new HashMap<>();
  private final JsonNode model;

  private RawGeometry(JsonNode model) {
    this.model = model;
    this.gpu = GpuCatalog.bundled().require(model.get("id").asText());
    this.slices = model.get("memory-slices").asInt();
    for (JsonNode profile : model.get("profiles")) {
      names.add(profile.get("name").asText());
      profiles.add(profile);
    }
    walk(0, new TreeMap<>());
  }

  static List<RawGeometry> all() {
    return Found.ALL;
  }

  /** Found once for all tests, most of which ask for each model. */
  private static final class Found {
    static final List<RawGeometry> ALL = read();
  }

  private static List<RawGeometry> read() {
    try (var in = GpuModel.class.getResourceAsStream("gpus.json")) {
      List<RawGeometry> all = new ArrayList<>();
      for (JsonNode model : new ObjectMapper().readTree(in).get("models")) {
        if (model.has("profiles") && model.has("memory-slices")) {
          all.add(new RawGeometry(model));
        }
      }
      return List.copyOf(all);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All models, or with {@code -Dmig4j.geometries=distinct} one of each geometry. */
  static Stream<RawGeometry> allModels() {
    boolean distinct = "distinct".equals(System.getProperty("mig4j.geometries"));
    return all().stream().filter(raw -> !distinct || DISTINCT.contains(raw.gpu.id()));
  }

  private void walk(int slice, SortedMap<Integer, String> state) {
    if (slice >= slices) {
      List<Integer> count = countsOf(state.values());
      if (isWithinSums(count)) {
        SortedMap<Integer, String> found = new TreeMap<>(state);
        states.add(found);
        counts.add(count);
        statesByCounts.computeIfAbsent(count, any -> new ArrayList<>()).add(found);
      }
      return;
    }
    walk(slice + 1, state);
    for (JsonNode profile : profiles) {
      for (JsonNode start : profile.get("starts")) {
        if (start.asInt() == slice) {
          state.put(slice, profile.get("name").asText());
          walk(slice + profile.get("size").asInt(), state);
          state.remove(slice);
        }
      }
    }
  }

  /** Counts in the order of {@link #names}. */
  List<Integer> countsOf(Iterable<String> placed) {
    Integer[] count = new Integer[names.size()];
    java.util.Arrays.fill(count, 0);
    for (String name : placed) {
      count[names.indexOf(name)]++;
    }
    return List.of(count);
  }

  boolean isWithinSums(List<Integer> count) {
    for (int i = 0; i < count.size(); i++) {
      if (count.get(i) > profiles.get(i).get("max").asInt()) {
        return false;
      }
    }
    return SUMMED.stream().allMatch(field -> isShared(field) || sum(field, count) <= whole(field));
  }

  int sum(String field, List<Integer> count) {
    int sum = 0;
    for (int i = 0; i < count.size(); i++) {
      sum += count.get(i) * profiles.get(i).path(field).asInt(0);
    }
    return sum;
  }

  private boolean isShared(String field) {
    for (JsonNode shared : model.path("shared-engines")) {
      if (shared.asText().equals(ENGINE_NAMES.get(field))) {
        return true;
      }
    }
    return false;
  }

  /** The whole GPU's amount of a field: that of the first plain profile with all slices. */
  private int whole(String field) {
    for (int i = 0; i < names.size(); i++) {
      if (names.get(i).endsWith("gb") && profiles.get(i).get("size").asInt() == slices) {
        return profiles.get(i).path(field).asInt(Integer.MAX_VALUE);
      }
    }
    throw new AssertionError(names);
  }

  SortedMap<MigProfile, Integer> request(List<Integer> count) {
    SortedMap<MigProfile, Integer> request = new TreeMap<>();
    for (int i = 0; i < count.size(); i++) {
      if (count.get(i) > 0) {
        request.put(gpu.profiles().get(i).profile(), count.get(i));
      }
    }
    return request;
  }

  int max(int profile) {
    return profiles.get(profile).get("max").asInt();
  }

  @Override
  public String toString() {
    return gpu.id();
  }
}
