package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reactions that run after a delay, one at a time, and are repeated until they succeed. */
final class Background implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Background.class);

  private final ScheduledThreadPoolExecutor executor;
  private final List<Thread> threads = new CopyOnWriteArrayList<>();
  private final Lifetime lifetime;
  private final Duration retry;

  Background(Duration retry) {
    this.retry = retry;
    this.lifetime = Lifetime.yielding();
    this.executor = new ScheduledThreadPoolExecutor(1, task -> {
      Thread thread = new Thread(task, "gpu-operator-simulator");
      thread.setDaemon(true);
      threads.add(thread);
      return thread;
    });
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    executor.setRemoveOnCancelPolicy(true);
  }

  /** An action that can be interrupted. */
  @FunctionalInterface
  interface Reaction {
    void run(Lifetime lifetime) throws InterruptedException;
  }

  void after(Duration delay, String what, Reaction reaction) {
    try {
      // The future is not needed: the task handles its failures.
      var unused =
          executor.schedule(() -> attempt(what, reaction), delay.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException closed) {
      LOG.debug("reaction dropped what={} reason=closed", what);
    }
  }

  private void attempt(String what, Reaction reaction) {
    try {
      reaction.run(lifetime);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (KubernetesClientException e) {
      if (Lifetime.isMissing(e)) {
        LOG.info("reaction dropped what={} reason=missing", what);
      } else if (!executor.isShutdown()) {
        LOG.warn("reaction failed what={} message={}", what, e.getMessage());
        after(retry, what, reaction);
      }
    } catch (RuntimeException e) {
      LOG.error("reaction failed what={}", what, e);
    }
  }

  /** Drops reactions that have not started, interrupts the others, and waits for their end. */
  @Override
  public void close() {
    lifetime.end();
    executor.shutdownNow();
    threads.forEach(Lifetime::join);
  }
}
