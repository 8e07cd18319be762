package io.github.mig4j.k8s.internal;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The annotation that records how the last change of a node failed, so that a later look does not repeat
 * it at once. It is written when the change ends and removed when a change is verified.
 *
 * @param kind whether the layout or the sharing was changed
 * @param config the requested configuration, as in {@link ChangeRecord}
 * @param recovery whether it was requested anew, by a new process of the MIG manager
 * @param began when the change began, as ISO 8601; null where an earlier version wrote it
 * @param at when the change failed, as ISO 8601
 * @param attempts how often in succession it failed
 * @param code the cause, e.g. {@code IN_USE}
 * @param verdict what happened
 * @param explanation why, and what to do
 * @param late whether the evidence did not come in time; otherwise the operator reported a failure
 * @param rollback how the rollback ended; empty if there was none
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record FailureRecord(
    ChangeKind kind,
    String config,
    boolean recovery,
    @Nullable String began,
    String at,
    int attempts,
    String code,
    String verdict,
    String explanation,
    boolean late,
    String rollback) {

  /** The annotation's key. */
  public static final String KEY = "mig4j.github.io/last-failure";

  /** Checks that nothing is missing. */
  public FailureRecord {
    if (kind == null
        || config == null
        || at == null
        || code == null
        || verdict == null
        || explanation == null
        || rollback == null) {
      throw new IllegalArgumentException(
          "A failure has kind, config, at, attempts, code, verdict, explanation and rollback");
    }
    Instant unused = Instant.parse(at);
    Instant unusedToo = began == null ? unused : Instant.parse(began);
  }

  /** The record of a node; empty if it has none, or one that cannot be read. */
  public static Optional<FailureRecord> read(Node node) {
    return NodeFields.record(node, KEY, FailureRecord.class);
  }

  /** Whether it is of a change to this configuration. */
  public boolean isOf(ChangeKind otherKind, String otherConfig) {
    return kind == otherKind && config.equals(otherConfig);
  }

  /** The same failure, and how its rollback ended. */
  public FailureRecord with(String rollbackEnd) {
    return new FailureRecord(
        kind, config, recovery, began, at, attempts, code, verdict, explanation, late, rollbackEnd);
  }

  public String json() {
    return Serialization.asJson(this);
  }
}
