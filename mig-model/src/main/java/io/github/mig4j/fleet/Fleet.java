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
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The GPUs of a cluster, of one or several models, with their instances. It chooses the placement
 * of the next instance in a time that does not depend on the number of GPUs.
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
 * <p>A mark allows to undo changes:
 *
 * <pre>{@code
 * int mark = fleet.mark();
 * if (fleet.place(small) != Fleet.NONE && fleet.place(large) != Fleet.NONE) {
 *   fleet.keep(mark);
 * } else {
 *   fleet.rollback(mark);                                     // all or nothing
 * }
 * }</pre>
 *
 * <p>An instance is a {@code long} that encodes the GPU and the placement. It is valid until it is
 * freed; a later instance at the same placement has the same number. After a warm-up, {@code
 * choose}, {@code place}, {@code occupy}, {@code free}, {@code mark}, {@code keep} and {@code
 * rollback} allocate no objects.
 *
 * <p>Not thread-safe: use one thread, or {@link SharedFleet} for several.
 */
public final class Fleet {

  /** Returned in place of an instance if nothing fits. */
  public static final long NONE = -1;

  /** Up to this number of GPUs, a scan is faster than the index. */
  private static final int MAX_GPUS_SCANNED = 32;

  /** The conditions of a GPU: not added yet, can be chosen, cordoned, or removed. */
  private static final int NEW = 0;

  private static final int SCHEDULABLE = 1;
  private static final int CORDONED = 2;
  private static final int REMOVED = 3;

  private static final int MODEL_SHIFT = Character.SIZE;
  private static final int CONDITION_SHIFT = 28;
  private static final int MAX_MODELS = 1 << (CONDITION_SHIFT - MODEL_SHIFT);

  private final PlacementPolicy policy;
  private final Map<List<Object>, FleetRequest> requests = new HashMap<>();
  private final UndoLog undoLog = new UndoLog();
  private ModelGpus[] models = {};
  private int size;

  /** By GPU, in one word for fast access: the condition, the model and the state. */
  private int[] gpus = new int[16];

  /**
   * Creates a fleet without GPUs.
   *
   * @param policy the order of preference among placements
   */
  public Fleet(PlacementPolicy policy) {
    Objects.requireNonNull(policy, "policy");
    this.policy = policy;
  }

  /**
   * Adds an empty GPU. The first GPU of a model takes tens of milliseconds.
   *
   * @param model a model with MIG whose placements are known
   * @return the GPU's number, from 0 in the order of addition; numbers of removed GPUs are not used
   *     again
   * @throws IllegalArgumentException if the model has no {@linkplain GpuStates#of states}
   * @throws IllegalStateException if the fleet has 4,096 other models
   */
  public int add(GpuModel model) {
    Objects.requireNonNull(model, "model");
    return add(modelNumber(model), 0);
  }

  /**
   * Adds a GPU with instances.
   *
   * @param layout the instances and their placements; compute instances count as the GPU instance
   *     that they share
   * @return the GPU's number
   * @throws IllegalArgumentException if the model has no {@linkplain GpuStates#of states}
   * @throws IllegalStateException if the fleet has 4,096 other models
   */
  public int add(MigLayout layout) {
    Objects.requireNonNull(layout, "layout");
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
    change(gpu, SCHEDULABLE, state);
    return gpu;
  }

  private int modelNumber(GpuModel model) {
    for (int number = 0; number < models.length; number++) {
      if (models[number].states().gpu().equals(model)) {
        return number;
      }
    }
    if (models.length == MAX_MODELS) {
      throw new IllegalStateException("A fleet has at most %d models; create another fleet for %s"
          .formatted(MAX_MODELS, model.id()));
    }
    RankedStates ranked = new RankedStates(GpuStates.of(model), policy);
    models = Arrays.copyOf(models, models.length + 1);
    models[models.length - 1] = new ModelGpus(ranked);
    requests.values().forEach(request -> request.addModel(ranked.states()));
    return models.length - 1;
  }

