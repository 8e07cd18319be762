package io.github.mig4j.k8s.internal;

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
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The leadership of a rollout or of a reconciler, which one process has at a time: fabric8's election on a Lease. A leader
 * that cannot renew the Lease stops before another process may acquire it: it stops after half the lease
 * without a renewal, and the retry, the read and the write each take at most an eighth of the lease.
 */
public final class Leadership implements AutoCloseable {

  /** Called on threads of the election. */
  public interface Candidate {
    /** This candidate is the leader. */
    void onStartLeading();

    /** This candidate is no longer the leader. */
    void onStopLeading();

    /** A process is the leader, perhaps this candidate. */
    void onNewLeader(String leader);

    /** The election has ended by a failure; called once. */
    void onFailure(Throwable failure);
  }

  /** Ends the work of a process that is no longer the leader. */
  public static final class LeadershipLost extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private final LeaderElector elector;
  private final CompletableFuture<?> candidacy;

  /**
   * Becomes a candidate.
   *
   * @param name the name of the Lease
   * @param identity a unique name of this candidate
   * @param lease how long after the last renewal another process may take over
   */
  public Leadership(
      Cluster cluster,
      String namespace,
      String name,
      String identity,
      Duration lease,
      Candidate candidate) {
    Failure failure = new Failure(candidate);
    Lock lock = new ReportingLease(cluster, namespace, name, identity, failure);
    Duration part = lease.dividedBy(8);
    RequestConfig noRetries = new RequestConfigBuilder(
            cluster.client().getConfiguration().getRequestConfig())
        .withRequestRetryBackoffLimit(0)
        .withRequestTimeout(Math.toIntExact(part.toMillis()))
        .build();
    this.elector = cluster
        .client()
        .newClient(noRetries)
        .adapt(KubernetesClient.class)
        .leaderElector()
        .withConfig(new LeaderElectionConfigBuilder()
            .withName(lock.describe())
            .withLock(lock)
            .withLeaseDuration(lease)
            .withRenewDeadline(lease.dividedBy(2))
            .withRetryPeriod(part)
            // Another process must not start before the changes of this one have stopped.
            .withReleaseOnCancel(false)
            .withLeaderCallbacks(callbacks(candidate))
            .build())
        .build();
    this.candidacy = elector.start();
    CompletableFuture<?> unused = candidacy.whenComplete((none, thrown) -> {
      if (thrown != null && !candidacy.isCancelled()) {
        failure.report(thrown);
      }
    });
  }

  /** Reports the first failure to the candidate, without the wrapper of a future. */
  static final class Failure {
    private final Candidate candidate;
    private final AtomicBoolean isReported = new AtomicBoolean();

    Failure(Candidate candidate) {
      this.candidate = candidate;
    }

    void report(Throwable thrown) {
      if (isReported.compareAndSet(false, true)) {
        Throwable cause = thrown.getCause();
        candidate.onFailure(
            thrown instanceof CompletionException && cause != null ? cause : thrown);
      }
    }
  }

  /**
   * A Lease that reports the failures after which fabric8's election would try again for ever. A 403 of
   * what was allowed some seconds ago is not one of them, as in {@link Cluster#call}.
   */
  private static final class ReportingLease extends LeaseLock {
    private final Cluster cluster;
    private final String object;
    private final Failure failure;
    private final Map<String, Long> lastAllowed = new ConcurrentHashMap<>();

    ReportingLease(
        Cluster cluster, String namespace, String name, String identity, Failure failure) {
      super(namespace, name, identity);
      this.cluster = cluster;
      this.object = "lease %s/%s".formatted(namespace, name);
      this.failure = failure;
    }

    @Override
    public synchronized LeaderElectionRecord get(KubernetesClient client) {
      return reported("get", () -> super.get(client));
    }

    @Override
    public synchronized void create(KubernetesClient client, LeaderElectionRecord record) {
      Object unused = reported("create", () -> {
        super.create(client, record);
        return record;
      });
    }

    @Override
    public synchronized void update(KubernetesClient client, LeaderElectionRecord record) {
      Object unused = reported("patch", () -> {
        super.update(client, record);
        return record;
      });
    }

    private <T> T reported(String verb, Supplier<T> request) {
      try {
        T answer = request.get();
        lastAllowed.put(verb, System.nanoTime());
        return answer;
      } catch (KubernetesClientException e) {
        if (ServerAnswer.isTransient(e)
            || e.getCode() == HttpURLConnection.HTTP_CONFLICT
            || wasAllowedJustNow(verb, e)) {
          throw e;
        }
        RuntimeException refused = cluster.failure(verb + " " + object, e);
        failure.report(refused);
        throw refused;
      }
    }

    private boolean wasAllowedJustNow(String verb, KubernetesClientException e) {
      @Nullable Long allowed = lastAllowed.get(verb);
      return e.getCode() == HttpURLConnection.HTTP_FORBIDDEN
          && allowed != null
          && System.nanoTime() - allowed < Cluster.FORBIDDEN_RETRY.toNanos();
    }
  }

  /** The current leader; empty if no process is. */
  public static Optional<String> holder(Cluster cluster, String namespace, String name) {
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

  /** A released Lease has no holder. */
  private static LeaderCallbacks callbacks(Candidate candidate) {
    return new LeaderCallbacks(
        candidate::onStartLeading, candidate::onStopLeading, (@Nullable String leader) -> {
          if (leader != null && !leader.isEmpty()) {
            candidate.onNewLeader(leader);
          }
        });
  }

  /** Releases the Lease, so that the next process need not wait. Called when the work has stopped. */
  @Override
  public void close() {
    boolean unused = candidacy.cancel(true);
    try {
      boolean unusedToo = elector.release();
    } catch (KubernetesClientException | MigException unanswered) {
      // The Lease expires.
    }
  }
}
