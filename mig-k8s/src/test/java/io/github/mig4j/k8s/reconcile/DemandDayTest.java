package io.github.mig4j.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.mig4j.k8s.reconcile.DemandArrivals.Arrival;
import io.github.mig4j.k8s.reconcile.DemandSimulation.Result;
import io.github.mig4j.k8s.reconcile.DemandSimulation.Scheduler;
import io.github.mig4j.layout.MigLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Plays a day; {@code -Dmig4j.demand.days=N} prints the tables of N days. */
@Isolated
class DemandDayTest {

  @ParameterizedTest
  @CsvSource({"1, PACKS, 0.8", "4, PACKS, 0.6", "1, SPREADS, 0.6"})
  void demandPolicy_waitsLessThanEveryStaticLayout_andCutsLessThanGreedy(
      int gpusPerNode, Scheduler scheduler, double load) {
    DemandArrivals arrivals = DemandArrivals.day(100, load, 1);
    Map<String, Result> results = new LinkedHashMap<>();
    DemandDay.policies(gpusPerNode, scheduler)
        .forEach((name, policy) -> results.put(name, policy.play(arrivals)));

    Result ours = results.get(DemandDay.OURS);
    assertThat(ours.waiting())
        .isLessThan(results.get("static, balanced").waiting())
        .isLessThan(results.get("static, best in hindsight").waiting())
        .isLessThan(results.get("greedy").waiting());
    assertThat(ours.cutsPerDay()).isPositive().isLessThan(results.get("greedy").cutsPerDay());
    assertThat(ours.acceptance()).isGreaterThan(0.99);
  }

  /** The search for the best layout computes the waiting of each profile on its own. */
  @Test
  void staticLayout_waitsAsLongAsAQueueForEachProfile() {
    DemandArrivals arrivals = DemandArrivals.day(40, 0.9, 3);
    List<MigLayout> layouts = DemandLayouts.balanced(arrivals);

    Result played = DemandSimulation.play(arrivals, Scheduler.SPREADS, layouts);

    double waited = 0;
    for (int i = 0; i < DemandArrivals.SLICES.length; i++) {
      int profile = i;
      List<Arrival> pods = new ArrayList<>(arrivals.all());
      pods.removeIf(pod -> pod.profile() != profile);
      int devices = layouts.stream()
          .mapToInt(
              layout -> layout.devices().getOrDefault(DemandArrivals.PROFILES.get(profile), 0))
          .sum();
      waited += DemandLayouts.waited(arrivals, pods, devices);
    }
    assertThat(layouts).hasSize(40);
    assertThat(played.waited()[0]).isCloseTo(waited, within(1e-3)).isPositive();
  }

  @Test
  @EnabledIfSystemProperty(named = "mig4j.demand.days", matches = "[0-9]+")
  void days_arePrinted() throws Exception {
    DemandDay.main(new String[] {System.getProperty("mig4j.demand.days")});
  }
}
