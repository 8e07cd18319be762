package io.github.mig4j.k8s.rollout;

import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.rollout.RolloutState.Task;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Works on a rollout, by one thread that decides and tells, and one for each node that is under way.
 * What these have to say, and what others wish, comes in one at a time.
 */
final class RolloutLoop {

  private static final Logger LOG = LoggerFactory.getLogger(RolloutLoop.class);

  /** What a process that dies may forget, since the nodes tell it as well. */
  private static final Duration CHECKPOINT = Duration.ofSeconds(10);

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final Cluster cluster;
  private final String name;
  private final RolloutOptions options;
  private final RolloutState course;
  private final RecordStore store;
  private final RolloutRun.Part part;
  private final BlockingQueue<Runnable> inbox;
  private final Workers workers;
  private final NodeChange change;
  private final long startNanos = System.nanoTime();

  /** The phase as others see it. */
  private record Shown(RolloutPhase phase, String reason) {
    static Shown of(RolloutState course) {
      return new Shown(course.control().shownPhase(), course.control().shownReason());
    }
  }

  /** Time in which nodes were changed, up to {@link #clockedNanos}. */
  private Duration running = Duration.ZERO;

  private long clockedNanos = startNanos;
  private Shown told;
  private Shown due;
  private int ended;
  private boolean unsaved;
  private long saveNanos = startNanos;

  RolloutLoop(
      Cluster cluster,
      String name,
      RolloutOptions options,
      RolloutState course,
      RecordStore store,
      RolloutRun.Part part) {
    this.cluster = cluster;
    this.name = name;
    this.options = options;
    this.course = course;
    this.store = store;
    this.part = part;
    this.inbox = part.inbox();
    this.workers = part.workers();
    this.told = Shown.of(course);
    this.due = told;
    this.change = new NodeChange(
        cluster,
        options,
        step -> inbox.add(() -> options.listener().accept(new RolloutEvent.NodeStep(step))));
  }

  RolloutStatus run() throws InterruptedException {
    LOG.info("rollout={} phase={} taken-up=\"{}\"", name, told.phase, progress());
    options.listener().accept(new RolloutEvent.TakenUp(name, progress()));
    try (AutoCloseable wishes =
        store.watch(wanted -> inbox.add(() -> course.wish(wanted)), part::fail, PATIENCE)) {
      return conduct();
    } catch (InterruptedException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("An informer closes without a checked exception", e);
    } finally {
      stop();
    }
  }

  private RolloutStatus conduct() throws InterruptedException {
    while (true) {
      clock();
      course.next(now(), options.canary()).forEach(this::begin);
      tellPhase();
      if (course.control().phase().isFinal() && !unsaved) {
        return course.record().status(name);
      }
      Runnable message = inbox.poll(nanosToWait(), TimeUnit.NANOSECONDS);
      while (message != null) {
        message.run();
        message = inbox.poll();
      }
    }
  }

  /** What is paused takes no time. */
  private void clock() {
    long now = System.nanoTime();
    if (course.control().shownPhase() == RolloutPhase.RUNNING) {
      running = running.plusNanos(now - clockedNanos);
    }
    clockedNanos = now;
  }

  private void begin(Task task) {
    LOG.info(
        "rollout={} node={} config={} way={}", name, task.node(), task.content().key(), task.way());
    workers.begin(() -> {
      try {
        NodeChange.End end = change.run(task);
        inbox.add(() -> end(task, end));
      } catch (CancellationException | InterruptedException cancelled) {
        if (workers.areStopped()) {
          LOG.debug("rollout={} node={} cancelled", name, task.node());
        } else {
          part.fail(cancelled);
        }
      } catch (Throwable failed) {
        part.fail(failed);
      }
    });
  }

  private void end(Task task, NodeChange.End end) {
    end.tell(course, task);
    ended += end instanceof NodeChange.End.Skipped ? 0 : 1;
    boolean urgent = !(end instanceof NodeChange.End.Arrived);
    saveNanos = urgent || !unsaved ? now(urgent ? Duration.ZERO : CHECKPOINT) : saveNanos;
    unsaved = true;
    NodeOutcome outcome = course.outcome(task.node());
    LOG.info("rollout={} outcome=\"{}\" progress=\"{}\"", name, outcome, progress());
    options.listener().accept(new RolloutEvent.NodeEnded(outcome, progress()));
  }

  /** What the record does not say yet is not told, for whoever hears of it may answer at once. */
  private void tellPhase() {
    Shown now = Shown.of(course);
    if (!now.equals(due)) {
      due = now;
      unsaved = true;
      saveNanos = System.nanoTime();
    }
    save();
    if (!now.equals(told) && !unsaved) {
      told = now;
      LOG.info(
          "rollout={} phase={} reason=\"{}\" progress=\"{}\"",
          name,
          now.phase,
          now.reason,
          progress());
      options.listener().accept(new RolloutEvent.PhaseChanged(now.phase, now.reason, progress()));
    }
  }

  /** Others' wishes are taken over by the same write. */
  private void save() {
    if (!unsaved || System.nanoTime() - saveNanos < 0) {
      return;
    }
    try {
      RolloutRecord unused = store.update(theirs -> {
        if (!theirs.leader().equals(course.leader())) {
          throw new Leadership.Lost();
        }
        course.wish(theirs.control());
        return course.record();
      });
      unsaved = false;
    } catch (MigClusterException unanswered) {
      if (unanswered.forbidden().isPresent()) {
        throw unanswered;
      }
      LOG.warn("rollout={} unsaved=\"{}\"", name, unanswered.getMessage());
      saveNanos = now(CHECKPOINT);
    }
  }

  private long nanosToWait() {
    long wait = unsaved ? saveNanos - System.nanoTime() : PATIENCE.toNanos();
    Optional<Duration> pause =
        course.control().canary().until().map(end -> Duration.between(now(), end));
    return Math.max(0, pause.map(left -> Math.min(wait, left.toNanos())).orElse(wait));
  }

  private static long now(Duration later) {
    return System.nanoTime() + later.toNanos();
  }

  private Instant now() {
    return cluster.settings().clock().instant();
  }

  private RolloutProgress progress() {
    var counts = course.counts();
    int left = counts.getOrDefault(RolloutProgress.State.WAITING, 0)
        + counts.getOrDefault(RolloutProgress.State.UNDER_WAY, 0);
    Duration elapsed = Duration.ofNanos(System.nanoTime() - startNanos);
    clock();
    boolean moves = ended > 0 && left > 0 && course.control().shownPhase() == RolloutPhase.RUNNING;
    return new RolloutProgress(
        counts,
        elapsed,
        moves ? Optional.of(running.multipliedBy(left).dividedBy(ended)) : Optional.empty());
  }

  /** Interrupts what is under way, which the next process takes up. */
  private void stop() {
    workers.stop();
    boolean interrupted = Thread.interrupted();
    try {
      if (!workers.awaitEnd(PATIENCE)) {
        LOG.warn("rollout={} threads=left", name);
        workers.dismiss();
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
