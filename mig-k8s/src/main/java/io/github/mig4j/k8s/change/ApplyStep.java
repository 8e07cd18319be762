package io.github.mig4j.k8s.change;

import io.github.mig4j.JsonForm;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.text.JsonFields;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What one look at a change shows: {@link ApplyRequest#poll}. All that a later look must know is in the
 * node's record, so that the next look may come a minute later and from another process.
 *
 * <pre>{@code
 * ApplyStep step = mig.node("gpu-node").apply("small").poll();
 * step.lookAgainAfter().ifPresent(time -> queue.addAfter("gpu-node", time));
 * }</pre>
 */
public sealed interface ApplyStep extends JsonForm {

  /** {@return the name of the node} */
  String node();

  /**
   * {@return the time after which another look can show something new, unless the node changes
   * before; empty if the change has ended, and nothing more happens by itself}
   */
  Optional<Duration> lookAgainAfter();

  /**
   * The configuration is in force.
   *
   * @param node the node's name
   * @param outcome the evidence, and how sure it is
   * @param since since when looks have seen the evidence without interruption
   */
  record InForce(String node, ApplyOutcome outcome, Instant since) implements ApplyStep {
    public InForce {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(outcome, "outcome");
      Objects.requireNonNull(since, "since");
    }

    @Override
    public Optional<Duration> lookAgainAfter() {
      return Optional.empty();
    }

    /** The evidence in one line. */
    @Override
    public String toString() {
      return "%s, since %s".formatted(outcome, since);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("step", "in-force")
          .and("node", node)
          .and("since", since.toString())
          .and("outcome", outcome)
          .map();
    }
  }

  /**
   * This look has made the node request the configuration.
   *
   * @param node the node's name
   * @param config the value of its label
   * @param pause when to look again
   */
  record Requested(String node, String config, Duration pause) implements ApplyStep {
    public Requested {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(config, "config");
      Objects.requireNonNull(pause, "pause");
    }

    @Override
    public Optional<Duration> lookAgainAfter() {
      return Optional.of(pause);
    }

    /** The node and the value of its label in one line. */
    @Override
    public String toString() {
      return "%s requests '%s' now".formatted(node, config);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("step", "requested")
          .and("node", node)
          .and("config", config)
          .and("lookAgainAfter", lookAgainAfter())
          .map();
    }
  }

  /**
   * The change is under way, or waits for pods.
   *
   * @param node the node's name
   * @param phase the last phase that was seen; {@link ApplyPhase#CHECKED} if nothing is written yet
   * @param detail what is missing, in words
   * @param pause when to look again
   */
  record UnderWay(String node, ApplyPhase phase, String detail, Duration pause)
      implements ApplyStep {
    public UnderWay {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(phase, "phase");
      Objects.requireNonNull(detail, "detail");
      Objects.requireNonNull(pause, "pause");
    }

    @Override
    public Optional<Duration> lookAgainAfter() {
      return Optional.of(pause);
    }

    /** The node, the phase and what is missing in one line. */
    @Override
    public String toString() {
      return "%s is under way, %s: %s".formatted(node, phase, detail);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("step", "under-way")
          .and("node", node)
          .and("phase", phase)
          .and("detail", detail)
          .and("lookAgainAfter", lookAgainAfter())
          .map();
    }
  }

  /**
   * The change cannot work now, and nothing is written. It stays refused until the reasons are gone.
   *
   * @param node the node's name
   * @param reasons every reason, each with its remedy
   * @param findings the findings that are the reasons, with their codes; none where the refusal is not
   *     due to a check that has codes
   * @param retryAfter when to look again, if every reason can end by itself, such as a MIG manager that is
   *     not ready yet; empty if somebody has to act, for example in the ConfigMap, which is worth a watch
   */
  record Refused(
      String node, List<String> reasons, List<Finding> findings, Optional<Duration> retryAfter)
      implements ApplyStep {
    public Refused {
      Objects.requireNonNull(node, "node");
      reasons = List.copyOf(Objects.requireNonNull(reasons, "reasons"));
      findings = List.copyOf(Objects.requireNonNull(findings, "findings"));
      Objects.requireNonNull(retryAfter, "retryAfter");
    }

    @Override
    public Optional<Duration> lookAgainAfter() {
      return retryAfter;
    }

    /** The node and the reasons in one line. */
    @Override
    public String toString() {
      return "%s is refused: %s".formatted(node, String.join("; ", reasons));
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("step", "refused")
          .and("node", node)
          .and("reasons", reasons)
          .and("findings", findings)
          .and("retryAfter", retryAfter)
          .map();
    }
  }

  /**
   * The change has failed. Looks before the next attempt write nothing and report the same.
   *
   * @param node the node's name
   * @param message what happened and why, and how the rollback ended if there was one
   * @param diagnosis the cause, as far as it is known
   * @param retryAfter when a look makes the next attempt; empty if a repetition has the same result. Then
   *     the next attempt begins when the configuration has changed, by {@link ApplyRequest#await}, or when
   *     the annotation {@code mig4j.github.io/last-failure} is removed
   */
  record Failed(String node, String message, Diagnosis diagnosis, Optional<Duration> retryAfter)
      implements ApplyStep {
    public Failed {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(message, "message");
      Objects.requireNonNull(diagnosis, "diagnosis");
      Objects.requireNonNull(retryAfter, "retryAfter");
    }

    @Override
    public Optional<Duration> lookAgainAfter() {
      return retryAfter;
    }

    /** What happened in one line. */
    @Override
    public String toString() {
      return message;
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("step", "failed")
          .and("node", node)
          .and("message", message)
          .and("diagnosis", diagnosis)
          .and("retryAfter", retryAfter)
          .map();
    }
  }

  /**
   * Another client changes the node, or has labelled it otherwise meanwhile. This look has written
   * nothing.
   *
   * @param node the node's name
   * @param message who changes it to what, and the remedy
   * @param by the identity of the other client; empty if the node has no record of it
   * @param pause when to look again
   */
  record Conflict(String node, String message, Optional<String> by, Duration pause)
      implements ApplyStep {
    public Conflict {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(message, "message");
      Objects.requireNonNull(by, "by");
      Objects.requireNonNull(pause, "pause");
    }

    @Override
    public Optional<Duration> lookAgainAfter() {
      return Optional.of(pause);
    }

    /** Who changes the node in one line. */
    @Override
    public String toString() {
      return message;
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("step", "conflict")
          .and("node", node)
          .and("message", message)
          .and("by", by)
          .and("lookAgainAfter", lookAgainAfter())
          .map();
    }
  }
}
