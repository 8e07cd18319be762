package io.github.mig4j.k8s.node;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.node.HardwareEvidence;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.immutables.value.Value;

/** The status of a node's GPUs: a snapshot of its labels and allocatable resources. */
@Value.Immutable
public interface MigNodeStatus extends JsonForm {

  /**
   * Reads a node, such as one from an informer's cache, with default settings.
   *
   * @param node the node
   * @return its status; a value without a label is empty
   */
  static MigNodeStatus of(Node node) {
    return of(node, MigSettings.defaults());
  }

  /**
   * Reads a node.
   *
   * @param node the node
   * @param settings the label to read, and the catalogue in which to look up its product
   * @return its status; a value without a label is empty
   */
  static MigNodeStatus of(Node node, MigSettings settings) {
    return of(node, settings, HardwareEvidence.none());
  }

  /**
   * Reads a node and compares it with what its own GPUs accept. Where both differ, the hardware is
   * right: {@link #model()} has its profiles, and {@link #problems()} has the differences.
   *
   * @param node the node
   * @param settings the label to read, and the catalogue in which to look up its product
   * @param evidence what the MIG manager of the node has listed
   * @return its status; a value without a label is empty
   */
  static MigNodeStatus of(Node node, MigSettings settings, HardwareEvidence evidence) {
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(settings, "settings");
    Objects.requireNonNull(evidence, "evidence");
    return StatusReader.read(node, settings, evidence);
  }

  /**
   * Reads what kubectl prints about a node: as JSON or YAML, by {@code kubectl describe node}, or its
   * labels, also if the text is cut off.
   *
   * @param text the text of one node; what is printed last counts
   * @return its status, with the name {@code NODE} if the text has none; empty if the text has no label
   *     or resource of NVIDIA, or is a log
   */
  static Optional<MigNodeStatus> parse(String text) {
    Objects.requireNonNull(text, "text");
    return NodeText.parse(text).map(MigNodeStatus::of);
  }

  /**
   * The status of a node that could not be read.
   *
   * @param node the node's name
   * @return a status in which every value is empty
   */
  static MigNodeStatus unread(String node) {
    return new Builder().node(node).strategy(MigStrategy.NONE).build();
  }

  /** {@return the node's name} */
  String node();

  /**
   * {@return the value of the product label with its suffixes for MIG and sharing, e.g. {@code
   * NVIDIA-H100-80GB-HBM3-MIG-1g.10gb}}
   */
  Optional<String> product();

  /**
   * {@return the model of the node's GPUs; empty if the product is not in the catalogue or names
   * several, or the memory contradicts it}
   */
  @Value.Redacted
  Optional<GpuModel> model();

  /**
   * {@return the number of physical GPUs; empty if the labels do not contain it, as under strategy
   * single with MIG on}
   */
  @Value.Redacted
  OptionalInt gpus();

  /**
   * {@return the node's condition {@code Ready}, false also if it is unknown; empty if the node has
   * no such condition}
   */
  @Value.Redacted
  Optional<Boolean> ready();

  /** {@return whether the node is cordoned: marked as {@code spec.unschedulable}} */
  @Value.Redacted
  @Value.Default
  default boolean cordoned() {
    return false;
  }

  /**
   * {@return whether a GPU of the node supports MIG, as feature discovery's label says; empty
   * without a label}
   */
  @Value.Redacted
  Optional<Boolean> migCapable();

  /** {@return how MIG devices are offered; {@code none} without a label} */
  @Value.Redacted
  MigStrategy strategy();

  /**
   * {@return the configuration that the node requests, as in its label, e.g. {@code
   * b200-split-small-4f1c09ae}}
   */
  Optional<String> config();

  /**
   * The configuration that the node requests, without the hash of its content if a change of this
   * library requested it: a name that an admin has chosen can look as if it had a hash.
   *
   * @return e.g. {@code b200-split-small}
   */
  @Value.Redacted
  Optional<String> configName();

  /**
   * {@return the state that the MIG manager last reported, perhaps for another configuration than
   * {@link #config()}; empty if it has reported none}
   */
  Optional<MigState> state();

  /**
   * NVIDIA's allocatable resources whose count is not 0.
   *
   * @return counts by resource name, e.g. {@code nvidia.com/mig-1g.23gb=7}
   */
  @Value.NaturalOrder
  SortedMap<String, Long> allocatable();

  /**
   * NVIDIA's resources in the node's capacity whose count is not 0. Resources of an earlier layout may
   * remain here; only {@link #allocatable()} says what pods can use.
   *
   * @return counts by resource name
   */
  @Value.Redacted
  @Value.NaturalOrder
  SortedMap<String, Long> capacity();

  /**
   * {@return the resources of {@link #capacity()} that are not allocatable: those of an earlier
   * layout, or all while the device plugin is stopped}
   */
  default SortedMap<String, Long> unavailable() {
    SortedMap<String, Long> unavailable = new TreeMap<>(capacity());
    unavailable.keySet().removeAll(allocatable().keySet());
    return unavailable;
  }

  /**
   * {@return the node's MIG devices by profile, from feature discovery's labels, or else from the
   * node's resources; empty if no GPU is partitioned, or labels and resources do not say how}
   */
  @Value.Redacted
  @Value.NaturalOrder
  SortedMap<MigProfile, Integer> devices();

  /** {@return how many pods can use the same device, at least 1; empty without a label} */
  @Value.Redacted
  OptionalInt replicas();

  /**
   * {@return how devices are shared, as in the label, e.g. {@code none}, {@code time-slicing} or
   * {@code mps}; empty without a label}
   */
  @Value.Redacted
  Optional<String> sharing();

  /**
   * {@return the sharing configuration that the node requests, as the label spells it: a key of the
   * device plugin's ConfigMap; empty if the node gets the operator's default}
   */
  Optional<String> sharingConfig();

  /**
   * The operands that the MIG manager has stopped. The node offers no GPU until all run again.
   *
   * @return names such as {@code device-plugin}
   */
  @Value.Redacted
  List<String> paused();

  /**
   * Whether the node offers what its configuration or its labels say. A node that was read alone is
   * compared with its labels; {@code MigClient} also reads the content of the configuration.
   *
   * @return the comparison; {@link OfferComparison.Result#NOT_COMPARED} during a change, and if the
   *     node's resources are not known
   */
  @Value.Redacted
  @Value.Default
  default OfferComparison comparison() {
    return OfferComparison.none();
  }

  /**
   * {@return the problems in the node's labels, GPU clients that a run has left stopped, and where
   * labels, resources and configuration disagree: sentences with subject, value and remedy}
   */
  @Value.Redacted
  List<String> problems();

  /** Builds a {@link MigNodeStatus}. */
  final class Builder extends ImmutableMigNodeStatus.Builder {
    Builder() {}
  }

  @Override
  default Map<String, Object> toJson() {
    return JsonFields.of("node", node())
        .and("product", product())
        .and("model", model().map(GpuModel::id))
        .and("gpus", gpus())
        .and("migCapable", migCapable())
        .and("strategy", strategy())
        .and("config", config())
        .and("configName", configName())
        .and("state", state())
        .and("sharingConfig", sharingConfig())
        .and("sharing", sharing())
        .and("replicas", replicas())
        .and("capacity", capacity())
        .and("allocatable", allocatable())
        .and("unavailable", unavailable())
        .and("devices", devices())
        .and("paused", paused())
        .and("cordoned", cordoned())
        .and("ready", ready())
        .and("comparison", comparison())
        .and("problems", problems())
        .map();
  }
}
