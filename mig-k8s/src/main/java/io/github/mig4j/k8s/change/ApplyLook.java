package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.k8s.check.ApplyGoal;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.check.PreflightCode;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.FailureRecord;
import io.github.mig4j.k8s.internal.OneLook;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One look at a change, which continues what the node's record has. */
final class ApplyLook {

  private static final Duration SHORTEST_PAUSE = Duration.ofSeconds(1);
  private static final Duration PAUSE = Duration.ofSeconds(5);
  private static final Duration BUSY_PAUSE = Duration.ofSeconds(30);

  /** What ends by itself, although the node perhaps does not change then. */
  private static final Set<PreflightCode> PASSING = EnumSet.of(
      PreflightCode.BUSY_PODS,
      PreflightCode.PODS_NOT_EVICTABLE,
      PreflightCode.NODE_NOT_READY,
      PreflightCode.MANAGER_NOT_READY,
      PreflightCode.STRATEGY_CONFLICT);

  private static final Duration CONFLICT_PAUSE = Duration.ofMinutes(1);

  /** What is to be done on which node. */
  record Subject(Cluster cluster, String node, ApplyGoal goal, ApplyOptions options) {
    Subject with(ApplyOptions other) {
      return new Subject(cluster, node, goal, other);
    }
  }

  private final Subject subject;
  private final Cluster cluster;
  private final String name;
  private @Nullable ApplyRun run;

  ApplyLook(Subject subject) {
    this.subject = subject;
    this.cluster = subject.cluster().with(new OneLook(subject.cluster().view()));
    this.name = subject.node();
  }

  ApplyStep look() {
    try {
      ApplyStep step = step();
      ChangeReport.accepted(subject);
      return step;
    } catch (MigRefusedException refused) {
      ApplyStep step = refused(refused);
      if (step instanceof ApplyStep.Refused) {
        ChangeReport.refused(subject, config(), refused);
      } else {
        ChangeReport.accepted(subject);
      }
      return step;
    } catch (MigConflictException conflict) {
      ChangeReport.refused(subject, config(), conflict);
      return new ApplyStep.Conflict(
          name, String.valueOf(conflict.getMessage()), conflict.by(), CONFLICT_PAUSE);
    }
  }

  private String config() {
    return run != null && !run.config().isEmpty()
        ? run.config()
        : subject.goal() instanceof ApplyGoal.To to ? to.target().name() : "";
  }

  private ApplyStep step() {
    Optional<ChangeRecord> record = cluster.view().node(name).flatMap(ChangeRecord::read);
    Instant now = cluster.settings().clock().instant();
    Optional<ChangeRecord> live = record.filter(r -> r.isLive(now));
    Optional<ChangeRecord> other = live.filter(r -> subject.goal() != ApplyGoal.Recover.RECOVER)
        .filter(r -> cluster.settings().identity().isPresent())
        .filter(r -> !cluster.settings().identity().equals(Optional.of(r.by())));
    if (other.isPresent()) {
      throw NodeClaim.conflict(name, other.get());
    }
    String by = cluster
        .settings()
        .identity()
        .or(() -> record.filter(r -> r.undoes() != null).map(ChangeRecord::by))
        .orElseGet(cluster::identity);
    ApplyRun current = run(by, record);
    run = current;
    try {
      return answer(current.look(), current.active().now());
    } catch (InterruptedException e) {
      throw new IllegalStateException("A look does not wait", e);
    }
  }

  private ApplyRun run(String by, Optional<ChangeRecord> record) {
    ApplyGoal goal = subject.goal() instanceof ApplyGoal.RollBack back
        ? new ApplyGoal.RollBack(back.kind(), ApplyGoal.RollBack.After.CONTINUES)
        : subject.goal();
    ApplyRun.Task task = new ApplyRun.Task(
        cluster, name, goal, subject.options(), ApplyRun.Memory.RECORD, by, limit());
    Sight sight = new CurrentPods(cluster, name);
    Optional<FailureRecord> undone = record
        .filter(r -> r.by().equals(by) && subject.goal() != ApplyGoal.Recover.RECOVER)
        .flatMap(r -> Optional.ofNullable(r.undoes()));
    return undone.isPresent()
        ? ApplyRun.undoing(task, sight, record.orElseThrow(), undone.get())
        : new ApplyRun(task, sight);
  }

  /** How long all stages may take together; the MIG manager takes no part in sharing. */
  private Duration limit() {
    ApplyTimings timings = subject.options().timings();
    boolean isSharing =
        subject.goal() instanceof ApplyGoal.To to && to.target().kind() == ChangeKind.SHARING;
    Duration manager = isSharing ? Duration.ZERO : timings.reaction().plus(timings.work());
    Duration stages = timings
        .propagation()
        .plus(manager)
        .plus(timings.offer())
        .plus(timings.transition())
        .plus(timings.stability());
    return subject.options().disruption() == Disruption.DRAIN
        ? stages.plus(timings.drain())
        : stages;
  }

  private ApplyStep answer(Look look, long now) {
    if (look instanceof Look.Done done) {
      return new ApplyStep.InForce(name, done.outcome(), done.since());
    }
    if (look instanceof Look.Requested requested) {
      return new ApplyStep.Requested(name, requested.key(), PAUSE);
    }
    if (look instanceof Look.Failed failed) {
      return failed(failed.failure());
    }
    Look.Waiting waiting = (Look.Waiting) look;
    return new ApplyStep.UnderWay(
        name, waiting.phase(), waiting.detail(), pause(waiting.untilNanos() - now));
  }

  /** Soon, since no watch reports what happens before the time that the look has named. */
  private static Duration pause(long nanos) {
    return Duration.ofNanos(Math.max(SHORTEST_PAUSE.toNanos(), Math.min(PAUSE.toNanos(), nanos)));
  }

  private ApplyStep failed(MigChangeException failure) {
    return new ApplyStep.Failed(
        name, String.valueOf(failure.getMessage()), failure.diagnosis(), failure.retryAfter());
  }

  /** Pods that use the GPUs are waited for, unless there are other reasons. */
  private ApplyStep refused(MigRefusedException refused) {
    boolean waitsForPods = isDueTo(Set.of(PreflightCode.BUSY_PODS), refused);
    return waitsForPods
        ? new ApplyStep.UnderWay(
            name, ApplyPhase.CHECKED, String.join("; ", refused.reasons()), BUSY_PAUSE)
        : new ApplyStep.Refused(
            name,
            reasons(refused),
            refused.findings(),
            Optional.of(BUSY_PAUSE).filter(pause -> isDueTo(PASSING, refused)));
  }

  /** A finding says itself what it is about, and a step which node it is of. */
  private List<String> reasons(MigRefusedException refused) {
    return refused.findings().isEmpty() && !refused.subject().equals("Node " + name)
        ? refused.reasons().stream()
            .map(reason -> refused.subject() + ": " + reason)
            .toList()
        : refused.reasons();
  }

  private static boolean isDueTo(Set<PreflightCode> codes, MigRefusedException refused) {
    return !refused.findings().isEmpty()
        && refused.findings().stream().allMatch(finding -> codes.contains(finding.code()));
  }

  /** Sees pods as the checks do. */
  private record CurrentPods(Cluster cluster, String node) implements Sight {
    @Override
    public List<Pod> podsOfNode() {
      return cluster.view().pods(node);
    }

    @Override
    public List<Pod> managerPods(String namespace) {
      return cluster.view().managerPods(node);
    }

    @Override
    public void followNode() {}
  }
}
