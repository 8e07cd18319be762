package embedder;

import io.github.mig4j.fleet.Fleet;
import io.github.mig4j.fleet.FleetGpu;
import io.github.mig4j.fleet.FleetIndex;
import io.github.mig4j.fleet.FleetRequest;
import io.github.mig4j.fleet.GpuSet;
import io.github.mig4j.fleet.PlacementPolicy;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The three verbs of a scheduler extender: filter, prioritize and bind. */
final class Extender {

  private static final int HIGHEST_SCORE = 10;

  private final FleetIndex index;

  Extender(PlacementPolicy policy) {
    index = new FleetIndex(new Fleet(policy));
  }

  /** From the cluster: at the start, and whenever an informer has relisted. */
  FleetIndex.Changes resync(Collection<FleetGpu> cluster) {
    return index.resync(cluster);
  }

  /** The nodes on which the profile fits now. */
  List<String> filter(String profile, Collection<String> nodes) {
    FleetRequest request = index.fleet().request(profile);
    return nodes.stream()
        .filter(node -> index.fleet().choose(request, index.gpusOf(node)) != Fleet.NONE)
        .toList();
  }

  /** The scores of nodes, 0 where the profile does not fit. */
  Map<String, Integer> prioritize(String profile, Collection<String> nodes) {
    FleetRequest request = index.fleet().request(profile);
    Map<String, Integer> scores = new LinkedHashMap<>();
    for (String node : nodes) {
      long chosen = index.fleet().choose(request, index.gpusOf(node));
      scores.put(
          node,
          chosen == Fleet.NONE ? 0 : index.fleet().cost(request, chosen).score(HIGHEST_SCORE));
    }
    return scores;
  }

  /** The best place on any GPU of the cluster, or {@link Fleet#NONE}: no object is created. */
  long place(FleetRequest request) {
    return index.fleet().place(request);
  }

  /** The best place on the GPUs of some nodes. */
  Optional<String> bind(String profile, Collection<String> nodes) {
    GpuSet gpus = index.gpusOf(nodes);
    long placed = index.fleet().place(index.fleet().request(profile), gpus);
    return placed == Fleet.NONE ? Optional.empty() : Optional.of(index.name(placed));
  }

  void free(long instance) {
    index.fleet().free(instance);
  }

  FleetRequest request(String profile) {
    return index.fleet().request(profile);
  }

  String name(long instance) {
    return index.name(instance);
  }
}
