package io.github.mig4j.k8s.node;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.text.ContentName;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.immutables.value.Value;

/** What a node says about its GPUs: a snapshot of labels and allocatable resources. */
@Value.Immutable
public interface MigNodeStatus {

  /**
   * Reads a node, such as one from an informer's cache, with default settings.
   *
   * @param node the node
   * @return its status; what its labels do not say is empty
   */
  static MigNodeStatus of(Node node) {
    return of(node, MigSettings.defaults());
  }

  /**
   * Reads a node.
   *
   * @param node the node
   * @param settings the label to read, and the catalogue in which to look up its product
   * @return its status; what its labels do not say is empty
   */
  static MigNodeStatus of(Node node, MigSettings settings) {
    return StatusReader.read(node, settings);
  }

  /**
   * The status of a node that could not be read.
   *
   * @param node the node's name
   * @return a status without any fact
   */
  static MigNodeStatus unread(String node) {
    return new Builder().node(node).strategy(MigStrategy.NONE).build();
  }

  /**
   * The node's name.
   *
   * @return the name
   */
  String node();

  /**
   * The product label as it stands, including suffixes for MIG and sharing.
   *
   * @return e.g. {@code NVIDIA-H100-80GB-HBM3-MIG-1g.10gb}
   */
  Optional<String> product();

  /**
   * The model of the node's GPUs.
   *
   * @return the model, or empty if the product is not in the catalogue or names several
   */
  Optional<GpuModel> model();

  /**
   * The number of physical GPUs.
   *
   * @return the number, or empty if the labels do not tell, as under strategy single with MIG on
   */
  OptionalInt gpus();

  /**
   * Whether the node's kubelet is well.
   *
   * @return the condition {@code Ready}, false also where the kubelet has not been heard of; empty if nobody says
   */
  Optional<Boolean> ready();

  /**
   * Whether somebody keeps new pods away by {@code spec.unschedulable}.
   *
   * @return true if the node is cordoned
   */
  @Value.Default
  default boolean cordoned() {
    return false;
  }

  /**
   * Whether a GPU of the node can do MIG.
   *
   * @return what feature discovery says, or empty if it has not spoken
   */
  Optional<Boolean> migCapable();

  /**
   * How MIG devices are offered.
   *
   * @return the strategy; {@code none} where no label tells
   */
  MigStrategy strategy();

  /**
   * The configuration that the node asks for, as the label spells it.
   *
   * @return e.g. {@code b200-split-small-4f1c09ae}
   */
  Optional<String> config();

  /**
   * The configuration that the node asks for, without the hash of its content.
   *
   * @return e.g. {@code b200-split-small}
   */
  default Optional<String> configName() {
    return config().map(ContentName::baseOf);
  }

  /**
   * What the MIG manager last said, which need not be about {@link #config()}.
   *
   * @return the state, or empty if it never spoke
   */
  Optional<MigState> state();

  /**
   * NVIDIA's resources that pods can be given, those of which there are none left out.
   *
   * @return counts by resource name, e.g. {@code nvidia.com/mig-1g.23gb=7}
   */
  @Value.NaturalOrder
  SortedMap<String, Long> allocatable();

  /**
   * NVIDIA's resources that the kubelet knows of, those of which there are none left out. What an
   * earlier layout offered may stay here; {@link #allocatable()} counts.
   *
   * @return counts by resource name
   */
  @Value.NaturalOrder
  SortedMap<String, Long> capacity();

  /**
   * What the kubelet knows of and pods cannot be given: what an earlier layout left behind, or
   * everything while the device plugin is stopped.
   *
   * @return the part of {@link #capacity()} of which nothing is allocatable
   */
  default SortedMap<String, Long> unavailable() {
    SortedMap<String, Long> unavailable = new TreeMap<>(capacity());
    unavailable.keySet().removeAll(allocatable().keySet());
    return unavailable;
  }

  /**
   * The node's MIG devices, as feature discovery counts them, or, where it says nothing, as the
   * node offers them.
   *
   * @return counts by profile; empty if no GPU is cut, or nobody says how
   */
  @Value.NaturalOrder
  SortedMap<MigProfile, Integer> devices();

  /**
   * How many pods can be given the same device.
   *
   * @return the number of replicas, at least 1; empty if no label tells
   */
  OptionalInt replicas();

  /**
   * How devices are shared, as the label spells it.
   *
   * @return e.g. {@code none}, {@code time-slicing} or {@code mps}; empty if no label tells
   */
  Optional<String> sharing();

  /**
   * The sharing configuration that the node requests, as the label spells it.
   *
   * @return a key of the device plugin's ConfigMap; empty if the node gets the operator's default
   */
  Optional<String> sharingConfig();

  /**
   * The operands that the MIG manager has stopped; while any is, the node offers no GPU.
   *
   * @return names such as {@code device-plugin}
   */
  List<String> paused();

  /**
   * What is wrong with the node's labels.
   *
   * @return sentences with subject, value and remedy
   */
  List<String> problems();

  /** Builds a {@link MigNodeStatus}. */
  final class Builder extends ImmutableMigNodeStatus.Builder {
    Builder() {}
  }
}