  /**
   * Removes a GPU and its instances.
   *
   * @param gpu its number
   * @throws IllegalArgumentException if the fleet has no such GPU
   */
  public void remove(int gpu) {
    requirePresent(gpu);
    change(gpu, REMOVED, stateOf(gpu));
  }

  /**
   * Cordons a GPU: it is not chosen. Its instances stay and can be freed, and other instances that
   * run there can be {@linkplain #occupy(int, MigProfile, int) added}.
   *
   * @param gpu its number
   * @throws IllegalArgumentException if the fleet has no such GPU
   */
  public void cordon(int gpu) {
    requirePresent(gpu);
    change(gpu, CORDONED, stateOf(gpu));
  }

  /**
   * Makes a cordoned GPU available again.
   *
   * @param gpu its number
   * @throws IllegalArgumentException if the fleet has no such GPU
   */
  public void uncordon(int gpu) {
    requirePresent(gpu);
    change(gpu, SCHEDULABLE, stateOf(gpu));
  }

  /**
   * Whether a GPU is cordoned.
   *
   * @param gpu its number
   * @return true between {@link #cordon} and {@link #uncordon}
   * @throws IllegalArgumentException if the fleet has no such GPU
   */
  public boolean isCordoned(int gpu) {
    requirePresent(gpu);
    return conditionOf(gpu) == CORDONED;
  }

  /**
   * Whether the fleet contains a GPU.
   *
   * @param gpu any number
   * @return true if the GPU is added and not removed
   */
  public boolean contains(int gpu) {
    return gpu >= 0 && gpu < size && conditionOf(gpu) != REMOVED;
  }

  /**
   * The number of GPUs that were ever added, the removed ones included.
   *
   * @return the number of the next GPU
   */
  public int size() {
    return size;
  }

  /**
   * The state of a GPU, which has its instances.
   *
   * @param gpu its number
   * @return its state
   * @throws IllegalArgumentException if the fleet has no such GPU
   */
  public GpuState state(int gpu) {
    requirePresent(gpu);
    return statesOf(gpu).all().get(stateOf(gpu));
  }

  /**
   * Returns the request for a profile on any GPU that offers it.
   *
   * @param profile a GPU instance profile; no GPU of the fleet needs to offer it yet
   * @return the same object each time
   * @throws IllegalArgumentException if it is malformed or names a compute instance
   */
  public FleetRequest request(String profile) {
    Objects.requireNonNull(profile, "profile");
    return request(MigProfile.parse(profile));
  }

  /**
   * Returns the request for a profile on any GPU that offers it. Of several models, the policy
   * chooses the one with the lowest cost.
   *
   * @param profile a GPU instance profile; no GPU of the fleet needs to offer it yet
   * @return the same object each time
   * @throws IllegalArgumentException if it names a compute instance
   */
  public FleetRequest request(MigProfile profile) {
    Objects.requireNonNull(profile, "profile");
    return request(profile, Optional.empty());
  }

  /**
   * Returns the request for a profile on GPUs of one model.
   *
   * @param profile a GPU instance profile of the model
   * @param model the model; the fleet does not need such a GPU yet
   * @return the same object each time
   * @throws IllegalArgumentException if the model does not offer the profile, or if the profile is
   *     a compute instance
   */
  public FleetRequest request(MigProfile profile, GpuModel model) {
    Objects.requireNonNull(profile, "profile");
    Objects.requireNonNull(model, "model");
    if (model.profile(profile).isEmpty()) {
      throw new IllegalArgumentException(
          "%s has no profile %s; it has %s".formatted(model.id(), profile, model.profileNames()));
    }
    return request(profile, Optional.of(model));
  }

  private FleetRequest request(MigProfile profile, Optional<GpuModel> model) {
    if (!profile.isWholeGpuInstance()) {
      throw new IllegalArgumentException(
          "Only whole GPU instances can be placed, but %s shares one; request %s"
              .formatted(profile, profile.gpuInstance()));
    }
    return requests.computeIfAbsent(List.of(profile, model), any -> {
      FleetRequest request = new FleetRequest(this, profile, model);
      for (ModelGpus known : models) {
        request.addModel(known.states());
      }
      return request;
    });
  }

