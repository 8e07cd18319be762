package io.github.mig4j.k8s.internal;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.k8s.cluster.MigConflictException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.immutables.value.Value;
import org.jspecify.annotations.Nullable;

/**
 * The annotation that records the change in progress on a node. It prevents a second client from
 * changing the node at the same time, and says what a crashed client has started and seen, and what must
 * be undone. It is written with the label and removed when the change has ended.
 *
 * @param kind whether the layout or the sharing changes
 * @param config the requested configuration, without the number of a retry; empty for the operator's
 *     default
 * @param by the identity of the client that requested it
 * @param since when the client requested it, as ISO 8601
 * @param until the client's deadline, as ISO 8601; after that another client may continue
 * @param done what was done to the node and has to be undone
 * @param proof what the evidence of this change needs, and has, beside what the node offers
 * @param stableSince since when the node shows the evidence without interruption, as ISO 8601; null if
 *     it does not
 * @param seen what looks at the node have seen since it requests the configuration; null before that
 * @param replaced the uids of the MIG manager's pods that a recovery replaces; null if it replaces none
 * @param undoes the failure due to which the node returns to its previous configuration; null otherwise
 */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
@Value.Builder
@SuppressWarnings("immutables:untype") // A list that is absent is no empty one.
public record ChangeRecord(
    ChangeKind kind,
    String config,
    String by,
    String since,
    String until,
    List<Done> done,
    Proof proof,
    @Nullable String stableSince,
    @Nullable Seen seen,
    @Nullable List<String> replaced,
    @Nullable FailureRecord undoes)
    implements WithChangeRecord {

  /** The annotation's key. */
  public static final String KEY = "mig4j.github.io/change";

  /** The kind of the last change, which a rollback undoes. */
  public static final String LAST_KEY = "mig4j.github.io/last-change";

  /** The name of the layout that the last change requested, without a hash of its content. */
  public static final String NAME_KEY = "mig4j.github.io/config-name";

  /** The GPUs that the last change assumed, for a node whose labels do not name its GPUs. */
  public static final String GPUS_KEY = "mig4j.github.io/gpus";

  /**
   * The GPUs that a node had before a change that found fewer of them; absent if none is missing. A
   * change does not make the loss unseen: it stays until the GPUs are back or an admin removes it.
   */
  public static final String GPUS_BEFORE_LOSS_KEY = "mig4j.github.io/gpus-before-loss";

  /**
   * The last sharing configuration that was requested while the node offered something else: once the
   * node offers it, the device plugin must have read it.
   */
  public static final String PROVABLE_SHARING_KEY = "mig4j.github.io/provable-sharing";

  /**
   * The value of the label that the last change undid; absent if that change was no rollback. It shows
   * whether a node has another configuration because of a rollback or because of another client.
   */
  public static final String ROLLED_BACK_KEY = "mig4j.github.io/rolled-back";

  /** Something done to a node for the duration of a change. */
  public enum Done {
    /** Made unschedulable. */
    CORDONED,
    /** Tainted. */
    GATED
  }

  /** Whether the node's offer alone proves the change. */
  public enum Proof {
    /** The node offered something else before, so its offer is the proof. */
    OFFER,
    /** The node offered the same before, so a stop and start of the GPU's clients must be seen. */
    PAUSE_NEEDED,
    /** That stop and start was seen. */
    PAUSE_SEEN
  }

  /** What makes the operator act on a request. */
  public enum Prompt {
    /** The label's value changes. */
    LABEL,
    /** A new process reads what the node requests. */
    RESTART,
    /** Nothing: the node requested it before, and perhaps long ago. */
    NOTHING
  }

  /** The stages of a layout, each with a limit of its own. */
  public enum Stage {
    /** The MIG manager has not reacted yet. */
    REACTION,
    /** The MIG manager works. */
    WORK,
    /** The node has to offer its devices. */
    OFFER
  }

  /** What a look at a node has seen of a change. */
  public enum Mark {
    /** The state was {@code pending}. */
    PENDING,
    /** The state was {@code rebooting}. */
    REBOOTING,
    /** The GPU's clients were stopped. */
    PAUSED,
    /** The GPU's clients ran after that. */
    RESUMED,
    /** The state was {@code success} after work. */
    REPORTED,
    /** The MIG manager was at work at the last look. */
    AT_WORK,
    /** A run has begun since the last success. */
    BEGUN,
    /** The GPU's clients ran at some time after the request. */
    CLIENTS_RAN,
    /** The GPU's clients stopped after they ran. */
    CLIENTS_STOPPED,
    /** The state is {@code failed} as it was before the request. */
    FAILED_BEFORE,
    /** Feature discovery labelled the node. */
    DISCOVERED,
    /** The MIG manager's log shows the success of this request. */
    SUCCESS_LOGGED,
    /** The configuration was published for this change. */
    PUBLISHED
  }

  /**
   * What looks at the node have seen since it requests the configuration. Times are ISO 8601.
   *
   * @param requested when the request was made
   * @param prompt what makes the operator act on it
   * @param retries how often it was repeated under another name
   * @param marks what was seen; marks of a later version are skipped
   * @param pausedBefore the clients that were stopped before the request
   * @param stage the stage at the last look
   * @param stageSince since when
   * @param phaseSince when the last phase was reached; null where an earlier version wrote it
   * @param failedSince since when the state is {@code failed}; null if it is not
   * @param leftPausedSince since when clients are stopped beside the state {@code success}; null if they
   *     are not
   */
  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record Seen(
      String requested,
      Prompt prompt,
      int retries,

      @JsonFormat(with = JsonFormat.Feature.READ_UNKNOWN_ENUM_VALUES_AS_NULL)
      @JsonSetter(contentNulls = Nulls.SKIP)
      Set<Mark> marks,

      List<String> pausedBefore,
      Stage stage,
      String stageSince,
      @Nullable String phaseSince,
      @Nullable String failedSince,
      @Nullable String leftPausedSince) {
    public Seen {
      if (requested == null || stageSince == null) {
        throw new IllegalArgumentException("What was seen has the times requested and stageSince");
      }
      for (@Nullable
      String time :
          Arrays.asList(requested, stageSince, phaseSince, failedSince, leftPausedSince)) {
        Instant unused = time == null ? Instant.EPOCH : Instant.parse(time);
      }
      prompt = prompt == null ? Prompt.NOTHING : prompt;
      marks = marks == null ? Set.of() : Collections.unmodifiableSet(new TreeSet<>(marks));
      pausedBefore = pausedBefore == null ? List.of() : List.copyOf(pausedBefore);
      stage = stage == null ? Stage.REACTION : stage;
    }
  }

  /** Checks that nothing is missing; a record without a kind or a proof is one of a layout. */
  public ChangeRecord {
    if (config == null || by == null || since == null || until == null || done == null) {
      throw new IllegalArgumentException("A record has config, by, since, until and done");
    }
    kind = kind == null ? ChangeKind.LAYOUT : kind;
    proof = proof == null ? Proof.OFFER : proof;
    done = List.copyOf(done);
  }

  public static ChangeRecord of(
      ChangeKind kind, String config, String by, Instant since, Instant until, List<Done> done) {
    return new ChangeRecord(
        kind,
        config,
        by,
        since.toString(),
        until.toString(),
        done,
        Proof.OFFER,
        null,
        null,
        null,
        null);
  }

  /** The same change, whose evidence holds since then, or does not hold. */
  public ChangeRecord with(Proof evidence, Optional<Instant> stableSince, Seen progress) {
    return withProof(evidence)
        .withStableSince(stableSince.map(Instant::toString).orElse(null))
        .withSeen(progress);
  }

  /** Since when the node shows the evidence without interruption; empty if it did not when last seen. */
  public Optional<Instant> stable() {
    return Optional.ofNullable(stableSince).map(Instant::parse);
  }

  /**
   * Reads a node's record.
   *
   * @return the record; empty if the node has no such annotation
   * @throws MigConflictException if the annotation cannot be read
   */
  public static Optional<ChangeRecord> read(Node node) {
    @Nullable String text = NodeFields.annotations(node).get(KEY);
    if (text == null || text.isEmpty()) {
      return Optional.empty();
    }
    try {
      ChangeRecord record = Serialization.unmarshal(text, ChangeRecord.class);
      Instant until = Instant.parse(record.until);
      Instant since = Instant.parse(record.since);
      Optional<Instant> unused = record.stable();
      if (until.isBefore(since)) {
        throw new DateTimeException("until is before since");
      }
      return Optional.of(record);
    } catch (RuntimeException unreadable) {
      throw new MigConflictException(
          "Node %s has an annotation %s that cannot be read: %s. Remove it with 'kubectl annotate node %s %s-' when no other client changes the node"
              .formatted(
                  node.getMetadata().getName(), KEY, text, node.getMetadata().getName(), KEY));
    }
  }

  /** The MIG configuration in the record of a node; empty if it has none or cannot be read. */
  public static String configOf(Node node) {
    return NodeFields.record(node, KEY, ChangeRecord.class)
        .filter(record -> record.kind == ChangeKind.LAYOUT)
        .map(ChangeRecord::config)
        .orElse("");
  }

  /** Whether its client may still be changing the node. A clock that is slow makes this true longer. */
  public boolean isLive(Instant now) {
    return now.isBefore(Instant.parse(until));
  }

  public boolean has(Done what) {
    return done.contains(what);
  }

  /** Whether it records a change to this configuration. */
  public boolean isOf(ChangeKind otherKind, String otherConfig) {
    return kind == otherKind && config.equals(otherConfig);
  }

  /** The same change, ended before its deadline, with this left to undo. */
  public ChangeRecord ended(Instant now, List<Done> left) {
    Instant begin = Instant.parse(since);
    return withUntil((now.isBefore(begin) ? begin : now).toString())
        .withDone(left)
        .withSeen(null)
        .withReplaced(null)
        .withUndoes(null);
  }

  public String json() {
    return Serialization.asJson(this);
  }

  /** The client, the configuration and the times, for a message. */
  @Override
  public String toString() {
    return "%s has been changing it to %s since %s, with a deadline at %s"
        .formatted(
            by, config.isEmpty() ? "the operator's default" : "'" + config + "'", since, until);
  }
}
