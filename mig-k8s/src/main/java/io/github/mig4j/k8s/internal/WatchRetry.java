package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.client.informers.ExceptionHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether an informer lists and watches again after a failure. It does after a {@linkplain
 * ServerAnswer#isTransient transient} one, and for some seconds after a 403 of a watch that was allowed
 * before: an API server that has just started answers 403 until it has read its RBAC objects. A
 * patient one does so for ever, since the permission may come.
 */
public final class WatchRetry implements ExceptionHandler {

  private static final Duration QUIET_PERIOD = Duration.ofMinutes(1);

  private enum Patience {
    NONE,
    ONCE_STARTED,
    ALWAYS
  }

  private final Patience patience;
  private final CompletableFuture<@Nullable Void> firstRefusal = new CompletableFuture<>();
  private volatile boolean isRefused;
  private long firstNanos;
  private OptionalLong lastNanos = OptionalLong.empty();

  /** One that gives up after a 403. */
  public WatchRetry() {
    this(Patience.NONE);
  }

  private WatchRetry(Patience patience) {
    this.patience = patience;
  }

  /** One that never gives up after a 403. */
  public static WatchRetry patient() {
    return new WatchRetry(Patience.ALWAYS);
  }

  /** One that gives up after a 403 of the first list or watch only. */
  static WatchRetry patientOnceStarted() {
    return new WatchRetry(Patience.ONCE_STARTED);
  }

  /** Starts an informer; completes when it watches, or waits for a permission. */
  public CompletionStage<?> startedOrRefused(SharedIndexInformer<?> informer) {
    return CompletableFuture.anyOf(informer.start().toCompletableFuture(), firstRefusal);
  }

  /** Whether the last failure was a 403 that a patient one repeats. */
  boolean isRefused() {
    return isRefused;
  }

  /** The informer watches again. */
  void forget() {
    isRefused = false;
  }

  @Override
  public synchronized boolean retryAfterException(boolean isStarted, Throwable failure) {
    if (ServerAnswer.code(failure) != HttpURLConnection.HTTP_FORBIDDEN) {
      isRefused = false;
      return ServerAnswer.isTransient(failure);
    }
    if (isStarted && isOfStart()) {
      return true;
    }
    if (patience == Patience.NONE || (patience == Patience.ONCE_STARTED && !isStarted)) {
      return false;
    }
    isRefused = true;
    boolean unused = firstRefusal.complete(null);
    return true;
  }

  private boolean isOfStart() {
    long now = System.nanoTime();
    if (lastNanos.isEmpty() || now - lastNanos.getAsLong() > QUIET_PERIOD.toNanos()) {
      firstNanos = now;
    }
    lastNanos = OptionalLong.of(now);
    return now - firstNanos < Cluster.FORBIDDEN_RETRY.toNanos();
  }
}
