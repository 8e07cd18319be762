package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pod that runs on a node while its deploy label is {@code true}; its start and its stop take time.
 */
final class Operand {

  private static final Logger LOG = LoggerFactory.getLogger(Operand.class);

  private final String what;
  private final Background background;
  private final Duration toStart;
  private final Duration toStop;
  private final Background.Reaction onStart;
  private final Background.Reaction onStop;

  private boolean wanted;
  private boolean isBarred;
  private boolean running;
  private boolean changing;
  private long generation;
  private long settled;

  Operand(
      String what,
      Background background,
      Duration toStart,
      Duration toStop,
      Background.Reaction onStart,
      Background.Reaction onStop) {
    this.what = what;
    this.background = background;
    this.toStart = toStart;
    this.toStop = toStop;
    this.onStart = onStart;
    this.onStop = onStop;
  }

  /** Starts or stops the pod, unless it is starting or stopping. */
  synchronized void follow(Desired desired) {
    isBarred = desired == Desired.KEPT;
    if (!isBarred && wanted != (desired == Desired.RUNNING)) {
      wanted = !wanted;
      generation++;
      transition(generation, desired);
    }
  }

  /** Restarts the pod, as a change of its DaemonSet does. */
  synchronized void restart() {
    if (wanted) {
      generation++;
      long current = generation;
      wanted = !isBarred;
      boolean startsAgain = wanted;
      background.after(toStop, "stop " + what, lifetime -> {
        change(lifetime, current, Desired.STOPPED);
        if (startsAgain) {
          transition(current, Desired.RUNNING);
        }
      });
    }
  }

  /** Whether the pod is as desired, and neither starts nor stops. */
  synchronized boolean isSettled(Desired desired) {
    return (desired == Desired.KEPT || wanted == (desired == Desired.RUNNING))
        && running == wanted
        && !changing
        && settled == generation;
  }

  /** Whether the deploy label requires the pod. */
  enum Desired {
    RUNNING,
    STOPPED,
    /** It runs on if it runs, and does not start, since it does not tolerate a taint of the node. */
    KEPT
  }

  /**
   * Waits until the pod has stopped.
   *
   * @return false if it has not stopped within the time
   */
  synchronized boolean awaitStopped(Duration atMost) throws InterruptedException {
    return Lifetime.await(this, () -> !wanted && !running && !changing, atMost);
  }

  private void transition(long current, Desired desired) {
    boolean starts = desired == Desired.RUNNING;
    background.after(
        starts ? toStart : toStop,
        (starts ? "start " : "stop ") + what,
        lifetime -> change(lifetime, current, desired));
  }

  private void change(Lifetime lifetime, long current, Desired desired)
      throws InterruptedException {
    synchronized (this) {
      if (current != generation) {
        return;
      }
      changing = true;
    }
    try {
      (desired == Desired.RUNNING ? onStart : onStop).run(lifetime);
      settle(desired, current);
    } catch (KubernetesClientException e) {
      if (!Lifetime.isMissing(e)) {
        throw e;
      }
      LOG.info("node deleted what={}", what);
      settle(Desired.STOPPED, current);
    }
  }

  private synchronized void settle(Desired now, long current) {
    running = now == Desired.RUNNING;
    settled = current;
    changing = false;
    notifyAll();
  }

  /** The name of the pod and its node, for messages. */
  @Override
  public String toString() {
    return what;
  }
}
