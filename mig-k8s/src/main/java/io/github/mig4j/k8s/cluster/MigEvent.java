package io.github.mig4j.k8s.cluster;

import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import io.github.mig4j.text.JsonFields;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;

/** Something that a client did or saw, as a {@link MigListener} receives it. */
public sealed interface MigEvent extends JsonForm
    permits MigEvent.PhaseReached,
        MigEvent.ChangeEnded,
        MigEvent.StandingChanged,
        MigEvent.RequestEnded,
        MigEvent.RequestRepeated {

  /** How a change of a node ended; the constants say what happens next. */
  enum Outcome implements JsonName {
    /** The configuration is in force, by evidence. */
    VERIFIED,
    /** Everything is as it should be, but what the node offers does not prove it. */
    VERIFIED_BY_STATE,
    /** It cannot work, and nothing was changed. */
    REFUSED,
    /** Another client changes the node. */
    CONFLICT,
    /** The MIG manager reports failure. */
    FAILED,
    /** The evidence did not come in time. */
    DEADLINE,
    /** The API server did not answer or did not allow it. */
    UNANSWERED,
    /** The wait was interrupted; the change continues on the node. */
    CANCELLED,
    /** A listener of the request or this library threw an exception that no client expects. */
    ERROR
  }

  /**
   * The change of a node has reached a phase.
   *
   * @param node the node's name
   * @param config the name of the configuration, without the hash of its content
   * @param phase the phase, such as {@code requested}: the name of an {@code ApplyPhase} in JSON
   * @param sincePrevious the time since the previous phase of this change, or since its begin
   * @param detail what was seen, in words
   */
  record PhaseReached(
      String node, String config, String phase, Duration sincePrevious, String detail)
      implements MigEvent {
    public PhaseReached {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(config, "config");
      Objects.requireNonNull(phase, "phase");
      Objects.requireNonNull(sincePrevious, "sincePrevious");
      Objects.requireNonNull(detail, "detail");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("event", "phase-reached")
          .and("node", node)
          .and("config", config)
          .and("phase", phase)
          .and("sincePrevious", sincePrevious)
          .and("detail", detail)
          .map();
    }
  }

  /**
   * The change of a node has ended. A rollback of a failed change is a change of its own, and ends before
   * it.
   *
   * @param node the node's name
   * @param config the name of the configuration, without the hash of its content; empty if the change ended before it
   *     was known
   * @param outcome how it ended
   * @param duration the time since its begin
   * @param detail what proves it, or the message of the exception
   */
  record ChangeEnded(String node, String config, Outcome outcome, Duration duration, String detail)
      implements MigEvent {
    public ChangeEnded {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(config, "config");
      Objects.requireNonNull(outcome, "outcome");
      Objects.requireNonNull(duration, "duration");
      Objects.requireNonNull(detail, "detail");
    }

    /** The node and how it ended, e.g. {@code gpu-node verified: small}. */
    @Override
    public String toString() {
      return "%s %s: %s".formatted(node, outcome.toJson(), config);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("event", "change-ended")
          .and("node", node)
          .and("config", config)
          .and("outcome", outcome)
          .and("duration", duration)
          .and("detail", detail)
          .map();
    }
  }

  /**
   * A reconciler sees a node stand otherwise to its policies than before.
   *
   * @param node the node's name
   * @param policy the name of its policy; empty if it has none
   * @param previous how it stood before; {@code unknown} if this process has not looked at it before
   * @param standing how it stands: {@code as-declared}, {@code changing}, {@code waiting}, {@code
   *     drifted}, {@code failed} or {@code not-ours}; {@code unknown} if the node is gone or another
   *     process reconciles it
   * @param cause what it waits for or how it has drifted, e.g. {@code budget}; otherwise empty
   * @param detail the standing in words
   */
  record StandingChanged(
      String node, String policy, String previous, String standing, String cause, String detail)
      implements MigEvent {
    /** How a node stands that this process has not looked at, or does not reconcile. */
    public static final String UNKNOWN = "unknown";

    public StandingChanged {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(policy, "policy");
      Objects.requireNonNull(previous, "previous");
      Objects.requireNonNull(standing, "standing");
      Objects.requireNonNull(cause, "cause");
      Objects.requireNonNull(detail, "detail");
    }

    /** The node and how it stands, e.g. {@code gpu-node drifted: label-changed}. */
    @Override
    public String toString() {
      return "%s %s%s".formatted(node, standing, cause.isEmpty() ? "" : ": " + cause);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("event", "standing-changed")
          .and("node", node)
          .and("policy", policy)
          .and("previous", previous)
          .and("standing", standing)
          .and("cause", cause)
          .and("detail", detail)
          .map();
    }
  }

  /**
   * The API server has answered a request, or the wait for its answer has ended. Watches are not reported.
   *
   * @param request the verb and the kind, e.g. {@code patch node}
   * @param status the HTTP status of a failure; 200 for a success, 0 if the API server did not answer
   * @param duration the time until then, with the repetitions of the Kubernetes client
   */
  record RequestEnded(String request, int status, Duration duration) implements MigEvent {
    public RequestEnded {
      Objects.requireNonNull(request, "request");
      Objects.requireNonNull(duration, "duration");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("event", "request-ended")
          .and("request", request)
          .and("status", status)
          .and("duration", duration)
          .map();
    }
  }

  /**
   * A request is sent again: another client wrote first, or an API server that has just started did not
   * allow what it allowed before.
   *
   * @param request the verb and the kind; empty for a read-change-write cycle
   * @param status the HTTP status of the answer, 403 or 409
   */
  record RequestRepeated(String request, int status) implements MigEvent {
    public RequestRepeated {
      Objects.requireNonNull(request, "request");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("event", "request-repeated")
          .and("request", request)
          .and("status", status)
          .map();
    }
  }
}
