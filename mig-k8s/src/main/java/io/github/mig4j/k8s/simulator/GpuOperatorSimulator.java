package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.github.mig4j.JsonName;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.ClusterView.Versions;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.k8s.internal.GpuPods;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * A GPU Operator without GPUs: it reacts to the labels of its nodes as an operator with hardware does.
 *
 * <pre>{@code
 * try (GpuOperatorSimulator simulator =
 *     GpuOperatorSimulator.on(client).node("gpu-node", b200).start()) {
 *   simulator.awaitReady(Duration.ofMinutes(1));
 *   // label gpu-node with nvidia.com/mig.config=all-1g.23gb, and watch it
 *   simulator.gpus("gpu-node");
 * }
 * }</pre>
 *
 * <p>It simulates the operator, the MIG manager, the device plugin with its config-manager, the kubelet's
 * status of resources, and GPU Feature Discovery. It creates missing nodes, the operator's namespace and
 * the ClusterPolicy, and does not delete them when it is closed; existing ones are used unchanged. The
 * caller closes the client, after the simulator. All methods can be called from any thread.
 */
public final class GpuOperatorSimulator implements AutoCloseable {

  private static final Duration READY_POLL_INTERVAL = Duration.ofMillis(10);

  private final SimulatedCluster cluster;
  private final Map<String, SimulatedNode> nodes = new LinkedHashMap<>();
  private final List<SharedIndexInformer<?>> informers = new ArrayList<>();
  private final SharedIndexInformer<GenericKubernetesResource> policies;
  private final OperatorPolicy defaults;

  private GpuOperatorSimulator(
      SimulatedCluster cluster, Map<String, List<GpuModel>> models, Set<Trap> traps) {
    this.cluster = cluster;
    this.defaults = cluster.currentPolicy();
    this.policies =
        cluster.client().genericKubernetesResources(ClusterPolicies.CONTEXT).runnableInformer(0);
    models.forEach((name, gpus) -> nodes.put(name, new SimulatedNode(cluster, name, gpus, traps)));
  }

  /**
   * Builds a simulator.
   *
   * @param client a client of the API server
   * @return a builder without nodes
   */
  public static Builder on(KubernetesClient client) {
    Objects.requireNonNull(client, "client");
    return new Builder(client);
  }

  /**
   * The current state of a node's GPUs.
   *
   * @param node the node's name
   * @return the GPUs by index
   * @throws IllegalArgumentException if the simulator has no such node
   */
  public List<SimulatedGpu> gpus(String node) {
    Objects.requireNonNull(node, "node");
    return require(node).gpus();
  }

  /**
   * The log of a node's MIG manager, of all its processes.
   *
   * @param node the node's name
   * @return the last 1000 lines at most, oldest first
   * @throws IllegalArgumentException if the simulator has no such node
   */
  public List<String> migManagerLog(String node) {
    Objects.requireNonNull(node, "node");
    return require(node).log();
  }

  /**
   * The log of a pod of the simulated operator, for an API server that answers requests for logs.
   *
   * @param pod the pod's name
   * @return the last 1000 lines of this pod at most, oldest first; empty if no such pod is running
   */
  public Optional<List<String>> podLog(String pod) {
    Objects.requireNonNull(pod, "pod");
    return nodeOf(pod).map(SimulatedNode::podLog);
  }

  /**
   * Sets traps on a node.
   *
   * @param node the node's name
   * @param traps the traps, from now on
   * @throws IllegalArgumentException if the simulator has no such node
   */
  public void set(String node, Trap... traps) {
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(traps, "traps");
    require(node).set(Arrays.asList(traps));
  }

  /**
   * Removes traps from a node; a trap that is not set is ignored.
   *
   * @param node the node's name
   * @param traps the traps to remove
   * @throws IllegalArgumentException if the simulator has no such node
   */
  public void remove(String node, Trap... traps) {
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(traps, "traps");
    require(node).remove(Arrays.asList(traps));
  }

