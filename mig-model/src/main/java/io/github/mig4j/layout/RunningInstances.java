package io.github.mig4j.layout;

import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.NvidiaSmi;
import io.github.mig4j.gpu.NvidiaSmi.ComputeInstanceRow;
import io.github.mig4j.gpu.NvidiaSmi.InstanceRow;
import io.github.mig4j.text.JsonFields;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The GPU instances that run on one GPU, as {@code nvidia-smi mig -lgi} and {@code -lci} list them.
 *
 * <pre>{@code
 * NvidiaSmi listing = NvidiaSmi.read(lgi);
 * for (RunningInstances running : RunningInstances.in(listing)) {
 *   PlacementResult more =
 *       MigLayout.on(h100).keeping(running.placements()).add("2g.20gb", 1).place();
 * }
 * }</pre>
 *
 * @param gpu the GPU's index on its node, from 0
 * @param placements the GPU instances by ascending start; a listing can contradict the GPU, so they
 *     may overlap until {@link #on} says that they do not
 * @param devices the MIG devices by profile: the compute instances where they are listed, otherwise
 *     the GPU instances
 */
public record RunningInstances(
    int gpu, List<Placement> placements, SortedMap<MigProfile, Integer> devices)
    implements JsonForm {

  public RunningInstances {
    Objects.requireNonNull(placements, "placements");
    Objects.requireNonNull(devices, "devices");
    placements = placements.stream().sorted().toList();
    devices = Collections.unmodifiableSortedMap(new TreeMap<>(devices));
  }

  /**
   * {@return what runs on each GPU with rows of {@code -lgi}, by ascending index; nvidia-smi does
   * not list a GPU without any}
   */
  public static List<RunningInstances> in(NvidiaSmi listing) {
    Objects.requireNonNull(listing, "listing");
    SortedMap<Integer, List<InstanceRow>> byGpu = listing.instances().stream()
        .collect(Collectors.groupingBy(InstanceRow::gpu, TreeMap::new, Collectors.toList()));
    return byGpu.values().stream()
        .map(rows -> new RunningInstances(
            rows.get(0).gpu(),
            rows.stream()
                .map(row -> new Placement(row.profile(), row.start(), row.size()))
                .toList(),
            devices(rows, listing.computeInstances())))
        .toList();
  }

  /** A GPU instance without compute instance is no device, but only where any are listed. */
  private static SortedMap<MigProfile, Integer> devices(
      List<InstanceRow> instances, List<ComputeInstanceRow> listed) {
    List<MigProfile> profiles = listed.stream()
        .filter(row -> row.gpu() == instances.get(0).gpu())
        .map(ComputeInstanceRow::profile)
        .toList();
    if (profiles.isEmpty()) {
      profiles = instances.stream().map(InstanceRow::profile).toList();
    }
    SortedMap<MigProfile, Integer> devices = new TreeMap<>();
    profiles.forEach(profile -> devices.merge(profile, 1, Integer::sum));
    return devices;
  }

  /**
   * {@return the layout that runs, every reason why the listing and the model contradict each
   * other, or that it is not known where the profiles may start}
   */
  public PlacementResult on(GpuModel model) {
    Objects.requireNonNull(model, "model");
    PlacementResult result = MigLayout.on(model).keeping(placements).place();
    return result instanceof PlacementResult.Placed placed
        ? new PlacementResult.Placed(new MigLayout(model, placed.layout().placements(), devices))
        : result;
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("index", gpu)
        .and("placements", placements)
        .and("devices", devices)
        .map();
  }
}
