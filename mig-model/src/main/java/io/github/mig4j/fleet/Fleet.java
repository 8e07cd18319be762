package io.github.mig4j.fleet;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The GPUs of a cluster, of one model or several, and what runs on them. Chooses where the next
 * instance goes, in a time that does not depend on how many GPUs there are.
 *
 * <pre>{@code
 * Fleet fleet = new Fleet(PlacementPolicy.standard());
 * for (int gpu = 0; gpu < 100; gpu++) {
 *   fleet.add(h100);                                          // numbered from 0
 * }
 * fleet.occupy(7, MigProfile.parse("3g.40gb"), 4);            // runs there already
 *
 * FleetRequest small = fleet.request("1g.10gb");
 * long instance = fleet.place(small);
 * if (instance != Fleet.NONE) {
 *   System.out.println(Fleet.gpuOf(instance) + " " + fleet.placementOf(instance));  // 7 1g.10gb@0:1
 *   fleet.free(instance);
 * }
 * }</pre>
 *
 * <p>To try and take back, set a mark:
 *
 * <pre>{@code
 * int mark = fleet.mark();
 * if (fleet.place(small) != Fleet.NONE && fleet.place(large) != Fleet.NONE) {
 *   fleet.keep(mark);
 * } else {
 *   fleet.rollback(mark);                                     // both or none
 * }
 * }</pre>
 *
 * <p>An instance is a {@code long} that says where it is: the GPU and the placement. It stays valid
 * until it is freed; the same place is the same number again. Once every state has been met, {@code
 * choose}, {@code place}, {@code occupy}, {@code free}, {@code mark}, {@code keep} and {@code
 * rollback} make no garbage.
 *
 * <p>Not thread-safe: one thread writes and reads. {@link SharedFleet} is for several.
 */
public final class Fleet {

  /** The instance that there is not: nothing fits. */
  public static final long NONE = -1;

  /** Up to this many GPUs it is quicker to look at each than to walk the index. */
  private static final int FEW = 32;

  /** Conditions of a GPU: not added yet, may be chosen, is there but may not, is gone. */
  private static final int NEW = 0;

  private static final int OPEN = 1;
  private static final int CORDONED = 2;
  private static final int REMOVED = 3;

  private static final int MODEL_SHIFT = Character.SIZE;
  private static final int CONDITION_SHIFT = 28;
  private static final int MOST_MODELS = 1 << (CONDITION_SHIFT - MODEL_SHIFT);

  private final PlacementPolicy policy;
  private final Map<List<Object>, FleetRequest> requests = new HashMap<>();
  private final Journal journal = new Journal();
  private ModelGpus[] models = {};
  private int size;

  /** By GPU, in one word so that it takes one look: the condition, the model and the state. */
  private int[] gpus = new int[16];

  /**
   * Starts a fleet without GPUs.
   *
   * @param policy how to choose
   */
  public Fleet(PlacementPolicy policy) {
    this.policy = policy;
  }

  /**
   * Adds an empty GPU. The first of its model takes some tens of milliseconds.
   *
   * @param model a model with MIG whose placements are known
   * @return the GPU's number: 0 for the first, and so on; not used again when the GPU is removed
   * @throws IllegalArgumentException if the model has no {@linkplain GpuStates#of states}
   */
  public int add(GpuModel model) {
    return add(modelNumber(model), 0);
  }

  /**
   * Adds a GPU on which instances run.
   *
   * @param layout what runs and where; compute instances count as the GPU instance that they share
   * @return the GPU's number
   * @throws IllegalArgumentException if the model has no {@linkplain GpuStates#of states}
   */
  public int add(MigLayout layout) {
    int model = modelNumber(layout.gpu());
    return add(model, models[model].states().of(layout).number());
  }

  private int add(int model, int state) {
    int gpu = size;
    if (gpu == gpus.length) {
      gpus = Arrays.copyOf(gpus, 2 * gpu);
    }
    gpus[gpu] = NEW << CONDITION_SHIFT | model << MODEL_SHIFT | state;
    size++;
    change(gpu, OPEN, state);
    return gpu;
  }

