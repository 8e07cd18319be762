package io.github.mig4j.k8s.node;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.JsonForm;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.config.MigConfigMap;
import io.github.mig4j.k8s.config.PublishedConfig;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import io.github.mig4j.node.NodeEffect;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeOffer;
import io.github.mig4j.plan.FleetPlan;
import io.github.mig4j.plan.PlanNode;
import io.github.mig4j.text.JsonFields;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads the GPUs of a cluster for a planner or a scheduler, and publishes plans as configurations.
 *
 * <pre>{@code
 * List<PlanNode> nodes = mig.fleet().planNodes();
 * FleetPlan plan = Planner.of(nodes).plan(Demand.of(DemandItem.of("1g.23gb", 40)));
 * mig.fleet().publish("mig-config", "inference", plan)
 *     .forEach((node, config) -> mig.node(node).apply(config).await(Duration.ofMinutes(30)));
 * }</pre>
 */
public final class MigFleet implements JsonForm {

  private final Cluster cluster;

  public MigFleet(Cluster cluster) {
    this.cluster = cluster;
  }

  /**
   * Every node with NVIDIA GPUs, with the devices that pods use.
   *
   * @return the nodes by name
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public List<NodeCapacity> nodes() {
    return of(cluster, cluster.allPods());
  }

  /**
   * Not API; use {@link #nodes}.
   *
   * @param cluster the way into the cluster
   * @param pods the pods of the cluster
   * @return as {@link #nodes}
   */
  public static List<NodeCapacity> of(Cluster cluster, List<Pod> pods) {
    Optional<GenericKubernetesResource> policy = cluster.clusterPolicy();
    Optional<MigConfigDocument> document = policy
        .flatMap(ClusterPolicies::migConfigMap)
        .flatMap(map -> new MigConfigMap(cluster, map).file(cluster.operatorNamespace()))
        .flatMap(file -> file.document());
    Optional<MigStrategy> strategy = policy.flatMap(ClusterPolicies::strategy);
    return capacities(
        cluster.gpuNodes(),
        pods,
        document,
        node -> StatusReader.read(node, cluster.settings(), strategy));
  }

  /**
   * The same of objects that a program already has, such as those in the caches of its informers.
   *
   * @param nodes the nodes; those without NVIDIA GPUs are left out
   * @param pods the pods of the cluster
   * @param document the configurations of the MIG manager's ConfigMap; without it no layout is known
   * @param settings the label to read, and the catalogue in which to look up the products
   * @return the nodes by name
   */
  public static List<NodeCapacity> of(
      Collection<Node> nodes,
      Collection<Pod> pods,
      Optional<MigConfigDocument> document,
      MigSettings settings) {
    Objects.requireNonNull(nodes, "nodes");
    Objects.requireNonNull(pods, "pods");
    Objects.requireNonNull(document, "document");
    Objects.requireNonNull(settings, "settings");
    return capacities(
        nodes.stream().filter(NodeFields::hasGpu).toList(),
        List.copyOf(pods),
        document,
        node -> MigNodeStatus.of(node, settings));
  }

  private static List<NodeCapacity> capacities(
      List<Node> nodes,
      List<Pod> pods,
      Optional<MigConfigDocument> document,
      Function<Node, MigNodeStatus> status) {
    Map<String, List<Pod>> byNode = Stream.concat(
            GpuPods.using(pods).stream(), GpuPods.withClaims(pods).stream())
        .distinct()
        .filter(pod -> pod.getSpec().getNodeName() != null)
        .collect(Collectors.groupingBy(pod -> pod.getSpec().getNodeName()));
    Map<Configured, Cut> cuts = new HashMap<>();
    return nodes.stream()
        .map(node -> capacity(
            node,
            byNode.getOrDefault(node.getMetadata().getName(), List.of()),
            status.apply(node),
            document,
            cuts))
        .sorted(Comparator.comparing(capacity -> capacity.status().node()))
        .toList();
  }

  /**
   * The nodes that a planner can use. A node with {@link NodeCapacity#obstacles} is not included: its
   * GPUs are unknown or do not support MIG, its strategy is not mixed, or it is not ready or cordoned.
   *
   * @return the nodes by name
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public List<PlanNode> planNodes() {
    return nodes().stream().flatMap(capacity -> capacity.toPlanNode().stream()).toList();
  }

  /** The cuts that are known already; new ones are added. */
  static NodeCapacity capacity(
      Node node,
      List<Pod> all,
      MigNodeStatus status,
      Optional<MigConfigDocument> document,
      Map<Configured, Cut> cuts) {
    List<Pod> pods = all.stream()
        .filter(pod -> GpuPods.isOn(pod, node.getMetadata().getName()))
        .toList();
    List<Pod> using = GpuPods.using(pods);
    SortedMap<String, Long> used = new TreeMap<>();
    using.forEach(pod ->
        GpuPods.devices(pod).forEach((resource, count) -> used.merge(resource, count, Long::sum)));
    int claiming = GpuPods.withClaims(pods).size();
    if (claiming > 0) {
      used.put(NodeCapacity.CLAIMS, (long) claiming);
    }
    return new NodeCapacity(
        status, NodeFields.labels(node), used, layouts(node, status, document, cuts));
  }

