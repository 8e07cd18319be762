package io.github.mig4j.k8s.check;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import java.util.List;
import java.util.Optional;

/** What an change is for; which configuration that is may depend on the node. */
public sealed interface ApplyGoal {

  /** Which of the two names of a configuration the node is asked for. */
  enum Naming {
    BY_CONTENT,
    EXACT
  }

  /** The configuration to ask for. */
  Wanted resolve(Cluster cluster, String node);

  /** What to publish if the map has no configuration of that name. */
  default Optional<MigConfig> otherwise() {
    return Optional.empty();
  }

  /** Whether the pods that use the node's GPUs keep them. */
  default boolean takesNothing(MigNodeStatus before) {
    return false;
  }

  /** A configuration and under which of its names it is asked for. */
  record Wanted(String config, Naming naming) {}

  /** A configuration that the caller names. */
  record Named(String config, Naming naming) implements ApplyGoal {
    @Override
    public Wanted resolve(Cluster cluster, String node) {
      return new Wanted(config, naming);
    }
  }

  /** The configuration in force before the last change. */
  enum Previous implements ApplyGoal {
    PREVIOUS;

    /** After a change that failed, the GPUs still hold what made it fail. */
    @Override
    public boolean takesNothing(MigNodeStatus before) {
      return before.state().equals(Optional.of(MigState.FAILED));
    }

    @Override
    public Wanted resolve(Cluster cluster, String node) {
      String recorded = Cluster.annotations(cluster.requireNode(node))
          .getOrDefault(ChangeRecord.PREVIOUS_KEY, "");
      if (recorded.isEmpty()) {
        throw new MigRefusedException(
            "Rolling back node " + node,
            List.of("no configuration is recorded from before; apply one by name, or disable MIG"));
      }
      return new Wanted(recorded, Naming.EXACT);
    }
  }

  /** Whole GPUs. */
  enum WholeGpus implements ApplyGoal {
    WHOLE_GPUS;

    static final String CONFIG = "all-disabled";

    @Override
    public Wanted resolve(Cluster cluster, String node) {
      return new Wanted(CONFIG, Naming.BY_CONTENT);
    }

    @Override
    public Optional<MigConfig> otherwise() {
      return Optional.of(MigConfig.of(MigConfigSpec.allDisabled()));
    }
  }

  /** The configuration that the node asks for, by a fresh process of the MIG manager. */
  enum Again implements ApplyGoal {
    AGAIN;

    /** Nothing else is asked of the node than before. */
    @Override
    public boolean takesNothing(MigNodeStatus before) {
      return true;
    }

    @Override
    public Wanted resolve(Cluster cluster, String node) {
      String asked = Cluster.labels(cluster.requireNode(node))
          .getOrDefault(cluster.settings().configLabel(), "");
      if (asked.isEmpty()) {
        throw new MigRefusedException(
            "Recovering node " + node,
            List.of("it asks for no configuration; apply one, or disable MIG"));
      }
      return new Wanted(asked, Naming.EXACT);
    }
  }
}