  /**
   * Waits until the operator has done on every node what needs no request: its labels and pods are there,
   * GPU Feature Discovery has described the GPUs, the device plugin offers them, and the MIG manager has
   * applied the first configuration. A MIG manager whose ConfigMap does not exist waits for it, as a real
   * pod does; its node is ready.
   *
   * @param atMost how long to wait, more than 0
   * @return this simulator
   * @throws IllegalStateException if a node is not ready in this time, or the thread is interrupted
   * @throws KubernetesClientException if the API server does not respond or returns an error
   */
  public GpuOperatorSimulator awaitReady(Duration atMost) {
    Objects.requireNonNull(atMost, "atMost");
    long end = System.nanoTime() + atMost.toNanos();
    nodes.forEach((name, node) -> {
      for (Optional<String> unfinished = node.unfinished();
          unfinished.isPresent();
          unfinished = node.unfinished()) {
        if (Thread.currentThread().isInterrupted()) {
          throw new IllegalStateException(
              "Interrupted while node %s is not ready: %s".formatted(name, unfinished.get()));
        }
        if (System.nanoTime() > end) {
          throw new IllegalStateException("Node %s is not ready after %s: %s"
              .formatted(name, DurationText.of(atMost), unfinished.get()));
        }
        LockSupport.parkNanos(READY_POLL_INTERVAL.toNanos());
      }
    });
    return this;
  }

  /** Stops every thread and watch and waits for them; objects in the cluster are not changed. */
  @Override
  public void close() {
    // The background first, because it starts processes.
    cluster.background().close();
    nodes.values().forEach(SimulatedNode::close);
    informers.forEach(SharedIndexInformer::close);
  }

  /** The simulated nodes, e.g. {@code simulated GPU Operator with gpu-node}. */
  @Override
  public String toString() {
    return "simulated GPU Operator with " + String.join(", ", nodes.keySet());
  }

  private Optional<SimulatedNode> nodeOf(String pod) {
    return nodes.values().stream().filter(node -> node.hasPod(pod)).findFirst();
  }

  private SimulatedNode require(String name) {
    SimulatedNode node = nodes.get(name);
    if (node == null) {
      throw new IllegalArgumentException(
          "The simulator has no node '%s'; it has %s".formatted(name, nodes.keySet()));
    }
    return node;
  }

  private void start() {
    KubernetesClient client = cluster.client();
    createIfAbsent(client
        .namespaces()
        .resource(new NamespaceBuilder()
            .withNewMetadata()
            .withName(cluster.namespace())
            .endMetadata()
            .build()));
    createIfAbsent(client
        .serviceAccounts()
        .inNamespace(cluster.namespace())
        .resource(new ServiceAccountBuilder()
            .withNewMetadata()
            .withName(MigManagerPod.APP)
            .endMetadata()
            .build()));
    var existing = policies(client)
        .orElseThrow(
            () -> new IllegalStateException("The cluster does not know nvidia.com/v1 ClusterPolicy;"
                + " define it with installClusterPolicyDefinition()"));
    if (existing.isEmpty()) {
      createIfAbsent(client
          .genericKubernetesResources(ClusterPolicies.CONTEXT)
          .resource(defaults.toResource()));
    }
    obey(existing);
    for (String name : nodes.keySet()) {
      createIfAbsent(client.nodes().resource(newNode(name)));
      Node node = client.nodes().withName(name).require();
      if (MigManagerPod.isSimulated(node)) {
        new Heartbeat(client, cluster.background(), name).start();
      }
    }
    refuseRivals();
    inform(policies, (Versions<GenericKubernetesResource>)
        any -> obey(policies.getStore().list()));
    inform(
        client
            .pods()
            .inNamespace(cluster.namespace())
            .withLabel("app", MigManagerPod.APP)
            .runnableInformer(0),
        new PodEvents());
    nodes.forEach((name, node) -> inform(client.nodes().withName(name).runnableInformer(0), node));
  }

