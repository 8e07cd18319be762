package io.github.mig4j.fleet;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * The measured load on a fleet of H100 that is 85 % in use. It frees a random instance and places
 * an instance with a random profile at the best placement; if nothing fits, the freed instance
 * returns. The variants use the index, a scan over the same tables, which chooses the same GPU, and
 * a sorted list of candidates.
 */
final class FleetWorkload {

  private final int gpus;
  private Fleet fleet;
  private GpuStates states;
  private FleetRequest[] requests;

  /**
   * The instances as GPU and placement in an int, to use little memory compared to the measured
   * structures.
   */
  private int[] running;

  private int[] nodeGpus;
  private int[] halfOfGpus;
  private GpuSet node;
  private GpuSet half;
  private int random = 1;

  /** The scan's copy of the fleet. */
  private int[] stateOf;

  private RankedStates ranked;

  /** The cost of a profile in a state, as a rank; by profile and state. */
  private int[][] levels;

  FleetWorkload(int gpus) {
    this.gpus = gpus;
    GpuModel h100 = GpuCatalog.bundled().require("h100-sxm-80gb");
    fleet = new Fleet(PlacementPolicy.standard());
    for (int gpu = 0; gpu < gpus; gpu++) {
      fleet.add(h100);
    }
    states = fleet.state(0).states();
    requests = states.profiles().stream().map(fleet::request).toArray(FleetRequest[]::new);
    running = new int[7 * gpus];
    Random drawn = new Random(1);
    int count = 0;
    for (int slices = 0; slices < 0.85 * 8 * gpus; ) {
      long instance = fleet.place(requests[drawn.nextInt(requests.length)]);
      if (instance != Fleet.NONE) {
        slices += fleet.placementOf(instance).size();
        remember(count++, instance);
      }
    }
    running = Arrays.copyOf(running, count);
    nodeGpus = IntStream.range(0, gpus).filter(gpu -> gpu / 8 == gpus / 16).toArray();
    halfOfGpus = IntStream.range(0, gpus).filter(gpu -> gpu % 2 == 1).toArray();
    node = GpuSet.of(nodeGpus);
    half = GpuSet.of(halfOfGpus);

    stateOf = IntStream.range(0, gpus).map(gpu -> fleet.state(gpu).number()).toArray();
    ranked = new RankedStates(states, PlacementPolicy.standard());
    levels = new int[requests.length][states.all().size()];
    for (int profile = 0; profile < requests.length; profile++) {
      for (int state = 0; state < states.all().size(); state++) {
        char level = ranked.level(profile, ranked.bucketOf(state));
        levels[profile][state] = level == RankedStates.NONE ? Integer.MAX_VALUE : level;
      }
    }
  }

  private int draw(int end) {
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    return (int) ((random & 0xffffffffL) * end >>> 32);
  }

  private long instance(int i) {
    return (long) (running[i] >>> 5) << Integer.SIZE | running[i] & 31;
  }

  private void remember(int i, long instance) {
    running[i] = Fleet.gpuOf(instance) << 5 | (int) instance;
  }

  long byIndex() {
    int i = draw(running.length);
    long freed = instance(i);
    fleet.free(freed);
    long instance = fleet.place(requests[draw(requests.length)]);
    if (instance == Fleet.NONE) {
      fleet.occupy(freed);
      return instance;
    }
    remember(i, instance);
    return instance;
  }

  /**
   * The least that any index has to do: it reads a random instance and the state of its GPU. The next
   * question depends on the state, as the next choice depends on the last change, so that the processor
   * cannot read for both at a time.
   */
  long byReadsOnly() {
    int state = stateOf[Fleet.gpuOf(instance(draw(running.length)))];
    random = random ^ state | 1;
    return state + draw(requests.length);
  }

  long byScan() {
    int i = draw(running.length);
    int freed = Fleet.gpuOf(instance(i));
    int before = stateOf[freed];
    stateOf[freed] = states.free(before, (int) instance(i));
    int profile = draw(requests.length);
    int[] level = levels[profile];
    int best = 0;
    for (int gpu = 1; gpu < stateOf.length; gpu++) {
      if (level[stateOf[gpu]] < level[stateOf[best]]) {
        best = gpu;
      }
    }
    if (level[stateOf[best]] == Integer.MAX_VALUE) {
      stateOf[freed] = before;
      return Fleet.NONE;
    }
    return placed(i, best, profile);
  }

  long bySortedCandidates() {
    int i = draw(running.length);
    int freed = Fleet.gpuOf(instance(i));
    int before = stateOf[freed];
    stateOf[freed] = states.free(before, (int) instance(i));
    int profile = draw(requests.length);
    int[] level = levels[profile];
    List<Integer> candidates = IntStream.range(0, stateOf.length)
        .filter(gpu -> states.fits(stateOf[gpu], profile))
        .boxed()
        .sorted(Comparator.comparingInt(gpu -> level[stateOf[gpu]]))
        .toList();
    if (candidates.isEmpty()) {
      stateOf[freed] = before;
      return Fleet.NONE;
    }
    return placed(i, candidates.get(0), profile);
  }

  private long placed(int i, int gpu, int profile) {
    int placement = ranked.best(profile)[stateOf[gpu]];
    stateOf[gpu] = states.place(stateOf[gpu], placement);
    remember(i, (long) gpu << Integer.SIZE | placement);
    return instance(i);
  }

  /** Chooses among the eight GPUs of one node. */
  long chooseOnOneNode() {
    return fleet.choose(requests[draw(requests.length)], node);
  }

  /** Chooses among every second GPU. */
  long chooseAmongHalf() {
    return fleet.choose(requests[draw(requests.length)], half);
  }

  long chooseOnOneNodeByScan() {
    return scanned(nodeGpus);
  }

  long chooseAmongHalfByScan() {
    return scanned(halfOfGpus);
  }

  private long scanned(int[] among) {
    int profile = draw(requests.length);
    int[] level = levels[profile];
    int best = among[0];
    for (int gpu : among) {
      if (level[stateOf[gpu]] < level[stateOf[best]]) {
        best = gpu;
      }
    }
    return level[stateOf[best]] == Integer.MAX_VALUE
        ? Fleet.NONE
        : (long) best << Integer.SIZE | ranked.best(profile)[stateOf[best]];
  }

  /** Frees and places an instance, and rolls both back. */
  long takenBack() {
    int mark = fleet.mark();
    fleet.free(instance(draw(running.length)));
    long instance = fleet.place(requests[draw(requests.length)]);
    fleet.rollback(mark);
    return instance;
  }
}
