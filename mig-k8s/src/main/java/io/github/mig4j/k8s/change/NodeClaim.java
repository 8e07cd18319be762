package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Taint;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.NodePatch;
import io.github.mig4j.k8s.node.GpuRecord;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.node.NodeGpu;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The right to change a node, kept on the node itself as a {@link ChangeRecord}: of two clients one
 * gets it, and it says what has to be taken back when the change has ended.
 */
final class NodeClaim {

  /** Keeps pods without a toleration away until a change is verified. */
  static final Taint GATE = new Taint("NoSchedule", "mig4j.github.io/unverified", null, "true");

  private final Cluster cluster;
  private final String node;
  private final String config;
  private final List<NodeGpu> gpus;
  private final String by;
  private final Instant begun;
  private final Instant until;
  private final Set<ChangeRecord.Done> mine = EnumSet.noneOf(ChangeRecord.Done.class);
  private boolean asked;
  private boolean changes;

  /**
   * A claim that is not made yet.
   *
   * @param config the name that the node is asked for, without the number of a repetition
   * @param gpus the GPUs of the node
   * @param limit how long the change may take
   */
  NodeClaim(Cluster cluster, String node, String config, List<NodeGpu> gpus, Duration limit) {
    this.cluster = cluster;
    this.node = node;
    this.config = config;
    this.gpus = gpus;
    this.by = cluster.identity();
    this.begun = cluster.settings().clock().instant();
    this.until = begun.plus(limit);
  }

  /** Makes a node unschedulable, unless somebody has already. */
  Node cordon() {
    return cluster.onLatestVersion(() -> {
      Node now = cluster.requireNode(node);
      requireFree(now);
      if (Cluster.isCordoned(now)) {
        // The answer to our own patch may have been lost.
        ChangeRecord.read(now)
            .filter(record -> record.by().equals(by) && record.has(ChangeRecord.Done.CORDONED))
            .ifPresent(record -> mine.add(ChangeRecord.Done.CORDONED));
        return now;
      }
      Node cordoned = cluster.patch(NodePatch.on(now)
          .cordon()
          .annotate(ChangeRecord.KEY, recordWith(now, ChangeRecord.Done.CORDONED)));
      mine.add(ChangeRecord.Done.CORDONED);
      return cordoned;
    });
  }

  /**
   * Asks a node for a configuration, and records the change in the same write. What the node asks
   * for already is taken up in the same way, unless somebody else is still at it.
   *
   * @param before the node on which the decision rests
   * @param key the value of the config label
   */
  Node ask(Node before, String key, ApplyOptions.Gate gate) {
    String label = cluster.settings().configLabel();
    return cluster.onLatestVersion(() -> {
      Node now = cluster.requireNode(node);
      String current = Cluster.labels(now).getOrDefault(label, "");
      boolean alreadyAsked = current.equals(key);
      if (!alreadyAsked && !current.equals(Cluster.labels(before).getOrDefault(label, ""))) {
        throw new MigConflictException(
            "Node %s was asked for '%s' by somebody else just now. Agree on who labels the node and apply again"
                .formatted(node, current));
      }
      requireFree(now);
      NodePatch patch = NodePatch.on(now).label(label, key);
      if (gate == ApplyOptions.Gate.CLOSED && !NodePatch.has(now, GATE)) {
        patch.taint(GATE).annotate(ChangeRecord.KEY, recordWith(now, ChangeRecord.Done.GATED));
      } else if (!alreadyAsked || !isFollowedByAnother(now)) {
        patch.annotate(ChangeRecord.KEY, recordWith(now));
      }
      if (!alreadyAsked) {
        patch.annotate(ChangeRecord.REQUESTED_KEY, config);
        previous(now, current)
            .ifPresent(previous -> patch.annotate(ChangeRecord.PREVIOUS_KEY, previous));
      }
      if (!patch.isEmpty()) {
        patch.annotate(ChangeRecord.GPUS_KEY, GpuRecord.text(gpus));
      }
      boolean begins =
          !alreadyAsked || config.equals(Cluster.annotations(now).get(ChangeRecord.REQUESTED_KEY));
      Node after = patch.isEmpty() ? now : cluster.patch(patch);
      changes = asked ? changes : begins;
      asked = true;
      return after;
    });
  }

