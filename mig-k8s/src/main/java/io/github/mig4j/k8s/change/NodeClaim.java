package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.k8s.check.ApplyGoal;
import io.github.mig4j.k8s.check.ApplyPlan;
import io.github.mig4j.k8s.check.NodeCheck;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.ChangeRecord.Prompt;
import io.github.mig4j.k8s.internal.ChangeRecord.Seen;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.FailureRecord;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.internal.NodeGate;
import io.github.mig4j.k8s.internal.NodePatch;
import io.github.mig4j.k8s.internal.NodeWatch;
import io.github.mig4j.k8s.internal.VerifiedRecord;
import io.github.mig4j.k8s.node.GpuRecord;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.text.ContentName;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * The right to change a node, kept on the node itself as a {@link ChangeRecord}: of two clients one
 * gets it, and it says what must be undone when the change has ended.
 */
final class NodeClaim {

  private final ApplyRun.Task task;
  private final ApplyPlan plan;
  private final Cluster cluster;
  private final String node;
  private final ChangeKind kind;
  private final String label;
  private final String config;
  private final Optional<FailureRecord> undoing;
  private Instant began;
  private Instant until;
  private final Set<ChangeRecord.Done> mine = EnumSet.noneOf(ChangeRecord.Done.class);
  private final AtomicReference<Optional<Node>> latest = new AtomicReference<>(Optional.empty());
  private boolean requested;
  private boolean changes;
  private int endings;

  /**
   * A claim that is not made yet.
   *
   * @param plan what is going to be requested
   * @param undoing the failure that the change undoes
   */
  NodeClaim(ApplyRun.Task task, ApplyPlan plan, Optional<FailureRecord> undoing) {
    this.task = task;
    this.plan = plan;
    this.cluster = task.cluster();
    this.node = plan.node().getMetadata().getName();
    this.kind = plan.kind();
    this.label = plan.kind().label(cluster.settings());
    this.config = plan.recordedName();
    this.undoing = undoing;
    this.began = cluster.settings().clock().instant();
    this.until = began.plus(task.limit());
  }

  /** Continues a change that this client has recorded on the node. */
  void resume(Node now, ChangeRecord record) {
    mine.addAll(record.done());
    began = Instant.parse(record.since());
    until = Instant.parse(record.until());
    requested = record.seen() != null;
    changes = config.equals(NodeFields.annotations(now).get(kind.requestedKey()));
  }

  /** Records that the change begins, where nothing else that is written says so. */
  Node begin() {
    return cluster.onLatestVersion(() -> {
      Node now = cluster.requireNode(node);
      requireFree(now);
      return live(now).filter(this::isMine).isPresent()
          ? now
          : write(cluster, NodePatch.on(now).record(recordWith(now)));
    });
  }

  /**
   * Takes note of a version of the node that may be the latest, on which the next write is tried before
   * the node is read again. A write on an older version changes nothing.
   */
  void note(Node version) {
    latest.set(Optional.of(version));
  }

  /** Makes a node unschedulable, unless it is already. */
  Node cordon() {
    return cluster.onLatestVersion(() -> {
      Node now = cluster.requireNode(node);
      requireFree(now);
      if (NodeFields.isCordoned(now)) {
        // The answer to our own patch may have been lost.
        ChangeRecord.read(now)
            .filter(
                record -> record.by().equals(task.by()) && record.has(ChangeRecord.Done.CORDONED))
            .ifPresent(record -> mine.add(ChangeRecord.Done.CORDONED));
        return now;
      }
      Node cordoned = write(
          cluster, NodePatch.on(now).cordon().record(recordWith(now, ChangeRecord.Done.CORDONED)));
      mine.add(ChangeRecord.Done.CORDONED);
      return cordoned;
    });
  }

