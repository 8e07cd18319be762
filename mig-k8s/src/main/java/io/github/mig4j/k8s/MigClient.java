package io.github.mig4j.k8s;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import io.fabric8.kubernetes.client.Client;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extension.ClientAdapter;
import io.github.mig4j.k8s.change.MigNode;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigListener;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.config.MigConfigMap;
import io.github.mig4j.k8s.config.MigOperator;
import io.github.mig4j.k8s.config.SharingConfigMap;
import io.github.mig4j.k8s.dra.DraClient;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.NodeEvents;
import io.github.mig4j.k8s.node.ExpectedOffers;
import io.github.mig4j.k8s.node.MigFleet;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.reconcile.MigPolicy;
import io.github.mig4j.k8s.reconcile.PendingPods;
import io.github.mig4j.k8s.reconcile.Reconciler;
import io.github.mig4j.k8s.rollout.Rollout;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/**
 * The way into the cluster, from which everything is entered.
 *
 * <pre>{@code
 * try (KubernetesClient client = new KubernetesClientBuilder().build()) {
 *   MigClient mig = MigClient.of(client);                 // or client.adapt(MigClient.class)
 *   mig.operator().use(new OperatorSettings(MigStrategy.MIXED, "mig-config"));
 *   mig.configMap("mig-config").merge("b200-split-small", MigConfigSpec.allDevices(small));
 *   ApplyOutcome done = mig.node("gpu-node").apply("b200-split-small").await(Duration.ofMinutes(10));
 *   System.out.println(done.allocatable());               // {nvidia.com/mig-1g.23gb=7}
 *   System.out.println(mig.nodes());                      // the status of each node with GPUs
 *   List<PlanNode> gpus = mig.fleet().planNodes();        // for a planner or a scheduler
 *   RolloutStatus end = mig.rollout("week-48").nodes("gpu=b200").config("b200-split-small").run();
 *   DraInventory devices = mig.dra().inventory();         // dynamic resource allocation
 * }
 * }</pre>
 *
 * <p>A client holds no state of a change and is thread-safe. {@link #close()} does nothing: the
 * Kubernetes client is closed by its owner.
 */
// A mapper would otherwise read the cluster through the getters of a Kubernetes client.
@JsonAutoDetect(getterVisibility = Visibility.NONE, isGetterVisibility = Visibility.NONE)
public final class MigClient extends ClientAdapter<MigClient> {

  private final MigSettings settings;
  private final Cluster.Memory memory = new Cluster.Memory();

  MigClient(Client client, MigSettings settings) {
    init(client);
    this.settings = settings;
  }

  /**
   * {@return a MIG client on a Kubernetes client, with default settings}
   *
   * @param client the client, which stays the caller's to close
   */
  public static MigClient of(KubernetesClient client) {
    Objects.requireNonNull(client, "client");
    return new MigClient(client, MigSettings.defaults());
  }

  /**
   * {@return a client on the same Kubernetes client with other settings}
   *
   * @param settings the settings
   */
  public MigClient with(MigSettings settings) {
    Objects.requireNonNull(settings, "settings");
    return new MigClient(getClient(), settings);
  }

  /**
   * A ConfigMap of MIG configurations in the operator's namespace, which need not exist yet.
   *
   * @param name the map's name
   * @return a handle; nothing is read
   */
  public MigConfigMap configMap(String name) {
    Objects.requireNonNull(name, "name");
    return new MigConfigMap(cluster(), name);
  }

  /**
   * A ConfigMap of sharing configurations in the operator's namespace, which need not exist yet.
   *
   * @param name the map's name
   * @return a handle; nothing is read
   * @throws IllegalArgumentException if that is no name for a ConfigMap
   */
  public SharingConfigMap sharingMap(String name) {
    Objects.requireNonNull(name, "name");
    return new SharingConfigMap(cluster(), name);
  }

  /**
   * {@return a handle on a node; nothing is read}
   *
   * @param name the node's name
   */
  public MigNode node(String name) {
    Objects.requireNonNull(name, "name");
    return new MigNode(cluster(), name);
  }

  /**
   * The current status of every node whose labels name NVIDIA GPUs.
   *
   * @return a snapshot of each node with a label {@code nvidia.com/gpu.present} or {@code
   *     nvidia.com/gpu.product}, by name
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public List<MigNodeStatus> nodes() {
    Cluster cluster = cluster();
    ExpectedOffers offers = new ExpectedOffers(cluster);
    return cluster.gpuNodes().stream()
        .map(offers::status)
        .sorted(Comparator.comparing(MigNodeStatus::node))
        .toList();
  }

  /** {@return a handle on all GPUs of the cluster, for planners and schedulers; nothing is read} */
  public MigFleet fleet() {
    return new MigFleet(cluster());
  }

  /**
   * {@return a handle on a rollout to many nodes, new or not; nothing is read}
   *
   * @param name lower-case letters, digits and {@code -}, up to 40
   * @throws IllegalArgumentException if the name has other characters or is longer
   */
  public Rollout rollout(String name) {
    Objects.requireNonNull(name, "name");
    return new Rollout(cluster(), name);
  }

  /**
   * Why pods wait for MIG devices, by resource names or by claims, and how idle GPUs would be cut for them.
   * It reads, and writes nothing. Claims, device classes and slices are read if such a pod has claims.
   *
   * @return an answer for each pod that the scheduler found no node for
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public PendingPods pendingPods() {
    return PendingPods.of(cluster());
  }

  /**
   * {@return a reconciler that keeps nodes as policies declare them, and is not started}
   *
   * @param policies the policies, e.g. of a {@link io.github.mig4j.k8s.reconcile.MigPolicyFile}
   */
  public Reconciler reconciler(List<MigPolicy> policies) {
    Objects.requireNonNull(policies, "policies");
    return new Reconciler(cluster(), policies);
  }

  /**
   * {@return a client for the API {@code resource.k8s.io}, dynamic resource allocation: claims,
   * device classes and what NVIDIA's DRA driver publishes; nothing is read}
   */
  public DraClient dra() {
    return new DraClient(cluster());
  }

  /**
   * A listener that writes the steps and the end of each change as Kubernetes Events on the node, where
   * {@code kubectl describe node} shows them. It needs the permissions of {@code MigRole.EVENTS}; what it
   * cannot write is logged.
   *
   * <pre>{@code
   * MigClient mig = MigClient.of(client);
   * MigClient visible = mig.with(mig.settings().withListener(mig.nodeEvents()));
   * }</pre>
   *
   * @return a listener for {@link MigSettings#listener}
   */
  public MigListener nodeEvents() {
    return new NodeEvents(cluster());
  }

  /** {@return a handle on the GPU Operator's settings for MIG and for sharing; nothing is read} */
  public MigOperator operator() {
    return new MigOperator(cluster());
  }

  /** {@return the settings of this client} */
  public MigSettings settings() {
    return settings;
  }

  /** Does nothing: the owner of the Kubernetes client closes it. */
  @Override
  public void close() {}

  @Override
  public MigClient newInstance() {
    return new MigClient(getClient(), settings);
  }

  private Cluster cluster() {
    return new Cluster(getClient().adapt(KubernetesClient.class), settings, memory);
  }

  /** The cluster, e.g. {@code MIG client of https://10.0.0.1/}. */
  @Override
  public String toString() {
    return "MIG client of " + getMasterUrl();
  }
}
