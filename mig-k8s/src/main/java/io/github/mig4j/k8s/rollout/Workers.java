package io.github.mig4j.k8s.rollout;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A thread for each node that is being changed. Any thread can stop them all. */
final class Workers {

  private final String rollout;
  private final ExecutorService pool;
  private volatile boolean revoked;

  Workers(String rollout, ThreadFactory threads) {
    this.rollout = rollout;
    // A task that is submitted after the end is left to the next process.
    this.pool = new ThreadPoolExecutor(
        0,
        Integer.MAX_VALUE,
        1,
        TimeUnit.MINUTES,
        new SynchronousQueue<>(),
        task -> {
          Thread thread = threads.newThread(task);
          thread.setName("mig4j-rollout-" + rollout);
          return thread;
        },
        new ThreadPoolExecutor.DiscardPolicy());
  }

  void start(Runnable task) {
    pool.execute(task);
  }

  /** Interrupts all changes; each undoes its cordon, taint and record before it ends. */
  synchronized void stop() {
    // A second interrupt would disturb the undo.
    if (!pool.isShutdown()) {
      pool.shutdownNow();
    }
  }

  /** Interrupts all changes, and forbids further writes because another process may be writing. */
  void revoke() {
    revoked = true;
    stop();
  }

  boolean areStopped() {
    return pool.isShutdown();
  }

  /**
   * Called before a node is written.
   *
   * @throws CancellationException if this process may no longer write
   */
  void requireActive() {
    if (revoked) {
      throw new CancellationException(
          "This process no longer works on rollout '%s'".formatted(rollout));
    }
  }

  /** Whether all changes have ended within the given time. */
  boolean awaitEnd(Duration timeout) throws InterruptedException {
    return pool.awaitTermination(timeout.toNanos(), TimeUnit.NANOSECONDS);
  }
}
