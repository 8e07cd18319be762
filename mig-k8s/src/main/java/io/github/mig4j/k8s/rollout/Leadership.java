package io.github.mig4j.k8s.rollout;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaderElectionRecord;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.Lock;
import io.github.mig4j.MigException;
import io.github.mig4j.k8s.internal.Cluster;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The right to work on a rollout, which one process has at a time: fabric8's election on a Lease.
 * Whoever cannot renew the Lease knows that before anybody else may take it: half the lease may pass
 * without a renewal, and an eighth for each of the pause, the read and the write after that.
 */
final class Leadership implements AutoCloseable {

  /** What a candidate is told, on threads of the election. */
  interface Candidate {
    /** It has the right. */
    void won();

    /** It has the right no longer. */
    void lost();

    /** Somebody has the right, perhaps this candidate. */
    void sees(String leader);

    /** The election has failed, and goes on no longer. */
    void fails(Throwable failure);
  }

  /** Ends the work of a process that may no longer do it. */
  static final class Lost extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private final LeaderElector elector;
  private final CompletableFuture<?> candidacy;

  /**
   * Stands for election.
   *
   * @param name the Lease's
   * @param identity what nobody else is called
   * @param lease how long nobody takes over from a process that has gone silent
   */
  Leadership(
      Cluster cluster,
      String namespace,
      String name,
      String identity,
      Duration lease,
      Candidate candidate) {
    Lock lock = new ToldLease(cluster, namespace, name, identity, candidate);
    Duration part = lease.dividedBy(8);
    RequestConfig impatient = new RequestConfigBuilder(
            cluster.client().getConfiguration().getRequestConfig())
        .withRequestRetryBackoffLimit(0)
        .withRequestTimeout(Math.toIntExact(part.toMillis()))
        .build();
    this.elector = cluster
        .client()
        .newClient(impatient)
        .adapt(KubernetesClient.class)
        .leaderElector()
        .withConfig(new LeaderElectionConfigBuilder()
            .withName(lock.describe())
            .withLock(lock)
            .withLeaseDuration(lease)
            .withRenewDeadline(lease.dividedBy(2))
            .withRetryPeriod(part)
            // Nobody else may begin before what is under way here has stopped.
            .withReleaseOnCancel(false)
            .withLeaderCallbacks(callbacks(candidate))
            .build())
        .build();
    this.candidacy = elector.start();
    CompletableFuture<?> unused = candidacy.whenComplete((none, failure) -> {
      if (failure != null && !candidacy.isCancelled()) {
        candidate.fails(failure);
      }
    });
  }

  /** A Lease of which the candidate is told what fabric8's election would try again for ever. */
  private static final class ToldLease extends LeaseLock {
    private final Cluster cluster;
    private final String what;
    private final Candidate candidate;

    ToldLease(
        Cluster cluster, String namespace, String name, String identity, Candidate candidate) {
      super(namespace, name, identity);
      this.cluster = cluster;
      this.what = "lease %s/%s".formatted(namespace, name);
      this.candidate = candidate;
    }

    @Override
    public synchronized LeaderElectionRecord get(KubernetesClient client) {
      return told("get", () -> super.get(client));
    }

    @Override
    public synchronized void create(KubernetesClient client, LeaderElectionRecord record) {
      Object unused = told("create", () -> {
        super.create(client, record);
        return record;
      });
    }

    @Override
    public synchronized void update(KubernetesClient client, LeaderElectionRecord record) {
      Object unused = told("patch", () -> {
        super.update(client, record);
        return record;
      });
    }

    private <T> T told(String verb, Supplier<T> request) {
      try {
        return request.get();
      } catch (KubernetesClientException e) {
        if (Cluster.mayPass(e) || e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
          throw e;
        }
        try {
          return cluster.call(verb + " " + what, () -> {
            throw e;
          });
        } catch (RuntimeException failure) {
          candidate.fails(failure);
          throw failure;
        }
      }
    }
  }

  /** Who has the right now; empty if nobody does. */
  static Optional<String> holder(Cluster cluster, String namespace, String name) {
    @Nullable
    Lease lease = cluster.call(
        "get lease %s/%s".formatted(namespace, name),
        () -> cluster.client().leases().inNamespace(namespace).withName(name).get());
    return Optional.ofNullable(lease)
        .map(Lease::getSpec)
        .filter(spec -> isLive(spec, cluster.settings().clock().instant()))
        .map(LeaseSpec::getHolderIdentity)
        .filter(holder -> !holder.isEmpty());
  }

  private static boolean isLive(LeaseSpec spec, Instant now) {
    return spec.getRenewTime() != null
        && spec.getLeaseDurationSeconds() != null
        && now.isBefore(
            spec.getRenewTime().toInstant().plusSeconds(spec.getLeaseDurationSeconds()));
  }

  /** A Lease that was given back has no holder. */
  private static LeaderCallbacks callbacks(Candidate candidate) {
    return new LeaderCallbacks(candidate::won, candidate::lost, (@Nullable String leader) -> {
      if (leader != null && !leader.isEmpty()) {
        candidate.sees(leader);
      }
    });
  }

  /** Gives the right back, so that the next process need not wait. Called when the work has stopped. */
  @Override
  public void close() {
    boolean unused = candidacy.cancel(true);
    try {
      boolean unusedToo = elector.release();
    } catch (KubernetesClientException | MigException unanswered) {
      // The Lease ends by itself.
    }
  }
}
