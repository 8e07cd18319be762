package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.node.MigNodeStatus;
import java.util.Objects;
import java.util.SortedMap;

/** The outcome of a change that reached its goal, and how sure that is. */
public sealed interface ApplyOutcome {

  /**
   * The node as it was when the change ended.
   *
   * @return its status
   */
  MigNodeStatus status();

  /**
   * What the node was labelled with.
   *
   * @return a name of a layout or of a sharing configuration, as the label spells it; empty for the
   *     operator's default sharing
   */
  String config();

  /**
   * What the node offers to pods.
   *
   * @return counts by resource name, e.g. {@code nvidia.com/mig-1g.23gb=7}
   */
  default SortedMap<String, Long> allocatable() {
    return status().allocatable();
  }

  /**
   * The node offers exactly what was requested, feature discovery agrees, and the GPU's clients run.
   *
   * @param status the node
   * @param config the value of its label
   */
  record Verified(MigNodeStatus status, String config) implements ApplyOutcome {
    public Verified {
      Objects.requireNonNull(status, "status");
      Objects.requireNonNull(config, "config");
    }
  }

  /**
   * Everything is as it should be, but what the node offers does not prove that the configuration is
   * in force.
   *
   * @param status the node
   * @param config the value of its label
   * @param reason why it does not
   */
  record VerifiedByStateOnly(MigNodeStatus status, String config, String reason)
      implements ApplyOutcome {
    public VerifiedByStateOnly {
      Objects.requireNonNull(status, "status");
      Objects.requireNonNull(config, "config");
      Objects.requireNonNull(reason, "reason");
    }
  }
}
