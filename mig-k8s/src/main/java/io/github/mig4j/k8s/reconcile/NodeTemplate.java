package io.github.mig4j.k8s.reconcile;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.node.MigSetting;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeOffer;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.SharingKind;
import io.github.mig4j.text.JsonFields;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What a node offers once its GPUs are as declared, for an autoscaler that has to know it before the
 * node exists.
 *
 * <pre>{@code
 * NodeTemplate.of(b200, 8, target).autoscalerTags();
 * // {k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/mig-1g.23gb=56, ...}
 * }</pre>
 *
 * @param resources extended resources, which are allocatable; counts by name, without zeros
 * @param labels the labels that GPU Feature Discovery writes for them
 */
public record NodeTemplate(SortedMap<String, Long> resources, SortedMap<String, String> labels)
    implements JsonForm {

  private static final String AUTOSCALER = "k8s.io/cluster-autoscaler/node-template/";
  private static final String CLUSTER_API = "capacity.cluster-autoscaler.kubernetes.io/";

  public NodeTemplate {
    Objects.requireNonNull(resources, "resources");
    Objects.requireNonNull(labels, "labels");
    SortedMap<String, Long> offered = new TreeMap<>(resources);
    offered.values().removeIf(count -> count == 0);
    resources = Collections.unmodifiableSortedMap(offered);
    labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
  }

  /**
   * {@return what a node of one model offers under MIG strategy mixed; or with MPS, which the device plugin
   * refuses under that strategy, under single}
   *
   * @param model the model of its GPUs
   * @param gpus how many GPUs it has, from 1 to 1024
   * @param target a layout, sharing by replicas, or whole GPUs
   * @throws IllegalArgumentException if the target does not say by itself what a node offers, or the
   *     number is out of range
   * @throws io.github.mig4j.layout.InvalidLayoutException if the layout does not fit on the model
   */
  public static NodeTemplate of(GpuModel model, int gpus, PolicyTarget target) {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(target, "target");
    DevicePluginConfig sharing = target instanceof PolicyTarget.Shared some
        ? DevicePluginConfig.of(some.sharing())
        : DevicePluginConfig.unshared();
    MigStrategy strategy =
        target instanceof PolicyTarget.Shared some && some.kind() == SharingKind.MPS
            ? MigStrategy.SINGLE
            : MigStrategy.MIXED;
    NodeOffer shared = offer(model, gpus, setting(model, target), strategy).withSharing(sharing);
    SortedMap<String, String> labels = new TreeMap<>(shared.labels());
    labels.put(Labels.MIG_CAPABLE, String.valueOf(model.supportsMig()));
    labels.put(Labels.MIG_STRATEGY, strategy.toString());
    return new NodeTemplate(shared.resources(), labels);
  }

  private static MigSetting setting(GpuModel model, PolicyTarget target) {
    if (target instanceof PolicyTarget.Layout layout) {
      return MigSetting.of(
          MigLayout.place(model, layout.devices()).orElseThrow().devices());
    }
    if (target instanceof PolicyTarget.Shared || target instanceof PolicyTarget.Whole) {
      return MigSetting.OFF;
    }
    throw new IllegalArgumentException(
        "A template needs a layout, replicas or whole GPUs, but was for " + target);
  }

  private static NodeOffer offer(
      GpuModel model, int gpus, MigSetting setting, MigStrategy strategy) {
    Map<NodeGpu, MigSetting> settings = new LinkedHashMap<>();
    NodeGpu.several(model, gpus).forEach(gpu -> settings.put(gpu, setting));
    return NodeOffer.of(settings, strategy);
  }

  /**
   * {@return the tags of an Auto Scaling group from which the cluster-autoscaler of AWS learns of
   * the node, by key}
   */
  public SortedMap<String, String> autoscalerTags() {
    SortedMap<String, String> tags = new TreeMap<>();
    resources.forEach(
        (name, count) -> tags.put(AUTOSCALER + "resources/" + name, count.toString()));
    labels.forEach((key, value) -> tags.put(AUTOSCALER + "label/" + key, value));
    return tags;
  }

  /**
   * The annotations of a MachineDeployment or MachineSet from which the cluster-autoscaler of Cluster API
   * learns of the node.
   *
   * @return values by key
   * @throws IllegalStateException if the node does not offer exactly one resource, since the annotations
   *     hold no more
   */
  public SortedMap<String, String> clusterApiAnnotations() {
    if (resources.size() != 1) {
      throw new IllegalStateException(
          "The annotations of Cluster API hold one resource, but the node offers %s; use a layout with one profile"
              .formatted(resources.keySet()));
    }
    SortedMap<String, String> annotations = new TreeMap<>();
    annotations.put(CLUSTER_API + "gpu-type", resources.firstKey());
    annotations.put(CLUSTER_API + "gpu-count", String.valueOf(resources.get(resources.firstKey())));
    annotations.put(
        CLUSTER_API + "labels",
        labels.entrySet().stream()
            .map(label -> label.getKey() + "=" + label.getValue())
            .collect(Collectors.joining(",")));
    return annotations;
  }

  /**
   * The NodeOverlay from which Karpenter learns of the resources. Its labels belong into the template of
   * the NodePool.
   *
   * @param name the name of the NodeOverlay
   * @param instanceTypes the instance types with these GPUs, at least one
   * @return the object as YAML
   */
  public String nodeOverlay(String name, List<String> instanceTypes) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(instanceTypes, "instanceTypes");
    if (instanceTypes.isEmpty()) {
      throw new IllegalArgumentException(
          "A NodeOverlay needs at least one instance type, but had none");
    }
    Map<String, Object> capacity = new LinkedHashMap<>();
    resources.forEach((resource, count) -> capacity.put(resource, count.toString()));
    Map<String, Object> requirement = JsonFields.of("key", "node.kubernetes.io/instance-type")
        .and("operator", "In")
        .and("values", instanceTypes)
        .map();
    Map<String, Object> spec = JsonFields.of("requirements", List.of(requirement))
        .and("capacity", capacity)
        .map();
    return Serialization.asYaml(JsonFields.of("apiVersion", "karpenter.sh/v1alpha1")
        .and("kind", "NodeOverlay")
        .and("metadata", Map.of("name", name))
        .and("spec", spec)
        .map());
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("resources", resources).and("labels", labels).map();
  }

  /** The resources, e.g. {@code {nvidia.com/mig-1g.23gb=56}}. */
  @Override
  public String toString() {
    return resources.toString();
  }
}
