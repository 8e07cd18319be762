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
  private final Map<GpuModel, Integer> numbers = new HashMap<>();
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
   * Adds an empty GPU. The first GPU of a model takes milliseconds, in which its
   * states are computed; models with the same states share them.
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
   * Adds a GPU with instances, and returns its number. Compute instances count as the GPU instance
   * that they share.
   *
   * @throws IllegalArgumentException if the model has no {@linkplain GpuStates#of states}
   * @throws IllegalStateException if the fleet has 4,096 other models
   */
  public int add(MigLayout layout) {
    Objects.requireNonNull(layout, "layout");
    int model = modelNumber(layout.gpu());
    return add(model, models[model].states.of(layout).number());
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

  /** The number of a model, for which it has states from now on. */
  int modelNumber(GpuModel model) {
    for (int number = 0; number < models.length; number++) {
      if (models[number].states.gpu() == model) {
        return number;
      }
    }
    Integer known = numbers.get(model);
    return known == null ? newModel(model) : known;
  }

  private int newModel(GpuModel model) {
    int number = models.length;
    if (number == MAX_MODELS) {
      throw new IllegalStateException("A fleet has at most %d models; create another fleet for %s"
          .formatted(MAX_MODELS, model.id()));
    }
    GpuStates states =
        GpuStates.of(model, Arrays.stream(models).map(other -> other.states).toList());
    RankedStates computed = new RankedStates(states, policy);
    RankedStates ranked = Arrays.stream(models)
        .filter(other -> other.states.sharesTablesWith(states))
        .map(other -> other.ranked)
        .filter(computed::isLike)
        .findFirst()
        .orElse(computed);
    int kind = Arrays.stream(models)
        .filter(other -> other.isLike(states, ranked))
        .mapToInt(other -> other.kind)
        .findFirst()
        .orElse(number);
    models = Arrays.copyOf(models, number + 1);
    models[number] = new ModelGpus(states, ranked, kind);
    numbers.put(model, number);
    join(kind);
    return number;
  }

  /** Gives the models of a kind their common buckets, if there are several. */
  private void join(int kind) {
    ModelGpus[] members =
        Arrays.stream(models).filter(other -> other.kind == kind).toArray(ModelGpus[]::new);
    if (members.length < 2) {
      return;
    }
    GpuBuckets all = members[0].joined();
    if (all == null) {
      all = members[0].buckets.copy();
    }
    for (ModelGpus member : members) {
      member.join(all);
    }
  }

  ModelGpus[] models() {
    return models;
  }

  /**
   * Removes a GPU and its instances.
   *
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
   * @throws IllegalArgumentException if the fleet has no such GPU
   */
  public void cordon(int gpu) {
    requirePresent(gpu);
    change(gpu, CORDONED, stateOf(gpu));
  }

  /**
   * Makes a cordoned GPU available again.
   *
   * @throws IllegalArgumentException if the fleet has no such GPU
   */
  public void uncordon(int gpu) {
    requirePresent(gpu);
    change(gpu, SCHEDULABLE, stateOf(gpu));
  }

  /**
   * {@return whether a GPU is between {@link #cordon} and {@link #uncordon}}
   *
   * @throws IllegalArgumentException if the fleet has no such GPU
   */
  public boolean isCordoned(int gpu) {
    requirePresent(gpu);
    return conditionOf(gpu) == CORDONED;
  }

  /** {@return whether a GPU is added and not removed} */
  public boolean contains(int gpu) {
    return gpu >= 0 && gpu < size && conditionOf(gpu) != REMOVED;
  }

  /**
   * {@return the number of GPUs that were ever added, removed ones included; the number of the
   * next}
   */
  public int size() {
    return size;
  }

  /**
   * {@return the state of a GPU, which has its instances}
   *
   * @throws IllegalArgumentException if the fleet has no such GPU
   */
  public GpuState state(int gpu) {
    requirePresent(gpu);
    return statesOf(gpu).all().get(stateOf(gpu));
  }

  /**
   * {@return the request for a profile on any GPU that offers it, the same object each time}
   *
   * @param profile a GPU instance profile; no GPU of the fleet needs to offer it yet
   * @throws IllegalArgumentException if it is malformed or names a compute instance
   */
  public FleetRequest request(String profile) {
    Objects.requireNonNull(profile, "profile");
    return request(MigProfile.parse(profile));
  }

  /**
   * {@return the request for a profile on any GPU that offers it, the same object each time} Of
   * several models, the policy chooses the one with the lowest cost.
   *
   * @param profile a GPU instance profile; no GPU of the fleet needs to offer it yet
   * @throws IllegalArgumentException if it names a compute instance
   */
  public FleetRequest request(MigProfile profile) {
    Objects.requireNonNull(profile, "profile");
    return request(profile, Optional.empty());
  }

  /**
   * {@return the request for a profile on GPUs of one model, the same object each time}
   *
   * @param profile a GPU instance profile of the model
   * @param model the model; the fleet does not need such a GPU yet
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
    return requests.computeIfAbsent(
        List.of(profile, model), any -> new FleetRequest(this, profile, model));
  }

  /**
   * {@return the instance that {@link #place(FleetRequest)} would add, without adding it; {@link
   * #NONE} if nothing fits}
   *
   * @throws IllegalArgumentException if the request belongs to another fleet
   */
  public long choose(FleetRequest request) {
    Objects.requireNonNull(request, "request");
    request.requireOf(this);
    return request.best(null);
  }

  /**
   * Chooses a placement on some of the GPUs without a change. With a large set, the time grows with
   * the number of better placements outside of the set.
   *
   * @param among the GPUs to choose from; numbers that the fleet does not have are ignored
   * @return the instance that {@link #occupy(long)} would add, or {@link #NONE} if nothing fits
   * @throws IllegalArgumentException if the request belongs to another fleet
   */
  public long choose(FleetRequest request, GpuSet among) {
    Objects.requireNonNull(request, "request");
    Objects.requireNonNull(among, "among");
    request.requireOf(this);
    return among.size() <= GpuSet.MAX_FEW ? request.bestOfEach(among.few()) : request.best(among);
  }

  /**
   * The cost of a placement by the policy, for the scores of a scheduler.
   *
   * @param chosen a placement for it that is free, such as {@link #choose(FleetRequest, GpuSet)} returns
   *     it
   * @return its costs, and their rank among those that the request can have on the models of the fleet;
   *     a model that is added later can change the ranks
   * @throws IllegalArgumentException if the request belongs to another fleet, if the fleet has no such
   *     GPU, or if the placement is not free or has another profile
   */
  public PlacementCost cost(FleetRequest request, long chosen) {
    Objects.requireNonNull(request, "request");
    request.requireOf(this);
    int gpu = gpuOf(chosen);
    Placement placement = placementOf(chosen);
    if (!placement.profile().equals(request.profile())
        || request.source(modelNumberOf(gpu)) == null) {
      throw new IllegalArgumentException("GPU %d: %s on %s is not a placement for the request %s"
          .formatted(gpu, placement, statesOf(gpu).gpu().id(), request));
    }
    requireFree(gpu, chosen);
    return request.cost(RankedStates.costs(statesOf(gpu), stateOf(gpu), (int) chosen, policy));
  }

  /**
   * Places an instance where {@link #choose(FleetRequest)} says; returns it, or {@link #NONE} if
   * nothing fits.
   *
   * @throws IllegalArgumentException if the request belongs to another fleet
   */
  public long place(FleetRequest request) {
    return placed(choose(request));
  }

  /**
   * Places an instance where {@link #choose(FleetRequest, GpuSet)} says; returns it, or {@link
   * #NONE} if nothing fits.
   *
   * @param among the GPUs to choose from; numbers that the fleet does not have are ignored
   * @throws IllegalArgumentException if the request belongs to another fleet
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
    move(gpu, statesOf(gpu).neighbour(stateOf(gpu), (int) instance));
  }

  /**
   * Places an instance at a given placement, such as a chosen one or one that runs already. The GPU
   * may be cordoned.
   *
   * @param instance a GPU and a placement of it
   * @throws IllegalArgumentException if the fleet has no such GPU or the placement is not free
   */
  public void occupy(long instance) {
    requirePlacement(instance);
    requireFree(gpuOf(instance), instance);
    put(instance);
  }

  private void requireFree(int gpu, long instance) {
    if (!statesOf(gpu).canPlace(stateOf(gpu), (int) instance)) {
      throw new IllegalArgumentException("GPU %d: %s cannot be placed on %s; free placements: %s"
          .formatted(gpu, placementOf(instance), state(gpu), state(gpu).freePlacements()));
    }
  }

  /**
   * Places an instance on a known GPU at a known start, and returns it.
   *
   * @param profile a GPU instance profile that it offers
   * @param start index of the first memory slice, from 0
   * @throws IllegalArgumentException if the fleet has no such GPU, if it does not offer the profile or
   *     the start, or if the placement is not free
   */
  public long occupy(int gpu, MigProfile profile, int start) {
    long instance = instanceAt(gpu, profile, start);
    occupy(instance);
    return instance;
  }

  /**
   * Places instances that run already, all or none of them.
   *
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
    } catch (RuntimeException e) {
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
   * {@return the instance at a place, also if it does not {@linkplain #holds run}, as for one that
   * was there when its GPU was {@linkplain #add(MigLayout) added}}
   *
   * @param profile a GPU instance profile that it offers
   * @param start index of the first memory slice, from 0
   * @throws IllegalArgumentException if the fleet has no such GPU, or if it does not offer the profile or
   *     the start
   */
  public long instanceAt(int gpu, MigProfile profile, int start) {
    Objects.requireNonNull(profile, "profile");
    requirePresent(gpu);
    return instance(gpu, statesOf(gpu).placement(profile, start));
  }

  /**
   * Removes an instance that runs and frees its placement.
   *
   * @throws IllegalArgumentException if the fleet has no such GPU or the instance is not on it
   */
  public void free(long instance) {
    int gpu = gpuOf(instance);
    int next = contains(gpu) ? statesOf(gpu).after(stateOf(gpu), (int) instance) : GpuStates.NONE;
    if (next == GpuStates.NONE || next >= stateOf(gpu)) {
      requirePlacement(instance);
      throw new IllegalArgumentException("GPU %d: %s cannot be freed, because it is not on %s"
          .formatted(gpu, placementOf(instance), state(gpu)));
    }
    move(gpu, next);
  }

  /** {@return whether an instance of this profile has this placement; not on a removed GPU} */
  public boolean holds(long instance) {
    int gpu = gpuOf(instance);
    return contains(gpu)
        && isPlacement(gpu, (int) instance)
        && statesOf(gpu).holds(stateOf(gpu), (int) instance);
  }

  /** {@return the number of the GPU of an instance; negative for {@link #NONE}} */
  public static int gpuOf(long instance) {
    return (int) (instance >> Integer.SIZE);
  }

  /**
   * {@return the profile, the start and the size of an instance}
   *
   * @throws IllegalArgumentException if the fleet has no such GPU or placement
   */
  public Placement placementOf(long instance) {
    requirePlacement(instance);
    return statesOf(gpuOf(instance)).placements().get((int) instance);
  }

  /** The best placement of a request on a GPU. */
  long instance(int gpu, FleetRequest.Source source) {
    return instance(gpu, source.best(stateOf(gpu)));
  }

  private static long instance(int gpu, int placement) {
    return (long) gpu << Integer.SIZE | placement;
  }

  /**
   * Sets and returns a mark to which the fleet can be {@linkplain #rollback rolled back}. Marks
   * nest. Every change is recorded until the mark is rolled back or {@linkplain #keep kept}, so one
   * of them must follow.
   */
  public int mark() {
    return undoLog.mark();
  }

  /**
   * Undoes all changes since a mark, and removes the mark and all later marks.
   *
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
   * @throws IllegalStateException if it is not open
   */
  public void keep(int mark) {
    undoLog.close(mark);
  }

  /**
   * Returns an independent copy with the same GPUs, policy and instances, and without marks. The
   * copy needs requests of its own.
   */
  public Fleet copy() {
    Fleet copy = new Fleet(policy);
    copy.models = Arrays.stream(models).map(ModelGpus::copy).toArray(ModelGpus[]::new);
    copy.numbers.putAll(numbers);
    for (int model = 0; model < models.length; model++) {
      GpuBuckets ofKind = models[model].joined();
      if (ofKind != null) {
        int kind = models[model].kind;
        copy.models[model].join(model == kind ? ofKind.copy() : copy.models[kind].bucketsOfKind());
      }
    }
    copy.size = size;
    copy.gpus = gpus.clone();
    return copy;
  }

  /** Changes the state of a GPU, and not its condition. */
  private void move(int gpu, int state) {
    int before = gpus[gpu];
    undoLog.record((long) gpu << Integer.SIZE | before);
    if (before >>> CONDITION_SHIFT == SCHEDULABLE) {
      modelOf(gpu).change(gpu, (char) before, state);
    }
    gpus[gpu] = (before ^ (char) before) | state;
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
      model.change(gpu, stateOf(gpu), state);
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

  /** Whether the fleet has the GPU and can choose it. */
  boolean isSchedulable(int gpu) {
    return gpu < size && conditionOf(gpu) == SCHEDULABLE;
  }

  int modelNumberOf(int gpu) {
    return gpus[gpu] >>> MODEL_SHIFT & (MAX_MODELS - 1);
  }

  private ModelGpus modelOf(int gpu) {
    return models[modelNumberOf(gpu)];
  }

  int stateOf(int gpu) {
    return (char) gpus[gpu];
  }

  private GpuStates statesOf(int gpu) {
    return modelOf(gpu).states;
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
