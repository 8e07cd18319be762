package io.github.mig4j.k8s.simulator;

/**
 * The value of the node's config label for the MIG manager: only the latest value is kept, and only a
 * change wakes the manager.
 *
 * <p>As in mig-parted's {@code SyncableMigConfig}, an empty value does not wake the manager, but it is
 * seen if it is set during a run. The value of the last run, set again after an empty one, wakes it
 * again.
 */
final class RequestedConfig {

  private String current;
  private String lastRead = "";
  private long wakeUps;
  private boolean waiting;

  RequestedConfig(String current) {
    this.current = current;
  }

  synchronized void set(String value) {
    current = value;
    if (!value.isEmpty()) {
      wakeUps++;
      waiting = false;
      notifyAll();
    }
  }

  /** Waits for a value that differs from the one returned last. */
  synchronized String next() throws InterruptedException {
    if (lastRead.equals(current)) {
      long before = wakeUps;
      waiting = true;
      while (wakeUps == before) {
        wait();
      }
    }
    lastRead = current;
    return current;
  }

  /** Whether this value was returned last, and the manager waits for another one. */
  synchronized boolean isDone(String value) {
    return waiting && lastRead.equals(value);
  }
}