  private int modelNumber(GpuModel model) {
    for (int number = 0; number < models.length; number++) {
      if (models[number].states().gpu().equals(model)) {
        return number;
      }
    }
    if (models.length == MOST_MODELS) {
      throw new IllegalStateException("A fleet has at most %d models; make another one for %s"
          .formatted(MOST_MODELS, model.id()));
    }
    RankedStates ranked = new RankedStates(GpuStates.of(model), policy);
    models = Arrays.copyOf(models, models.length + 1);
    models[models.length - 1] = new ModelGpus(ranked);
    requests.values().forEach(request -> request.learn(ranked.states()));
    return models.length - 1;
  }

  /**
   * Takes a GPU away, with all that runs on it.
   *
   * @param gpu its number
   * @throws IllegalArgumentException if there is no such GPU
   */
  public void remove(int gpu) {
    requirePresent(gpu);
    change(gpu, REMOVED, stateOf(gpu));
  }

  /**
   * Stops choosing a GPU. What runs there stays and can be freed, and what else is found to run
   * there can be {@linkplain #occupy(int, MigProfile, int) told}.
   *
   * @param gpu its number
   * @throws IllegalArgumentException if there is no such GPU
   */
  public void cordon(int gpu) {
    requirePresent(gpu);
    change(gpu, CORDONED, stateOf(gpu));
  }

  /**
   * Chooses a GPU again.
   *
   * @param gpu its number
   * @throws IllegalArgumentException if there is no such GPU
   */
  public void uncordon(int gpu) {
    requirePresent(gpu);
    change(gpu, OPEN, stateOf(gpu));
  }

  /**
   * Whether a GPU is there but not chosen.
   *
   * @param gpu its number
   * @return true between {@link #cordon} and {@link #uncordon}
   * @throws IllegalArgumentException if there is no such GPU
   */
  public boolean isCordoned(int gpu) {
    requirePresent(gpu);
    return conditionOf(gpu) == CORDONED;
  }

  /**
   * Whether a GPU is there.
   *
   * @param gpu any number
   * @return true if it was added and not removed
   */
  public boolean contains(int gpu) {
    return gpu >= 0 && gpu < size && conditionOf(gpu) != REMOVED;
  }

  /**
   * How many numbers were given to GPUs, those of removed ones included.
   *
   * @return the number of the next GPU
   */
  public int size() {
    return size;
  }

  /**
   * What runs on a GPU.
   *
   * @param gpu its number
   * @return its state
   * @throws IllegalArgumentException if there is no such GPU
   */
  public GpuState state(int gpu) {
    requirePresent(gpu);
    return statesOf(gpu).all().get(stateOf(gpu));
  }

  /**
   * Prepares to ask for a profile on any GPU that offers it.
   *
   * @param profile a GPU instance profile; no GPU of the fleet needs to offer it yet
   * @return the same object each time
   * @throws IllegalArgumentException if it is malformed or names a compute instance
   */
  public FleetRequest request(String profile) {
    return request(MigProfile.parse(profile));
  }

  /**
   * Prepares to ask for a profile on any GPU that offers it. Of several models the one is chosen that
   * the policy finds the lowest cost on.
   *
   * @param profile a GPU instance profile; no GPU of the fleet needs to offer it yet
   * @return the same object each time
   * @throws IllegalArgumentException if it names a compute instance
   */
  public FleetRequest request(MigProfile profile) {
    return request(profile, Optional.empty());
  }

  /**
   * Prepares to ask for a profile on GPUs of one model.
   *
   * @param profile a GPU instance profile of the model
   * @param model the model; the fleet needs to have no such GPU yet
   * @return the same object each time
   * @throws IllegalArgumentException if the model does not offer the profile, or it names a compute
   *     instance
   */
  public FleetRequest request(MigProfile profile, GpuModel model) {
    if (model.profile(profile).isEmpty()) {
      throw new IllegalArgumentException(
          "%s has no profile %s; it has %s".formatted(model.id(), profile, model.profileNames()));
    }
    return request(profile, Optional.of(model));
  }

  private FleetRequest request(MigProfile profile, Optional<GpuModel> model) {
    if (!profile.isWholeGpuInstance()) {
      throw new IllegalArgumentException(
          "Only whole GPU instances are placed, but %s shares one; ask for %s"
              .formatted(profile, profile.gpuInstance()));
    }
    return requests.computeIfAbsent(List.of(profile, model), any -> {
      FleetRequest request = new FleetRequest(this, profile, model);
      for (ModelGpus known : models) {
        request.learn(known.states());
      }
      return request;
    });
  }

