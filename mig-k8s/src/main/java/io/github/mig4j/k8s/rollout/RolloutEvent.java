package io.github.mig4j.k8s.rollout;

import io.github.mig4j.k8s.change.ApplyEvent;
import java.util.Objects;

/** Something that a rollout tells while it runs; {@code toString} is a line for a log or a terminal. */
public sealed interface RolloutEvent {

  /**
   * Another process works on this rollout; this one takes over if it goes away.
   *
   * @param rollout the rollout's name
   * @param leader who works on it
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
  }

  /**
   * This process works on the rollout from here on, from its beginning or from where another left it.
   *
   * @param rollout the rollout's name
   * @param progress where it is
   */
  record TakenUp(String rollout, RolloutProgress progress) implements RolloutEvent {
    public TakenUp {
      Objects.requireNonNull(rollout, "rollout");
      Objects.requireNonNull(progress, "progress");
    }

    @Override
    public String toString() {
      return "rollout '%s' taken up: %s".formatted(rollout, progress);
    }
  }

  /**
   * A node has come a step further.
   *
   * @param step which
   */
  record NodeStep(ApplyEvent step) implements RolloutEvent {
    public NodeStep {
      Objects.requireNonNull(step, "step");
    }

    @Override
    public String toString() {
      return step.toString();
    }
  }

  /**
   * A node has ended, or ended once more by its way back.
   *
   * @param outcome how
   * @param progress where the rollout is now
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
  }

  /**
   * The rollout has entered a phase.
   *
   * @param phase the phase
   * @param reason why; empty where that needs no reason
   * @param progress where the rollout is now
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
  }
}
