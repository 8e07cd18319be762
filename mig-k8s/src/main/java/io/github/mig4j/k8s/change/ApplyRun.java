package io.github.mig4j.k8s.change;

import io.github.mig4j.MigException;
import io.github.mig4j.k8s.check.ApplyGoal;
import io.github.mig4j.k8s.check.ApplyPlan;
import io.github.mig4j.k8s.check.NodeCheck;
import io.github.mig4j.k8s.check.StatedGpus;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.ChangeRecord.Seen;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.FailureRecord;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.lint.Finding;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.immutables.value.Value;
import org.jspecify.annotations.Nullable;

/**
 * One change of a node, which advances by looks: the check, the {@link Preparation}, the {@link
 * RequestedChange}, and after a failure perhaps a rollback, which is a change itself. A look sends
 * requests and never waits. What a look must know of earlier ones is in this object and in the node's
 * record, so a look of another process can continue from the record.
 */
final class ApplyRun {

  /** Where the next look finds what earlier ones have seen. */
  enum Memory {
    /** In this object; the record has what a successor needs if this process ends. */
    PROCESS,
    /** In the node's record only. */
    RECORD
  }

  /** What is done next. */
  private enum Stage {
    CHECK,
    ROOM,
    RESTART,
    REQUEST,
    FOLLOW
  }

  /**
   * What is to be done.
   *
   * @param by the identity of the client
   */
  @Value.Builder
  record Task(
      Cluster cluster,
      String node,
      ApplyGoal goal,
      ApplyOptions options,
      Memory memory,
      String by,
      Duration limit)
      implements WithTask {}

  /**
   * A change that has passed the checks, with what all its parts share.
   *
   * @param task what is to be done
   * @param clock the time since it began
   * @param report where its phases are reported
   * @param claim the right to change the node
   * @param config the name of the configuration, for messages
   */
  record Checked(Task task, ApplyClock clock, ChangeReport report, NodeClaim claim, String config) {
    void reached(ApplyPhase phase, String detail) {
      reachedAt(phase, clock.now(), detail);
    }

    void reachedAt(ApplyPhase phase, long nanos, String detail) {
      report.reached(config, phase, nanos, detail);
    }
  }

  private Task task;
  private final Sight sight;
  private final Optional<FailureRecord> undoing;
  private final ApplyClock clock;
  private final ChangeReport report;
  private Stage stage = Stage.CHECK;
  private String config = "";
  private List<Finding> findings = List.of();
  private boolean inForce;
  private @Nullable NodeCheck check;
  private @Nullable ApplyPlan plan;
  private @Nullable Checked checked;
  private @Nullable Preparation preparation;
  private @Nullable RequestedChange requested;
  private @Nullable ApplyRun rollback;
  private @Nullable MigChangeException failure;
  private @Nullable FailureRecord note;

  /** A change that begins with the first look, or continues what the node's record has. */
  ApplyRun(Task task, Sight sight) {
    this(task, sight, new ApplyClock(task));
  }

  private ApplyRun(Task task, Sight sight, ApplyClock clock) {
    this(task, sight, Optional.empty(), clock, new ChangeReport(task, clock.now()));
  }

  /** A rollback has the report of the change that has failed, and continues to count. */
  private ApplyRun(
      Task task,
      Sight sight,
      Optional<FailureRecord> undoing,
      ApplyClock clock,
      ChangeReport report) {
    this.task = task;
    this.sight = sight;
    this.undoing = undoing;
    this.clock = clock;
    this.report = report;
  }

  /** A rollback that an earlier look has begun due to a failure. */
  static ApplyRun undoing(Task task, Sight sight, ChangeRecord record, FailureRecord failure) {
    ApplyRun run = new ApplyRun(task, sight);
    Task back = task.withOptions(task.options().withOnFailure(ApplyOptions.OnFailure.STAY))
        .withGoal(
            new ApplyGoal.RollBack(Optional.of(record.kind()), ApplyGoal.RollBack.After.CONTINUES));
    run.note = failure;
    run.failure = MigChangeException.of(failure, MigNodeStatus.unread(task.node()));
    run.failure.retryIn(RetryPause.left(failure, run.clock.instant()));
    run.rollback =
        new ApplyRun(back, sight, Optional.of(failure), run.clock.ofRollback(), run.report);
    return run;
  }

  /**
   * Takes one look, and does what is to be done now.
   *
   * @throws MigException if the change has ended otherwise than with a failure
   */
  Look look() throws InterruptedException {
    if (rollback != null) {
      return rollingBack(rollback);
    }
    try {
      return change();
    } catch (MigChangeException failed) {
      return failed(failed);
    } catch (RuntimeException failed) {
      if (task.memory() == Memory.PROCESS || failed instanceof MigRefusedException) {
        release(failed, Optional.empty());
      }
      RuntimeException thrown =
          checked == null || isClaimed() || check == null ? failed : check.beforeFirstWrite(failed);
      if (task.memory() == Memory.PROCESS) {
        report.ended(config, thrown, clock.elapsed());
      }
      throw thrown;
    }
  }