  /**
   * Says where an instance would go, and changes nothing.
   *
   * @param request what to place, made by this fleet
   * @return the instance that {@link #occupy(long)} would make, or {@link #NONE} if it fits nowhere
   * @throws IllegalArgumentException if the request is another fleet's
   */
  public long choose(FleetRequest request) {
    return chosen(request, fromIndex(request, null));
  }

  /**
   * Says where an instance would go if only some GPUs may be chosen. With many GPUs in the set this
   * takes longer, the more better places there are outside of it.
   *
   * @param request what to place, made by this fleet
   * @param among the GPUs to choose from; numbers that the fleet does not have are ignored
   * @return the instance that {@link #occupy(long)} would make, or {@link #NONE} if it fits nowhere
   * @throws IllegalArgumentException if the request is another fleet's
   */
  public long choose(FleetRequest request, GpuSet among) {
    boolean few = among.size() <= FEW;
    return chosen(
        request, few ? fromEach(request, among.indexes()) : fromIndex(request, among.indexes()));
  }

  private long chosen(FleetRequest request, int gpu) {
    if (gpu == IndexSet.NONE) {
      return NONE;
    }
    int profile = request.profileOf(this)[modelNumberOf(gpu)];
    return instance(gpu, modelOf(gpu).ranked().best(profile, stateOf(gpu)));
  }

  private int fromIndex(FleetRequest request, @Nullable IndexSet among) {
    int[] profileOf = request.profileOf(this);
    int best = IndexSet.NONE;
    for (int model = 0; model < profileOf.length; model++) {
      if (profileOf[model] != GpuStates.NONE) {
        best = better(profileOf, best, models[model].best(profileOf[model], among));
      }
    }
    return best;
  }

  private int fromEach(FleetRequest request, IndexSet among) {
    int[] profileOf = request.profileOf(this);
    int best = IndexSet.NONE;
    for (int gpu = among.first(); gpu != IndexSet.NONE && gpu < size; gpu = among.next(gpu + 1)) {
      if (fits(profileOf, gpu)) {
        best = better(profileOf, best, gpu);
      }
    }
    return best;
  }

  private boolean fits(int[] profileOf, int gpu) {
    int profile = profileOf[modelNumberOf(gpu)];
    return conditionOf(gpu) == OPEN
        && profile != GpuStates.NONE
        && statesOf(gpu).fits(stateOf(gpu), profile);
  }

  /** The cheaper GPU, of equal ones the one with the lower number. */
  private int better(int[] profileOf, int one, int other) {
    if (one == IndexSet.NONE || other == IndexSet.NONE) {
      return Math.max(one, other);
    }
    int difference = Arrays.compare(costs(profileOf, one), costs(profileOf, other));
    return difference < 0 || (difference == 0 && one < other) ? one : other;
  }

  private double[] costs(int[] profileOf, int gpu) {
    return modelOf(gpu).ranked().costs(profileOf[modelNumberOf(gpu)], stateOf(gpu));
  }

  /**
   * Places an instance where {@link #choose(FleetRequest)} says.
   *
   * @param request what to place, made by this fleet
   * @return the instance, or {@link #NONE} if it fits nowhere
   * @throws IllegalArgumentException if the request is another fleet's
   */
  public long place(FleetRequest request) {
    return placed(choose(request));
  }

  /**
   * Places an instance where {@link #choose(FleetRequest, GpuSet)} says.
   *
   * @param request what to place, made by this fleet
   * @param among the GPUs to choose from; numbers that the fleet does not have are ignored
   * @return the instance, or {@link #NONE} if it fits nowhere
   * @throws IllegalArgumentException if the request is another fleet's
   */
  public long place(FleetRequest request, GpuSet among) {
    return placed(choose(request, among));
  }

  private long placed(long chosen) {
    if (chosen != NONE) {
      put(chosen);
    }
    return chosen;
  }

  private void put(long instance) {
    int gpu = gpuOf(instance);
    change(gpu, conditionOf(gpu), statesOf(gpu).place(stateOf(gpu), (int) instance));
  }

