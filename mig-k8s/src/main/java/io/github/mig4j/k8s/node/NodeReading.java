package io.github.mig4j.k8s.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Quantity;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.sharing.NodeDevices;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A node's devices without sharing, from its labels and resources. */
public final class NodeReading {

  private static final String GPU = "nvidia.com/gpu";
  private static final String SHARED_GPU = "nvidia.com/gpu.shared";
  private static final String MIG = "nvidia.com/mig-";
  private static final Pattern PRODUCT = Pattern.compile("(.+?)(?:-MIG-(.+?))?(?:-SHARED)?");
  private static final Pattern MIG_COUNT = Pattern.compile("nvidia\\.com/mig-(.+)\\.count");

  /** A label cannot contain a plus: {@code 1g.10gb+me} is written {@code 1g.10gb.me}. */
  private static final Pattern ATTRIBUTE = Pattern.compile("gb\\.(?=[a-z])");

  private final Node node;
  private final Map<String, String> labels;

  private NodeReading(Node node) {
    this.node = node;
    this.labels = Cluster.labels(node);
  }

  /** Whether feature discovery has labelled the product and the number of the GPUs. */
  public static boolean hasGpus(Node node) {
    Map<String, String> labels = Cluster.labels(node);
    return labels.containsKey(Labels.GPU_PRODUCT) && number(labels.get(Labels.GPU_COUNT)) > 0;
  }

  /**
   * The devices of a node that {@linkplain #hasGpus has GPUs}.
   *
   * @throws IllegalArgumentException if the device plugin does not start with these devices, or labels and
   *     resources contradict each other
   */
  public static NodeDevices devices(Node node, MigStrategy strategy) {
    return new NodeReading(node).devices(strategy);
  }

  /** The allocatable GPU resources whose count is not 0. */
  public static SortedMap<String, Integer> offered(Node node) {
    SortedMap<String, Integer> offered = new TreeMap<>();
    @Nullable
    Map<String, Quantity> all =
        node.getStatus() == null ? null : node.getStatus().getAllocatable();
    if (all != null) {
      all.forEach((resource, quantity) -> {
        int count = quantity.getNumericalAmount().intValue();
        if (count > 0
            && (resource.equals(GPU) || resource.equals(SHARED_GPU) || resource.startsWith(MIG))) {
          offered.put(resource, count);
        }
      });
    }
    return offered;
  }

  private NodeDevices devices(MigStrategy strategy) {
    Matcher product = PRODUCT.matcher(labels.getOrDefault(Labels.GPU_PRODUCT, ""));
    if (!product.matches()) {
      throw new IllegalArgumentException("Label %s is empty".formatted(Labels.GPU_PRODUCT));
    }
    int count = number(labels.get(Labels.GPU_COUNT));
    NodeDevices.Builder devices =
        NodeDevices.builder().product(product.group(1)).strategy(strategy);
    @Nullable String profile = product.group(2);
    if (profile != null) {
      // Under strategy single the label counts MIG devices, and the number of GPUs is unknown.
      return devices.migGpus(1).putMigDevices(profile(profile), count).build();
    }
    SortedMap<MigProfile, Integer> cut = new TreeMap<>();
    labels.forEach((key, value) -> {
      Matcher counted = MIG_COUNT.matcher(key);
      if (counted.matches() && number(value) > 0) {
        cut.put(profile(counted.group(1)), number(value));
      }
    });
    int whole = isAllCut() ? 0 : cut.isEmpty() ? count : Math.min(count, wholeGpus());
    return devices.wholeGpus(whole).migGpus(count - whole).putAllMigDevices(cut).build();
  }

  /** If every GPU is in MIG mode, feature discovery counts 0 replicas of whole GPUs. */
  private boolean isAllCut() {
    return labels.getOrDefault(Labels.GPU_REPLICAS, "").equals("0");
  }

  /** Whole GPUs beside partitioned ones; only the node's resources contain their number. */
  private int wholeGpus() {
    SortedMap<String, Integer> offered = offered(node);
    int replicas = Math.max(1, number(labels.get(Labels.GPU_REPLICAS)));
    int gpus = offered.getOrDefault(GPU, 0) + offered.getOrDefault(SHARED_GPU, 0);
    if (gpus == 0 || gpus % replicas != 0) {
      throw new IllegalArgumentException(
          "the number of its whole GPUs is unknown: %s is %d, but %s=%d; try again when the device plugin and feature discovery agree"
              .formatted(GPU, gpus, Labels.GPU_REPLICAS, replicas));
    }
    return gpus / replicas;
  }

  /** Whether its GPUs are shared by MPS, according to feature discovery. */
  public static boolean isMps(Node node) {
    return Cluster.labels(node).getOrDefault("nvidia.com/mps.capable", "").equals("true");
  }

  private static MigProfile profile(String name) {
    return MigProfile.parse(ATTRIBUTE.matcher(name).replaceFirst("gb+"));
  }

  private static int number(@Nullable String text) {
    return text != null && text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : 0;
  }
}
