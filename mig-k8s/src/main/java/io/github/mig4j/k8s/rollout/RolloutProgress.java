package io.github.mig4j.k8s.rollout;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * How many nodes have come how far, and how long the rest may take.
 *
 * @param counts the number of nodes in each state; one of which there is no node is not in it
 * @param elapsed time since this process began to work on the rollout
 * @param remaining how long it takes at the pace so far, in which neither pauses nor nodes that were
 *     skipped count; empty before the first node has ended, while the rollout is paused, and once it
 *     has ended
 */
public record RolloutProgress(
    Map<State, Integer> counts, Duration elapsed, Optional<Duration> remaining) {

  /** What a node is at. */
  public enum State {
    /** Its turn has not come. */
    WAITING,
    /** It is being changed, or changed back. */
    UNDER_WAY,
    /** The configuration is in force. */
    VERIFIED,
    /** It was left as it was. */
    SKIPPED,
    /** Its change failed. */
    FAILED,
    /** It has returned to the configuration before. */
    ROLLED_BACK
  }

  /** Copies the counts. */
  public RolloutProgress {
    Objects.requireNonNull(counts, "counts");
    Objects.requireNonNull(elapsed, "elapsed");
    Objects.requireNonNull(remaining, "remaining");
    Map<State, Integer> copy = new EnumMap<>(State.class);
    copy.putAll(counts);
    counts = Map.copyOf(copy);
  }

  /**
   * Nodes in one state.
   *
   * @param state the state
   * @return their number, from 0
   */
  public int count(State state) {
    Objects.requireNonNull(state, "state");
    return counts.getOrDefault(state, 0);
  }

  /**
   * All nodes of the rollout.
   *
   * @return their number
   */
  public int total() {
    return counts.values().stream().mapToInt(count -> count).sum();
  }

  /** For a line on a terminal, e.g. {@code 12 of 5000 verified, 1 failed, 50 under way, 1h 20m left}. */
  @Override
  public String toString() {
    StringBuilder line =
        new StringBuilder("%d of %d verified".formatted(count(State.VERIFIED), total()));
    for (State state :
        new State[] {State.SKIPPED, State.FAILED, State.ROLLED_BACK, State.UNDER_WAY}) {
      if (count(state) > 0) {
        line.append(", %d %s"
            .formatted(
                count(state), state.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ')));
      }
    }
    remaining.ifPresent(left -> line.append(", about %s left".formatted(rounded(left))));
    return line.toString();
  }

  private static String rounded(Duration left) {
    if (left.toMinutes() >= 60) {
      return "%dh %dm".formatted(left.toHours(), left.toMinutesPart());
    }
    return left.toMinutes() > 0
        ? "%dm".formatted(left.toMinutes())
        : "%ds".formatted(left.toSeconds());
  }
}
