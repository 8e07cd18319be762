package io.github.mig4j.fleet;

import java.util.Objects;
import java.util.function.Function;

/**
 * A fleet for several threads, with a lock. One {@link #call} does several operations under the
 * lock:
 *
 * <pre>{@code
 * SharedFleet shared = new SharedFleet(fleet);
 * long instance = shared.place(small);
 * boolean both = shared.call(f -> {
 *   int mark = f.mark();
 *   boolean placed = f.place(small) != Fleet.NONE && f.place(large) != Fleet.NONE;
 *   if (placed) {
 *     f.keep(mark);
 *   } else {
 *     f.rollback(mark); // otherwise the first would stay when the second does not fit
 *   }
 *   return placed;
 * });
 * }</pre>
 *
 * <p>Thread-safe if no thread uses the fleet itself.
 */
public final class SharedFleet {

  private final Fleet fleet;

  /** Wraps a fleet; from now on, use it only through this object. */
  public SharedFleet(Fleet fleet) {
    Objects.requireNonNull(fleet, "fleet");
    this.fleet = fleet;
  }

  /** Places an instance as {@link Fleet#place(FleetRequest)} does. */
  public synchronized long place(FleetRequest request) {
    return fleet.place(request);
  }

  /**
   * Frees an instance as {@link Fleet#free} does.
   *
   * @throws IllegalArgumentException if it does not run
   */
  public synchronized void free(long instance) {
    fleet.free(instance);
  }

  /**
   * Runs several operations while other threads wait, and returns their result. The fleet must not
   * be used after they return.
   */
  public synchronized <T> T call(Function<? super Fleet, T> work) {
    Objects.requireNonNull(work, "work");
    return work.apply(fleet);
  }

  /** The fleet in one line. */
  @Override
  public String toString() {
    return call(Fleet::toString);
  }
}
