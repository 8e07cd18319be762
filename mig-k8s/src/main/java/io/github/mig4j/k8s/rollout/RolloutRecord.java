package io.github.mig4j.k8s.rollout;

import io.github.mig4j.k8s.change.ApplyRequest;
import io.github.mig4j.k8s.change.MigNode;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.text.ContentName;
import io.github.mig4j.text.JsonFields;
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
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The data of a rollout's ConfigMap: a few fields, and one line for each node. A change in progress is
 * recorded on its node, not here.
 *
 * @param contents the configurations, each with its name and the name of its content
 * @param control what decides whether the next nodes may start
 * @param nodes the nodes in the order of their change
 * @param leader the process that works on the rollout, or the last one that did; a process that finds
 *     another name here does not write
 */
record RolloutRecord(
    List<Content> contents, Control control, Map<String, Entry> nodes, String leader) {

  /** An API server accepts 1 MiB, metadata included. */
  static final int MAX_BYTES = 1000 * 1024;

  private static final int MAX_TEXT_LENGTH = 200;

  RolloutRecord {
    contents = List.copyOf(contents);
  }

  /** A configuration, as it was when the rollout began. */
  record Content(ChangeKind kind, String config, String key) {
    /** A layout. */
    Content(String config, String key) {
      this(ChangeKind.LAYOUT, config, key);
    }

    /** Its line in the record; a layout does not name its kind. */
    String line(int index) {
      return "%s %s %s%s"
          .formatted(index, config, key, kind == ChangeKind.LAYOUT ? "" : " " + kind);
    }

    /** The inverse of {@link #line}. */
    static Content parse(String line) {
      String[] words = line.split(" ", 4);
      return words.length < 4
          ? new Content(words[1], words[2])
          : new Content(ChangeKind.of(words[3]).orElseThrow(), words[1], words[2]);
    }

    ApplyRequest request(MigNode node) {
      return kind == ChangeKind.LAYOUT ? node.apply(config) : node.share(config);
    }

    /** Whether the value of a node's config label is one of its names. */
    boolean isRequestedBy(String label) {
      return label.equals(config) || ContentName.isOf(label, key);
    }
  }

  /** What an admin requested last. */
  enum Request {
    RUN,
    PAUSE,
    ABORT
  }

  /**
   * What decides whether the next nodes may start.
   *
   * @param phase RUNNING, ROLLING_BACK or a final one; the other fields say whether it is paused
   * @param requested what an admin requested last
   * @param canary what the canaries wait for
   * @param reason why it is in this phase
   */
  record Control(RolloutPhase phase, Request requested, CanaryState canary, String reason) {
    static Control begin() {
      return new Control(RolloutPhase.RUNNING, Request.RUN, CanaryState.PENDING, "");
    }

    Control with(RolloutPhase other, String why) {
      return new Control(other, requested, canary, why);
    }

    Control with(Request other) {
      return new Control(phase, other, canary, reason);
    }

    Control with(CanaryState other) {
      return new Control(phase, requested, other, reason);
    }

    boolean isPaused() {
      return phase == RolloutPhase.RUNNING
          ? requested == Request.PAUSE || (requested == Request.RUN && canary.isAwaited())
          : phase == RolloutPhase.ROLLING_BACK && requested == Request.PAUSE;
    }

    RolloutPhase shownPhase() {
      return isPaused() ? RolloutPhase.PAUSED : phase;
    }

    String shownReason() {
      if (!isPaused()) {
        return requested == Request.ABORT && !phase.isFinal() ? "an abort was requested" : reason;
      }
      if (phase == RolloutPhase.ROLLING_BACK) {
        return reason + "; the rollback was paused";
      }
      return requested == Request.PAUSE
          ? "it was paused"
          : "the canaries are verified; " + canary.describe();
    }
  }

  /**
   * Whether the rollout waits after its first nodes.
   *
   * @param text {@code pending} until the canaries are verified, {@code awaiting-approval} or the
   *     instant when the pause ends while it waits, and {@code passed} afterwards
   */
  record CanaryState(String text) {
    CanaryState {
      if (!Set.of("pending", "passed", APPROVAL).contains(text)) {
        text = Instant.parse(text).toString();
      }
    }

    private static final String APPROVAL = "awaiting-approval";

    static final CanaryState PENDING = new CanaryState("pending");
    static final CanaryState PASSED = new CanaryState("passed");

    static CanaryState awaiting(Canary canary, Instant now) {
      return new CanaryState(
          canary.pause().map(pause -> now.plus(pause).toString()).orElse(APPROVAL));
    }

    boolean isAwaited() {
      return !equals(PENDING) && !equals(PASSED);
    }

    /** When the pause ends; empty if it ends by approval, or there is no pause now. */
    Optional<Instant> until() {
      return isAwaited() && !text.equals(APPROVAL)
          ? Optional.of(Instant.parse(text))
          : Optional.empty();
    }

    String describe() {
      return until().map(end -> "the other nodes start at " + end).orElse("waiting for approval");
    }
  }

  /** The state of a node that is recorded in its line. */
  enum NodeState {
    WAITING,
    /** Waiting; its label already requested the configuration when the rollout began. */
    WAITING_UNCHANGED,
    VERIFIED,
    /** Verified; its label already requested the configuration when the rollout began. */
    VERIFIED_UNCHANGED,
    SKIPPED,
    FAILED,
    /** Failed, and still to be rolled back. */
    FAILED_ROLLBACK_DUE,
    ROLLED_BACK;

    boolean isWaiting() {
      return this == WAITING || this == WAITING_UNCHANGED;
    }

    boolean isFailure() {
      return this == FAILED || this == FAILED_ROLLBACK_DUE || this == ROLLED_BACK;
    }

    static NodeState of(String word) {
      return JsonFields.constant(NodeState.class, word)
          .orElseThrow(() ->
              new IllegalArgumentException("'%s' is not the state of a node".formatted(word)));
    }
  }

  /**
   * The line of a node.
   *
   * @param content index into the contents
   * @param text why; a failure that has a code begins with it, e.g. {@code in-use: ...}
   */
  record Entry(int content, NodeState state, String text) {
    Entry {
      String line = text.replaceAll("\\s+", " ").strip();
      text = line.length() > MAX_TEXT_LENGTH ? line.substring(0, MAX_TEXT_LENGTH) : line;
    }

    Entry with(NodeState other, String why) {
      return new Entry(content, other, why);
    }

    NodeOutcome outcome(String node) {
      return switch (state) {
        case WAITING, WAITING_UNCHANGED -> new NodeOutcome.NotReached(node);
        case VERIFIED, VERIFIED_UNCHANGED -> new NodeOutcome.Verified(node);
        case SKIPPED -> new NodeOutcome.Skipped(node, text);
        case FAILED, FAILED_ROLLBACK_DUE -> new NodeOutcome.Failed(node, code(), withoutCode());
        case ROLLED_BACK -> new NodeOutcome.RolledBack(node, code(), withoutCode());
      };
    }

    private Optional<FailureCode> code() {
      return Stream.of(FailureCode.values())
          .filter(code -> text.startsWith(code + ": "))
          .findFirst();
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

  /** The record of a rollout that is done, with other states of some nodes; it goes on if one waits. */
  RolloutRecord reopened(Map<String, Entry> drifted) {
    Map<String, Entry> all = new LinkedHashMap<>(nodes);
    all.putAll(drifted);
    boolean goesOn = all.values().stream().anyMatch(entry -> entry.state().isWaiting());
    return new RolloutRecord(
        contents,
        goesOn ? new Control(RolloutPhase.RUNNING, Request.RUN, CanaryState.PASSED, "") : control,
        all,
        leader);
  }

  RolloutRecord ledBy(String other) {
    return new RolloutRecord(contents, control, nodes, other);
  }

  /** The ConfigMap's data. If it would be too large, the nodes' texts are shortened. */
  Map<String, String> data() {
    int maxTextLength = MAX_TEXT_LENGTH;
    Map<String, String> data = data(maxTextLength);
    while (bytes(data) > MAX_BYTES && maxTextLength > 0) {
      maxTextLength /= 2;
      data = data(maxTextLength);
    }
    return data;
  }

  static int bytes(Map<String, String> data) {
    return data.values().stream()
        .mapToInt(value -> value.getBytes(StandardCharsets.UTF_8).length)
        .sum();
  }

  private Map<String, String> data(int maxTextLength) {
    StringBuilder lines = new StringBuilder();
    nodes.forEach((node, entry) -> {
      String state = JsonFields.name(entry.state);
      lines.append(node).append(' ').append(state).append(' ').append(entry.content);
      String text = entry.text.substring(0, Math.min(entry.text.length(), maxTextLength));
      lines.append(text.isEmpty() ? "" : " " + text).append('\n');
    });
    StringBuilder configs = new StringBuilder();
    for (int i = 0; i < contents.size(); i++) {
      configs.append(contents.get(i).line(i)).append('\n');
    }
    return Map.of(
        "phase", control.phase.name(),
        "requested", control.requested.name(),
        "canary", control.canary.text,
        "reason", control.reason,
        "leader", leader,
        "configs", configs.toString(),
        "nodes", lines.toString());
  }

  /**
   * The inverse of {@link #data()}.
   *
   * @param where the ConfigMap, for the message
   * @throws MigConflictException if it was not written by this library
   */
  static RolloutRecord read(String where, Map<String, String> data) {
    try {
      List<Content> contents =
          required(data, "configs").lines().map(Content::parse).toList();
      Map<String, Entry> nodes = new LinkedHashMap<>();
      for (String line : required(data, "nodes").lines().toList()) {
        String[] words = line.split(" ", 4);
        int content = Integer.parseInt(words[2]);
        Content unused = contents.get(content);
        nodes.put(
            words[0], new Entry(content, NodeState.of(words[1]), words.length > 3 ? words[3] : ""));
      }
      return new RolloutRecord(
          contents,
          new Control(
              RolloutPhase.valueOf(required(data, "phase")),
              Request.valueOf(required(data, "requested")),
              new CanaryState(required(data, "canary")),
              data.getOrDefault("reason", "")),
          nodes,
          data.getOrDefault("leader", ""));
    } catch (RuntimeException unreadable) {
      throw new MigConflictException(
          "%s is not the record of a rollout: %s. Delete it with kubectl when no rollout of that name is running"
              .formatted(where, unreadable.getMessage()));
    }
  }

  private static String required(Map<String, String> data, String key) {
    String value = data.get(key);
    if (value == null) {
      throw new IllegalArgumentException("it has no key '%s'".formatted(key));
    }
    return value;
  }
}