  /**
   * Chooses a placement without a change.
   *
   * @param request the request, created by this fleet
   * @return the instance that {@link #occupy(long)} would add, or {@link #NONE} if nothing fits
   * @throws IllegalArgumentException if the request belongs to another fleet
   */
  public long choose(FleetRequest request) {
    Objects.requireNonNull(request, "request");
    return chosen(request, fromIndex(request, null));
  }

  /**
   * Chooses a placement on some of the GPUs without a change. With a large set, the time grows with
   * the number of better placements outside of the set.
   *
   * @param request the request, created by this fleet
   * @param among the GPUs to choose from; numbers that the fleet does not have are ignored
   * @return the instance that {@link #occupy(long)} would add, or {@link #NONE} if nothing fits
   * @throws IllegalArgumentException if the request belongs to another fleet
   */
  public long choose(FleetRequest request, GpuSet among) {
    Objects.requireNonNull(request, "request");
    Objects.requireNonNull(among, "among");
    boolean scan = among.size() <= MAX_GPUS_SCANNED;
    return chosen(
        request, scan ? fromEach(request, among.indexes()) : fromIndex(request, among.indexes()));
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
    return conditionOf(gpu) == SCHEDULABLE
        && profile != GpuStates.NONE
        && statesOf(gpu).fits(stateOf(gpu), profile);
  }

