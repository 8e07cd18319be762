package io.github.mig4j.k8s.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Quantity;
import io.github.mig4j.gpu.DriverVersion;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.GpuProduct;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.GpuResources;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.internal.Quantities;
import io.github.mig4j.node.HardwareEvidence;
import io.github.mig4j.node.NodeOffer;
import io.github.mig4j.text.ContentName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads a {@link MigNodeStatus} from a node's labels and resources. */
public final class StatusReader {

  private final Node node;
  private final String name;
  private final MigSettings settings;
  private final Map<String, String> labels;
  private final SortedMap<String, Long> allocatable;
  private final SortedMap<String, Long> capacity;
  private final MigNodeStatus.Builder status = new MigNodeStatus.Builder();

  private final ModelReading model;

  private StatusReader(Node node, MigSettings settings, HardwareEvidence evidence) {
    this.model = ModelReading.of(node, settings, evidence);
    this.node = node;
    this.name = node.getMetadata().getName();
    this.settings = settings;
    this.labels = NodeFields.labels(node);
    this.allocatable = resources("allocatable", Quantities.allocatable(node));
    this.capacity = resources("capacity", Quantities.capacity(node));
  }

  /** Reads a node with what its own MIG manager lists. */
  static MigNodeStatus read(Node node, MigSettings settings, HardwareEvidence evidence) {
    return new StatusReader(node, settings, evidence).read(Optional.empty(), Optional.empty());
  }

  /** Not API: reads a node and the list of its own MIG manager; what is forbidden is a problem. */
  public static MigNodeStatus readWithHardware(Cluster cluster, Node node) {
    HardwareEvidence evidence = HardwareEvidence.none();
    Optional<String> forbidden = Optional.empty();
    try {
      evidence = GeneratedConfig.read(
          cluster.view(), cluster.operatorNamespace(), node.getMetadata().getName());
    } catch (MigClusterException e) {
      forbidden = Optional.of(e.forbidden().orElseThrow(() -> e));
    }
    StatusReader reader = new StatusReader(node, cluster.settings(), evidence);
    forbidden.ifPresent(what -> reader.status.addProblems(
        "Node %s could not be compared with the list of its own MIG manager, because this client is not allowed to %s; grant it that"
            .formatted(reader.name, what)));
    return reader.read(Optional.empty(), Optional.empty());
  }

  /** Not API: reads a node and compares it with what it should offer. */
  public static MigNodeStatus read(Node node, MigSettings settings, NodeOffer expected) {
    return new StatusReader(node, settings, HardwareEvidence.none())
        .read(Optional.empty(), Optional.of(expected));
  }

  /** Reads a node of a cluster whose ClusterPolicy sets a strategy, which overrides the labels. */
  static MigNodeStatus read(Node node, MigSettings settings, Optional<MigStrategy> decreed) {
    return new StatusReader(node, settings, HardwareEvidence.none())
        .read(decreed, Optional.empty());
  }

  private MigNodeStatus read(Optional<MigStrategy> decreed, Optional<NodeOffer> expected) {
    status.node(name);
    status.ready(NodeFields.isReady(node));
    status.cordoned(NodeFields.isCordoned(node));
    label(Labels.GPU_PRODUCT).ifPresent(this::readProduct);
    readGpuCount();
    label(Labels.MIG_CAPABLE).ifPresent(value -> status.migCapable(value.equals("true")));
    NodeFields.number(labels, Labels.GPU_REPLICAS).stream()
        .filter(n -> n > 0)
        .forEach(status::replicas);
    label(Labels.GPU_SHARING).ifPresent(status::sharing);
    label(Labels.DEVICE_PLUGIN_CONFIG)
        .filter(value -> !value.isEmpty())
        .ifPresent(status::sharingConfig);
    MigStrategy labelled = strategy();
    MigStrategy strategy = decreed.orElse(labelled);
    status.strategy(strategy);
    label(settings.configLabel()).filter(value -> !value.isEmpty()).ifPresent(this::readConfig);
    Optional<MigState> state = label(settings.configLabel() + ".state").map(MigState::of);
    state.ifPresent(status::state);
    status.putAllAllocatable(allocatable);
    status.putAllCapacity(capacity);
    status.putAllDevices(NodeReading.devices(node));
    List<String> paused = labels.entrySet().stream()
        .filter(e -> e.getKey().startsWith(Labels.DEPLOY_PREFIX))
        .filter(e -> e.getValue().equals(Labels.PAUSED))
        .map(e -> e.getKey().substring(Labels.DEPLOY_PREFIX.length()))
        .sorted()
        .toList();
    status.addAllPaused(paused);
    if (state.filter(MigState::isAtWork).isEmpty()) {
      if (paused.isEmpty()) {
        compare(strategy, state, expected);
      } else {
        readLeftPaused(paused);
      }
    }
    if (!settings.configLabel().equals(Labels.MISTAKEN_MIG_CONFIG)) {
      readMistakenKey();
    }
    readWhoElseHasTheGpus();
    GpuOwner.of(node)
        .forEach(owner -> status.addProblems("Node %s is partitioned by %s, as %s shows; %s"
            .formatted(
                name, owner.system().product(), owner.mark(), owner.system().remedy())));
    return status.build();
  }

