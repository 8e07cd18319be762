package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.sharing.GpuSharing;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Not API: what a change is for. Its target may depend on the node. */
public sealed interface ApplyGoal {

  /** Under which name a node requests a MIG configuration. */
  enum Naming {
    /** The name with the content's hash, which changes with the content. */
    BY_CONTENT,
    /** The name that is given. */
    EXACT,
    /** The name that a node requested before, which may carry the content's hash. */
    RECORDED
  }

  /** What the node is to request. */
  sealed interface Target {

    /** Which label requests it. */
    default ChangeKind kind() {
      return this instanceof Layout ? ChangeKind.LAYOUT : ChangeKind.SHARING;
    }

    /** Its name in messages. */
    String name();

    /** A MIG configuration. */
    record Layout(String name, Naming naming) implements Target {}

    /** A sharing configuration, under the name with its content's hash. */
    record Sharing(String name) implements Target {}

    /** The node's present sharing configuration, with this sharing or with none. */
    record OtherSharing(Optional<GpuSharing> sharing) implements Target {
      @Override
      public String name() {
        return sharing
            .map(some -> some.kind() + "-" + some.resources().get(0).replicas())
            .orElse("unshared");
      }
    }

    /** The value that the label of sharing had before; empty for the operator's default. */
    record RecordedSharing(String key) implements Target {
      @Override
      public String name() {
        return key.isEmpty() ? "operator default" : key;
      }
    }
  }

  /** The target on this node. */
  Target resolve(Cluster cluster, String node);

  /** What to publish if the map has no configuration of that name. */
  default Optional<MigConfig> fallback() {
    return Optional.empty();
  }

  /** Whether the pods that use the node's GPUs keep them. */
  default boolean keepsPods(MigNodeStatus before) {
    return false;
  }

  /** A target that the caller names. */
  record To(Target target) implements ApplyGoal {
    @Override
    public Target resolve(Cluster cluster, String node) {
      return target;
    }
  }

  /**
   * The configuration before the last change.
   *
   * @param kind the kind of change to undo; empty for the last change, whatever its kind
   * @param after what a rollback does after a rollback
   */
  record RollBack(Optional<ChangeKind> kind, After after) implements ApplyGoal {

    /** What a rollback does if the last change was a rollback itself. */
    public enum After {
      /** It undoes that. */
      UNDOES,
      /** It is that, and continues it. */
      CONTINUES
    }

    public RollBack(Optional<ChangeKind> kind) {
      this(kind, After.UNDOES);
    }

    /** After a change that failed, the GPUs still hold what made it fail. */
    @Override
    public boolean keepsPods(MigNodeStatus before) {
      return before.state().equals(Optional.of(MigState.FAILED));
    }

    @Override
    public Target resolve(Cluster cluster, String node) {
      Node now = cluster.requireNode(node);
      Map<String, String> recorded = NodeFields.annotations(now);
      ChangeKind last =
          ChangeKind.of(recorded.getOrDefault(ChangeRecord.LAST_KEY, "")).orElse(ChangeKind.LAYOUT);
      ChangeKind undone = kind.orElse(last);
      if (after == After.CONTINUES
          && undone == last
          && recorded.containsKey(ChangeRecord.ROLLED_BACK_KEY)) {
        return target(undone, undone.requested(now, cluster.settings()));
      }
      String previous = recorded.get(undone.previousKey());
      if (previous == null || (previous.isEmpty() && undone == ChangeKind.LAYOUT)) {
        throw new MigRefusedException(
            "Rolling back node " + node,
            List.of("its annotation %s records no previous configuration; apply one by name"
                .formatted(undone.previousKey())));
      }
      return target(undone, previous);
    }

    private static Target target(ChangeKind kind, String recorded) {
      return kind == ChangeKind.LAYOUT
          ? new Target.Layout(recorded, Naming.RECORDED)
          : new Target.RecordedSharing(recorded);
    }
  }

  /** Whole GPUs. */
  enum Disable implements ApplyGoal {
    DISABLE;

    static final String CONFIG = "all-disabled";

    @Override
    public Target resolve(Cluster cluster, String node) {
      return new Target.Layout(CONFIG, Naming.BY_CONTENT);
    }

    @Override
    public Optional<MigConfig> fallback() {
      return Optional.of(MigConfig.of(MigConfigSpec.allDisabled()));
    }
  }

  /**
   * What the node requests: the sharing configuration where a client has left its change of that
   * unfinished, otherwise the MIG configuration, by a new process of the MIG manager.
   */
  enum Recover implements ApplyGoal {
    RECOVER;

    /** The node requests nothing else than before. */
    @Override
    public boolean keepsPods(MigNodeStatus before) {
      return true;
    }

    @Override
    public Target resolve(Cluster cluster, String node) {
      Node now = cluster.requireNode(node);
      ChangeKind kind = ChangeRecord.read(now).map(ChangeRecord::kind).orElse(ChangeKind.LAYOUT);
      String requested = kind.requested(now, cluster.settings());
      if (kind == ChangeKind.SHARING) {
        return new Target.RecordedSharing(requested);
      }
      if (requested.isEmpty()) {
        throw new MigRefusedException(
            "Recovering node " + node, List.of("it requests no configuration; apply one by name"));
      }
      return new Target.Layout(requested, Naming.EXACT);
    }
  }
}