  /** The rollback of this change, if it has begun; otherwise this change. */
  ApplyRun active() {
    return rollback == null ? this : rollback;
  }

  /** Ends a change that has failed between two looks. */
  Look fail(MigChangeException failed) throws InterruptedException {
    return rollback == null
        ? failed(failed)
        : rolledBack(Objects.requireNonNull(failure, "failure"), rollback.failed(failed));
  }

  /** Ends a change whose outcome is no longer awaited; the operator continues its work. */
  void cancel(RuntimeException why) {
    if (rollback != null) {
      rollback.cancel(why);
    }
    release(why, Optional.empty());
    report.ended(config, why, clock.elapsed());
  }

  /** The name of what is requested; empty before it is known. */
  String config() {
    return config;
  }

  private Look change() throws InterruptedException {
    if (stage == Stage.CHECK) {
      Optional<Look> known = check();
      if (known.isPresent()) {
        return known.get();
      }
    }
    if (stage == Stage.ROOM) {
      Optional<Look> waiting = preparation().makeRoom();
      if (waiting.isPresent()) {
        return waiting.get();
      }
      stage = Stage.RESTART;
    }
    sight.followNode();
    if (stage == Stage.RESTART) {
      // The watch runs already, so that no state of the new process is missed.
      Optional<Look> waiting = preparation().restart();
      if (waiting.isPresent()) {
        return waiting.get();
      }
      stage = Stage.REQUEST;
    }
    if (stage == Stage.REQUEST) {
      NodeCheck.Gate gate = inForce ? NodeCheck.Gate.OPEN : task.options().gate();
      boolean isNew = !preparation().plan().isRequested(task.cluster().settings());
      requested().request(preparation().plan(), gate, preparation().prompt());
      stage = Stage.FOLLOW;
      if (task.memory() == Memory.RECORD && isNew) {
        return new Look.Requested(requested().current().plan().key());
      }
    }
    Look look = requested().look();
    return look instanceof Look.Done done ? verified(done) : look;
  }

  private Look verified(Look.Done done) {
    report.ended(config, done.outcome(), clock.elapsed());
    return new Look.Done(with(findings, done.outcome()), done.since());
  }

  /** Checks everything; a change that the node's record has is continued where it was. */
  private Optional<Look> check() {
    check = new NodeCheck(task.options()
        .check(
            task.cluster(),
            task.node(),
            task.goal(),
            task.memory() == Memory.RECORD ? NodeCheck.Attempt.CONTINUED : NodeCheck.Attempt.NEW));
    config = check.name();
    ApplyPlan good = check.requirePlan();
    plan = good;
    findings = check.findings();
    inForce = good.isInForce(task.cluster().settings());
    task = task.withBy(owner(good));
    NodeClaim claim = new NodeClaim(task, good, undoing);
    checked = new Checked(task, clock, report, claim, config);
    preparation = new Preparation(checked, sight, good);
    requested = new RequestedChange(checked);
    Optional<ChangeRecord> begun = task.memory() == Memory.RECORD ? begun(good) : Optional.empty();
    if (begun.isPresent()) {
      resume(good, begun.get());
      return Optional.empty();
    }
    if (task.memory() == Memory.RECORD) {
      Optional<Look> ended = new RecordedEnd(task, good, findings).look();
      if (ended.isPresent()) {
        return ended;
      }
    }
    String key = printed(good.key());
    checked.reached(
        ApplyPhase.CHECKED,
        "%s: %s"
            .formatted(
                key.equals(config) ? key : "%s as %s".formatted(config, key),
                good.offer().resources()));
    boolean makesRoom = !inForce
        && !good.isRequested(task.cluster().settings())
        && !task.goal().keepsPods(MigNodeStatus.of(good.node(), task.cluster().settings()));
    stage = makesRoom ? Stage.ROOM : Stage.RESTART;
    return Optional.empty();
  }

  /** A client without an identity continues the same change of any client. */
  private String owner(ApplyPlan checked) {
    return task.memory() == Memory.PROCESS
            || task.cluster().settings().identity().isPresent()
        ? task.by()
        : ChangeRecord.read(checked.node())
            .filter(record -> record.isOf(checked.kind(), checked.recordedName()))
            .map(ChangeRecord::by)
            .orElse(task.by());
  }

  /** This client's own change to the same configuration that has not ended. */
  private Optional<ChangeRecord> begun(ApplyPlan checked) {
    Instant now = clock.instant();
    return ChangeRecord.read(checked.node())
        .filter(record -> record.by().equals(task.by()))
        .filter(record -> record.undoes() == null || undoing.isPresent())
        .filter(record -> record.isOf(checked.kind(), checked.recordedName()))
        .filter(record -> record.seen() != null || record.isLive(now));
  }

