package io.github.mig4j.k8s.reconcile;

import java.time.Duration;
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
      String first = "";
      long wait = Long.MAX_VALUE;
      for (Map.Entry<String, Long> entry : due.entrySet()) {
        if (entry.getValue() - now < wait) {
          wait = entry.getValue() - now;
          first = entry.getKey();
        }
        if (wait <= 0) {
          due.remove(first);
          return first;
        }
      }
      if (wait == Long.MAX_VALUE) {
        wait();
      } else {
        TimeUnit.NANOSECONDS.timedWait(this, Math.max(wait, TimeUnit.MILLISECONDS.toNanos(1)));
      }
    }
  }
}
