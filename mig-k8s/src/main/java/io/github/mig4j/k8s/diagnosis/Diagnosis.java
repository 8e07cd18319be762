package io.github.mig4j.k8s.diagnosis;

import io.github.mig4j.k8s.node.MigNodeStatus;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Why a change did not come about, as far as the node's labels, its resources and the logs of the
 * operator's pods tell.
 *
 * @param code the kind of failure; what is not known is {@link FailureCode#UNRECOGNISED}
 * @param explanation what happened and what to do, in one line
 * @param decisiveLine the line of the log that shows the cause, as it was printed; one of more than
 *     1000 characters is cut
 * @param logLines up to 20 lines of the MIG manager's last run, oldest first, each cut as the
 *     decisive one; empty if the log could not be read
 */
public record Diagnosis(
    FailureCode code, String explanation, Optional<String> decisiveLine, List<String> logLines) {

  /** Copies the lines. */
  public Diagnosis {
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(explanation, "explanation");
    Objects.requireNonNull(decisiveLine, "decisiveLine");
    Objects.requireNonNull(logLines, "logLines");
    logLines = List.copyOf(logLines);
  }

  /**
   * Explains a node's state. Pure: nothing is read.
   *
   * <p>A log proves more than a state label, which names no configuration and may be left from an
   * earlier request; where the log shows no cause, the state, the stopped clients and the resources
   * decide.
   *
   * @param status the node
   * @param log lines of its MIG manager's log, oldest first, as many as there are; lines of its
   *     device plugin's log may follow
   * @return what they show
   */
  public static Diagnosis of(MigNodeStatus status, List<String> log) {
    Objects.requireNonNull(status, "status");
    Objects.requireNonNull(log, "log");
    return new Diagnoser(status, OperatorLogs.of(log)).diagnosis();
  }

  /** The code and the explanation, e.g. {@code in-use: GPU 0 is in use by a process, …}. */
  @Override
  public String toString() {
    return code + ": " + explanation;
  }
}
