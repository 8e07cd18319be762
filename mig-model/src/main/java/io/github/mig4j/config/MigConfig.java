package io.github.mig4j.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.text.ContentName;
import io.github.mig4j.text.KubernetesName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A configuration: the list of entries that a name in the file has. Its entries apply in order, and
 * the last one that selects a GPU decides.
 *
 * @param entries at least one entry
 */
public record MigConfig(List<MigConfigSpec> entries) {

  private static final Pattern PLAIN_FILTER = Pattern.compile("[A-Za-z0-9:._-]+");

  public MigConfig {
    Objects.requireNonNull(entries, "entries");
    entries = List.copyOf(entries);
    if (entries.isEmpty()) {
      throw new IllegalArgumentException("A configuration needs at least one entry, but had none");
    }
  }

  /**
   * A configuration of these entries.
   *
   * @param entries at least one, in the order in which they apply
   */
  public static MigConfig of(MigConfigSpec... entries) {
    Objects.requireNonNull(entries, "entries");
    return new MigConfig(List.of(entries));
  }

  /**
   * {@return a configuration that gives each GPU of a node its layout; GPUs with equal layouts
   * share an entry}
   *
   * @param layouts the layouts by GPU index; a GPU without a layout, or with an empty one, stays whole
   * @param gpus how many GPUs the node has, at least 1
   * @throws IllegalArgumentException if there is no GPU, or a layout is for an index that is not from 0
   *     to {@code gpus - 1}
   */
  public static MigConfig ofGpus(SortedMap<Integer, MigLayout> layouts, int gpus) {
    Objects.requireNonNull(layouts, "layouts");
    boolean beyond = !layouts.isEmpty() && (layouts.firstKey() < 0 || layouts.lastKey() >= gpus);
    if (gpus < 1 || beyond) {
      throw new IllegalArgumentException("A node with %d GPUs cannot have layouts for the GPUs %s"
          .formatted(gpus, layouts.keySet()));
    }
    Map<MigConfigSpec, List<Integer>> alike = new LinkedHashMap<>();
    for (int index = 0; index < gpus; index++) {
      MigConfigSpec entry = Optional.ofNullable(layouts.get(index))
          .filter(layout -> !layout.placements().isEmpty())
          .map(MigConfigSpec::allDevices)
          .orElseGet(MigConfigSpec::allDisabled);
      alike.computeIfAbsent(entry, e -> new ArrayList<>()).add(index);
    }
    return MigConfig.of(alike.entrySet().stream()
        .map(group -> alike.size() == 1 ? group.getKey() : on(group.getKey(), group.getValue()))
        .toArray(MigConfigSpec[]::new));
  }

  private static MigConfigSpec on(MigConfigSpec entry, List<Integer> indexes) {
    return MigConfigSpec.builder()
        .devices(new DeviceSelector.Indexes(indexes))
        .migEnabled(entry.migEnabled())
        .putAllMigDevices(entry.migDevices())
        .build();
  }

  /**
   * Checks that a name can be the value of the node label {@code nvidia.com/mig.config}, which
   * allows fewer names than the file.
   *
   * @throws IllegalArgumentException if it is not a label value
   */
  public static String requireLabelValue(String name) {
    Objects.requireNonNull(name, "name");
    return KubernetesName.requireConfigName(name);
  }

  /**
   * The name under which this very content is published: the base name and a hash of the content.
   * The MIG manager does not look at a file again until the label's value changes, so content that
   * changes under one name goes unnoticed (mig-parted#108); under this name it cannot.
   *
   * @param base a name; cut if the result would be longer than a label value; a name that has the hash
   *     of this content already does not get it again
   * @return e.g. {@code b200-split-small-4f1c09ae}
   * @throws IllegalArgumentException if the base is no label value
   */
  public String contentName(String base) {
    Objects.requireNonNull(base, "base");
    return ContentName.of(base, contentHash(), "");
  }

  /**
   * Another name for this very content. The MIG manager runs only when the value of a node's label
   * changes, so a failed configuration is requested again under a name like this.
   *
   * @param base the name that {@link #contentName} was given
   * @param attempt which attempt it is, from 2; the first has the content name itself
   * @return e.g. {@code b200-split-small-4f1c09ae-r2}
   * @throws IllegalArgumentException if the base is no label value or the attempt below 2
   */
  public String retryName(String base, int attempt) {
    Objects.requireNonNull(base, "base");
    if (attempt < 2) {
      throw new IllegalArgumentException(
          "The first attempt is under the content name, so a retry counts from 2, but was "
              + attempt);
    }
    return ContentName.of(base, contentHash(), "-r" + attempt);
  }

  /**
   * {@return a hash of what this configuration means, equal for equal configurations: 8 hexadecimal
   * digits}
   */
  public String contentHash() {
    return ContentName.hash(canonicalText());
  }

  /** Independent of how the file is written; changing it changes every published name. */
  private String canonicalText() {
    return entries.stream()
        .map(entry -> canonicalFilters(entry.deviceFilters())
            + entry.devices()
            + entry.migEnabled()
            + entry.migDevices()
            + "\n")
        .collect(Collectors.joining());
  }

  /** Filters that contain the separator of filters are distinguished by their lengths. */
  private static String canonicalFilters(List<DeviceFilter> filters) {
    boolean plain =
        filters.stream().allMatch(f -> PLAIN_FILTER.matcher(f.text()).matches());
    return plain
        ? filters.toString()
        : filters.stream().map(f -> f.text().length() + ":" + f.text()).toList().toString();
  }

  /** {@return the value in JSON, as under a name of a mig-parted file: the entries} */
  @JsonValue
  public List<MigConfigSpec> toJson() {
    return entries;
  }

  /**
   * Reads a value from its JSON form, the inverse of {@link #toJson()}.
   *
   * @throws IllegalArgumentException as {@link MigConfigDocument#parse} does
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static MigConfig ofJson(List<Map<String, Object>> json) {
    Objects.requireNonNull(json, "json");
    Map<String, Object> file = Map.of("version", "v1", "mig-configs", Map.of("config", json));
    return MigConfigDocument.ofJson(file).configs().values().iterator().next();
  }
}
