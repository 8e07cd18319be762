package io.github.mig4j.k8s.internal;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/**
 * Answers that many threads need and one thread requests. The others wait for it without holding a
 * lock, and can be interrupted. A request that fails is not shared: the next thread sends its own.
 */
final class SharedAnswers<K, V> {

  private record Answer<V>(CompletableFuture<V> value, long expiryNanos) {
    boolean isExpired() {
      return value.isDone() && System.nanoTime() - expiryNanos >= 0;
    }
  }

  private final ConcurrentMap<K, Answer<V>> answers = new ConcurrentHashMap<>();
  private final Duration lifetime;

  /** The answers are kept for {@code lifetime} after the request was sent. */
  SharedAnswers(Duration lifetime) {
    this.lifetime = lifetime;
  }

  V get(K key, Supplier<V> request) {
    while (true) {
      Answer<V> mine =
          new Answer<>(new CompletableFuture<>(), System.nanoTime() + lifetime.toNanos());
      Answer<V> shared = answers.compute(
          key, (k, current) -> current == null || current.isExpired() ? mine : current);
      if (shared.equals(mine)) {
        return request(key, mine, request);
      }
      try {
        return shared.value.get();
      } catch (ExecutionException failed) {
        answers.remove(key, shared);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancellationException("Interrupted while another thread requests " + key);
      }
    }
  }

  private V request(K key, Answer<V> mine, Supplier<V> request) {
    try {
      V value = request.get();
      mine.value.complete(value);
      return value;
    } catch (Throwable failure) {
      answers.remove(key, mine);
      mine.value.completeExceptionally(failure);
      throw failure;
    }
  }
}