  /** The ClusterPolicies; empty if the API server does not know the kind. */
  private static Optional<List<GenericKubernetesResource>> policies(KubernetesClient client) {
    try {
      return Optional.of(
          client.genericKubernetesResources(ClusterPolicies.CONTEXT).list().getItems());
    } catch (KubernetesClientException e) {
      if (Lifetime.isMissing(e)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Uses the settings of the oldest ClusterPolicy. */
  private void obey(List<GenericKubernetesResource> policies) {
    policies.stream().min(ClusterPolicies.BY_PRECEDENCE).ifPresent(policy -> {
      OperatorPolicy before = cluster.currentPolicy();
      OperatorPolicy now = defaults.readFrom(policy);
      if (!now.equals(before)) {
        cluster.policy().set(now);
        nodes.values().forEach(node -> node.policyChanged(before, now));
      }
    });
  }

  private void refuseRivals() {
    for (Pod pod : cluster
        .client()
        .pods()
        .inNamespace(cluster.namespace())
        .withLabel("app", MigManagerPod.APP)
        .list()
        .getItems()) {
      if (!MigManagerPod.isSimulated(pod)
          && nodes.keySet().stream().anyMatch(node -> GpuPods.isOn(pod, node))) {
        throw new IllegalStateException(
            "Node %s already runs a MIG manager, pod %s; simulate on a node without GPU Operator"
                .formatted(pod.getSpec().getNodeName(), pod.getMetadata().getName()));
      }
    }
  }

  private <T> void inform(
      SharedIndexInformer<T> informer, ResourceEventHandler<? super T> handler) {
    informers.add(informer);
    informer.addEventHandler(handler).exceptionHandler((started, failure) -> started);
    informer.run();
  }

  private static <T extends HasMetadata> void createIfAbsent(Resource<T> resource) {
    if (resource.get() == null) {
      T unused = resource.createOr(meanwhile -> resource.item());
    }
  }

  private static Node newNode(String name) {
    Map<String, Quantity> resources = Map.of(
        "cpu", new Quantity("64"), "memory", new Quantity("512Gi"), "pods", new Quantity("110"));
    return new NodeBuilder()
        .withNewMetadata()
        .withName(name)
        .addToLabels("kubernetes.io/hostname", name)
        .addToLabels("kubernetes.io/os", "linux")
        .addToLabels("feature.node.kubernetes.io/pci-10de.present", "true")
        .addToAnnotations(MigManagerPod.SIMULATED, "true")
        .endMetadata()
        .withNewStatus()
        .withCapacity(resources)
        .withAllocatable(resources)
        .addNewCondition()
        .withType("Ready")
        .withStatus("True")
        .withReason("Simulated")
        .endCondition()
        .endStatus()
        .build();
  }

  /** Creates another MIG manager after one was deleted. */
  private final class PodEvents implements ResourceEventHandler<Pod> {
    @Override
    public void onAdd(Pod pod) {}

    @Override
    public void onUpdate(Pod before, Pod pod) {
      Optional<SimulatedNode> node = nodeOf(pod.getMetadata().getName());
      if (pod.getMetadata().getDeletionTimestamp() != null) {
        node.ifPresent(SimulatedNode::podDeleted);
      } else if (!Objects.equals(
          before.getMetadata().getAnnotations(), pod.getMetadata().getAnnotations())) {
        node.ifPresent(SimulatedNode::podChanged);
      } else if (MigManagerPod.isLost(pod)) {
        node.ifPresent(SimulatedNode::podLost);
      }
    }

    @Override
    public void onDelete(Pod pod, boolean finalStateUnknown) {
      nodeOf(pod.getMetadata().getName()).ifPresent(SimulatedNode::podDeleted);
    }
  }

  /** The versions of the device plugin that offer different resources. */
  public enum PluginVersion implements JsonName {
    /**
     * v0.19 and earlier: {@code 1g.10gb+me} is offered as {@code nvidia.com/mig-1g.10gb}, and {@code
     * 1c.3g.40gb} as {@code nvidia.com/mig-3g.40gb}.
     */
    V0_19,
    /**
     * v0.20: {@code 1g.10gb+me} is offered as {@code nvidia.com/mig-1g.10gb.me}, and {@code
     * 1c.3g.40gb} ends the plugin under strategy mixed.
     */
    V0_20
  }

  /** Describes a simulator; not thread-safe. */
  public static final class Builder {

    private static final String DEFAULT_NAMESPACE = "gpu-operator";

    private final KubernetesClient client;
    private final Map<String, List<GpuModel>> nodes = new LinkedHashMap<>();
    private final Set<Trap> traps = EnumSet.noneOf(Trap.class);
    private String namespace = DEFAULT_NAMESPACE;
    private MigStrategy strategy = MigStrategy.SINGLE;
    private String configMap = "";
    private String devicePluginConfigMap = "";
    private PluginVersion pluginVersion = PluginVersion.V0_20;
    private Optional<GpuModel> described = Optional.empty();
    private boolean installsDefinition;
    private SimulatorTimings timings = SimulatorTimings.builder().build();

    private Builder(KubernetesClient client) {
      this.client = client;
    }

    /**
     * Adds a node and its GPUs, initially without MIG.
     *
     * @param name the node's name; the node is created if it does not exist
     * @param gpus the GPUs in the order of their PCI addresses, at least one
     * @return this builder
     * @throws IllegalArgumentException if the list is empty, or the node was added before
     */
    public Builder node(String name, GpuModel... gpus) {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(gpus, "gpus");
      return node(name, Arrays.asList(gpus));
    }

    /**
     * Adds a node with several GPUs of one model.
     *
     * @param name the node's name; the node is created if it does not exist
     * @param gpu the model
     * @param count how many, at least 1
     * @return this builder
     * @throws IllegalArgumentException if the count is below 1, or the node was added before
     */
    public Builder node(String name, GpuModel gpu, int count) {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(gpu, "gpu");
      return node(name, Collections.nCopies(Math.max(count, 0), gpu));
    }

    private Builder node(String name, List<GpuModel> gpus) {
      if (gpus.isEmpty()) {
        throw new IllegalArgumentException("Node %s needs at least one GPU".formatted(name));
      }
      if (nodes.putIfAbsent(name, List.copyOf(gpus)) != null) {
        throw new IllegalArgumentException("Node %s was added before".formatted(name));
      }
      return this;
    }

    /**
     * Sets the namespace of the operator.
     *
     * @param name a namespace, which is created if it does not exist; {@code gpu-operator} by default
     * @return this builder
     */
    public Builder namespace(String name) {
      Objects.requireNonNull(name, "name");
      this.namespace = name;
      return this;
    }

    /**
     * Sets the strategy for a cluster whose ClusterPolicy does not set it.
     *
     * @param strategy the strategy; by default {@code single}, as in the operator's chart
     * @return this builder
     */
    public Builder strategy(MigStrategy strategy) {
      Objects.requireNonNull(strategy, "strategy");
      this.strategy = strategy;
      return this;
    }

    /**
     * Sets the ConfigMap with the configurations, for a cluster whose ClusterPolicy does not set it.
     *
     * @param name a ConfigMap in the operator's namespace; by default none, so that configurations
     *     are generated for each node's GPUs, as the operator does
     * @return this builder
     */
    public Builder configMap(String name) {
      Objects.requireNonNull(name, "name");
      this.configMap = name;
      return this;
    }

    /**
     * Sets the ConfigMap with the device plugin's configurations, for a cluster whose ClusterPolicy does
     * not set it.
     *
     * @param name a ConfigMap in the operator's namespace; by default none, so that nothing is shared
     * @return this builder
     */
    public Builder devicePluginConfigMap(String name) {
      Objects.requireNonNull(name, "name");
      this.devicePluginConfigMap = name;
      return this;
    }

    /**
     * Sets which device plugin runs: the names of resources depend on it.
     *
     * @param version the version; {@link PluginVersion#V0_20} by default
     * @return this builder
     */
    public Builder devicePlugin(PluginVersion version) {
      Objects.requireNonNull(version, "version");
      this.pluginVersion = version;
      return this;
    }

    /**
     * Sets which model GPU Feature Discovery describes on a node with several: its labels name and count
     * one model only. A model with whole GPUs goes before one without; between equals the real program
     * draws one at each run, which is also the default here.
     *
     * @param model a model; no effect on nodes without it
     * @return this builder
     */
    public Builder describe(GpuModel model) {
      Objects.requireNonNull(model, "model");
      this.described = Optional.of(model);
      return this;
    }

    /**
     * Sets how long things take.
     *
     * @param timings the durations
     * @return this builder
     */
    public Builder timings(SimulatorTimings timings) {
      Objects.requireNonNull(timings, "timings");
      this.timings = timings;
      return this;
    }

    /**
     * Sets traps on every node before the simulator starts.
     *
     * @param traps the traps
     * @return this builder
     */
    public Builder set(Trap... traps) {
      Objects.requireNonNull(traps, "traps");
      this.traps.addAll(Arrays.asList(traps));
      return this;
    }

    /**
     * Defines the ClusterPolicy on a cluster without it, and waits until it is served. The definition
     * accepts any spec; it is not NVIDIA's.
     *
     * @return this builder
     */
    public Builder installClusterPolicyDefinition() {
      this.installsDefinition = true;
      return this;
    }

    /**
     * Starts the simulator. Its pods start later; {@link GpuOperatorSimulator#awaitReady} waits for
     * them.
     *
     * @return a running simulator, which the caller closes
     * @throws IllegalStateException if no node was added, the cluster does not know the
     *     ClusterPolicy, or a node has a MIG manager that is not simulated
     * @throws KubernetesClientException if the API server does not respond or returns an error
     */
    public GpuOperatorSimulator start() {
      if (nodes.isEmpty()) {
        throw new IllegalStateException(
            "The simulator needs at least one node; add it with node()");
      }
      if (installsDefinition && policies(client).isEmpty()) {
        installDefinition();
      }
      GpuOperatorSimulator simulator = new GpuOperatorSimulator(
          new SimulatedCluster(
              client,
              namespace,
              timings,
              new Background(timings.retry()),
              new AtomicReference<>(new OperatorPolicy(
                  strategy,
                  configMap,
                  OperatorPolicy.ALL_DISABLED,
                  new OperatorPolicy.PluginConfig(devicePluginConfigMap, ""),
                  OperatorPolicy.TOLERATIONS)),
              pluginVersion,
              described),
          nodes,
          traps);
      try {
        simulator.start();
      } catch (RuntimeException e) {
        simulator.close();
        throw e;
      }
      return simulator;
    }

    private void installDefinition() {
      var definition = ClusterPolicyCrd.minimal();
      var definitions = client.apiextensions().v1().customResourceDefinitions();
      if (definitions.withName(definition.getMetadata().getName()).get() == null) {
        definitions.resource(definition).create();
        definitions
            .withName(definition.getMetadata().getName())
            .waitUntilCondition(
                found -> found != null
                    && found.getStatus() != null
                    // A server writes the names before the first condition.
                    && found.getStatus().getConditions() != null
                    && found.getStatus().getConditions().stream()
                        .anyMatch(condition -> condition.getType().equals("Established")
                            && condition.getStatus().equals("True")),
                30,
                TimeUnit.SECONDS);
      }
    }
  }
}
