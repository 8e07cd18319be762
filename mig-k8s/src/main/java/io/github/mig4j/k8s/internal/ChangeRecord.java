package io.github.mig4j.k8s.internal;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.k8s.cluster.MigConflictException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a node keeps of the change that is under way on it: an annotation that separates two clients,
 * and says to the next one what a client that died had begun and seen. The write that sets the label
 * also sets the record, and the end of the change removes it.
 *
 * @param kind whether the layout or the sharing changes
 * @param config the requested configuration, without the number of a repetition; empty for the
 *     operator's default
 * @param by the client that changes the node
 * @param since when the change began, as ISO 8601
 * @param until when that client gives up at the latest, as ISO 8601; afterwards any client may go on
 * @param done what was done to the node and must be undone
 * @param proof what the evidence of this change needs, and has, beside what the node offers
 */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ChangeRecord(
    ChangeKind kind,
    String config,
    String by,
    String since,
    String until,
    List<Done> done,
    Proof proof) {

  /** The annotation's key. */
  public static final String KEY = "mig4j.github.io/change";

  /** The kind of the last change, which a rollback undoes. */
  public static final String LAST_KEY = "mig4j.github.io/last-change";

  /** The GPUs that the last change assumed, for when the labels do not show them. */
  public static final String GPUS_KEY = "mig4j.github.io/gpus";

  /**
   * The last sharing configuration that was requested while the node offered something else, so that
   * the device plugin must have read it once the node offers it.
   */
  public static final String PROVABLE_SHARING_KEY = "mig4j.github.io/provable-sharing";

  /** A thing done to a node for the time of a change. */
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
        kind, config, by, since.toString(), until.toString(), done, Proof.OFFER);
  }

  public ChangeRecord with(Proof other) {
    return new ChangeRecord(kind, config, by, since, until, done, other);
  }

  /**
   * Reads a node's record.
   *
   * @return the record; empty if there is none
   * @throws MigConflictException if there is one that cannot be read
   */
  public static Optional<ChangeRecord> read(Node node) {
    @Nullable String text = Cluster.annotations(node).get(KEY);
    if (text == null || text.isEmpty()) {
      return Optional.empty();
    }
    try {
      ChangeRecord record = Serialization.unmarshal(text, ChangeRecord.class);
      Instant until = Instant.parse(record.until);
      Instant since = Instant.parse(record.since);
      if (until.isBefore(since)) {
        throw new DateTimeException("it ends before it begins");
      }
      return Optional.of(record);
    } catch (RuntimeException unreadable) {
      throw new MigConflictException(
          "Node %s has an annotation %s that cannot be read: %s. Remove it with 'kubectl annotate node %s %s-' once no client changes the node"
              .formatted(
                  node.getMetadata().getName(), KEY, text, node.getMetadata().getName(), KEY));
    }
  }

  /** The MIG configuration in the text of a record; empty if it has none or cannot be read. */
  public static String configOf(String text) {
    try {
      ChangeRecord record = Serialization.unmarshal(text, ChangeRecord.class);
      return text.isEmpty() || record.kind() != ChangeKind.LAYOUT ? "" : record.config();
    } catch (RuntimeException unreadable) {
      return "";
    }
  }

  /** Whether its client may still be at work; a clock that runs behind errs on this side. */
  public boolean isLive(Instant now) {
    return now.isBefore(Instant.parse(until));
  }

  public boolean has(Done what) {
    return done.contains(what);
  }

  /** Whether it is the record of a change to this configuration. */
  public boolean isOf(ChangeKind otherKind, String otherConfig) {
    return kind == otherKind && config.equals(otherConfig);
  }

  /** The same change, ended before its time, with this left to undo. */
  public ChangeRecord ended(Instant now, List<Done> left) {
    Instant begin = Instant.parse(since);
    return new ChangeRecord(
        kind, config, by, since, (now.isBefore(begin) ? begin : now).toString(), left, proof);
  }

  public String json() {
    return Serialization.asJson(this);
  }

  /** For a message: who, what and until when. */
  @Override
  public String toString() {
    return "%s has been changing it to %s since %s and gives up at %s at the latest"
        .formatted(
            by, config.isEmpty() ? "the operator's default" : "'" + config + "'", since, until);
  }
}