  /**
   * Makes a node request a configuration, and records the change in the same write. What the node
   * requests already is claimed in the same way, unless another client is still at work on it.
   *
   * @param before the node on which the decision rests
   * @param key the value of the label; empty to remove it
   * @param proof what the evidence needs beside the node's offer
   * @param seen what a later look must know
   */
  Node request(Node before, String key, NodeCheck.Gate gate, ChangeRecord.Proof proof, Seen seen) {
    note(before);
    return cluster.onLatestVersion(() -> {
      Node now = latest.getAndSet(Optional.empty()).orElseGet(() -> cluster.requireNode(node));
      String current = kind.requested(now, cluster.settings());
      boolean alreadyRequested = current.equals(key);
      if (!alreadyRequested && !current.equals(kind.requested(before, cluster.settings()))) {
        throw new MigConflictException(
            "Node %s: %s set %s=%s just now. Let one client label the node, and apply again"
                .formatted(node, client(now, task.by(), current), label, current));
      }
      requireFree(now);
      NodePatch patch = NodePatch.on(now);
      Optional<Instant> stableSince =
          alreadyRequested && seen.prompt() == Prompt.NOTHING ? stableSince(now) : Optional.empty();
      if (!alreadyRequested) {
        NodePatch unused = key.isEmpty() ? patch.removeLabel(label) : patch.label(label, key);
      }
      boolean gates = gate == NodeCheck.Gate.CLOSED && !NodePatch.has(now, NodeGate.TAINT);
      if (gates) {
        patch.taint(NodeGate.TAINT);
      }
      if (gates || !alreadyRequested || !isFollowedByAnother(now)) {
        patch.record((gates ? recordWith(now, ChangeRecord.Done.GATED) : recordWith(now))
            .with(proof, stableSince, seen));
      }
      if (!alreadyRequested) {
        patch
            .annotate(kind.requestedKey(), config)
            .annotate(ChangeRecord.LAST_KEY, kind.toString());
        previous(now, current).ifPresent(previous -> patch.annotate(kind.previousKey(), previous));
        recordRollback(patch, current);
      }
      recordForLater(patch, alreadyRequested, key, proof);
      if (!patch.isEmpty()) {
        patch.removeAnnotation(kind.verifiedKey());
      }
      boolean begins =
          !alreadyRequested || config.equals(NodeFields.annotations(now).get(kind.requestedKey()));
      Node after = patch.isEmpty() ? now : write(cluster, patch);
      note(after);
      changes = requested ? changes : begins;
      requested = true;
      return after;
    });
  }

  /** Records the GPUs that the caller states, where the node's record differs; nothing else is written. */
  Node recordGpus(Node before) {
    if (plan.gpus().isEmpty() || !GpuRecord.differs(before, plan.gpus())) {
      return before;
    }
    return cluster.onLatestVersion(() -> {
      NodePatch patch = NodePatch.on(cluster.requireNode(node));
      GpuRecord.write(patch, plan.gpus());
      return cluster.patch(patch);
    });
  }

  /** A repetition under another name undoes nothing more. */
  private void recordRollback(NodePatch patch, String current) {
    if (ContentName.withoutRepetition(current).equals(config)) {
      return;
    }
    NodePatch unused = task.goal() instanceof ApplyGoal.RollBack
        ? patch.annotate(ChangeRecord.ROLLED_BACK_KEY, current)
        : patch.removeAnnotation(ChangeRecord.ROLLED_BACK_KEY);
  }

  /** What a later change must know, and no record of this one says any more. */
  private void recordForLater(
      NodePatch patch, boolean alreadyRequested, String key, ChangeRecord.Proof proof) {
    if (kind == ChangeKind.LAYOUT && !alreadyRequested) {
      patch.annotate(ChangeRecord.NAME_KEY, plan.plainName());
    }
    if (!patch.isEmpty() && !plan.gpus().isEmpty()) {
      GpuRecord.write(patch, plan.gpus());
    }
    if (kind == ChangeKind.SHARING && proof == ChangeRecord.Proof.OFFER && !patch.isEmpty()) {
      patch.annotate(ChangeRecord.PROVABLE_SHARING_KEY, key);
    } else if (kind == ChangeKind.SHARING && !alreadyRequested) {
      patch.removeAnnotation(ChangeRecord.PROVABLE_SHARING_KEY);
    }
  }

  /**
   * What a rollback returns to: not the configuration that is requested now, and of layouts only one
   * that was in force.
   */
  private Optional<String> previous(Node now, String current) {
    boolean wasInForce = kind == ChangeKind.SHARING
        || (!current.isEmpty()
            && MigNodeStatus.of(now, cluster.settings())
                .state()
                .equals(Optional.of(MigState.SUCCESS)));
    return !wasInForce || ContentName.withoutRepetition(current).equals(config)
        ? Optional.empty()
        : Optional.of(current);
  }

