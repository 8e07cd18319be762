package io.github.mig4j.k8s.internal;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.util.Optional;

/**
 * The annotation that records what was verified on a node, and since when, so that a later look need not
 * wait for the evidence again. It is written when a change ends, and removed when the next one begins.
 *
 * @param key the value of the label
 * @param content what the name stood for
 * @param since since when the node shows the evidence, as ISO 8601
 * @param basis what proves it, or why nothing does
 * @param byState whether nothing proves it
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record VerifiedRecord(
    String key, String content, String since, String basis, boolean byState) {

  /** Checks that nothing is missing. */
  public VerifiedRecord {
    if (key == null || content == null || since == null || basis == null) {
      throw new IllegalArgumentException("What was verified has key, content, since and basis");
    }
    Instant unused = Instant.parse(since);
  }

  /** The record of a node; empty if it has none, or one that cannot be read. */
  public static Optional<VerifiedRecord> read(Node node, ChangeKind kind) {
    return NodeFields.record(node, kind.verifiedKey(), VerifiedRecord.class);
  }

  public String json() {
    return Serialization.asJson(this);
  }
}
