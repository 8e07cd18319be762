package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The lifetime of one process; all its waits end when it ends. */
final class Lifetime {

  private static final Logger LOG = LoggerFactory.getLogger(Lifetime.class);

  private final CountDownLatch ended = new CountDownLatch(1);
  private final Optional<Duration> retry;

  private Lifetime(Optional<Duration> retry) {
    this.retry = retry;
  }

  /** A process that repeats a failed request until it ends. */
  static Lifetime insisting(Duration retry) {
    return new Lifetime(Optional.of(retry));
  }

  /** A process whose failed requests throw. */
  static Lifetime yielding() {
    return new Lifetime(Optional.empty());
  }

  void end() {
    ended.countDown();
  }

  /**
   * Waits.
   *
   * @throws InterruptedException if the process ends
   */
  void pause(Duration duration) throws InterruptedException {
    if (ended.await(duration.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new InterruptedException("ended");
    }
  }

  /**
   * Sends a request. It is repeated after a conflict, and in an insisting process after every failure.
   *
   * @throws InterruptedException if the process ends
   * @throws KubernetesClientException if the object does not exist, or a request of a yielding process
   *     fails
   */
  <T> T request(String what, Supplier<T> request) throws InterruptedException {
    while (true) {
      try {
        return request.get();
      } catch (KubernetesClientException e) {
        if (Thread.interrupted()) {
          throw new InterruptedException("ended");
        }
        if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
          LOG.debug("request conflicts what={}", what);
          pause(Duration.ZERO);
        } else if (isMissing(e) || retry.isEmpty()) {
          throw e;
        } else {
          LOG.warn("request failed what={} code={} message={}", what, e.getCode(), e.getMessage());
          pause(retry.get());
        }
      }
    }
  }

  /** Waits for a condition on a monitor, which the caller holds; false if the time ends first. */
  static boolean await(Object monitor, BooleanSupplier condition, Duration atMost)
      throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (!condition.getAsBoolean()) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        return false;
      }
      monitor.wait(left);
    }
    return true;
  }

  /** Waits for the end of a thread; an interrupt flag is set again afterwards. */
  static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  static boolean isMissing(KubernetesClientException e) {
    return e.getCode() == HttpURLConnection.HTTP_NOT_FOUND;
  }
}
