package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.util.function.Consumer;

/**
 * Handles the events of a watch, where a new object is as one that has changed.
 *
 * @param onSeen receives the object as it is now
 * @param onDeleted receives the object as it was last
 */
public record WatchEvents<T>(Consumer<T> onSeen, Consumer<T> onDeleted)
    implements ResourceEventHandler<T> {

  /** Handles each event alike. */
  public static <T> WatchEvents<T> any(Runnable reaction) {
    return new WatchEvents<>(seen -> reaction.run(), deleted -> reaction.run());
  }

  @Override
  public void onAdd(T added) {
    onSeen.accept(added);
  }

  @Override
  public void onUpdate(T before, T after) {
    onSeen.accept(after);
  }

  @Override
  public void onDelete(T deleted, boolean finalStateUnknown) {
    onDeleted.accept(deleted);
  }
}
