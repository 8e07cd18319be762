package io.github.mig4j.k8s.rollout;

import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.config.MigRole;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.Leadership;
import io.github.mig4j.k8s.internal.SharedView;
import io.github.mig4j.k8s.internal.WatchPermission;
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
 * Works on a rollout: one thread decides and calls the listener, and each node that is being changed
 * has a thread of its own. Results and requests reach the first thread through a queue.
 */
final class RolloutLoop {

  private static final Logger LOG = LoggerFactory.getLogger(RolloutLoop.class);

  /** How old the record may be; after a crash the nodes say what it does not. */
  private static final Duration SAVE_INTERVAL = Duration.ofSeconds(10);

  private static final Duration REQUEST_TIMEOUT = Duration.ofMinutes(1);
  private static final Duration WORKER_TIMEOUT = Duration.ofMinutes(1);

  /** When to look at the watches again; a look at one that is open costs no request. */
  private static final Duration WATCHES_PAUSE = Duration.ofSeconds(2);

  private final Cluster cluster;
  private final SharedView view;
  private final String name;
  private final RolloutOptions options;
  private final RolloutState state;
  private final RecordStore store;
  private final RolloutRun.Term term;
  private final BlockingQueue<Runnable> events;
  private final Workers workers;
  private final NodeChange change;
  private final long startNanos = System.nanoTime();

  /** The phase that listeners and {@link Rollout#status} see. */
  private record Shown(RolloutPhase phase, String reason) {
    static Shown of(RolloutState state) {
      return new Shown(state.control().shownPhase(), state.control().shownReason());
    }
  }

  /** Time without pauses, up to {@link #measuredNanos}. */
  private Duration running = Duration.ZERO;

  private long measuredNanos = startNanos;
  private Shown reported;
  private Shown current;
  private int ended;
  private boolean unsaved;
  private long saveNanos = startNanos;
  private long watchesNanos = startNanos;

  RolloutLoop(
      Cluster cluster,
      SharedView view,
      String name,
      RolloutOptions options,
      RolloutState state,
      RecordStore store,
      RolloutRun.Term term) {
    this.cluster = cluster.with(view);
    this.view = view;
    this.name = name;
    this.options = options;
    this.state = state;
    this.store = store;
    this.term = term;
    this.events = term.events();
    this.workers = term.workers();
    this.reported = Shown.of(state);
    this.current = reported;
    this.change = new NodeChange(
        this.cluster,
        options,
        step -> events.add(() -> options.listener().accept(new RolloutEvent.NodeStep(step))));
  }

  RolloutStatus run() throws InterruptedException {
    LOG.info(
        "rollout={} phase={} leading=started progress=\"{}\"", name, reported.phase, progress());
    options.listener().accept(new RolloutEvent.Leading(name, progress()));
    try (RecordStore.Watch watch = store.watch(
        control -> events.add(() -> state.request(control)), term::fail, REQUEST_TIMEOUT)) {
      return loop(watch);
    } finally {
      stop();
    }
  }

  private RolloutStatus loop(RecordStore.Watch watch) throws InterruptedException {
    while (true) {
      requireWatches(watch);
      measureTime();
      state.next(now(), options.canary()).forEach(this::start);
      reportPhase();
      if (state.control().phase().isFinal() && !unsaved) {
        return state.record().status(name);
      }
      Runnable event = events.poll(nanosToWait(), TimeUnit.NANOSECONDS);
      while (event != null) {
        event.run();
        event = events.poll();
      }
    }
  }

  /** Nothing is decided on what was seen before a watch was forbidden. */
  private void requireWatches(RecordStore.Watch record) {
    if (System.nanoTime() - watchesNanos < 0) {
      return;
    }
    watchesNanos = now(WATCHES_PAUSE);
    view.forbiddenNodes()
        .or(view::forbiddenPods)
        .or(record.permission()::forbidden)
        .ifPresent(what -> {
          throw WatchPermission.failure(what, MigRole.ROLLOUT.roleName());
        });
  }

  /** A pause does not count. */
  private void measureTime() {
    long now = System.nanoTime();
    if (state.control().shownPhase() == RolloutPhase.RUNNING) {
      running = running.plusNanos(now - measuredNanos);
    }
    measuredNanos = now;
  }

