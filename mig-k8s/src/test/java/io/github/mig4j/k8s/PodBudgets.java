package io.github.mig4j.k8s;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Which pods of the mock server may be evicted; a stand-in for disruption budgets. */
public final class PodBudgets {

  private final Set<String> kept = ConcurrentHashMap.newKeySet();
  private final List<String> evicted = new CopyOnWriteArrayList<>();

  /** Evictions of this pod are answered 429 until {@link #release}. */
  void keep(String pod) {
    kept.add(pod);
  }

  void release(String pod) {
    kept.remove(pod);
  }

  boolean keeps(String pod) {
    return kept.contains(pod);
  }

  void tell(String pod) {
    evicted.add(pod);
  }

  List<String> evicted() {
    return List.copyOf(evicted);
  }
}
