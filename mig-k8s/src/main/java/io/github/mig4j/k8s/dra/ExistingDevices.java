package io.github.mig4j.k8s.dra;

import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.layout.PlacementResult;
import java.util.List;
import java.util.Optional;

/**
 * The existing MIG devices of a GPU, without those that can be created.
 *
 * @param devices the published devices, or the claimed ones of a partitionable GPU
 */
record ExistingDevices(List<DraDevice> devices) {

  static ExistingDevices of(DraGpu gpu) {
    return new ExistingDevices(gpu.devices().stream()
        .filter(device -> device.kind() == DraDevice.Kind.MIG)
        .filter(device -> gpu.form() == DraGpu.Form.STATIC || !device.claims().isEmpty())
        .toList());
  }

  List<Placement> places() {
    return devices.stream()
        .flatMap(device -> device.placement().stream())
        .sorted()
        .toList();
  }

  /** The layout of these devices; empty if the model or a place is unknown. */
  Optional<PlacementResult> placedOn(DraGpu gpu) {
    List<Placement> places = places();
    boolean isTold = places.size() == devices.size()
        && places.stream().allMatch(place -> place.profile().isWholeGpuInstance());
    return gpu.model().filter(model -> isTold).map(model -> {
      MigLayout.Builder builder = MigLayout.on(model);
      places.forEach(place -> builder.addAt(place.profile().toString(), place.start()));
      return builder.place();
    });
  }
}
