package io.github.mig4j.k8s.internal;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;

/**
 * A call on its own thread. If the future ends before the call, by {@code cancel}, {@code orTimeout} or
 * {@code completeExceptionally}, the thread is interrupted.
 */
public final class InterruptibleFuture<T> extends CompletableFuture<T> {

  private final Thread thread;

  private InterruptibleFuture(ThreadFactory threads, String name, Supplier<T> call) {
    this.thread = threads.newThread(() -> run(call));
    thread.setName(name);
  }

  /** Starts a call on a thread of this name. */
  public static <T> CompletableFuture<T> start(
      ThreadFactory threads, String name, Supplier<T> call) {
    InterruptibleFuture<T> future = new InterruptibleFuture<>(threads, name, call);
    future.thread.start();
    return future;
  }

  private void run(Supplier<T> call) {
    try {
      boolean unused = super.complete(call.get());
    } catch (Throwable e) {
      boolean unused = super.completeExceptionally(e);
    }
  }

  @Override
  public boolean cancel(boolean mayInterrupt) {
    return interrupting(super.cancel(mayInterrupt));
  }

  /** Also what {@code orTimeout} calls. */
  @Override
  public boolean completeExceptionally(Throwable failure) {
    return interrupting(super.completeExceptionally(failure));
  }

  /** Also what {@code completeOnTimeout} calls. */
  @Override
  public boolean complete(T value) {
    return interrupting(super.complete(value));
  }

  private boolean interrupting(boolean ended) {
    if (ended) {
      thread.interrupt();
    }
    return ended;
  }

  /** Dependent futures are plain: they have no thread to interrupt. */
  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }
}
