package io.github.mig4j.k8s.rollout;

import io.github.mig4j.JsonForm;
import io.github.mig4j.k8s.change.ApplyEvent;
import io.github.mig4j.text.JsonFields;
import java.util.Map;
import java.util.Objects;

/** A report of a running rollout; {@code toString} is a line for a log or a terminal. */
public sealed interface RolloutEvent extends JsonForm {

  /**
   * Another process works on this rollout; this one takes over when that one stops.
   *
   * @param rollout the rollout's name
   * @param leader the identity of the other process
   */
  record StandingBy(String rollout, String leader) implements RolloutEvent {
    public StandingBy {
      Objects.requireNonNull(rollout, "rollout");
      Objects.requireNonNull(leader, "leader");
    }

    @Override
    public String toString() {
      return "standing by: %s works on rollout '%s'".formatted(leader, rollout);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("event", "standing-by")
          .and("rollout", rollout)
          .and("leader", leader)
          .map();
    }
  }

  /**
   * This process now works on the rollout, from its beginning or from where another process stopped.
   *
   * @param rollout the rollout's name
   * @param progress how many nodes are in each state
   */
  record Leading(String rollout, RolloutProgress progress) implements RolloutEvent {
    public Leading {
      Objects.requireNonNull(rollout, "rollout");
      Objects.requireNonNull(progress, "progress");
    }

    @Override
    public String toString() {
      return "working on rollout '%s': %s".formatted(rollout, progress);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("event", "leading")
          .and("rollout", rollout)
          .and("progress", progress)
          .map();
    }
  }

  /**
   * A node's change has reached its next phase.
   *
   * @param step the event of that node
   */
  record NodeStep(ApplyEvent step) implements RolloutEvent {
    public NodeStep {
      Objects.requireNonNull(step, "step");
    }

    @Override
    public String toString() {
      return step.toString();
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("event", "node-step").and("step", step).map();
    }
  }

  /**
   * The change of a node has ended, or its rollback.
   *
   * @param outcome the outcome of the node
   * @param progress how many nodes are in each state
   */
  record NodeEnded(NodeOutcome outcome, RolloutProgress progress) implements RolloutEvent {
    public NodeEnded {
      Objects.requireNonNull(outcome, "outcome");
      Objects.requireNonNull(progress, "progress");
    }

    @Override
    public String toString() {
      return "%s; %s".formatted(outcome, progress);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("event", "node-ended")
          .and("outcome", outcome)
          .and("progress", progress)
          .map();
    }
  }

  /**
   * The rollout has entered a phase.
   *
   * @param phase the phase
   * @param reason why; empty for an expected phase
   * @param progress how many nodes are in each state
   */
  record PhaseChanged(RolloutPhase phase, String reason, RolloutProgress progress)
      implements RolloutEvent {
    public PhaseChanged {
      Objects.requireNonNull(phase, "phase");
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(progress, "progress");
    }

    @Override
    public String toString() {
      return "%s%s; %s".formatted(phase, reason.isEmpty() ? "" : ": " + reason, progress);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("event", "phase-changed")
          .and("phase", phase)
          .and("reason", reason)
          .and("progress", progress)
          .map();
    }
  }
}
