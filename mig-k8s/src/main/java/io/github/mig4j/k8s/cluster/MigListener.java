package io.github.mig4j.k8s.cluster;

import java.util.Objects;

/**
 * Receives the events of a {@code MigClient} and of all that is entered from it, for metrics, audits and
 * alerts. {@link MigSettings#listener} sets it.
 *
 * <p>It is called on the thread that does the work, by several threads at once, and returns at once. What
 * it throws is logged and changes nothing.
 */
@FunctionalInterface
public interface MigListener {

  /**
   * Called after something has happened.
   *
   * @param event what has happened; ignore types that you do not know
   */
  void onEvent(MigEvent event);

  /**
   * A listener for two.
   *
   * @param next receives each event after this listener, also if this one throws
   * @return a listener that passes each event on to both
   */
  default MigListener andThen(MigListener next) {
    Objects.requireNonNull(next, "next");
    return event -> {
      try {
        onEvent(event);
      } finally {
        next.onEvent(event);
      }
    };
  }
}
