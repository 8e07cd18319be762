package io.github.mig4j.plan;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonKey;
import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.ProfileNeed;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.JsonInput;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A number of requested MIG devices of one kind: with a profile, or with any profile that meets a
 * need. Immutable: methods that change something return a new item.
 */
public final class DemandItem implements JsonForm {

  /** What each device must be: a profile or a need. */
  private sealed interface Wanted {
    Optional<MigProfile> newOn(GpuModel gpu);

    boolean accepts(GpuModel gpu, MigProfile existing);

    record Profile(MigProfile name) implements Wanted {
      @Override
      public Optional<MigProfile> newOn(GpuModel gpu) {
        return gpu.profile(name).map(GpuInstanceProfile::profile);
      }

      @Override
      public boolean accepts(GpuModel gpu, MigProfile existing) {
        return existing.equals(name);
      }

      @Override
      public String toString() {
        return name.toString();
      }
    }

    record Need(ProfileNeed need) implements Wanted {
      @Override
      public Optional<MigProfile> newOn(GpuModel gpu) {
        return need.smallestOn(gpu).map(GpuInstanceProfile::profile);
      }

      @Override
      public boolean accepts(GpuModel gpu, MigProfile existing) {
        return need.allOn(gpu).stream().anyMatch(p -> p.profile().equals(existing));
      }

      @Override
      public String toString() {
        return need.toString();
      }
    }
  }

  private final Wanted wanted;
  private final int count;
  private final int priority;
  private final SortedMap<String, String> nodeLabels;

