package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.node.MigNodeStatus;
import java.util.Objects;
import java.util.SortedMap;

/** A request that ended well, and how sure that is. */
public sealed interface ApplyOutcome {

  /**
   * The node as it was when the request ended.
   *
   * @return its status
   */
  MigNodeStatus status();

  /**
   * What the node offers to pods.
   *
   * @return counts by resource name, e.g. {@code nvidia.com/mig-1g.23gb=7}
   */
  default SortedMap<String, Long> allocatable() {
    return status().allocatable();
  }

  /**
   * The node offers exactly what was asked for, feature discovery agrees, and the GPU's clients
   * run.
   *
   * @param status the node
   */
  record Verified(MigNodeStatus status) implements ApplyOutcome {
    public Verified {
      Objects.requireNonNull(status, "status");
    }
  }

  /**
   * The MIG manager says that it is done and nothing speaks against it, but the node's resources
   * cannot prove it.
   *
   * @param status the node
   * @param reason why they cannot
   */
  record VerifiedByStateOnly(MigNodeStatus status, String reason) implements ApplyOutcome {
    public VerifiedByStateOnly {
      Objects.requireNonNull(status, "status");
      Objects.requireNonNull(reason, "reason");
    }
  }
}