  /**
   * Takes the claim from the client that has it.
   *
   * @param replaced the uids of the MIG manager's pods that are replaced
   */
  Node takeOver(List<String> replaced) {
    return cluster.onLatestVersion(() -> {
      Node now = cluster.requireNode(node);
      ChangeRecord record = recordWith(now);
      return write(
          cluster,
          NodePatch.on(now).record(replaced.isEmpty() ? record : record.withReplaced(replaced)));
    });
  }

  /**
   * Records what the evidence has by now. Only this client's own record is written.
   *
   * @param seen a version of the node, perhaps the latest
   */
  void record(Node seen, ChangeRecord.Proof proof, Optional<Instant> stableSince, Seen progress) {
    Cluster once = cluster.withoutRepetition();
    AtomicReference<Optional<Node>> known = new AtomicReference<>(Optional.of(seen)
        .filter(node -> ChangeRecord.read(node).filter(this::isMine).isPresent()));
    once.onLatestVersion(() -> {
      Optional<Node> now = known.getAndSet(Optional.empty()).or(() -> once.node(node));
      Optional<ChangeRecord> record = now.flatMap(ChangeRecord::read).filter(this::isMine);
      if (record.isPresent()) {
        NodePatch patch =
            NodePatch.on(now.get()).record(record.get().with(proof, stableSince, progress));
        if (!patch.isEmpty()) {
          note(write(once, patch));
        }
      }
    });
  }

  /** Since when a change to this configuration that continues is known to be stable. */
  Optional<Instant> stableSince(Node now) {
    return ChangeRecord.read(now)
        .filter(record -> record.isOf(kind, config))
        .flatMap(ChangeRecord::stable);
  }

  /**
   * Ends a change that is verified: undoes what was done for its time, and records what was verified.
   * The failure that this change undoes stays on record. Nothing is written if the node has changed
   * since the version that shows the evidence, so the answer of the API server confirms that version.
   *
   * @param shown the version that shows the evidence
   * @return the node as it is now, if it has changed; empty if the change has ended
   * @throws MigConflictException if the node was deleted, or changes again and again
   */
  Optional<Node> succeed(Node shown, VerifiedRecord verified) {
    Optional<ChangeRecord> record = recordToEnd(shown);
    if (record.isEmpty()) {
      return Optional.empty();
    }
    NodePatch patch = end(shown, record.get(), EnumSet.allOf(ChangeRecord.Done.class));
    NodePatch ending = undoing
        .map(failure -> patch.annotate(FailureRecord.KEY, failure.json()))
        .orElseGet(() -> patch.removeAnnotation(FailureRecord.KEY))
        .annotate(kind.verifiedKey(), verified.json());
    return written(() -> {
      endings++;
      return cluster.patchIfSame(ending, endings).isPresent()
          ? Optional.empty()
          : Optional.of(cluster
              .node(node)
              .filter(now -> isSameNode(now, shown))
              .orElseThrow(() -> NodeWatch.deleted(node)));
    });
  }

  /** A node that was deleted and created again has the same name, and perhaps the same labels. */
  private static boolean isSameNode(Node one, Node other) {
    return Objects.equals(one.getMetadata().getUid(), other.getMetadata().getUid());
  }

  /** Whether the end of a change that this version of the node verifies is written to the node. */
  boolean isEndedByWrite(Node shown) {
    return recordToEnd(shown).isPresent();
  }

  private Optional<ChangeRecord> recordToEnd(Node shown) {
    return ChangeRecord.read(shown).filter(record -> record.isOf(kind, config));
  }

  /**
   * Ends a change that is not verified. Where the node was labelled already, pods are still kept away,
   * and the record stays to say so; the next change may begin at once.
   *
   * @param failure how it failed; empty if it did not
   */
  void release(Optional<FailureRecord> failure) {
    UnaryOperator<NodePatch> note = patch ->
        failure.map(record -> patch.annotate(FailureRecord.KEY, record.json())).orElse(patch);
    if (requested) {
      // Not worth waiting for an API server that is away: the record ends by itself.
      end(cluster.withoutRepetition(), EnumSet.noneOf(ChangeRecord.Done.class), note);
    } else {
      end(cluster, mine, note);
    }
  }

  private boolean isMine(ChangeRecord record) {
    return record.by().equals(task.by()) && record.isOf(kind, config);
  }

