package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.JsonForm;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A time in which changes may begin, every week.
 *
 * @param days the days on which it begins, at least one
 * @param from when it begins
 * @param to when it ends; if that is not after {@code from}, on the next day
 * @param zone the time zone of both
 */
public record MaintenanceWindow(Set<DayOfWeek> days, LocalTime from, LocalTime to, ZoneId zone)
    implements JsonForm {

  public MaintenanceWindow {
    Objects.requireNonNull(days, "days");
    Objects.requireNonNull(from, "from");
    Objects.requireNonNull(to, "to");
    Objects.requireNonNull(zone, "zone");
    if (days.isEmpty()) {
      throw new IllegalArgumentException(
          "A maintenance window needs at least one day, but had none");
    }
    days = Collections.unmodifiableSet(EnumSet.copyOf(days));
  }

  /**
   * {@return whether changes may begin at a time: from the begin, inclusive, to the end, exclusive}
   *
   * @param now the time
   */
  public boolean contains(Instant now) {
    Objects.requireNonNull(now, "now");
    LocalDate today = now.atZone(zone).toLocalDate();
    return isOpen(today, now) || isOpen(today.minusDays(1), now);
  }

  /**
   * {@return how long it takes until changes may begin; zero if they may begin now}
   *
   * @param now the time
   */
  public Duration opensAfter(Instant now) {
    Objects.requireNonNull(now, "now");
    if (contains(now)) {
      return Duration.ZERO;
    }
    LocalDate day = now.atZone(zone).toLocalDate();
    while (!days.contains(day.getDayOfWeek()) || !begin(day).isAfter(now)) {
      day = day.plusDays(1);
    }
    return Duration.between(now, begin(day));
  }

  private boolean isOpen(LocalDate day, Instant now) {
    return days.contains(day.getDayOfWeek())
        && !now.isBefore(begin(day))
        && now.isBefore(at(to.isAfter(from) ? day : day.plusDays(1), to));
  }

  private Instant begin(LocalDate day) {
    return at(day, from);
  }

  private Instant at(LocalDate day, LocalTime time) {
    return ZonedDateTime.of(day, time, zone).toInstant();
  }

  @Override
  public Map<String, Object> toJson() {
    return PolicyWriter.tree(this);
  }

  /** The days, times and zone, e.g. {@code Sat,Sun 22:00-04:00 Europe/Berlin}. */
  @Override
  public String toString() {
    return "%s %s-%s %s"
        .formatted(
            days.stream().map(PolicyWriter::day).collect(Collectors.joining(",")), from, to, zone);
  }
}
