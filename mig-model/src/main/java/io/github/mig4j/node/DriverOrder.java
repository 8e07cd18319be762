package io.github.mig4j.node;

import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.DriverPrediction;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Predicts whether mig-parted may need several attempts to create a layout. */
final class DriverOrder {
  private DriverOrder() {}

  /** mig-parted leaves profiles of equal slices in any order; the smaller first is the worse. */
  private static final Comparator<MigProfile> FIRST_TRIED = Comparator.comparingInt(
          MigProfile::gpuSlices)
      .thenComparingInt(MigProfile::computeSlices)
      .reversed();

  /** Whether the driver will probably refuse an order that mig-parted may try first. */
  static boolean mayFailAtFirst(GpuModel gpu, Map<MigProfile, Integer> devices) {
    if (!gpu.profiles().stream().allMatch(GpuInstanceProfile::isPlaceable)) {
      return false;
    }
    List<MigProfile> order = new ArrayList<>();
    devices.entrySet().stream()
        .sorted(Map.Entry.comparingByKey(FIRST_TRIED.thenComparing(Comparator.naturalOrder())))
        .forEach(each -> order.addAll(Collections.nCopies(each.getValue(), each.getKey())));
    return !DriverPrediction.of(gpu).create(order).isComplete();
  }
}
