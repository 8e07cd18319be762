package io.github.mig4j.k8s.internal;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** A call on its own thread; cancelling the future interrupts the thread. */
public final class InterruptibleFuture<T> extends CompletableFuture<T> {

  private final Thread thread;

  private InterruptibleFuture(String name, Supplier<T> call) {
    this.thread = new Thread(() -> run(call), name);
    thread.setDaemon(true);
  }

  public static <T> CompletableFuture<T> start(String name, Supplier<T> call) {
    InterruptibleFuture<T> future = new InterruptibleFuture<>(name, call);
    future.thread.start();
    return future;
  }

  private void run(Supplier<T> call) {
    try {
      complete(call.get());
    } catch (Throwable e) {
      completeExceptionally(e);
    }
  }

  @Override
  public boolean cancel(boolean mayInterrupt) {
    boolean cancelled = super.cancel(mayInterrupt);
    if (cancelled) {
      thread.interrupt();
    }
    return cancelled;
  }

  /** Dependent futures are plain: they have no thread to interrupt. */
  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }
}
