package io.github.mig4j.k8s.simulator;

import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The traps that are set on one node. */
final class Traps {

  private final Set<Trap> set = EnumSet.noneOf(Trap.class);

  Traps(Collection<Trap> first) {
    set.addAll(first);
  }

  synchronized void set(Collection<Trap> more) {
    set.addAll(more);
  }

  synchronized void remove(Collection<Trap> fewer) {
    set.removeAll(fewer);
    notifyAll();
  }

  /** Springs and returns the traps of this step; those that are sprung once are removed. */
  synchronized List<Trap> spring(Trap.Step step) {
    List<Trap> sprung = set.stream().filter(trap -> trap.liesAt(step)).toList();
    sprung.stream().filter(trap -> trap.lasting() == Trap.Lasting.ONCE).forEach(set::remove);
    return sprung;
  }

  boolean skips(Trap.Step step) {
    return !spring(step).isEmpty();
  }

  /**
   * Waits until a trap is removed.
   *
   * @return false if it was not removed within the time
   */
  synchronized boolean awaitRemoved(Trap trap, Duration atMost) throws InterruptedException {
    return Lifetime.await(this, () -> !set.contains(trap), atMost);
  }
}
