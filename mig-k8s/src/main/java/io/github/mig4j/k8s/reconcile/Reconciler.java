package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.config.MigConfigMap;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.Leadership;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps nodes as policies declare them.
 *
 * <pre>{@code
 * try (Reconciler.Running running = mig.reconciler(policies).onOutcome(System.out::println).start()) {
 *   ...
 * }
 * ReconcileOutcome outcome = mig.reconciler(policies).reconcile("gpu-node");   // in a controller of one's own
 * }</pre>
 *
 * <p>Of any number of processes one works, by the Lease {@code mig4j-reconciler} in the operator's
 * namespace. A reconciler has no state of its own but the time at which pods used a node last: another
 * process continues a change that this one has begun. While every node is as declared, it sends no
 * request except for the Lease and the watches.
 *
 * <p>A reconciler is immutable: each method that sets something returns a new one.
 */
public final class Reconciler {

  private static final Logger LOG = LoggerFactory.getLogger(Reconciler.class);
  private static final String NAME = "mig4j-reconciler";
  private static final Duration LEASE = Duration.ofSeconds(15);

  private final Cluster cluster;
  private final List<MigPolicy> policies;
  private final ApplyTimings timings;
  private final Consumer<ReconcileOutcome> listener;
  private final Duration lease;

  /**
   * Not API; use {@code MigClient.reconciler}.
   *
   * @param cluster the way into the cluster
   * @param policies the policies
   */
  public Reconciler(Cluster cluster, List<MigPolicy> policies) {
    this(
        new Cluster(
            cluster.client(),
            cluster.settings().identity().isPresent()
                ? cluster.settings()
                : cluster.settings().withIdentity(NAME)),
        List.copyOf(policies),
        ApplyTimings.builder().build(),
        any -> {},
        LEASE);
  }

  private Reconciler(
      Cluster cluster,
      List<MigPolicy> policies,
      ApplyTimings timings,
      Consumer<ReconcileOutcome> listener,
      Duration lease) {
    this.cluster = cluster;
    this.policies = policies;
    this.timings = timings;
    this.listener = listener;
    this.lease = lease;
  }

  /**
   * {@return a reconciler that reports each node whose standing has changed}
   *
   * @param consumer receives the outcomes, on the thread that reconciles
   */
  public Reconciler onOutcome(Consumer<ReconcileOutcome> consumer) {
    Objects.requireNonNull(consumer, "consumer");
    return new Reconciler(cluster, policies, timings, consumer, lease);
  }

  /**
   * {@return a reconciler with other limits for the stages of a change, as {@link
   * io.github.mig4j.k8s.change.ApplyRequest#timings}}
   *
   * @param changed the timings
   */
  public Reconciler timings(ApplyTimings changed) {
    Objects.requireNonNull(changed, "changed");
    return new Reconciler(cluster, policies, changed, listener, lease);
  }

  /** How long after the last renewal of the Lease another process takes over; shorter in tests. */
  Reconciler lease(Duration duration) {
    return new Reconciler(cluster, policies, timings, listener, duration);
  }

  /**
   * Looks at a node once, takes the step that it needs, and returns without waiting for its effect. It
   * lists the nodes, since the pace depends on the others. GPUs with a demand are not planned for here.
   *
   * @param node the node's name
   * @return how it stands, and when to call this again
   * @throws MigClusterException if the API server does not answer or does not allow to list nodes
   */
  public ReconcileOutcome reconcile(String node) {
    Objects.requireNonNull(node, "node");
    List<NodeFacts> all = cluster.gpuNodes().stream()
        .map(each -> NodeFacts.of(each, cluster.settings()))
        .toList();
    return all.stream()
        .filter(facts -> facts.name().equals(node))
        .findFirst()
        .map(facts ->
            new NodeReconcile(cluster, timings, Standings.none()).reconcile(facts, all, context()))
        .orElseGet(() -> new ReconcileOutcome(
            node,
            Optional.empty(),
            new NodeStanding.NotOurs("the cluster has no node of this name with a label of a GPU"),
            Optional.empty()));
  }

