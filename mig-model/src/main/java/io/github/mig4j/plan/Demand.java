package io.github.mig4j.plan;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * A number of requested MIG devices.
 *
 * <pre>{@code
 * Demand demand = Demand.of(
 *     DemandItem.of("1g.23gb", 500),
 *     DemandItem.of("3g.90gb", 40).priority(10),
 *     DemandItem.of(ProfileNeed.anything().memoryGib(40), 8).onNodesWith("zone", "a"));
 * }</pre>
 *
 * @param items the items in the given order; items that differ only in their count become one
 */
public record Demand(List<DemandItem> items) {

  /**
   * Adds up equal items.
   *
   * @throws IllegalArgumentException if the counts add up to more than {@link Integer#MAX_VALUE}
   */
  public Demand {
    Objects.requireNonNull(items, "items");
    Map<DemandItem, Long> counts = new LinkedHashMap<>();
    items.forEach(item -> counts.merge(item.count(1), (long) item.count(), Long::sum));
    long total = counts.values().stream().mapToLong(Long::longValue).sum();
    if (total > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "A demand must have at most %d devices, but had %d".formatted(Integer.MAX_VALUE, total));
    }
    items = counts.entrySet().stream()
        .map(each -> each.getKey().count(each.getValue().intValue()))
        .toList();
  }

  /** A demand of some items, as the constructor takes them. */
  public static Demand of(DemandItem... items) {
    Objects.requireNonNull(items, "items");
    return new Demand(Arrays.asList(items));
  }

  /** {@return the total number of requested devices, the sum of the counts} */
  public int count() {
    return items.stream().mapToInt(DemandItem::count).sum();
  }

  /** The items, e.g. {@code 500 x 1g.23gb, 40 x 3g.90gb with priority 10}. */
  @Override
  public String toString() {
    return items.stream().map(DemandItem::toString).collect(Collectors.joining(", "));
  }

  /** {@return the value in JSON: the items} */
  @JsonValue
  public List<DemandItem> toJson() {
    return items;
  }

  /**
   * Reads a value from its JSON form, the inverse of {@link #toJson()}.
   *
   * @throws IllegalArgumentException if a field is missing, unknown or of another kind; the message names it
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static Demand ofJson(List<Map<String, Object>> json) {
    Objects.requireNonNull(json, "json");
    if (json.stream().anyMatch(Objects::isNull)) {
      throw new IllegalArgumentException("Not a demand: an item must not be null");
    }
    return new Demand(json.stream().map(DemandItem::ofJson).toList());
  }
}