  /** The identity of the client whose change it is. */
  String by() {
    return task.by();
  }

  /** Whether the node has been written for this change. */
  boolean isMade() {
    return requested;
  }

  /**
   * Whether the node requests the configuration due to this change or to the one that it continues, so
   * that the recorded previous configuration is that before this change.
   */
  boolean changesNode() {
    return changes;
  }

  /** A change that is cancelled at its end is ended all the same. */
  private void end(Cluster through, Set<ChangeRecord.Done> undone, UnaryOperator<NodePatch> note) {
    boolean unused = written(() -> through.onLatestVersion(() -> {
      Optional<Node> now = latest.getAndSet(Optional.empty()).or(() -> through.node(node));
      Optional<ChangeRecord> record = now.flatMap(ChangeRecord::read).filter(this::isMine);
      if (record.isPresent()) {
        Node unusedNode = through.patch(note.apply(end(now.get(), record.get(), undone)));
      }
      return record.isPresent();
    }));
  }

  private Node write(Cluster through, NodePatch patch) {
    return written(() -> through.patch(patch));
  }

  /**
   * What was written is known also where the change is cancelled meanwhile, so that it is undone. A look
   * that is interrupted needs that not: the next one reads what was written.
   */
  private <T> T written(Supplier<T> write) {
    return task.memory() == ApplyRun.Memory.RECORD
        ? write.get()
        : UninterruptedWrite.run(cluster.settings().threads(), write);
  }

  private NodePatch end(Node now, ChangeRecord record, Set<ChangeRecord.Done> undone) {
    NodePatch patch = NodePatch.on(now);
    List<ChangeRecord.Done> left = new ArrayList<>();
    for (ChangeRecord.Done what : record.done()) {
      if (undone.contains(what)) {
        patch.undo(what);
      } else {
        left.add(what);
      }
    }
    return left.isEmpty()
        ? patch.removeAnnotation(ChangeRecord.KEY)
        : patch.record(record.ended(cluster.settings().clock().instant(), left));
  }

  /** Fails if another client may still be changing the node to something else. */
  void requireFree(Node now) {
    Optional<ChangeRecord> other = live(now)
        .filter(record -> !record.by().equals(task.by()))
        .filter(record -> !record.isOf(kind, config));
    if (other.isPresent()) {
      throw conflict(node, other.get());
    }
  }

  /** The conflict with the client that has this record on the node. */
  static MigConflictException conflict(String node, ChangeRecord other) {
    return MigConflictException.with(
        other.by(),
        "Node %s is being changed: %s. Wait until it is done, or recover the node if that client no longer runs"
            .formatted(node, other));
  }

  private boolean isFollowedByAnother(Node now) {
    return live(now).filter(record -> !record.by().equals(task.by())).isPresent();
  }

  private Optional<ChangeRecord> live(Node now) {
    return ChangeRecord.read(now)
        .filter(record -> record.isLive(cluster.settings().clock().instant()));
  }

  /** What an earlier change has left to undo is taken over; the beginning of this one stays. */
  private ChangeRecord recordWith(Node now, ChangeRecord.Done... more) {
    List<ChangeRecord.Done> done =
        new ArrayList<>(ChangeRecord.read(now).map(ChangeRecord::done).orElse(List.of()));
    for (ChangeRecord.Done what : more) {
      if (!done.contains(what)) {
        done.add(what);
      }
    }
    Instant since = live(now)
        .filter(this::isMine)
        .map(record -> Instant.parse(record.since()))
        .filter(began::isAfter)
        .orElse(began);
    ChangeRecord.Proof proof = ChangeRecord.read(now)
        .filter(record -> record.isOf(kind, config))
        .map(ChangeRecord::proof)
        .orElse(ChangeRecord.Proof.OFFER);
    return ChangeRecord.of(kind, config, task.by(), since, until, done)
        .withProof(proof)
        .withUndoes(undoing.orElse(null));
  }

  /** Who has set this value of the label, for a message; a record of it says who. */
  static String client(Node now, String by, String value) {
    return ChangeRecord.read(now)
            .filter(record -> Cluster.isSameClient(record.by(), by))
            .filter(record -> record.config().equals(ContentName.withoutRepetition(value)))
            .isPresent()
        ? "another request of this client"
        : "another client";
  }
}
