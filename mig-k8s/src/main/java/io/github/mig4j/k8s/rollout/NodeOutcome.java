package io.github.mig4j.k8s.rollout;

import io.github.mig4j.JsonForm;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.text.JsonFields;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The outcome of one node. */
public sealed interface NodeOutcome extends JsonForm {

  /** {@return the node's name} */
  String node();

  /**
   * The configuration is in force, perhaps since before the rollout.
   *
   * @param node the node's name
   */
  record Verified(String node) implements NodeOutcome {
    public Verified {
      Objects.requireNonNull(node, "node");
    }

    @Override
    public String toString() {
      return node + " verified";
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node).and("outcome", "verified").map();
    }
  }

  /**
   * The node was not changed, because the change was refused or the node does not exist. This does not
   * count as a failure.
   *
   * @param node the node's name
   * @param reason why, with the remedy; at most 200 characters
   */
  record Skipped(String node, String reason) implements NodeOutcome {
    public Skipped {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(reason, "reason");
    }

    @Override
    public String toString() {
      return node + " skipped: " + reason;
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node)
          .and("outcome", "skipped")
          .and("reason", reason)
          .map();
    }
  }

  /**
   * The change failed, and the node was left in that state.
   *
   * @param node the node's name
   * @param code the kind of failure; empty if the MIG manager did not fail, e.g. if the health gate
   *     rejected the node
   * @param reason what happened and what to do; at most 200 characters
   */
  record Failed(String node, Optional<FailureCode> code, String reason) implements NodeOutcome {
    public Failed {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(code, "code");
      Objects.requireNonNull(reason, "reason");
    }

    @Override
    public String toString() {
      return node + " failed: " + reason;
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node)
          .and("outcome", "failed")
          .and("code", code)
          .and("reason", reason)
          .map();
    }
  }

  /**
   * The node has its previous configuration again, because its change failed or the rollout stopped.
   *
   * @param node the node's name
   * @param code the kind of failure; empty if another node failed
   * @param reason why; at most 200 characters
   */
  record RolledBack(String node, Optional<FailureCode> code, String reason) implements NodeOutcome {
    public RolledBack {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(code, "code");
      Objects.requireNonNull(reason, "reason");
    }

    @Override
    public String toString() {
      return node + " rolled back: " + reason;
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node)
          .and("outcome", "rolled-back")
          .and("code", code)
          .and("reason", reason)
          .map();
    }
  }

  /**
   * The rollout has not started with this node.
   *
   * @param node the node's name
   */
  record NotReached(String node) implements NodeOutcome {
    public NotReached {
      Objects.requireNonNull(node, "node");
    }

    @Override
    public String toString() {
      return node + " not reached";
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node).and("outcome", "not-reached").map();
    }
  }
}
