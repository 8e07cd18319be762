package io.github.mig4j.k8s.simulator;

/**
 * The value of the node's config label as the MIG manager sees it: the last one wins, nothing is
 * queued, and only a change wakes it.
 *
 * <p>As in mig-parted's {@code SyncableMigConfig}, an empty value does not wake it, but is seen if
 * it came while a run was under way; and the value of the last run, set again after an empty one,
 * wakes it again.
 */
final class RequestedConfig {

  private String current;
  private String lastRead = "";
  private long wakeUps;

  RequestedConfig(String current) {
    this.current = current;
  }

  synchronized void set(String value) {
    current = value;
    if (!value.isEmpty()) {
      wakeUps++;
      notifyAll();
    }
  }

  /** Waits for a value that differs from the one that was returned last. */
  synchronized String next() throws InterruptedException {
    if (lastRead.equals(current)) {
      long before = wakeUps;
      while (wakeUps == before) {
        wait();
      }
    }
    lastRead = current;
    return current;
  }
}
