package io.github.mig4j.k8s.reconcile;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** When each node is to be reconciled next; a node that is marked twice is due at the earlier time. */
final class DueNodes {

  private final Map<String, Long> due = new HashMap<>();

  synchronized void mark(String node, Duration after) {
    long at = System.nanoTime() + after.toNanos();
    due.merge(node, at, (old, other) -> old - other < 0 ? old : other);
    notifyAll();
  }

  /** The node that is due first, when it is due. */
  synchronized String take() throws InterruptedException {
    while (true) {
      long now = System.nanoTime();
      var first =
          due.entrySet().stream().min(Comparator.comparingLong(entry -> entry.getValue() - now));
      long left = first.map(entry -> entry.getValue() - now).orElse(Long.MAX_VALUE);
      if (left <= 0) {
        String node = first.orElseThrow().getKey();
        due.remove(node);
        return node;
      }
      // In milliseconds, of which 0 has no end.
      wait(first.isEmpty() ? 0 : Math.max(1, TimeUnit.NANOSECONDS.toMillis(left)));
    }
  }
}
