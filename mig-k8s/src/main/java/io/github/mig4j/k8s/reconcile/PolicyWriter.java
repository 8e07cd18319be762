package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.reconcile.MigPolicy.OnDrift;
import io.github.mig4j.k8s.rollout.Canary;
import io.github.mig4j.sharing.SharingKind;
import io.github.mig4j.text.JsonFields;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.format.TextStyle;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A policy as the tree that its file contains; what has its default is left out. */
final class PolicyWriter {

  private PolicyWriter() {}

  static Map<String, Object> tree(List<MigPolicy> policies) {
    return Map.of("policies", policies.stream().map(PolicyWriter::tree).toList());
  }

  static Map<String, Object> tree(MigPolicy policy) {
    return JsonFields.of("name", policy.name())
        .and("nodes", policy.nodes())
        .and("gpus", policy.gpus())
        .and("pace", unless(Pace.oneByOne(), policy.pace()))
        .and("disruption", unless(Disruption.NONE, policy.disruption()))
        .and("onDrift", unless(OnDrift.YIELD, policy.onDrift()))
        .and("gated", unless(false, policy.gated()))
        .and("held", unless(false, policy.held()))
        .map();
  }

  private static <T> Optional<T> unless(T usual, T value) {
    return Optional.of(value).filter(given -> !given.equals(usual));
  }

  static Map<String, Object> tree(PolicyNodes nodes) {
    return JsonFields.of("labels", Optional.of(nodes.labels()).filter(some -> !some.isEmpty()))
        .and("names", Optional.of(nodes.names()).filter(some -> !some.isEmpty()))
        .map();
  }

  static Map<String, Object> tree(PolicyTarget target) {
    if (target instanceof PolicyTarget.Layout layout) {
      return JsonFields.of("layout", layout.devices()).map();
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
    return JsonFields.of("stock", unless(Map.of(), demand.stock()))
        .and("servePods", unless(true, demand.pods() == PolicyTarget.ForDemand.Pods.SERVED))
        .and("maxGpus", demand.maxGpus())
        .map();
  }

  static Map<String, Object> tree(Pace pace) {
    return JsonFields.of("maxUnavailable", pace.maxUnavailable())
        .and("canary", pace.canary().map(canary -> tree(pace.canaryNodes(), canary)))
        .and("windows", Optional.of(pace.windows()).filter(some -> !some.isEmpty()))
        .and("coolDown", duration(pace.coolDown()))
        .map();
  }

  private static Map<String, Object> tree(int nodes, Canary canary) {
    return JsonFields.of("nodes", nodes)
        .and("pause", canary.pause().map(PolicyWriter::duration))
        .map();
  }

  static Map<String, Object> tree(MaintenanceWindow window) {
    return JsonFields.of("days", window.days().stream().map(PolicyWriter::day).toList())
        .and("from", window.from().toString())
        .and("to", window.to().toString())
        .and("zone", window.zone().toString())
        .map();
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
