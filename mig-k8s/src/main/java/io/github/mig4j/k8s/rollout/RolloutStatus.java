package io.github.mig4j.k8s.rollout;

import io.github.mig4j.JsonForm;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * A rollout according to its record, which may be some seconds old while it runs.
 *
 * @param name the rollout's name
 * @param phase its phase
 * @param reason why it is in this phase; empty for an expected phase
 * @param outcomes the outcome of each node, in the order of their change
 */
public record RolloutStatus(
    String name, RolloutPhase phase, String reason, List<NodeOutcome> outcomes)
    implements JsonForm {

  public RolloutStatus {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(phase, "phase");
    Objects.requireNonNull(reason, "reason");
    outcomes = List.copyOf(Objects.requireNonNull(outcomes, "outcomes"));
  }

  /**
   * The nodes with one kind of outcome, e.g. {@code outcomes(NodeOutcome.Failed.class)}.
   *
   * @param kind the kind
   * @param <T> the kind
   * @return those of that kind, in their order
   */
  public <T extends NodeOutcome> List<T> outcomes(Class<T> kind) {
    Objects.requireNonNull(kind, "kind");
    return outcomes.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /**
   * {@return whether the configuration is in force on every node: none was skipped, failed, rolled
   * back or not reached}
   */
  public boolean isComplete() {
    return outcomes.stream().allMatch(NodeOutcome.Verified.class::isInstance);
  }

  /** The summary in one line, e.g. {@code Rollout 'small': DONE, 4997 of 5000 nodes verified}. */
  @Override
  public String toString() {
    return "Rollout '%s': %s%s, %d of %d nodes verified"
        .formatted(
            name,
            phase,
            reason.isEmpty() ? "" : " (" + reason + ")",
            outcomes(NodeOutcome.Verified.class).size(),
            outcomes.size());
  }

  /**
   * {@return the summary, and a line for each node that was skipped, failed or rolled back, without
   * a line break at the end}
   */
  public String toText() {
    return this
        + outcomes.stream()
            .filter(outcome -> !(outcome instanceof NodeOutcome.Verified
                || outcome instanceof NodeOutcome.NotReached))
            .map(outcome -> "\n  " + outcome)
            .collect(Collectors.joining());
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("name", name)
        .and("phase", phase)
        .and("reason", reason)
        .and("nodes", outcomes)
        .map();
  }
}
