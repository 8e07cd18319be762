package io.github.mig4j.k8s.dra;

import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.dra.DraFacts.AmountDiffers;
import io.github.mig4j.k8s.dra.DraFacts.Difference;
import io.github.mig4j.k8s.dra.DraFacts.ImpossibleLayout;
import io.github.mig4j.k8s.dra.DraFacts.MissingPlacement;
import io.github.mig4j.k8s.dra.DraFacts.UnknownPlacement;
import io.github.mig4j.k8s.dra.DraFacts.UnknownProfile;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.layout.PlacementResult;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Compares what the driver publishes of a GPU with the catalogue. Both follow the rule that instances
 * together take at most what the GPU has, so every amount has its counterpart; an amount that one
 * side lacks is not compared.
 */
record GeometryCheck(Pool pool, GpuModel model, DraFindings findings) {

  private static final long MIB = 1024L * 1024;

  void check(DraGpu gpu, List<PublishedDevice> published) {
    for (PublishedDevice device : published) {
      device.profile().flatMap(model::profile).ifPresent(known -> checkAmounts(device, known));
      device
          .profile()
          .filter(
              profile -> device.placement().isEmpty() && model.profile(profile).isEmpty())
          .ifPresent(profile -> findings.add(new UnknownProfile(pool.node(), model, profile)));
      device.placement().ifPresent(this::checkPlacement);
    }
    if (gpu.form() == DraGpu.Form.PARTITIONABLE) {
      checkCounters(published);
      if (pool.isComplete()) {
        checkNoneIsMissing(published);
      }
    } else if (!gpu.cutInto().isEmpty()) {
      checkLayout(gpu);
    }
  }

  /** A compute instance has its share of the GPU instance's SMs, which is not compared. */
  private void checkAmounts(PublishedDevice device, GpuInstanceProfile known) {
    if (device.profile().equals(Optional.of(known.profile()))) {
      compare(device.capacities(), UnaryOperator.identity(), Optional.of(known));
      device.consumed().forEach((set, counters) -> {
        // A counter from which a device draws nothing is an amount of 0.
        Map<String, Long> drawn = new HashMap<>(counters);
        pool.counterSets()
            .getOrDefault(set, Map.of())
            .keySet()
            .forEach(counter -> drawn.putIfAbsent(counter, 0L));
        compare(drawn, Wire::counter, Optional.of(known));
      });
    }
  }

  private void checkCounters(List<PublishedDevice> published) {
    Set<String> used = new HashSet<>();
    published.forEach(device -> used.addAll(device.consumed().keySet()));
    pool.counterSets().forEach((set, counters) -> {
      if (used.contains(set)) {
        compare(counters, Wire::counter, Optional.empty());
        long slices = counters.keySet().stream()
            .filter(counter -> Wire.MEMORY_SLICE.matcher(counter).matches())
            .count();
        compare(Budget.MEMORY_SLICES, slices, Optional.empty());
      }
    });
  }

  /** Compares the amounts of a profile, or of the GPU. */
  private void compare(
      Map<String, Long> published,
      UnaryOperator<String> naming,
      Optional<GpuInstanceProfile> profile) {
    Wire.CAPACITIES.forEach((budget, capacity) -> {
      Long amount = published.get(naming.apply(capacity));
      if (amount != null) {
        compare(budget, budget == Budget.MEMORY_MIB ? amount / MIB : amount, profile);
      }
    });
  }

  private void compare(Budget budget, long published, Optional<GpuInstanceProfile> profile) {
    OptionalInt known =
        profile.map(of -> of.amount(budget)).orElseGet(() -> model.capacity(budget));
    if (known.isPresent() && known.getAsInt() != published) {
      findings.add(new AmountDiffers(
          pool.node(),
          model,
          profile.map(GpuInstanceProfile::profile),
          new Difference(budget, published, known.getAsInt())));
    }
  }

  private void checkPlacement(Placement place) {
    Optional<GpuInstanceProfile> known = model.profile(place.profile());
    boolean isComparable = known.map(GpuInstanceProfile::isPlaceable).orElse(true);
    boolean isKnown = known
        .filter(profile -> profile.starts().contains(place.start()))
        .filter(profile -> profile.size().orElse(0) == place.size())
        .isPresent();
    if (isComparable && !isKnown) {
      findings.add(new UnknownPlacement(pool.node(), model, place));
    }
  }

  private void checkNoneIsMissing(List<PublishedDevice> published) {
    Set<Placement> places = new HashSet<>();
    published.forEach(device -> device.placement().ifPresent(places::add));
    // Ampere cannot leave MIG mode by itself, so that a whole GPU is then all that is published.
    if (places.isEmpty()) {
      return;
    }
    for (GpuInstanceProfile profile : model.profiles()) {
      if (profile.isPlaceable()) {
        profile.starts().stream()
            .map(start -> new Placement(profile.profile(), start, profile.size().orElseThrow()))
            .filter(place -> !places.contains(place))
            .forEach(place -> findings.add(new MissingPlacement(pool.node(), model, place)));
      }
    }
  }

  private void checkLayout(DraGpu gpu) {
    ExistingDevices existing = ExistingDevices.of(gpu);
    existing.placedOn(gpu).ifPresent(result -> {
      if (result instanceof PlacementResult.Rejected rejected) {
        findings.add(
            new ImpossibleLayout(pool.node(), model, existing.places(), rejected.violations()));
      }
    });
  }
}