  private NodeReconcile.Context context() {
    boolean isNeeded = policies.stream()
        .flatMap(policy -> policy.gpus().values().stream())
        .anyMatch(target ->
            target instanceof PolicyTarget.Config || target instanceof PolicyTarget.Layout);
    return new NodeReconcile.Context(
        policies,
        Map.of(),
        isNeeded
            ? cluster
                .clusterPolicy()
                .flatMap(ClusterPolicies::migConfigMap)
                .flatMap(map -> new MigConfigMap(cluster, map).file(cluster.operatorNamespace()))
                .flatMap(MigConfigFile::document)
            : Optional.empty(),
        NodeReconcile.Unwatched.NOTHING);
  }

  /** {@return a running reconciler of every node, on a thread of its own, until it is closed} */
  public Running start() {
    Running running = new Running(this);
    running.campaign();
    return running;
  }

  /** The policies, e.g. {@code reconciler for 2 policies}. */
  @Override
  public String toString() {
    return "reconciler for %d policies".formatted(policies.size());
  }

  /** A reconciler that runs. */
  public static final class Running implements AutoCloseable {

    private final Reconciler reconciler;
    private final ReconcileLoop loop;
    private final Thread thread;
    private final String namespace;
    private final String me =
        "%s-%s".formatted(NAME, UUID.randomUUID().toString().substring(0, 8));
    private @Nullable Leadership leadership;
    private volatile boolean isClosed;

    private Running(Reconciler reconciler) {
      this.reconciler = reconciler;
      this.namespace = reconciler.cluster.operatorNamespace();
      this.loop = new ReconcileLoop(
          reconciler.cluster, reconciler.policies, reconciler.timings, reconciler.listener);
      this.thread = start(loop::run);
    }

    private Thread start(Runnable work) {
      Thread started = reconciler.cluster.settings().threads().newThread(work);
      started.setName(NAME);
      started.start();
      return started;
    }

    /** Becomes a candidate, also again after the Lease was lost: an election ends with that. */
    private synchronized void campaign() {
      Leadership lost = leadership;
      if (lost != null) {
        leadership = null;
        lost.close();
      }
      if (!isClosed) {
        leadership =
            new Leadership(reconciler.cluster, namespace, NAME, me, reconciler.lease, candidate());
      }
    }

    private Leadership.Candidate candidate() {
      return new Leadership.Candidate() {
        @Override
        public void onStartLeading() {
          loop.lead(true);
        }

        @Override
        public void onStopLeading() {
          loop.lead(false);
          if (!isClosed) {
            Thread unused = start(Running.this::campaign);
          }
        }

        @Override
        public void onNewLeader(String leader) {
          LOG.info("reconciler leader={}", leader);
        }

        @Override
        public void onFailure(Throwable failure) {
          loop.lead(false);
          loop.fail(failure);
        }
      };
    }

    /**
     * Waits until the reconciler ends, which it does if it is closed, or if it may not list nodes when it
     * starts or use the Lease. Another permission that is missing is a standing of the nodes that need it.
     *
     * @param atMost how long to wait
     * @throws InterruptedException if the thread is interrupted
     * @throws MigClusterException if the reconciler ended because the API server does not allow it
     */
    public void awaitEnd(Duration atMost) throws InterruptedException {
      Objects.requireNonNull(atMost, "atMost");
      loop.awaitEnd(atMost);
    }

    /**
     * {@return the last outcome of each node with a GPU, by name; none while another process leads}
     */
    public SortedMap<String, ReconcileOutcome> outcomes() {
      return loop.outcomes();
    }

    /**
     * {@return what the policies with a demand do for the pods that wait: the last answer for each;
     * none while another process leads}
     */
    public List<PodAnswer> answers() {
      return loop.answers();
    }

    /**
     * Replaces the policies, and reconciles every node again.
     *
     * @param policies the new policies
     */
    public void use(List<MigPolicy> policies) {
      Objects.requireNonNull(policies, "policies");
      loop.use(policies);
    }

    /** Stops, and leaves changes in progress to the next process. */
    @Override
    public void close() {
      isClosed = true;
      loop.lead(false);
      thread.interrupt();
      try {
        thread.join(Duration.ofSeconds(10).toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      campaign();
    }

    /** The name of this process in the Lease. */
    @Override
    public String toString() {
      return "running reconciler " + me;
    }
  }
}