  /**
   * Places an instance at a given place, such as one that was chosen before or that runs already; a
   * cordoned GPU is no obstacle.
   *
   * @param instance a GPU and a placement of it
   * @throws IllegalArgumentException if there is no such GPU or the placement is not free
   */
  public void occupy(long instance) {
    int gpu = gpuOf(instance);
    requirePlacement(instance);
    if (!statesOf(gpu).canPlace(stateOf(gpu), (int) instance)) {
      throw new IllegalArgumentException("GPU %d: %s cannot be placed on %s; what can is %s"
          .formatted(gpu, placementOf(instance), state(gpu), state(gpu).freePlacements()));
    }
    put(instance);
  }

  /**
   * Places an instance of which GPU and start are known.
   *
   * @param gpu the GPU's number
   * @param profile a GPU instance profile that it offers
   * @param start index of the first memory slice, from 0
   * @return the instance
   * @throws IllegalArgumentException if there is no such GPU, if it does not offer the profile or
   *     the start, or if the place is not free
   */
  public long occupy(int gpu, MigProfile profile, int start) {
    long instance = instanceAt(gpu, profile, start);
    occupy(instance);
    return instance;
  }

  /**
   * Places instances that run already, all or none of them.
   *
   * @param gpu the GPU's number
   * @param running the instances, such as those of {@link
   *     io.github.mig4j.layout.RunningInstances#placements()}
   * @throws IllegalArgumentException if there is no such GPU, if it does not offer a profile at its
   *     start and with its size, or if two instances overlap; the fleet is then as before
   */
  public void occupy(int gpu, Collection<Placement> running) {
    int mark = mark();
    try {
      for (Placement instance : running) {
        requireRoom(gpu, instance);
        occupy(gpu, instance.profile(), instance.start());
      }
    } catch (IllegalArgumentException e) {
      rollback(mark);
      throw e;
    }
    keep(mark);
  }

  private void requireRoom(int gpu, Placement instance) {
    Placement known = placementOf(instanceAt(gpu, instance.profile(), instance.start()));
    if (!known.equals(instance)) {
      throw new IllegalArgumentException(
          "GPU %d: %s covers %d memory slices, but on %s it covers %d"
              .formatted(gpu, instance, instance.size(), statesOf(gpu).gpu().id(), known.size()));
    }
    for (Placement other : state(gpu).layout().placements()) {
      if (other.overlaps(instance)) {
        throw new IllegalArgumentException(
            "GPU %d: %s overlaps %s, which runs there".formatted(gpu, instance, other));
      }
    }
  }

  /**
   * The instance at a place, as for one that was there when its GPU was {@linkplain #add(MigLayout)
   * added}.
   *
   * @param gpu the GPU's number
   * @param profile a GPU instance profile that it offers
   * @param start index of the first memory slice, from 0
   * @return the instance, whether it runs or not ({@link #holds} tells)
   * @throws IllegalArgumentException if there is no such GPU, or if it does not offer the profile or
   *     the start
   */
  public long instanceAt(int gpu, MigProfile profile, int start) {
    requirePresent(gpu);
    return instance(gpu, statesOf(gpu).placement(profile, start));
  }

  /**
   * Frees what an instance took.
   *
   * @param instance an instance that runs
   * @throws IllegalArgumentException if there is no such GPU or the instance is not on it
   */
  public void free(long instance) {
    int gpu = gpuOf(instance);
    if (!holds(instance)) {
      requirePlacement(instance);
      throw new IllegalArgumentException("GPU %d: %s cannot be freed, it is not on %s"
          .formatted(gpu, placementOf(instance), state(gpu)));
    }
    change(gpu, conditionOf(gpu), statesOf(gpu).free(stateOf(gpu), (int) instance));
  }

  /**
   * Whether an instance runs. A GPU that was removed takes its instances with it.
   *
   * @param instance a GPU and a placement of it
   * @return true if that placement is taken by an instance of that profile
   */
  public boolean holds(long instance) {
    int gpu = gpuOf(instance);
    return contains(gpu)
        && isPlacement(gpu, (int) instance)
        && statesOf(gpu).holds(stateOf(gpu), (int) instance);
  }

  /**
   * On which GPU an instance is.
   *
   * @param instance an instance
   * @return the GPU's number; negative for {@link #NONE}
   */
  public static int gpuOf(long instance) {
    return (int) (instance >> Integer.SIZE);
  }

