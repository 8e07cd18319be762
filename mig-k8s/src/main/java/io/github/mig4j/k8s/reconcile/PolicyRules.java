package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import io.github.mig4j.layout.Violation;
import io.github.mig4j.plan.Demand;
import io.github.mig4j.plan.DemandItem;
import io.github.mig4j.plan.FleetPlan;
import io.github.mig4j.plan.Planner;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Collectors;

/** What can be said about a policy without a cluster. */
final class PolicyRules {

  private PolicyRules() {}

  /** Checks a target against the model that it is for. */
  static void check(GpuModel model, PolicyTarget target, PolicyFields field) {
    if (target instanceof PolicyTarget.Layout layout && hasMig(model, field)) {
      checkLayout(model, layout.devices(), field);
    } else if (target instanceof PolicyTarget.ForDemand demand && hasMig(model, field)) {
      checkStock(model, demand, field);
    } else if (target instanceof PolicyTarget.Config) {
      boolean unused = hasMig(model, field);
    }
  }

  private static boolean hasMig(GpuModel model, PolicyFields field) {
    if (!model.supportsMig()) {
      field.error(
          PolicyCode.NO_MIG,
          "%s does not support MIG".formatted(model.id()),
          "use timeSlicing, mps or whole");
    }
    return model.supportsMig();
  }

  private static void checkLayout(
      GpuModel model, SortedMap<MigProfile, Integer> devices, PolicyFields field) {
    if (MigLayout.place(model, devices) instanceof PlacementResult.Rejected rejected) {
      for (Violation violation : rejected.violations()) {
        field.error(
            violation instanceof Violation.UnknownProfile
                ? PolicyCode.UNKNOWN_PROFILE
                : PolicyCode.LAYOUT_DOES_NOT_FIT,
            violation.message(),
            "");
      }
    }
  }

  private static void checkStock(
      GpuModel model, PolicyTarget.ForDemand demand, PolicyFields field) {
    List<MigProfile> unknown = demand.stock().keySet().stream()
        .filter(profile -> model.profile(profile).isEmpty())
        .toList();
    unknown.forEach(profile -> field.error(
        PolicyCode.UNKNOWN_PROFILE,
        "%s has no profile %s".formatted(model.id(), profile),
        "it has "
            + model.profiles().stream()
                .map(known -> known.profile().toString())
                .collect(Collectors.joining(", "))));
    if (!unknown.isEmpty() || demand.stock().isEmpty() || demand.maxGpus().isEmpty()) {
      return;
    }
    FleetPlan plan = Planner.fewest(model, demand(demand.stock()));
    if (plan.lowerBound() > demand.maxGpus().getAsInt()) {
      field.error(
          PolicyCode.STOCK_DOES_NOT_FIT,
          "The stock needs at least %d GPUs, but maxGpus is %d"
              .formatted(plan.lowerBound(), demand.maxGpus().getAsInt()),
          "reduce the stock or raise maxGpus");
    }
  }

  private static Demand demand(SortedMap<MigProfile, Integer> stock) {
    return new Demand(stock.entrySet().stream()
        .map(each -> DemandItem.of(each.getKey(), each.getValue()))
        .toList());
  }

  /** Reports policies that choose a node of another one, or can do so. */
  static void overlaps(MigPolicy policy, List<MigPolicy> others, PolicyFields field) {
    for (MigPolicy other : others) {
      Set<String> both = policy.nodes().names().stream()
          .filter(other.nodes().names()::contains)
          .collect(Collectors.toSet());
      if (!both.isEmpty()) {
        field.error(
            PolicyCode.SAME_NODE,
            "Policies '%s' and '%s' both name %s"
                .formatted(other.name(), policy.name(), both.stream().sorted().toList()),
            "name each node in one policy");
      } else if (policy.nodes().canShareLabels(other.nodes())) {
        field.warning(
            PolicyCode.CAN_OVERLAP,
            "A node with the labels of policies '%s' and '%s' belongs to both, and is not changed then"
                .formatted(other.name(), policy.name()),
            "use different values of one label");
      }
    }
  }
}