  private void start(Task task) {
    LOG.info(
        "rollout={} node={} config={} change={}",
        name,
        task.node(),
        task.content().key(),
        task.kind());
    workers.start(() -> {
      try {
        NodeChange.Result result = change.run(task);
        events.add(() -> end(task, result));
      } catch (CancellationException | InterruptedException cancelled) {
        if (workers.areStopped()) {
          LOG.debug("rollout={} node={} cancelled", name, task.node());
        } else {
          term.fail(cancelled);
        }
      } catch (Throwable failed) {
        term.fail(failed);
      }
    });
  }

  private void end(Task task, NodeChange.Result result) {
    result.record(state, task);
    ended += result instanceof NodeChange.Result.Skipped ? 0 : 1;
    boolean urgent = !(result instanceof NodeChange.Result.Succeeded);
    saveNanos = urgent || !unsaved ? now(urgent ? Duration.ZERO : SAVE_INTERVAL) : saveNanos;
    unsaved = true;
    NodeOutcome outcome = state.outcome(task.node());
    LOG.info("rollout={} outcome=\"{}\" progress=\"{}\"", name, outcome, progress());
    options.listener().accept(new RolloutEvent.NodeEnded(outcome, progress()));
  }

  /** Reports a phase only after it is in the record, because a listener may call another method at once. */
  private void reportPhase() {
    Shown now = Shown.of(state);
    if (!now.equals(current)) {
      current = now;
      unsaved = true;
      saveNanos = System.nanoTime();
    }
    save();
    if (!now.equals(reported) && !unsaved) {
      reported = now;
      LOG.info(
          "rollout={} phase={} reason=\"{}\" progress=\"{}\"",
          name,
          now.phase,
          now.reason,
          progress());
      options.listener().accept(new RolloutEvent.PhaseChanged(now.phase, now.reason, progress()));
    }
  }

  /** Writes the record, and takes over what an admin has requested in it. */
  private void save() {
    if (!unsaved || System.nanoTime() - saveNanos < 0) {
      return;
    }
    try {
      RolloutRecord unused = store.update(recorded -> {
        if (!recorded.leader().equals(state.leader())) {
          throw new Leadership.LeadershipLost();
        }
        state.request(recorded.control());
        return state.record();
      });
      unsaved = false;
    } catch (MigClusterException unanswered) {
      if (unanswered.forbidden().isPresent()) {
        throw unanswered;
      }
      LOG.warn("rollout={} record=unsaved reason=\"{}\"", name, unanswered.getMessage());
      saveNanos = now(SAVE_INTERVAL);
    }
  }

  private long nanosToWait() {
    long wait = Math.min(
        watchesNanos - System.nanoTime(), unsaved ? saveNanos - System.nanoTime() : Long.MAX_VALUE);
    Optional<Duration> pause =
        state.control().canary().until().map(end -> Duration.between(now(), end));
    return Math.max(0, pause.map(left -> Math.min(wait, left.toNanos())).orElse(wait));
  }

  private static long now(Duration later) {
    return System.nanoTime() + later.toNanos();
  }

  private Instant now() {
    return cluster.settings().clock().instant();
  }

  private RolloutProgress progress() {
    var counts = state.counts();
    int left = counts.getOrDefault(RolloutProgress.State.WAITING, 0)
        + counts.getOrDefault(RolloutProgress.State.UNDER_WAY, 0);
    Duration elapsed = Duration.ofNanos(System.nanoTime() - startNanos);
    measureTime();
    boolean hasEstimate =
        ended > 0 && left > 0 && state.control().shownPhase() == RolloutPhase.RUNNING;
    return new RolloutProgress(
        counts,
        elapsed,
        hasEstimate ? Optional.of(running.multipliedBy(left).dividedBy(ended)) : Optional.empty());
  }

  /** Interrupts all changes; the next process continues them. */
  private void stop() {
    workers.stop();
    boolean interrupted = Thread.interrupted();
    try {
      if (!workers.awaitEnd(WORKER_TIMEOUT)) {
        LOG.warn("rollout={} threads=running", name);
        workers.revoke();
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
