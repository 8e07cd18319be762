package io.github.mig4j.fleet;

import java.util.Objects;
import java.util.function.Function;

/**
 * A fleet that several threads share, one at a time. What belongs together is done in one {@link
 * #call}:
 *
 * <pre>{@code
 * SharedFleet shared = new SharedFleet(fleet);
 * long instance = shared.place(small);
 * boolean both = shared.call(f -> f.place(small) != Fleet.NONE && f.place(large) != Fleet.NONE);
 * }</pre>
 *
 * <p>Thread-safe, as long as nobody uses the fleet itself any more.
 */
public final class SharedFleet {

  private final Fleet fleet;

  /**
   * Shares a fleet.
   *
   * @param fleet from now on only used through this object
   */
  public SharedFleet(Fleet fleet) {
    Objects.requireNonNull(fleet, "fleet");
    this.fleet = fleet;
  }

  /**
   * Places an instance as {@link Fleet#place(FleetRequest)} does.
   *
   * @param request what to place
   * @return the instance, or {@link Fleet#NONE}
   */
  public synchronized long place(FleetRequest request) {
    Objects.requireNonNull(request, "request");
    return fleet.place(request);
  }

  /**
   * Frees an instance as {@link Fleet#free} does.
   *
   * @param instance an instance that runs
   * @throws IllegalArgumentException if it is not there
   */
  public synchronized void free(long instance) {
    fleet.free(instance);
  }

  /**
   * Does several things while no other thread does any.
   *
   * @param work what to do with the fleet, which must not be kept
   * @param <T> what comes of it
   * @return what the work returns
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