  /** The plain name is known of the configuration that the last change requested. */
  private void readConfig(String config) {
    Map<String, String> recorded = NodeFields.annotations(node);
    String requested = recorded.getOrDefault(ChangeKind.LAYOUT.requestedKey(), "");
    boolean isOfLastChange = !requested.isEmpty() && ContentName.isOf(config, requested);
    status.config(config);
    status.configName(
        isOfLastChange ? recorded.getOrDefault(ChangeRecord.NAME_KEY, config) : config);
  }

  /** A run that has ended without them does not start the GPU's clients later. */
  private void readLeftPaused(List<String> paused) {
    status.addProblems(
        "Node %s %shas stopped GPU clients (%s), which its MIG manager starts only in another run. Restart the manager with 'kubectl delete pod -A -l app=nvidia-mig-manager --field-selector spec.nodeName=%s'"
            .formatted(
                name,
                allocatable.isEmpty() ? "offers no GPU and " : "",
                String.join(", ", paused),
                name));
  }

  /** While a change is in progress, labels and resources differ for a while. */
  private void compare(
      MigStrategy strategy, Optional<MigState> state, Optional<NodeOffer> expected) {
    OfferComparison comparison = OfferComparison.of(node, strategy, expected);
    status.comparison(comparison);
    boolean isSuccess = state.equals(Optional.of(MigState.SUCCESS));
    switch (comparison.result()) {
      case AGREES, NOT_COMPARED -> {}
      case NO_DEVICES -> {
        if (isSuccess) {
          status.addProblems(
              "Node %s reports success for '%s' and offers no GPU%s. Check that its GPUs support the profiles of that configuration"
                  .formatted(
                      name,
                      label(settings.configLabel()).orElse(""),
                      inParentheses(comparison.differences())));
        }
      }
      case MORE_GPUS ->
        status.addProblems(
            "Node %s offers more than the GPUs that its labels count: %s. Labels describe one model only; if the node has several, state its GPUs with each request"
                .formatted(name, String.join(", ", comparison.differences())));
      case RESOURCES_DIFFER, LABELS_DIFFER, OTHER_DEVICES ->
        status.addProblems(
            "Node %s does not offer what its %s: %s%s. See the pods of the device plugin and of GPU Feature Discovery with 'kubectl get pods -A --field-selector spec.nodeName=%s'"
                .formatted(
                    name,
                    comparison.basis() == OfferComparison.Basis.LABELS
                        ? "labels say"
                        : "configuration says",
                    String.join(", ", comparison.differences()),
                    capacities(),
                    name));
    }
    readLeftCapacity();
  }

  private static String inParentheses(List<String> differences) {
    return differences.isEmpty() ? "" : " (" + String.join(", ", differences) + ")";
  }

  /** Where the capacity is larger than what is allocatable, the kubelet counts unhealthy devices. */
  private String capacities() {
    SortedMap<String, Long> larger = new TreeMap<>(capacity);
    larger
        .entrySet()
        .removeIf(each -> each.getValue() <= allocatable.getOrDefault(each.getKey(), 0L));
    return larger.isEmpty() ? "" : "; its capacity is " + larger;
  }

  private void readLeftCapacity() {
    capacity.forEach((resource, count) -> {
      long usable = allocatable.getOrDefault(resource, 0L);
      boolean isCounted =
          labels.containsKey(resource + ".count") || resource.equals(GpuResources.GPU);
      if (usable == 0 && !isCounted) {
        status.addProblems(
            "Node %s has capacity for %d of %s, but none is allocatable: they are of an earlier layout. Restart the node's kubelet if they remain for more than 5 min"
                .formatted(name, count, resource));
      }
    });
  }