  private DemandItem(Wanted wanted, int count, int priority, SortedMap<String, String> nodeLabels) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "The count of %s must be at least 1, but was %d".formatted(wanted, count));
    }
    this.wanted = wanted;
    this.count = count;
    this.priority = priority;
    this.nodeLabels = nodeLabels;
  }

  /**
   * Creates an item as {@link #of(MigProfile, int)} does.
   *
   * @param profile a name without a {@code c} part, such as {@code 1g.23gb}
   * @throws IllegalArgumentException if the name is malformed or has a {@code c} part, or the count
   *     is below 1
   */
  public static DemandItem of(String profile, int count) {
    Objects.requireNonNull(profile, "profile");
    return of(MigProfile.parse(profile), count);
  }

  /**
   * Creates an item of devices with a profile, on any model that offers it, of priority 0 and for
   * any node.
   *
   * @param profile a profile without a {@code c} part
   * @param count how many, at least 1
   * @throws IllegalArgumentException if the profile has a {@code c} part or the count is below 1
   */
  public static DemandItem of(MigProfile profile, int count) {
    Objects.requireNonNull(profile, "profile");
    if (!profile.isWholeGpuInstance()) {
      throw new IllegalArgumentException(
          "Only whole GPU instances can be planned, but %s shares one; request %s"
              .formatted(profile, profile.gpuInstance()));
    }
    return new DemandItem(new Wanted.Profile(profile), count, 0, none());
  }

  /**
   * Creates an item of devices that meet a need, of priority 0 and for any node. New devices have
   * the smallest profile of each model that is known to meet the need. Existing devices of any size
   * count if they meet it.
   *
   * @param count how many, at least 1
   * @throws IllegalArgumentException if the count is below 1
   */
  public static DemandItem of(ProfileNeed need, int count) {
    Objects.requireNonNull(need, "need");
    return new DemandItem(new Wanted.Need(need), count, 0, none());
  }

  private static SortedMap<String, String> none() {
    return Collections.emptySortedMap();
  }

  /**
   * Changes the number of devices, at least 1.
   *
   * @throws IllegalArgumentException if the count is below 1
   */
  public DemandItem count(int newCount) {
    return new DemandItem(wanted, newCount, priority, nodeLabels);
  }

  /**
   * Changes the priority. The planner never leaves a device unmet for the sake of devices with a
   * lower priority.
   *
   * @param newPriority higher numbers first; the default is 0
   */
  public DemandItem priority(int newPriority) {
    return new DemandItem(wanted, count, newPriority, nodeLabels);
  }

  /** Requires a node label in addition to those that are required already. */
  public DemandItem onNodesWith(String key, String value) {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(value, "value");
    SortedMap<String, String> more = new TreeMap<>(nodeLabels);
    more.put(key, value);
    return new DemandItem(wanted, count, priority, Collections.unmodifiableSortedMap(more));
  }

  /** {@return the requested profile, or empty if the item has a need} */
  public Optional<MigProfile> profile() {
    return wanted instanceof Wanted.Profile profile
        ? Optional.of(profile.name())
        : Optional.empty();
  }

  /** {@return the requested need, or empty if the item has a profile} */
  public Optional<ProfileNeed> need() {
    return wanted instanceof Wanted.Need need ? Optional.of(need.need()) : Optional.empty();
  }

  /** {@return the number of devices, at least 1} */
  public int count() {
    return count;
  }

  /** {@return the priority, any number; higher numbers are met first} */
  public int priority() {
    return priority;
  }

  /** {@return the labels that a node must have, as values by key; empty for any node} */
  public SortedMap<String, String> nodeLabels() {
    return nodeLabels;
  }

  /**
   * {@return the profile of new devices on a model: the profile itself, or the smallest one that
   * meets the need; empty if the model has no such profile}
   */
  public Optional<MigProfile> profileOn(GpuModel gpu) {
    Objects.requireNonNull(gpu, "gpu");
    return wanted.newOn(gpu);
  }

  /** Whether an existing device on a model meets this item. */
  boolean accepts(GpuModel gpu, MigProfile existing) {
    return wanted.accepts(gpu, existing);
  }

  boolean allowsNode(Map<String, String> labels) {
    return labels.entrySet().containsAll(nodeLabels.entrySet());
  }

  /** Whether the same devices can meet two items. */
  boolean isLike(DemandItem other) {
    return wanted.equals(other.wanted) && nodeLabels.equals(other.nodeLabels);
  }

  /** The item without count and priority, e.g. {@code 1g.23gb on nodes with zone=a}. */
  String kind() {
    return nodeLabels.isEmpty()
        ? wanted.toString()
        : nodeLabels.entrySet().stream()
            .map(label -> label.getKey() + "=" + label.getValue())
            .collect(Collectors.joining(", ", wanted + " on nodes with ", ""));
  }

  /** Two items are equal if all their parts are equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof DemandItem that
        && isLike(that)
        && count == that.count
        && priority == that.priority;
  }

  @Override
  public int hashCode() {
    return Objects.hash(wanted, count, priority, nodeLabels);
  }

  /** The whole item, e.g. {@code 40 x 3g.90gb on nodes with zone=a, priority 10}. */
  @Override
  @JsonKey
  public String toString() {
    return count + " x " + kind() + (priority == 0 ? "" : ", priority " + priority);
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("profile", profile())
        .and("need", need())
        .and("count", count)
        .and("priority", priority == 0 ? null : priority)
        .and("nodeLabels", nodeLabels.isEmpty() ? null : nodeLabels)
        .map();
  }

  /**
   * Reads a value from its JSON form, the inverse of {@link #toJson()}.
   *
   * @throws IllegalArgumentException if a field is missing, unknown or of another kind; the message names it
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static DemandItem ofJson(Map<String, Object> json) {
    JsonInput in = JsonInput.of("demand", json);
    int count = in.integer("count");
    Optional<Map<String, Object>> need = in.optionalObject("need");
    Optional<String> profile = in.optionalText("profile");
    if (need.isPresent() == profile.isPresent()) {
      throw new IllegalArgumentException(
          "Not a demand: an item must have either 'profile' or 'need', but was " + json);
    }
    DemandItem item = need.isPresent()
        ? of(ProfileNeed.ofJson(need.get()), count)
        : of(profile.orElseThrow(), count);
    item = item.priority(in.optionalInteger("priority").orElse(0));
    for (Map.Entry<String, String> label : in.fields("nodeLabels").allTexts().entrySet()) {
      item = item.onNodesWith(label.getKey(), label.getValue());
    }
    return in.requireNoOthers(item);
  }
}
