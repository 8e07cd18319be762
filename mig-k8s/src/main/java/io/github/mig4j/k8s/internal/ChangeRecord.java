package io.github.mig4j.k8s.internal;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.k8s.cluster.MigConflictException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a node says of the change that is under way on it: an annotation that keeps two clients apart
 * and tells the next one what a client that died had begun. It is written with the label and removed
 * when the change has ended.
 *
 * @param config the name that the node was asked for, without the number of a repetition
 * @param by who asked
 * @param since when, as ISO 8601
 * @param until when the asker gives up at the latest, as ISO 8601; after that anybody may go on
 * @param done what was done to the node and has to be taken back
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record ChangeRecord(String config, String by, String since, String until, List<Done> done) {

  /** The annotation's key. */
  public static final String KEY = "mig4j.github.io/change";

  /** The configuration in force before the last change, for {@code MigNode.rollback}. */
  public static final String PREVIOUS_KEY = "mig4j.github.io/previous-config";

  /** What was asked for by the last change; the one before was in force until then. */
  public static final String ASKED_KEY = "mig4j.github.io/asked-config";

  /** The GPUs with which the last change has reckoned, for when the labels do not tell them. */
  public static final String GPUS_KEY = "mig4j.github.io/gpus";

  /** A thing done to a node for the time of a change. */
  public enum Done {
    /** Made unschedulable. */
    CORDONED,
    /** Tainted. */
    GATED
  }

  public ChangeRecord {
    if (config == null || by == null || since == null || until == null || done == null) {
      throw new IllegalArgumentException("A record has config, by, since, until and done");
    }
    done = List.copyOf(done);
  }

  public static ChangeRecord of(
      String config, String by, Instant since, Instant until, List<Done> done) {
    return new ChangeRecord(config, by, since.toString(), until.toString(), done);
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
          "Node %s has an annotation %s that cannot be read: %s. Remove it with 'kubectl annotate node %s %s-' once nobody changes the node"
              .formatted(
                  node.getMetadata().getName(), KEY, text, node.getMetadata().getName(), KEY));
    }
  }

  /** The configuration in the text of a record; empty if it cannot be read. */
  public static String configOf(String text) {
    try {
      return text.isEmpty()
          ? ""
          : Serialization.unmarshal(text, ChangeRecord.class).config();
    } catch (RuntimeException unreadable) {
      return "";
    }
  }

  /** Whether its asker may still be at work; a clock that runs behind errs on this side. */
  public boolean isLive(Instant now) {
    return now.isBefore(Instant.parse(until));
  }

  public boolean has(Done what) {
    return done.contains(what);
  }

  /** The same change, ended before its time, with this left to take back. */
  public ChangeRecord ended(Instant now, List<Done> left) {
    Instant begin = Instant.parse(since);
    return new ChangeRecord(
        config, by, since, (now.isBefore(begin) ? begin : now).toString(), left);
  }

  public String json() {
    return Serialization.asJson(this);
  }

  /** For a message: who, what and until when. */
  @Override
  public String toString() {
    return "%s has been changing it to '%s' since %s and gives up at %s at the latest"
        .formatted(by, config, since, until);
  }
}