  /** The layouts of the configuration in force, if the node's resources agree with them. */
  private static SortedMap<Integer, MigLayout> layouts(
      Node node,
      MigNodeStatus status,
      Optional<MigConfigDocument> document,
      Map<Configured, Cut> cuts) {
    Optional<MigConfig> inForce = document.flatMap(d -> ExpectedOffers.inForce(status, d));
    Optional<GpuModel> model = status.model().filter(GpuModel::supportsMig);
    int count = status.gpus().orElseGet(() -> ExpectedOffers.gpusUnderSingle(node, inForce));
    if (inForce.isEmpty() || model.isEmpty() || count == 0) {
      return new TreeMap<>();
    }
    Cut cut = cuts.computeIfAbsent(
        new Configured(model.get(), count, inForce.get(), status.strategy()), Configured::cut);
    boolean isOffered = cut.offer()
        .filter(offer -> offer
            .resourceDifferences(status.allocatable(), NodeFields.labels(node))
            .isEmpty())
        .isPresent();
    return isOffered ? cut.layouts() : new TreeMap<>();
  }

  /** What decides how the GPUs of a node are cut; many nodes have the same. */
  record Configured(GpuModel model, int count, MigConfig config, MigStrategy strategy) {
    private Cut cut() {
      List<NodeGpu> gpus = NodeGpu.several(model, count);
      NodeEffect effect = NodeEffect.of(config, gpus);
      SortedMap<Integer, MigLayout> layouts = new TreeMap<>();
      for (NodeEffect.GpuEffect gpu : effect.gpus()) {
        if (gpu.placement().orElse(null) instanceof PlacementResult.Placed placed) {
          layouts.put(gpu.gpu().index(), placed.layout());
        }
      }
      boolean isTold = effect.gpus().stream().allMatch(gpu -> gpu.after().isPresent());
      return new Cut(
          layouts,
          isTold ? Optional.of(NodeOffer.after(config, gpus, strategy)) : Optional.empty());
    }
  }

  /**
   * How the GPUs of a node are cut.
   *
   * @param offer what the node then offers; empty if the configuration does not say it
   */
  record Cut(SortedMap<Integer, MigLayout> layouts, Optional<NodeOffer> offer) {}

  /**
   * Publishes the configurations of a plan: one for each distinct partitioning of a node, for all GPUs
   * of the node.
   *
   * @param configMap the ConfigMap that the GPU Operator uses
   * @param prefix the beginning of the configurations' names; a hash of the content follows, so that
   *     another plan with the same prefix removes none of them
   * @param plan a plan for nodes of this cluster
   * @return the configuration's name for each node that has to change, for {@code MigNode.apply}
   * @throws IllegalArgumentException if the names are not label values
   * @throws MigRefusedException if a node of the plan no longer exists, has other GPUs or pods that
   *     use them, or the ConfigMap cannot be changed
   */
  public SortedMap<String, String> publish(String configMap, String prefix, FleetPlan plan) {
    Objects.requireNonNull(configMap, "configMap");
    Objects.requireNonNull(prefix, "prefix");
    Objects.requireNonNull(plan, "plan");
    Map<String, NodeCapacity> capacities = nodes().stream()
        .collect(Collectors.toMap(capacity -> capacity.status().node(), Function.identity()));
    Map<MigConfig, String> names = new LinkedHashMap<>();
    SortedMap<String, String> byNode = new TreeMap<>();
    for (String node : plan.nodes()) {
      if (!plan.changes(node).isEmpty()) {
        NodeCapacity capacity = capacities.get(node);
        if (capacity == null || !fits(capacity, plan, node)) {
          throw new MigRefusedException(
              "The plan for node " + node,
              List.of(
                  "no node of this name has these GPUs and no pod that uses them; read the nodes and plan again"));
        }
        MigConfig config = MigConfig.ofGpus(plan.layouts(node), capacity.gpus());
        byNode.put(node, names.computeIfAbsent(config, c -> c.contentName(prefix)));
      }
    }
    MigConfigMap map = new MigConfigMap(cluster, configMap);
    names.forEach((config, name) -> {
      PublishedConfig unused = map.merge(name, config);
    });
    return byNode;
  }

  private static boolean fits(NodeCapacity capacity, FleetPlan plan, String node) {
    return !capacity.isPinned()
        && capacity.gpus() > plan.layouts(node).lastKey()
        && plan.layouts(node).values().stream()
            .allMatch(layout -> capacity.status().model().equals(Optional.of(layout.gpu())));
  }

  /** The cluster, e.g. {@code GPUs of https://10.0.0.1/}. */
  @Override
  public String toString() {
    return "GPUs of " + cluster.client().getMasterUrl();
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("nodes", nodes()).map();
  }
}
