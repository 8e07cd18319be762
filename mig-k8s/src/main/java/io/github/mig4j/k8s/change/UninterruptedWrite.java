package io.github.mig4j.k8s.change;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * A write whose result is known although its thread is interrupted. If the wait for the answer ended
 * at once, the API server could carry out the write after the caller has looked what there is to undo.
 */
final class UninterruptedWrite {

  /** How long to wait for the answer after an interrupt; more than one request takes. */
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private UninterruptedWrite() {}

  /**
   * Writes, on a thread of its own. An interrupt is not lost: the flag is set afterwards.
   *
   * @throws CancellationException if the thread was interrupted before, or the API server did not answer
   *     for a while after it was interrupted
   */
  static <T> T run(ThreadFactory threads, Supplier<T> write) {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("Interrupted before a write");
    }
    FutureTask<T> task = new FutureTask<>(write::get);
    Thread thread = threads.newThread(task);
    thread.setName(Thread.currentThread().getName() + "-write");
    thread.start();
    try {
      return task.get();
    } catch (InterruptedException interrupted) {
      return afterInterrupt(task);
    } catch (ExecutionException e) {
      throw failure(e);
    }
  }

  private static <T> T afterInterrupt(FutureTask<T> task) {
    try {
      return task.get(LIMIT.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException | TimeoutException e) {
      throw new CancellationException("Interrupted during a write");
    } catch (ExecutionException e) {
      throw failure(e);
    } finally {
      Thread.currentThread().interrupt();
    }
  }

  private static RuntimeException failure(ExecutionException e) {
    if (e.getCause() instanceof Error error) {
      throw error;
    }
    return e.getCause() instanceof RuntimeException failure
        ? failure
        : new IllegalStateException("A supplier throws no checked exception", e);
  }
}
