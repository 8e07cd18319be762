package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.node.MigNodeStatus;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * A node and what is wrong with it, as an exception keeps them. Within the process it keeps
 * everything; a serialized exception keeps the name, the code and the explanation.
 */
final class LastSeen implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String node;
  private final FailureCode code;
  private final String explanation;
  private final transient @Nullable MigNodeStatus status;
  private final transient @Nullable Diagnosis diagnosis;

  LastSeen(MigNodeStatus status, Diagnosis diagnosis) {
    this.node = status.node();
    this.code = diagnosis.code();
    this.explanation = diagnosis.explanation();
    this.status = status;
    this.diagnosis = diagnosis;
  }

  MigNodeStatus status() {
    return status != null ? status : MigNodeStatus.unread(node);
  }

  Diagnosis diagnosis() {
    return diagnosis != null ? diagnosis : new Diagnosis(code, explanation);
  }
}
