package io.github.mig4j.k8s.rollout;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A thread for each node that is under way. They can be stopped from any other thread. */
final class Workers {

  private final String rollout;
  private final ExecutorService pool;
  private volatile boolean dismissed;

  Workers(String rollout) {
    this.rollout = rollout;
    // What comes after the end is left to the next process.
    this.pool = new ThreadPoolExecutor(
        0,
        Integer.MAX_VALUE,
        1,
        TimeUnit.MINUTES,
        new SynchronousQueue<>(),
        task -> {
          Thread thread = new Thread(task, "mig4j-rollout-" + rollout);
          thread.setDaemon(true);
          return thread;
        },
        new ThreadPoolExecutor.DiscardPolicy());
  }

  void begin(Runnable task) {
    pool.execute(task);
  }

  /** Interrupts what is under way, which takes back what it has to before it ends. */
  synchronized void stop() {
    // A second interrupt would disturb what is being taken back.
    if (!pool.isShutdown()) {
      pool.shutdownNow();
    }
  }

  /** Interrupts what is under way, which may write nothing any more: others do that now. */
  void dismiss() {
    dismissed = true;
    stop();
  }

  boolean areStopped() {
    return pool.isShutdown();
  }

  /**
   * Asked before a node is written.
   *
   * @throws CancellationException if that is no longer up to this process
   */
  void requireRight() {
    if (dismissed) {
      throw new CancellationException(
          "Rollout '%s' is no longer worked on by this process".formatted(rollout));
    }
  }

  /** Whether all have ended in time. */
  boolean awaitEnd(Duration patience) throws InterruptedException {
    return pool.awaitTermination(patience.toNanos(), TimeUnit.NANOSECONDS);
  }
}
