package io.github.mig4j.k8s.reconcile;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.NodeCapacity;
import io.github.mig4j.layout.MigLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Nodes and pods as the API server shows them. */
final class Nodes {

  static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  static final MigProfile G1 = MigProfile.parse("1g.23gb");
  static final MigProfile G3 = MigProfile.parse("3g.90gb");

  private Nodes() {}

  /** A node with B200; a null layout is a whole GPU. */
  static NodeCapacity node(String name, Map<MigProfile, Integer> used, MigLayout... layouts) {
    return node(name, Map.of(), used, layouts);
  }

  static NodeCapacity node(
      String name,
      Map<String, String> labels,
      Map<MigProfile, Integer> used,
      MigLayout... layouts) {
    SortedMap<Integer, MigLayout> byIndex = new TreeMap<>();
    for (int i = 0; i < layouts.length; i++) {
      if (layouts[i] != null) {
        byIndex.put(i, layouts[i]);
      }
    }
    SortedMap<String, Long> inUse = new TreeMap<>();
    used.forEach((profile, count) -> inUse.put(profile.resourceName(), (long) count));
    Node node = object(name, labels, layouts);
    return new NodeCapacity(MigNodeStatus.of(node), node.getMetadata().getLabels(), inUse, byIndex);
  }

  static Node object(String name, Map<String, String> labels, MigLayout... layouts) {
    Map<String, Quantity> allocatable = new HashMap<>();
    int whole = 0;
    Map<String, Integer> counts = new HashMap<>();
    for (MigLayout layout : layouts) {
      if (layout == null) {
        whole++;
      } else {
        layout
            .devices()
            .forEach((profile, count) -> counts.merge(profile.resourceName(), count, Integer::sum));
      }
    }
    counts.put("nvidia.com/gpu", whole);
    counts.forEach((resource, count) -> allocatable.put(resource, new Quantity(count.toString())));
    return new NodeBuilder()
        .withNewMetadata()
        .withName(name)
        .addToLabels(labels)
        .addToLabels("nvidia.com/gpu.product", "NVIDIA-B200")
        .addToLabels("nvidia.com/gpu.count", String.valueOf(layouts.length))
        .addToLabels("nvidia.com/mig.capable", "true")
        .addToLabels("nvidia.com/mig.strategy", "mixed")
        .endMetadata()
        .withNewStatus()
        .withAllocatable(allocatable)
        .addNewCondition()
        .withType("Ready")
        .withStatus("True")
        .endCondition()
        .endStatus()
        .build();
  }

  static MigLayout small() {
    return MigLayout.on(B200).add(G1, 7).build();
  }

  static MigLayout large() {
    return MigLayout.on(B200).add(G3, 2).build();
  }

  static Pod pod(String name, Map<MigProfile, Integer> devices) {
    var limits = new HashMap<String, Quantity>();
    devices.forEach((profile, count) ->
        limits.put(profile.resourceName(), new Quantity(String.valueOf(count))));
    return new PodBuilder()
        .withNewMetadata()
        .withNamespace("ml")
        .withName(name)
        .withCreationTimestamp("2026-11-26T10:00:00Z")
        .endMetadata()
        .withNewSpec()
        .addNewContainer()
        .withName("c")
        .withNewResources()
        .withLimits(limits)
        .endResources()
        .endContainer()
        .endSpec()
        .withNewStatus()
        .withPhase("Pending")
        .addNewCondition()
        .withType("PodScheduled")
        .withStatus("False")
        .withReason("Unschedulable")
        .endCondition()
        .endStatus()
        .build();
  }

  static WaitingPod waiting(String name, Map<MigProfile, Integer> devices) {
    return WaitingPod.of(pod(name, devices)).orElseThrow();
  }

  static List<WaitingPod> waiting(int number, MigProfile profile) {
    List<WaitingPod> pods = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      pods.add(waiting("%s-%02d".formatted(profile, i), Map.of(profile, 1)));
    }
    return pods;
  }
}
