package io.github.mig4j.k8s.diagnosis;

import io.github.mig4j.JsonForm;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Why a change failed, or that nothing is wrong, according to the node's labels, its resources and the
 * logs of the operator's pods.
 *
 * @param code the kind of failure; {@link FailureCode#UNRECOGNISED} if no known failure matches
 * @param explanation what happened and what to do, in one line
 * @param decisiveLine the line of the log that shows the cause, as its component printed it, but at most
 *     1000 characters
 * @param logLines up to 20 lines of the last run, oldest first, each at most 1000 characters; a line
 *     that is repeated is here once, with the number of times; empty if the log could not be read
 * @param component the component that wrote the decisive line; empty if there is no such line, or if it
 *     does not show the component
 */
public record Diagnosis(
    FailureCode code,
    String explanation,
    Optional<String> decisiveLine,
    List<String> logLines,
    Optional<LogComponent> component)
    implements JsonForm {

  /** Copies the lines. */
  public Diagnosis {
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(explanation, "explanation");
    Objects.requireNonNull(decisiveLine, "decisiveLine");
    Objects.requireNonNull(logLines, "logLines");
    Objects.requireNonNull(component, "component");
    logLines = List.copyOf(logLines);
  }

  /** A diagnosis that does not rest on a log. */
  public Diagnosis(FailureCode code, String explanation) {
    this(code, explanation, Optional.empty(), List.of(), Optional.empty());
  }

  /**
   * Explains a node's state without a request.
   *
   * <p>A log proves more than a state label, which names no configuration and may be from an earlier
   * request. If the log shows no cause, the state, the stopped clients and the resources decide.
   *
   * @param status the node
   * @param log all lines of its MIG manager's log, oldest first; lines of another component, such as the
   *     device plugin, may follow, or be the only ones
   * @return the diagnosis
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

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("code", code)
        .and("explanation", explanation)
        .and("component", component.map(LogComponent::toJson))
        .and("decisiveLine", decisiveLine)
        .and("logLines", logLines)
        .map();
  }
}
