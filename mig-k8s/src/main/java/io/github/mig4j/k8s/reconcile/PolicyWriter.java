package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.sharing.SharingKind;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.format.TextStyle;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;

/** A policy as the tree that its file contains; what has its default is left out. */
final class PolicyWriter {

  private PolicyWriter() {}

  static Map<String, Object> tree(List<MigPolicy> policies) {
    return Map.of("policies", policies.stream().map(PolicyWriter::tree).toList());
  }

  static Map<String, Object> tree(MigPolicy policy) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("name", policy.name());
    tree.put("nodes", tree(policy.nodes()));
    Map<String, Object> gpus = new LinkedHashMap<>();
    policy.gpus().forEach((model, target) -> gpus.put(model, tree(target)));
    tree.put("gpus", gpus);
    if (!policy.pace().equals(Pace.oneByOne())) {
      tree.put("pace", tree(policy.pace()));
    }
    if (policy.disruption() != Disruption.NONE) {
      tree.put("disruption", policy.disruption().toJson());
    }
    if (policy.onDrift() != OnDrift.YIELD) {
      tree.put("onDrift", policy.onDrift().toString());
    }
    if (policy.gated()) {
      tree.put("gated", true);
    }
    if (policy.held()) {
      tree.put("held", true);
    }
    return tree;
  }

  static Map<String, Object> tree(PolicyNodes nodes) {
    Map<String, Object> tree = new LinkedHashMap<>();
    if (!nodes.labels().isEmpty()) {
      tree.put("labels", nodes.labels());
    }
    if (!nodes.names().isEmpty()) {
      tree.put("names", nodes.names());
    }
    return tree;
  }

  static Map<String, Object> tree(PolicyTarget target) {
    if (target instanceof PolicyTarget.Layout layout) {
      return Map.of("layout", devices(layout.devices()));
    }
    if (target instanceof PolicyTarget.Config config) {
      return Map.of("config", config.name());
    }
    if (target instanceof PolicyTarget.SharingConfig sharing) {
      return Map.of("sharing", sharing.name());
    }
    if (target instanceof PolicyTarget.Shared shared) {
      return Map.of(shared.kind() == SharingKind.MPS ? "mps" : "timeSlicing", shared.replicas());
    }
    return target instanceof PolicyTarget.ForDemand demand
        ? Map.of("demand", tree(demand))
        : Map.of("whole", true);
  }

  private static Map<String, Object> tree(PolicyTarget.ForDemand demand) {
    Map<String, Object> tree = new LinkedHashMap<>();
    if (!demand.stock().isEmpty()) {
      tree.put("stock", devices(demand.stock()));
    }
    if (demand.pods() == PolicyTarget.ForDemand.Pods.IGNORED) {
      tree.put("servePods", false);
    }
    demand.maxGpus().ifPresent(max -> tree.put("maxGpus", max));
    return tree;
  }

  private static Map<String, Integer> devices(SortedMap<MigProfile, Integer> devices) {
    Map<String, Integer> tree = new LinkedHashMap<>();
    devices.forEach((profile, count) -> tree.put(profile.toString(), count));
    return tree;
  }

  static Map<String, Object> tree(Pace pace) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("maxUnavailable", pace.maxUnavailable().toString());
    pace.canary().ifPresent(canary -> {
      Map<String, Object> inner = new LinkedHashMap<>();
      inner.put("nodes", pace.canaryNodes());
      canary.pause().ifPresent(pause -> inner.put("pause", duration(pause)));
      tree.put("canary", inner);
    });
    if (!pace.windows().isEmpty()) {
      tree.put("windows", pace.windows().stream().map(PolicyWriter::tree).toList());
    }
    tree.put("coolDown", duration(pace.coolDown()));
    return tree;
  }

  static Map<String, Object> tree(MaintenanceWindow window) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("days", window.days().stream().map(PolicyWriter::day).toList());
    tree.put("from", window.from().toString());
    tree.put("to", window.to().toString());
    tree.put("zone", window.zone().toString());
    return tree;
  }

  /** E.g. {@code Sat}. */
  static String day(DayOfWeek day) {
    return day.getDisplayName(TextStyle.SHORT, Locale.ROOT);
  }

  /** E.g. {@code 1h30m}; {@link PolicyReader} reads it. */
  private static String duration(Duration duration) {
    return duration.isZero() ? "0s" : duration.toString().substring(2).toLowerCase(Locale.ROOT);
  }
}
