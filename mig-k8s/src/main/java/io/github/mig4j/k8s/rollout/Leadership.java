package io.github.mig4j.k8s.rollout;

import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfig;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.github.mig4j.k8s.internal.Cluster;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The right to work on a rollout, which one process has at a time: fabric8's election on a Lease. */
final class Leadership implements AutoCloseable {

  private final CompletableFuture<?> candidacy;

  /**
   * Stands for election.
   *
   * @param lease how long nobody takes over from a process that has gone silent
   * @param callbacks told when the right is won or lost, and who has it
   */
  Leadership(Cluster cluster, LeaseLock lock, Duration lease, LeaderCallbacks callbacks) {
    LeaderElectionConfig config = new LeaderElectionConfigBuilder()
        .withName(lock.describe())
        .withLock(lock)
        .withLeaseDuration(lease)
        .withRenewDeadline(lease.multipliedBy(2).dividedBy(3))
        .withRetryPeriod(lease.dividedBy(8))
        .withReleaseOnCancel(true)
        .withLeaderCallbacks(callbacks)
        .build();
    this.candidacy = cluster.client().leaderElector().withConfig(config).build().start();
  }

  /** Gives the right back, so that the next process need not wait. */
  @Override
  public void close() {
    boolean unused = candidacy.cancel(true);
  }
}