  private void resume(ApplyPlan good, ChangeRecord record) {
    clock.begunAt(record.since());
    report.resume(clock.timeline(), record);
    claim().resume(good.node(), record);
    preparation().resume(record);
    @Nullable Seen seen = record.seen();
    if (seen != null) {
      requested().resume(good, record, seen);
      stage = Stage.FOLLOW;
    } else {
      stage = record.replaced() != null || good.isRequested(task.cluster().settings())
          ? Stage.RESTART
          : Stage.ROOM;
    }
  }

  private static ApplyOutcome with(List<Finding> findings, ApplyOutcome outcome) {
    return outcome instanceof ApplyOutcome.VerifiedByStateOnly byState
        ? new ApplyOutcome.VerifiedByStateOnly(
            byState.status(), byState.config(), byState.reason(), findings)
        : new ApplyOutcome.Verified(
            outcome.status(),
            outcome.config(),
            ((ApplyOutcome.Verified) outcome).basis(),
            findings);
  }

  /** No label means what the operator gives to all nodes. */
  private static String printed(String key) {
    return key.isEmpty() ? "operator default" : key;
  }

  /** The claim's end must not hide why it ended. */
  private void release(Throwable why, Optional<FailureRecord> note) {
    if (checked == null) {
      return;
    }
    boolean interrupted = Thread.interrupted();
    try {
      claim().release(note);
    } catch (MigException | CancellationException e) {
      why.addSuppressed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Ends a failed change, or begins its rollback, which ends it. */
  private Look failed(MigChangeException failed) throws InterruptedException {
    FailureRecord ended = undoing
        .map(first -> first.with("The rollback failed too: " + failed.getMessage()))
        .orElseGet(() -> failed.record(plan(), task.goal(), clock.began(), clock.instant()));
    note = ended;
    failed.retryIn(RetryPause.left(ended, clock.instant()));
    if (!claim().changesNode() || task.options().onFailure() != ApplyOptions.OnFailure.ROLL_BACK) {
      release(failed, Optional.of(ended));
      return ended(failed);
    }
    report.reached(
        config, ApplyPhase.ROLLING_BACK, clock.now(), failed.diagnosis().toString());
    ApplyOptions again = task.options().withOnFailure(ApplyOptions.OnFailure.STAY);
    failure = failed;
    Task back = task.withGoal(new ApplyGoal.RollBack(Optional.of(plan().kind())))
        .withOptions(
            plan().gpus().isEmpty()
                ? again
                : again.withGpus(new StatedGpus.Each(plan().gpus())));
    rollback = new ApplyRun(
        back,
        sight,
        Optional.of(ended.with("The node was rolled back")),
        clock.ofRollback(),
        report);
    return rollingBack(rollback);
  }

  /** The failure is the result all the same, and says how the rollback ended. */
  private Look rollingBack(ApplyRun back) throws InterruptedException {
    MigChangeException failed = Objects.requireNonNull(failure, "failure");
    Look look;
    try {
      look = back.look();
    } catch (MigException | CancellationException e) {
      if (task.memory() == Memory.RECORD && e instanceof MigClusterException) {
        throw e;
      }
      if (!back.isClaimed()) {
        String end = "The rollback failed too: " + e.getMessage();
        release(failed, Optional.ofNullable(note).map(failedFirst -> failedFirst.with(end)));
      }
      failed.setRollbackFailed(e);
      return ended(failed);
    }
    return rolledBack(failed, look);
  }

  private Look rolledBack(MigChangeException failed, Look look) {
    if (look instanceof Look.Failed again) {
      failed.setRollbackFailed(again.failure());
      return ended(failed);
    }
    if (look instanceof Look.Done done) {
      String previous = printed(done.outcome().config());
      report.reached(
          config,
          ApplyPhase.ROLLED_BACK,
          clock.now(),
          previous + ": " + done.outcome().allocatable());
      failed.setRolledBack(previous, done.outcome());
      return ended(failed);
    }
    return look;
  }

  private Look ended(MigChangeException failed) {
    report.ended(config, failed, clock.elapsed());
    return new Look.Failed(failed);
  }

  private boolean isClaimed() {
    return checked != null && checked.claim().isMade();
  }

  private ApplyPlan plan() {
    return Objects.requireNonNull(plan, "plan");
  }

  private NodeClaim claim() {
    return Objects.requireNonNull(checked, "checked").claim();
  }

  private Preparation preparation() {
    return Objects.requireNonNull(preparation, "preparation");
  }

  /** What the node is requested. */
  RequestedChange requested() {
    return Objects.requireNonNull(requested, "requested");
  }

  /** The end of a change whose whole time has passed before the API server has sent anything. */
  MigDeadlineException deadlinePassedBefore() {
    return requested().deadlinePassedBefore(preparation().plan());
  }

  /** The time of this process; all that one look does alone has one time. */
  long now() {
    return clock.now();
  }

  /** What is left of the whole time, never less than nothing. */
  Duration left() {
    return clock.left();
  }
}