  /** What to return to: only a configuration that was in force, and not the one asked for now. */
  private Optional<String> previous(Node now, String current) {
    MigNodeStatus status = MigNodeStatus.of(now, cluster.settings());
    boolean wasInForce = status.state().equals(Optional.of(MigState.SUCCESS));
    return current.isEmpty() || !wasInForce || withoutRepetition(current).equals(config)
        ? Optional.empty()
        : Optional.of(current);
  }

  /** Takes the claim from whoever has it. */
  Node takeOver() {
    return cluster.onLatestVersion(() -> {
      Node now = cluster.requireNode(node);
      return cluster.patch(NodePatch.on(now).annotate(ChangeRecord.KEY, recordWith(now)));
    });
  }

  /** Ends a change that is verified: takes back what was done for its time. */
  void succeed() {
    end(cluster, record -> record.config().equals(config), EnumSet.allOf(ChangeRecord.Done.class));
  }

  /**
   * Ends a change that is not verified. Where the node was asked already, pods are still kept away,
   * and the record stays to say so; the next change may begin at once.
   */
  void release() {
    Predicate<ChangeRecord> ours =
        record -> record.by().equals(by) && record.config().equals(config);
    if (asked) {
      // Not worth waiting for an API server that is away: the record ends by itself.
      end(cluster.withoutRepetition(), ours, EnumSet.noneOf(ChangeRecord.Done.class));
    } else {
      end(cluster, ours, mine);
    }
  }

  /**
   * Whether the node asks for the configuration due to this change or to the one that it takes up, so
   * that what is recorded as the configuration before is what was in force before this change.
   */
  boolean changesNode() {
    return changes;
  }

  private void end(
      Cluster through, Predicate<ChangeRecord> which, Set<ChangeRecord.Done> takenBack) {
    through.onLatestVersion(() -> {
      Optional<Node> now = through.node(node);
      Optional<ChangeRecord> record = now.flatMap(ChangeRecord::read).filter(which);
      if (record.isPresent()) {
        Node unused = through.patch(end(now.get(), record.get(), takenBack));
      }
    });
  }

  private NodePatch end(Node now, ChangeRecord record, Set<ChangeRecord.Done> takenBack) {
    NodePatch patch = NodePatch.on(now);
    List<ChangeRecord.Done> left = new ArrayList<>();
    for (ChangeRecord.Done what : record.done()) {
      if (!takenBack.contains(what)) {
        left.add(what);
      } else if (what == ChangeRecord.Done.CORDONED) {
        patch.uncordon();
      } else {
        patch.removeTaint(GATE);
      }
    }
    return left.isEmpty()
        ? patch.removeAnnotation(ChangeRecord.KEY)
        : patch.annotate(
            ChangeRecord.KEY,
            record.ended(cluster.settings().clock().instant(), left).json());
  }

  /** Fails if somebody else may still be changing the node to something else. */
  void requireFree(Node now) {
    Optional<ChangeRecord> other = live(now)
        .filter(record -> !record.by().equals(by))
        .filter(record -> !record.config().equals(config));
    if (other.isPresent()) {
      throw new MigConflictException(
          "Node %s is being changed: %s. Wait, or if that client is gone, recover the node"
              .formatted(node, other.get()));
    }
  }

  private boolean isFollowedByAnother(Node now) {
    return live(now).filter(record -> !record.by().equals(by)).isPresent();
  }

  private Optional<ChangeRecord> live(Node now) {
    return ChangeRecord.read(now)
        .filter(record -> record.isLive(cluster.settings().clock().instant()));
  }

  /** What an earlier change has left to take back is taken over; this one's beginning stays. */
  private String recordWith(Node now, ChangeRecord.Done... more) {
    List<ChangeRecord.Done> done =
        new ArrayList<>(ChangeRecord.read(now).map(ChangeRecord::done).orElse(List.of()));
    for (ChangeRecord.Done what : more) {
      if (!done.contains(what)) {
        done.add(what);
      }
    }
    Instant since = live(now)
        .filter(record -> record.by().equals(by) && record.config().equals(config))
        .map(record -> Instant.parse(record.since()))
        .filter(begun::isAfter)
        .orElse(begun);
    return ChangeRecord.of(config, by, since, until, done).json();
  }

  private static String withoutRepetition(String key) {
    return key.replaceFirst("-r[0-9]+$", "");
  }
}
