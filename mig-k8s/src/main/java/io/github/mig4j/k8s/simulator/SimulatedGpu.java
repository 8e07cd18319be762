package io.github.mig4j.k8s.simulator;

import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import io.github.mig4j.text.JsonFields;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The state of one simulated GPU.
 *
 * @param index the index on the node, from 0
 * @param model the model
 * @param migEnabled whether MIG mode is on
 * @param devices MIG devices by profile; empty if MIG mode is off
 */
public record SimulatedGpu(
    int index, GpuModel model, boolean migEnabled, SortedMap<MigProfile, Integer> devices)
    implements JsonForm {

  public SimulatedGpu {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(devices, "devices");
    devices = Collections.unmodifiableSortedMap(new TreeMap<>(devices));
    if (!migEnabled && !devices.isEmpty()) {
      throw new IllegalArgumentException(
          "GPU %d has MIG devices %s, so MIG mode must be on".formatted(index, devices));
    }
  }

  /**
   * A valid layout of these devices; the placement of a real driver is not simulated.
   *
   * @return the layout, or empty if MIG mode is off or the model's placements are unknown
   */
  public Optional<MigLayout> layout() {
    return migEnabled && MigLayout.place(model, devices) instanceof PlacementResult.Placed placed
        ? Optional.of(placed.layout())
        : Optional.empty();
  }

  static SimulatedGpu whole(int index, GpuModel model) {
    return new SimulatedGpu(index, model, false, new TreeMap<>());
  }

  SimulatedGpu disabled() {
    return whole(index, model);
  }

  SimulatedGpu holding(Map<MigProfile, Integer> more) {
    return new SimulatedGpu(index, model, true, new TreeMap<>(more));
  }

  SimulatedGpu cleared() {
    return new SimulatedGpu(index, model, migEnabled, new TreeMap<>());
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("index", index)
        .and("model", model.id())
        .and("mig", migEnabled)
        .and("devices", devices)
        .map();
  }
}