  /** The GPU with the lower cost; if the costs are equal, the one with the lower number. */
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
   * Places an instance at the placement that {@link #choose(FleetRequest)} returns.
   *
   * @param request the request, created by this fleet
   * @return the instance, or {@link #NONE} if nothing fits
   * @throws IllegalArgumentException if the request belongs to another fleet
   */
  public long place(FleetRequest request) {
    Objects.requireNonNull(request, "request");
    return placed(choose(request));
  }

  /**
   * Places an instance at the placement that {@link #choose(FleetRequest, GpuSet)} returns.
   *
   * @param request the request, created by this fleet
   * @param among the GPUs to choose from; numbers that the fleet does not have are ignored
   * @return the instance, or {@link #NONE} if nothing fits
   * @throws IllegalArgumentException if the request belongs to another fleet
   */
  public long place(FleetRequest request, GpuSet among) {
    Objects.requireNonNull(request, "request");
    Objects.requireNonNull(among, "among");
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
   * Places an instance at a given placement, such as a chosen one or one that runs already. The GPU
   * may be cordoned.
   *
   * @param instance a GPU and a placement of it
   * @throws IllegalArgumentException if the fleet has no such GPU or the placement is not free
   */
  public void occupy(long instance) {
    int gpu = gpuOf(instance);
    requirePlacement(instance);
    if (!statesOf(gpu).canPlace(stateOf(gpu), (int) instance)) {
      throw new IllegalArgumentException("GPU %d: %s cannot be placed on %s; free placements: %s"
          .formatted(gpu, placementOf(instance), state(gpu), state(gpu).freePlacements()));
    }
    put(instance);
  }

  /**
   * Places an instance on a known GPU at a known start.
   *
   * @param gpu the GPU's number
   * @param profile a GPU instance profile that it offers
   * @param start index of the first memory slice, from 0
   * @return the instance
   * @throws IllegalArgumentException if the fleet has no such GPU, if it does not offer the profile or
   *     the start, or if the placement is not free
   */
  public long occupy(int gpu, MigProfile profile, int start) {
    Objects.requireNonNull(profile, "profile");
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
    Objects.requireNonNull(running, "running");
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
   * @return the instance, also if it does not run; see {@link #holds}
   * @throws IllegalArgumentException if the fleet has no such GPU, or if it does not offer the profile or
   *     the start
   */
  public long instanceAt(int gpu, MigProfile profile, int start) {
    Objects.requireNonNull(profile, "profile");
    requirePresent(gpu);
    return instance(gpu, statesOf(gpu).placement(profile, start));
  }

  /**
   * Removes an instance and frees its placement.
   *
   * @param instance an instance that runs
   * @throws IllegalArgumentException if the fleet has no such GPU or the instance is not on it
   */
  public void free(long instance) {
    int gpu = gpuOf(instance);
    if (!holds(instance)) {
      requirePlacement(instance);
      throw new IllegalArgumentException("GPU %d: %s cannot be freed, because it is not on %s"
          .formatted(gpu, placementOf(instance), state(gpu)));
    }
    change(gpu, conditionOf(gpu), statesOf(gpu).free(stateOf(gpu), (int) instance));
  }

  /**
   * Whether an instance runs. Instances of a removed GPU do not run.
   *
   * @param instance a GPU and a placement of it
   * @return true if an instance of this profile has this placement
   */
  public boolean holds(long instance) {
    int gpu = gpuOf(instance);
    return contains(gpu)
        && isPlacement(gpu, (int) instance)
        && statesOf(gpu).holds(stateOf(gpu), (int) instance);
  }

  /**
   * The GPU of an instance.
   *
   * @param instance an instance
   * @return the GPU's number; negative for {@link #NONE}
   */
  public static int gpuOf(long instance) {
    return (int) (instance >> Integer.SIZE);
  }

  /**
   * The placement of an instance.
   *
   * @param instance an instance
   * @return its profile, start and size
   * @throws IllegalArgumentException if the fleet has no such GPU or placement
   */
  public Placement placementOf(long instance) {
    requirePlacement(instance);
    return statesOf(gpuOf(instance)).placements().get((int) instance);
  }

  private static long instance(int gpu, int placement) {
    return (long) gpu << Integer.SIZE | placement;
  }

  /**
   * Sets a mark to which the fleet can be {@linkplain #rollback rolled back}. Marks nest. Every
   * change is recorded until the mark is rolled back or {@linkplain #keep kept}, so one of them
   * must follow.
   *
   * @return the mark
   */
  public int mark() {
    return undoLog.mark();
  }

  /**
   * Undoes all changes since a mark, and removes the mark and all later marks.
   *
   * @param mark an open mark
   * @throws IllegalStateException if it is not open
   */
  public void rollback(int mark) {
    while (undoLog.hasEntriesSince(mark)) {
      undo(undoLog.pop());
    }
    undoLog.close(mark);
  }

  /**
   * Keeps all changes since a mark, and removes the mark and all later marks. A rollback to an
   * earlier mark still undoes the changes.
   *
   * @param mark an open mark
   * @throws IllegalStateException if it is not open
   */
  public void keep(int mark) {
    undoLog.close(mark);
  }

  /**
   * Returns an independent copy with the same GPUs, policy and instances, and without marks. The
   * copy needs requests of its own.
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
    undoLog.record((long) gpu << Integer.SIZE | gpus[gpu]);
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
    boolean wasSchedulable = conditionOf(gpu) == SCHEDULABLE;
    if (wasSchedulable && condition == SCHEDULABLE) {
      model.move(gpu, stateOf(gpu), state);
    } else if (wasSchedulable) {
      model.remove(gpu, stateOf(gpu));
    } else if (condition == SCHEDULABLE) {
      model.add(gpu, state);
    }
    gpus[gpu] = condition << CONDITION_SHIFT | modelNumberOf(gpu) << MODEL_SHIFT | state;
  }

  private int conditionOf(int gpu) {
    return gpus[gpu] >>> CONDITION_SHIFT;
  }

  private int modelNumberOf(int gpu) {
    return gpus[gpu] >>> MODEL_SHIFT & (MAX_MODELS - 1);
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
      throw new IllegalArgumentException("The fleet has no GPU %d; %s"
          .formatted(
              gpu, gpu >= 0 && gpu < size ? "it was removed" : "the next GPU gets number " + size));
    }
  }

  private void requirePlacement(long instance) {
    requirePresent(gpuOf(instance));
    if (!isPlacement(gpuOf(instance), (int) instance)) {
      throw new IllegalArgumentException("GPU %d has no placement %d; use an instance of this fleet"
          .formatted(gpuOf(instance), (int) instance));
    }
  }

  /** The number of GPUs. */
  @Override
  public String toString() {
    return "fleet of %d GPUs"
        .formatted(IntStream.range(0, size).filter(this::contains).count());
  }
}
