package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ExceptionHandler;
import java.net.HttpURLConnection;
import java.time.Duration;

/**
 * Decides whether an informer lists and watches again after a failure. It does after a {@linkplain
 * Cluster#isTransient transient} one, and for some seconds after a 403 of a watch that was allowed
 * before: an API server that has just started answers 403 until it has read its RBAC objects.
 */
public final class WatchRetry implements ExceptionHandler {

  private static final Duration QUIET_PERIOD = Duration.ofMinutes(1);

  private long firstNanos;
  private long lastNanos;
  private boolean refused;

  @Override
  public synchronized boolean retryAfterException(boolean isStarted, Throwable failure) {
    if (!isStarted || !isForbidden(failure)) {
      return Cluster.isTransient(failure);
    }
    long now = System.nanoTime();
    if (!refused || now - lastNanos > QUIET_PERIOD.toNanos()) {
      firstNanos = now;
    }
    refused = true;
    lastNanos = now;
    return now - firstNanos < Cluster.FORBIDDEN_RETRY.toNanos();
  }

  private static boolean isForbidden(Throwable failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof KubernetesClientException answered && answered.getCode() > 0) {
        return answered.getCode() == HttpURLConnection.HTTP_FORBIDDEN;
      }
    }
    return false;
  }
}
