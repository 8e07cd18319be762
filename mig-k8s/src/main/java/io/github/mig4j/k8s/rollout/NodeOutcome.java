package io.github.mig4j.k8s.rollout;

import io.github.mig4j.k8s.diagnosis.FailureCode;
import java.util.Objects;
import java.util.Optional;

/** What became of one node. */
public sealed interface NodeOutcome {

  /**
   * The node's name.
   *
   * @return the name
   */
  String node();

  /**
   * The configuration is in force; perhaps it was before.
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
  }

  /**
   * The node was left as it was, since the change was refused or the node is gone. That is no failure
   * of the rollout.
   *
   * @param node the node's name
   * @param reason why, with the remedy; cut after 200 characters
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
  }

  /**
   * The change failed, and the node is as that left it.
   *
   * @param node the node's name
   * @param code the kind of failure; empty if it was not the MIG manager's, e.g. where the health gate
   *     did not let the node pass
   * @param reason what happened and what to do; cut after 200 characters
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
  }

  /**
   * The node returned to the configuration before, because its change failed, or because the rollout
   * did.
   *
   * @param node the node's name
   * @param code the kind of failure; empty if another node failed
   * @param reason why; cut after 200 characters
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
  }

  /**
   * The rollout ended before this node's turn, or has not come to it yet.
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
  }
}
