package io.github.mig4j.k8s.rollout;

import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.internal.ChangeKind;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a rollout keeps in the cluster, as the data of its ConfigMap: a few fields, and a line for each
 * node, so that a person can read it as well. What is under way is not in it: the nodes tell that
 * themselves.
 *
 * @param contents the configurations, each by its name and by the name that stands for its content
 * @param control what decides whether nodes may begin
 * @param nodes the nodes in the order in which they have their turn
 * @param leader who works on it, or did last; whoever finds another name here may not write
 */
record RolloutRecord(
    List<Content> contents, Control control, Map<String, Entry> nodes, String leader) {

  /** An API server accepts 1 MiB; the rest is for metadata. */
  static final int MAX_BYTES = 1000 * 1024;

  private static final int LONGEST_TEXT = 200;

  RolloutRecord {
    contents = List.copyOf(contents);
  }

  /** A configuration that was fixed when the rollout began. */
  record Content(ChangeKind kind, String config, String key) {
    /** A layout. */
    Content(String config, String key) {
      this(ChangeKind.LAYOUT, config, key);
    }

    /** Its line in the record; a layout does not name its kind. */
    String line() {
      return config + ' ' + key + (kind == ChangeKind.LAYOUT ? "" : " " + kind);
    }

    /** The inverse of {@link #line}. */
    static Content parse(String line) {
      String[] words = line.split(" ", 3);
      return words.length < 3
          ? new Content(words[0], words[1])
          : new Content(ChangeKind.of(words[2]).orElseThrow(), words[0], words[1]);
    }

    /** Whether the value of a config label asks for it, by whichever of its names. */
    boolean isAskedForBy(String label) {
      return label.equals(config)
          || label.equals(key)
          || label.matches(Pattern.quote(key) + "-r[0-9]+");
    }
  }

  /** What somebody wants of the rollout. */
  enum Wish {
    RUN,
    PAUSE,
    ABORT
  }

  /**
   * What decides whether nodes may begin.
   *
   * @param phase RUNNING, ROLLING_BACK or a final one; that it is paused follows from the rest
   * @param wish what was last asked for
   * @param canary what the canaries wait for
   * @param reason why it is in this phase
   */
  record Control(RolloutPhase phase, Wish wish, CanaryState canary, String reason) {
    static Control begin() {
      return new Control(RolloutPhase.RUNNING, Wish.RUN, CanaryState.AHEAD, "");
    }

    Control with(RolloutPhase other, String why) {
      return new Control(other, wish, canary, why);
    }

    Control with(Wish other) {
      return new Control(phase, other, canary, reason);
    }

    Control with(CanaryState other) {
      return new Control(phase, wish, other, reason);
    }

    boolean isPaused() {
      return phase == RolloutPhase.RUNNING
          ? wish == Wish.PAUSE || (wish == Wish.RUN && canary.isAwaited())
          : phase == RolloutPhase.ROLLING_BACK && wish == Wish.PAUSE;
    }

    RolloutPhase shownPhase() {
      return isPaused() ? RolloutPhase.PAUSED : phase;
    }

    String shownReason() {
      if (!isPaused()) {
        return wish == Wish.ABORT && !phase.isFinal() ? "somebody is aborting it" : reason;
      }
      if (phase == RolloutPhase.ROLLING_BACK) {
        return reason + "; somebody paused the way back";
      }
      return wish == Wish.PAUSE
          ? "somebody paused it"
          : "the canaries are verified; " + canary.describe();
    }
  }

  /**
   * Whether the first nodes have been waited for.
   *
   * @param text {@code ahead}, {@code passed}, {@code approval}, or the instant when the pause ends
   */
  record CanaryState(String text) {
    CanaryState {
      if (!Set.of("ahead", "passed", "approval").contains(text)) {
        text = Instant.parse(text).toString();
      }
    }

    static final CanaryState AHEAD = new CanaryState("ahead");
    static final CanaryState PASSED = new CanaryState("passed");

    static CanaryState awaiting(Canary canary, Instant now) {
      return new CanaryState(
          canary.pause().map(pause -> now.plus(pause).toString()).orElse("approval"));
    }

    boolean isAwaited() {
      return !equals(AHEAD) && !equals(PASSED);
    }

    /** When the pause ends by itself. */
    Optional<Instant> until() {
      return isAwaited() && !text.equals("approval")
          ? Optional.of(Instant.parse(text))
          : Optional.empty();
    }

    String describe() {
      return until().map(end -> "the others begin at " + end).orElse("resume it to go on");
    }
  }

  /** What is known of a node; the letter is what its line says. */
  enum Mark {
    WAITING('w'),
    /** Waiting, and it asked for the configuration before the rollout began. */
    KEPT('k'),
    VERIFIED('v'),
    /** Verified, and it asked for the configuration before the rollout began. */
    VERIFIED_KEPT('e'),
    SKIPPED('s'),
    FAILED('f'),
    /** Failed, and to be rolled back. */
    FAILED_ASKED('g'),
    ROLLED_BACK('r');

    private final char letter;

    Mark(char letter) {
      this.letter = letter;
    }

    boolean isWaiting() {
      return this == WAITING || this == KEPT;
    }

    boolean isFailure() {
      return this == FAILED || this == FAILED_ASKED || this == ROLLED_BACK;
    }

    static Mark of(char letter) {
      for (Mark mark : values()) {
        if (mark.letter == letter) {
          return mark;
        }
      }
      throw new IllegalArgumentException("no mark '%s'".formatted(letter));
    }
  }

  /**
   * A node's line.
   *
   * @param content index into the contents
   * @param text why; a failure that has a code begins with it, e.g. {@code in-use: ...}
   */
  record Entry(int content, Mark mark, String text) {
    Entry {
      String line = text.replaceAll("\\s+", " ").strip();
      text = line.length() > LONGEST_TEXT ? line.substring(0, LONGEST_TEXT) : line;
    }

    Entry with(Mark other, String why) {
      return new Entry(content, other, why);
    }

    NodeOutcome outcome(String node) {
      return switch (mark) {
        case WAITING, KEPT -> new NodeOutcome.NotReached(node);
        case VERIFIED, VERIFIED_KEPT -> new NodeOutcome.Verified(node);
        case SKIPPED -> new NodeOutcome.Skipped(node, text);
        case FAILED, FAILED_ASKED -> new NodeOutcome.Failed(node, code(), withoutCode());
        case ROLLED_BACK -> new NodeOutcome.RolledBack(node, code(), withoutCode());
      };
    }

    private Optional<FailureCode> code() {
      for (FailureCode code : FailureCode.values()) {
        if (text.startsWith(code + ": ")) {
          return Optional.of(code);
        }
      }
      return Optional.empty();
    }

    private String withoutCode() {
      return code().map(code -> text.substring(code.toString().length() + 2)).orElse(text);
    }
  }

  /** Whether the layouts or the sharing of the nodes change. */
  ChangeKind kind() {
    return contents.isEmpty() ? ChangeKind.LAYOUT : contents.get(0).kind();
  }

  /** The configurations' names. */
  Set<String> configNames() {
    return contents.stream().map(Content::config).collect(Collectors.toSet());
  }

  /** The name of each node's configuration. */
  SortedMap<String, String> configs() {
    SortedMap<String, String> configs = new TreeMap<>();
    nodes.forEach(
        (node, entry) -> configs.put(node, contents.get(entry.content()).config()));
    return configs;
  }

  RolloutStatus status(String name) {
    List<NodeOutcome> outcomes = new ArrayList<>();
    nodes.forEach((node, entry) -> outcomes.add(entry.outcome(node)));
    return new RolloutStatus(name, control.shownPhase(), control.shownReason(), outcomes);
  }

  RolloutRecord with(Control other) {
    return new RolloutRecord(contents, other, nodes, leader);
  }

  RolloutRecord ledBy(String other) {
    return new RolloutRecord(contents, control, nodes, other);
  }

  /** The ConfigMap's data. Texts are shortened as far as they would make it too large. */
  Map<String, String> data() {
    int longest = LONGEST_TEXT;
    Map<String, String> data = data(longest);
    while (bytes(data) > MAX_BYTES && longest > 0) {
      longest /= 2;
      data = data(longest);
    }
    return data;
  }

  static int bytes(Map<String, String> data) {
    return data.values().stream()
        .mapToInt(value -> value.getBytes(StandardCharsets.UTF_8).length)
        .sum();
  }

  private Map<String, String> data(int longestText) {
    StringBuilder lines = new StringBuilder();
    nodes.forEach((node, entry) -> {
      lines.append(node).append(' ').append(entry.content).append(' ').append(entry.mark.letter);
      String text = entry.text.substring(0, Math.min(entry.text.length(), longestText));
      lines.append(text.isEmpty() ? "" : " " + text).append('\n');
    });
    StringBuilder configs = new StringBuilder();
    contents.forEach(content -> configs.append(content.line()).append('\n'));
    Map<String, String> data = new LinkedHashMap<>();
    data.put("phase", control.phase.name());
    data.put("wish", control.wish.name());
    data.put("canary", control.canary.text);
    data.put("reason", control.reason);
    data.put("leader", leader);
    data.put("configs", configs.toString());
    data.put("nodes", lines.toString());
    return data;
  }

  /**
   * The inverse of {@link #data()}.
   *
   * @param where the ConfigMap, for the message
   * @throws MigConflictException if it was not written by this library
   */
  static RolloutRecord read(String where, Map<String, String> data) {
    try {
      List<Content> contents = new ArrayList<>();
      for (String line : required(data, "configs").lines().toList()) {
        contents.add(Content.parse(line));
      }
      Map<String, Entry> nodes = new LinkedHashMap<>();
      for (String line : required(data, "nodes").lines().toList()) {
        String[] words = line.split(" ", 4);
        int content = Integer.parseInt(words[1]);
        Content unused = contents.get(content);
        nodes.put(
            words[0],
            new Entry(content, Mark.of(words[2].charAt(0)), words.length > 3 ? words[3] : ""));
      }
      CanaryState canary = new CanaryState(required(data, "canary"));
      return new RolloutRecord(
          contents,
          new Control(
              RolloutPhase.valueOf(required(data, "phase")),
              Wish.valueOf(required(data, "wish")),
              canary,
              data.getOrDefault("reason", "")),
          nodes,
          data.getOrDefault("leader", ""));
    } catch (RuntimeException unreadable) {
      throw new MigConflictException(
          "%s cannot be read as the record of a rollout (%s). Delete it once no rollout of that name is under way"
              .formatted(where, unreadable.getMessage()));
    }
  }

  private static String required(Map<String, String> data, String key) {
    String value = data.get(key);
    if (value == null) {
      throw new IllegalArgumentException("it has no '%s'".formatted(key));
    }
    return value;
  }
}
