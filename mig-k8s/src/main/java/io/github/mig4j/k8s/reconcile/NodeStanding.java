package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import io.github.mig4j.text.JsonFields;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** How a node stands to the policies. */
public sealed interface NodeStanding extends JsonForm {

  /** {@return the standing in words: one line without a full stop, with what to do about it} */
  default String message() {
    return toString();
  }

  /** The GPUs are what the policy declares. */
  record AsDeclared() implements NodeStanding {
    /** The only value. */
    public static final AsDeclared AS_DECLARED = new AsDeclared();

    @Override
    public String toString() {
      return "as declared";
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("standing", "as-declared").and("message", message()).map();
    }
  }

  /**
   * The node is changed to what the policy declares, or by another client.
   *
   * @param detail the phase and what is missing
   */
  record Changing(String detail) implements NodeStanding {
    public Changing {
      Objects.requireNonNull(detail, "detail");
    }

    @Override
    public String toString() {
      return "changing: " + detail;
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("standing", "changing").and("message", message()).map();
    }
  }

  /** What a node waits for. */
  enum Cause implements JsonName {
    /** Pods use its GPUs. */
    PODS,
    /** As many nodes of the policy are unavailable as may be. */
    BUDGET,
    /** No maintenance window is open. */
    WINDOW,
    /** The node or its policy is held. */
    HOLD,
    /** The first nodes are not as declared for long enough. */
    CANARY,
    /** Another client changes the node. */
    OTHER_CLIENT,
    /** A permission is missing. */
    PERMISSION
  }

  /**
   * The node is not as declared, and its change waits.
   *
   * @param cause the kind of what it waits for
   * @param detail what it waits for
   */
  record Waiting(Cause cause, String detail) implements NodeStanding {
    public Waiting {
      Objects.requireNonNull(cause, "cause");
      Objects.requireNonNull(detail, "detail");
    }

    @Override
    public String toString() {
      return "waits: " + detail;
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("standing", "waiting")
          .and("cause", cause)
          .and("message", message())
          .map();
    }
  }

  /** How a node differs from what is declared. */
  enum Drift implements JsonName {
    /** It has never been as declared. */
    NEW,
    /** Its label requests something else. */
    LABEL_CHANGED,
    /** Its configuration has other content than declared. */
    CONTENT_CHANGED,
    /** The ConfigMap has another content under the name that it requests, which has the hash of its content. */
    CONTENT_EDITED,
    /** It does not offer the devices of its configuration, e.g. after a reboot. */
    DEVICES_GONE,
    /** It has another number of GPUs or another model than at its last change. */
    GPUS_CHANGED,
    /** Its GPUs are shared in another way. */
    SHARING_CHANGED,
    /** The state of its MIG manager is not success. */
    STATE,
    /** Something prevents its change. */
    BLOCKED
  }

  /**
   * The node is not as declared, and nothing is done about it.
   *
   * @param drift the kind of the difference
   * @param detail what differs, and why nothing is done
   */
  record Drifted(Drift drift, String detail) implements NodeStanding {
    public Drifted {
      Objects.requireNonNull(drift, "drift");
      Objects.requireNonNull(detail, "detail");
    }

    @Override
    public String toString() {
      return "drifted: " + detail;
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("standing", "drifted")
          .and("drift", drift)
          .and("message", message())
          .map();
    }
  }

  /**
   * The last change has failed.
   *
   * @param detail the cause
   * @param retryAfter when the next attempt begins; empty if none does before the cause is removed
   */
  record Failed(String detail, Optional<Duration> retryAfter) implements NodeStanding {
    public Failed {
      Objects.requireNonNull(detail, "detail");
      Objects.requireNonNull(retryAfter, "retryAfter");
    }

    @Override
    public String toString() {
      return "failed: " + detail;
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("standing", "failed")
          .and("retryAfter", retryAfter)
          .and("message", message())
          .map();
    }
  }

  /**
   * No policy says what the node is to be.
   *
   * @param detail why
   */
  record NotOurs(String detail) implements NodeStanding {
    public NotOurs {
      Objects.requireNonNull(detail, "detail");
    }

    @Override
    public String toString() {
      return "not ours: " + detail;
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("standing", "not-ours").and("message", message()).map();
    }
  }
}