  /**
   * What an instance is and where it starts.
   *
   * @param instance an instance
   * @return its profile, start and size
   * @throws IllegalArgumentException if there is no such GPU or placement
   */
  public Placement placementOf(long instance) {
    requirePlacement(instance);
    return statesOf(gpuOf(instance)).placements().get((int) instance);
  }

  private static long instance(int gpu, int placement) {
    return (long) gpu << Integer.SIZE | placement;
  }

  /**
   * Remembers the fleet as it is, so that it can be {@linkplain #rollback rolled back}. Marks nest;
   * each must be rolled back or {@linkplain #keep kept}, for until then every change is recorded.
   *
   * @return the mark
   */
  public int mark() {
    return journal.mark();
  }

  /**
   * Takes back everything since a mark, and forgets it and the marks after it.
   *
   * @param mark an open mark
   * @throws IllegalStateException if it is not open
   */
  public void rollback(int mark) {
    while (journal.hasEntriesSince(mark)) {
      undo(journal.pop());
    }
    journal.close(mark);
  }

  /**
   * Keeps everything since a mark, and forgets it and the marks after it. What is kept can still be
   * taken back to an earlier mark.
   *
   * @param mark an open mark
   * @throws IllegalStateException if it is not open
   */
  public void keep(int mark) {
    journal.close(mark);
  }

  /**
   * A fleet of its own that is as this one is now: the same GPUs, policy and instances, without
   * marks. Its requests are made by itself.
   *
   * @return a copy
   */
  public Fleet copy() {
    Fleet copy = new Fleet(policy);
    copy.models = Arrays.stream(models).map(ModelGpus::copy).toArray(ModelGpus[]::new);
    copy.size = size;
    copy.gpus = gpus.clone();
    return copy;
  }

  private void change(int gpu, int condition, int state) {
    journal.record((long) gpu << Integer.SIZE | gpus[gpu]);
    set(gpu, condition, state);
  }

  private void undo(long entry) {
    int gpu = gpuOf(entry);
    int condition = (int) entry >>> CONDITION_SHIFT;
    set(gpu, condition, (char) entry);
    if (condition == NEW) {
      size--;
    }
  }

  private void set(int gpu, int condition, int state) {
    ModelGpus model = modelOf(gpu);
    boolean wasOpen = conditionOf(gpu) == OPEN;
    if (wasOpen && condition == OPEN) {
      model.move(gpu, stateOf(gpu), state);
    } else if (wasOpen) {
      model.remove(gpu, stateOf(gpu));
    } else if (condition == OPEN) {
      model.add(gpu, state);
    }
    gpus[gpu] = condition << CONDITION_SHIFT | modelNumberOf(gpu) << MODEL_SHIFT | state;
  }

  private int conditionOf(int gpu) {
    return gpus[gpu] >>> CONDITION_SHIFT;
  }

  private int modelNumberOf(int gpu) {
    return gpus[gpu] >>> MODEL_SHIFT & (MOST_MODELS - 1);
  }

  private ModelGpus modelOf(int gpu) {
    return models[modelNumberOf(gpu)];
  }

  private int stateOf(int gpu) {
    return (char) gpus[gpu];
  }

  private GpuStates statesOf(int gpu) {
    return modelOf(gpu).states();
  }

  private boolean isPlacement(int gpu, int placement) {
    return placement >= 0 && placement < statesOf(gpu).placements().size();
  }

  private void requirePresent(int gpu) {
    if (!contains(gpu)) {
      throw new IllegalArgumentException("There is no GPU %d; %s"
          .formatted(
              gpu, gpu >= 0 && gpu < size ? "it was removed" : "the next to add is " + size));
    }
  }

  private void requirePlacement(long instance) {
    requirePresent(gpuOf(instance));
    if (!isPlacement(gpuOf(instance), (int) instance)) {
      throw new IllegalArgumentException("GPU %d has no placement %d; use an instance of this fleet"
          .formatted(gpuOf(instance), (int) instance));
    }
  }

  /** How many GPUs there are. */
  @Override
  public String toString() {
    return "fleet of %d GPUs"
        .formatted(IntStream.range(0, size).filter(this::contains).count());
  }
}