  private void readProduct(String product) {
    status.product(product);
    if (GpuProduct.Label.parse(product).isInvalid()) {
      status.addProblems(
          "Node %s offers no GPU: feature discovery reports '%s', because strategy single requires the same profile on all GPUs. Apply such a layout or use strategy mixed"
              .formatted(name, product));
    }
    model.model().ifPresent(status::model);
    model
        .problem()
        .ifPresent(problem -> status.addProblems("Node %s has GPU product '%s', which %s; %s"
            .formatted(name, product, problem.verdict(), problem.remedy())));
    model.differences().stream()
        .map(difference ->
            "Node %s differs from the catalogue, and its own list of configurations counts: %s; report it, or correct the model as docs/add-a-gpu.md describes"
                .formatted(name, difference))
        .forEach(status::addProblems);
    readDriver();
  }

  private void readDriver() {
    Optional<DriverVersion> driver = DriverLabel.of(labels);
    Optional<DriverVersion> least = model.model().flatMap(GpuModel::minimumDriver);
    if (driver.isPresent() && least.isPresent() && driver.get().compareTo(least.get()) < 0) {
      status.addProblems(
          "Node %s has driver %s, but %s needs %s or later to be partitioned; upgrade the driver"
              .formatted(name, driver.get(), model.model().orElseThrow().id(), least.get()));
    }
  }

  private void readGpuCount() {
    int count = NodeFields.gpuCount(node);
    if (count > 0 && !NodeReading.isOfDevice(node)) {
      status.gpus(count);
    }
  }

  /** Without a label, a resource per profile shows strategy mixed. */
  private MigStrategy strategy() {
    MigStrategy otherwise = NodeReading.offeredProfiles(node).findAny().isPresent()
        ? MigStrategy.MIXED
        : MigStrategy.NONE;
    Optional<String> value = label(Labels.MIG_STRATEGY);
    Optional<MigStrategy> known = value.flatMap(MigStrategy::parse);
    if (value.isPresent() && known.isEmpty()) {
      status.addProblems("Node %s has MIG strategy '%s'; expected none, single or mixed"
          .formatted(name, value.get()));
    }
    return known.orElse(otherwise);
  }

  /** The numbers of NVIDIA's resources; what is not a number is a problem, and is not counted. */
  private SortedMap<String, Long> resources(String field, Map<String, Quantity> all) {
    SortedMap<String, Long> counts = new TreeMap<>();
    all.forEach((resource, quantity) -> {
      if (resource.startsWith("nvidia.com/")) {
        OptionalLong count = Quantities.wholeNumber(quantity);
        if (count.isEmpty()) {
          status.addProblems(
              "Node %s has %s '%s' of %s, which is not a number of devices, so it is not counted. See 'kubectl get node %s -o yaml'"
                  .formatted(name, field, Quantities.text(quantity), resource, name));
        } else if (count.getAsLong() > 0) {
          counts.put(resource, count.getAsLong());
        }
      }
    });
    return counts;
  }

  /** Where the operator leaves the GPUs to others, no label makes it partition them. */
  private void readWhoElseHasTheGpus() {
    leftAlone(Labels.DEPLOY_OPERANDS, "false", "its operands are off");
    leftAlone(Labels.WORKLOAD_CONFIG, "vm-.*", "its GPUs are for virtual machines");
    leftAlone(Labels.VGPU_HOST_DRIVER, ".+", "its GPUs are partitioned by vGPU");
    leftAlone(Labels.ALLOCATION_MODE, "dra", "the DRA driver allocates its GPUs");
  }

  private void leftAlone(String key, String values, String why) {
    label(key)
        .filter(value -> value.matches(values))
        .ifPresent(value -> status.addProblems(
            "Node %s gets no MIG manager, because %s: %s=%s. Change that label before you partition the node"
                .formatted(name, why, key, value)));
  }

  private void readMistakenKey() {
    label(Labels.MISTAKEN_MIG_CONFIG)
        .ifPresent(value -> status.addProblems(
            "Node %s has the label %s=%s, which no component reads; the key is %s. Remove it with 'kubectl label node %s %s-'"
                .formatted(
                    name,
                    Labels.MISTAKEN_MIG_CONFIG,
                    value,
                    settings.configLabel(),
                    name,
                    Labels.MISTAKEN_MIG_CONFIG)));
  }

  private Optional<String> label(String key) {
    return Optional.ofNullable(labels.get(key));
  }
}
