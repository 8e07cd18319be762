package io.github.mig4j.k8s;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Quantity;
import io.github.mig4j.config.MigStrategy;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.internal.Cluster;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Turns a node's labels into a {@link MigNodeStatus}; what they do not say stays unknown. */
final class StatusReader {

  private static final Pattern HASH = Pattern.compile("-[0-9a-f]{8}(-r[0-9]+)?$");

  private final Node node;
  private final MigSettings settings;
  private final Map<String, String> labels;
  private final MigNodeStatus.Builder status = new MigNodeStatus.Builder();

  private StatusReader(Node node, MigSettings settings) {
    this.node = node;
    this.settings = settings;
    this.labels = Cluster.labels(node);
  }

  static MigNodeStatus read(Node node, MigSettings settings) {
    return new StatusReader(node, settings).read();
  }

  /** The label that counts GPUs, or MIG devices under strategy single; 0 if it says nothing. */
  static int gpuCount(Node node) {
    return number(Cluster.labels(node).get(Labels.GPU_COUNT)).orElse(0);
  }

  static String withoutHash(String config) {
    return HASH.matcher(config).replaceFirst("");
  }

  private MigNodeStatus read() {
    status.node(node.getMetadata().getName());
    label(Labels.GPU_PRODUCT).ifPresent(this::readProduct);
    readGpuCount();
    label(Labels.MIG_CAPABLE).ifPresent(value -> status.migCapable(value.equals("true")));
    status.strategy(strategy());
    label(settings.configLabel()).filter(value -> !value.isEmpty()).ifPresent(status::config);
    label(settings.configLabel() + ".state").map(MigState::of).ifPresent(status::state);
    status.putAllAllocatable(allocatable());
    labels.entrySet().stream()
        .filter(e -> e.getKey().startsWith(Labels.DEPLOY_PREFIX))
        .filter(e -> e.getValue().equals(Labels.PAUSED))
        .map(e -> e.getKey().substring(Labels.DEPLOY_PREFIX.length()))
        .sorted()
        .forEach(status::addPaused);
    if (!settings.configLabel().equals(Labels.MISTAKEN_MIG_CONFIG)) {
      readMistakenKey();
    }
    return status.build();
  }

  private void readProduct(String product) {
    status.product(product);
    if (product.endsWith("-MIG-INVALID")) {
      status.addProblems(
          "Node %s offers no GPU: feature discovery calls it '%s', because under strategy single all GPUs must be cut alike. Apply a uniform layout or use strategy mixed"
              .formatted(node.getMetadata().getName(), product));
    }
    List<GpuModel> named = settings.catalog().find(product);
    List<GpuModel> agreeing =
        named.stream().filter(this::agreesWithMemory).filter(this::offersAll).toList();
    List<GpuModel> candidates = named.size() == 1 || agreeing.isEmpty() ? named : agreeing;
    if (candidates.size() == 1) {
      status.model(candidates.get(0));
    } else if (candidates.isEmpty()) {
      status.addProblems(
          "Node %s has GPU product '%s', which is not in the catalogue; add its model to the settings"
              .formatted(node.getMetadata().getName(), product));
    } else {
      status.addProblems(
          "Node %s has GPU product '%s', which can be %s; narrow the catalogue in the settings"
              .formatted(
                  node.getMetadata().getName(),
                  product,
                  candidates.stream().map(GpuModel::id).collect(Collectors.joining(" or "))));
    }
  }

  /** Under strategy single the label speaks of a MIG device, which tells nothing about the GPU. */
  private boolean agreesWithMemory(GpuModel model) {
    OptionalInt memory = numberOf(Labels.GPU_MEMORY);
    return isCutUnderSingle() || memory.isEmpty() || model.agreesWithMemory(memory.getAsInt());
  }

  private boolean offersAll(GpuModel model) {
    return allocatable().keySet().stream()
        .filter(resource -> resource.startsWith("nvidia.com/mig-"))
        .map(resource -> resource.replaceFirst("\\.shared$", ""))
        .allMatch(resource ->
            model.profiles().stream().anyMatch(p -> p.profile().resourceName().equals(resource)));
  }

  private void readGpuCount() {
    OptionalInt count = numberOf(Labels.GPU_COUNT);
    if (count.orElse(0) > 0 && !isCutUnderSingle()) {
      status.gpus(count.getAsInt());
    }
  }

  private boolean isCutUnderSingle() {
    return label(Labels.GPU_PRODUCT)
        .filter(product -> product.contains("-MIG-"))
        .isPresent();
  }

  private MigStrategy strategy() {
    String value = label(Labels.MIG_STRATEGY).orElse("none");
    for (MigStrategy strategy : MigStrategy.values()) {
      if (strategy.toString().equals(value)) {
        return strategy;
      }
    }
    status.addProblems("Node %s has MIG strategy '%s'; expected none, single or mixed"
        .formatted(node.getMetadata().getName(), value));
    return MigStrategy.NONE;
  }

  private SortedMap<String, Long> allocatable() {
    SortedMap<String, Long> offered = new TreeMap<>();
    @Nullable
    Map<String, Quantity> all =
        node.getStatus() == null ? null : node.getStatus().getAllocatable();
    if (all != null) {
      all.forEach((resource, quantity) -> {
        long count = quantity.getNumericalAmount().longValue();
        if (resource.startsWith("nvidia.com/") && count > 0) {
          offered.put(resource, count);
        }
      });
    }
    return offered;
  }

  private void readMistakenKey() {
    label(Labels.MISTAKEN_MIG_CONFIG)
        .ifPresent(value -> status.addProblems(
            "Node %s has the label %s=%s, which nothing reads; the key is %s. Remove it with 'kubectl label node %s %s-'"
                .formatted(
                    node.getMetadata().getName(),
                    Labels.MISTAKEN_MIG_CONFIG,
                    value,
                    settings.configLabel(),
                    node.getMetadata().getName(),
                    Labels.MISTAKEN_MIG_CONFIG)));
  }

  private Optional<String> label(String key) {
    return Optional.ofNullable(labels.get(key));
  }

  private OptionalInt numberOf(String key) {
    return number(labels.get(key));
  }

  private static OptionalInt number(@Nullable String text) {
    return text != null && text.matches("[0-9]{1,9}")
        ? OptionalInt.of(Integer.parseInt(text))
        : OptionalInt.empty();
  }
}
