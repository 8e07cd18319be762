package io.github.mig4j.k8s.rollout;

import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.text.JsonFields;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * How many nodes are in each state, and how long the rest may take.
 *
 * @param counts the number of nodes in each state; a state without a node is absent
 * @param elapsed time since this process started to work on the rollout
 * @param remaining an estimate from the nodes so far, without pauses and skipped nodes; empty before
 *     the first node has ended, while the rollout is paused, and after its end
 */
public record RolloutProgress(
    Map<State, Integer> counts, Duration elapsed, Optional<Duration> remaining)
    implements JsonForm {

  /** The state of a node. */
  public enum State implements JsonName {
    /** Its change has not started. */
    WAITING,
    /** It is being changed or rolled back. */
    UNDER_WAY,
    /** The configuration is in force. */
    VERIFIED,
    /** It was not changed. */
    SKIPPED,
    /** Its change failed. */
    FAILED,
    /** It has its previous configuration again. */
    ROLLED_BACK
  }

  public RolloutProgress {
    Objects.requireNonNull(counts, "counts");
    Objects.requireNonNull(elapsed, "elapsed");
    Objects.requireNonNull(remaining, "remaining");
    counts = Collections.unmodifiableMap(new TreeMap<>(Map.copyOf(counts)));
  }

  /**
   * {@return the number of nodes in one state, from 0}
   *
   * @param state the state
   */
  public int count(State state) {
    Objects.requireNonNull(state, "state");
    return counts.getOrDefault(state, 0);
  }

  /** {@return the number of the rollout's nodes} */
  public int total() {
    return counts.values().stream().mapToInt(count -> count).sum();
  }

  /** For a line on a terminal, e.g. {@code 12 of 5000 verified, 1 failed, 50 under way, about 1 h 20 min left}. */
  @Override
  public String toString() {
    StringBuilder line =
        new StringBuilder("%d of %d verified".formatted(count(State.VERIFIED), total()));
    Stream.of(State.SKIPPED, State.FAILED, State.ROLLED_BACK, State.UNDER_WAY)
        .filter(state -> count(state) > 0)
        .map(state -> ", %d %s".formatted(count(state), state.toJson().replace('-', ' ')))
        .forEach(line::append);
    remaining.ifPresent(left -> line.append(
        ", about %s left".formatted(DurationText.of(left.truncatedTo(ChronoUnit.SECONDS)))));
    return line.toString();
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("counts", counts)
        .and("elapsed", elapsed)
        .and("remaining", remaining)
        .map();
  }
}
