package io.github.mig4j.fleet;

import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Layouts;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Precomputed tables of every state of a GPU model. One table lookup answers what fits, what the
 * best placement is, and which state follows.
 *
 * <pre>{@code
 * GpuStates h100 = GpuStates.of(GpuCatalog.bundled().require("h100-sxm-80gb"));
 * GpuState gpu = h100.empty();
 * Placement best = gpu.best(MigProfile.parse("3g.40gb")).orElseThrow();   // 3g.40gb@4:4
 * gpu = gpu.place(best);
 * gpu.choices();                                                         // 14 of 25 are left
 * }</pre>
 *
 * <p>The same methods exist for numbers, for a scheduler that keeps its GPUs in an {@code int[]}:
 * states have numbers from 0, which is the empty state; profiles and placements have the numbers of
 * their index in {@link #profiles()} and {@link #placements()}. A placement is a pair of profile
 * and start. Methods on numbers allocate no objects. They do not check numbers: a number that does not
 * exist gives a meaningless result or an {@link IndexOutOfBoundsException}.
 *
 * <p>Immutable and thread-safe. Create one object per model: an H100 has 2,319 states.
 */
public final class GpuStates {

  /** Returned in place of a placement's number if nothing fits. */
  public static final int NONE = -1;

  private static final int MAX_STATES = Character.MAX_VALUE + 1;
  private static final int MAX_PLACEMENTS = Long.SIZE;

  private final GpuModel gpu;
  private final List<MigProfile> profiles;
  private final List<MigProfile> scarceProfiles;
  private final List<Placement> placements;
  private final List<GpuState> states;
  private final StateTables tables;
  private final int memorySlices;

  private final int placementCount;
  private final int profileCount;

  // The arrays of the tables, one step nearer.
  private final char[] neighbours;
  private final byte[] choices;
  private final byte[] best;

  private GpuStates(GpuModel gpu, List<Placement> placements, StateTables tables) {
    this.gpu = gpu;
    this.placements = placements;
    this.tables = tables;
    profiles = gpu.profiles().stream().map(GpuInstanceProfile::profile).toList();
    scarceProfiles = gpu.profiles().stream()
        .filter(GpuStates::isScarce)
        .map(GpuInstanceProfile::profile)
        .toList();
    profileCount = profiles.size();
    placementCount = placements.size();
    memorySlices = gpu.memorySlices()
        .orElseGet(() -> placements.stream().mapToInt(Placement::end).max().orElse(0));
    neighbours = tables.neighbours;
    choices = tables.choices;
    best = tables.best;
    states = IntStream.range(0, tables.sets.length)
        .mapToObj(number -> new GpuState(this, number))
        .toList();
  }

  /**
   * Computes the states of a model, which takes milliseconds.
   *
   * @param gpu a model with MIG whose placements are known
   * @throws IllegalArgumentException if the model has no MIG, if its placements are not known, or
   *     if it has more than 64 placements or 65,536 states, which no known GPU has
   */
  public static GpuStates of(GpuModel gpu) {
    return of(gpu, List.of());
  }

  /** Computes the states; a model with the states of a known one shares its tables. */
  static GpuStates of(GpuModel gpu, Collection<GpuStates> known) {
    Objects.requireNonNull(gpu, "gpu");
    Layouts layouts = Layouts.of(gpu);
    List<Placement> placements = layouts.placements();
    if (placements.size() > MAX_PLACEMENTS) {
      throw new IllegalArgumentException(
          "%s has %d placements, but tables have at most %d; build the model with fewer profiles"
              .formatted(gpu.id(), placements.size(), MAX_PLACEMENTS));
    }
    long[] sets = layouts.stateBits(MAX_STATES + 1);
    if (sets.length > MAX_STATES) {
      throw new IllegalArgumentException(
          "%s has more than %d states, too many for tables; build the model with fewer profiles"
              .formatted(gpu.id(), MAX_STATES));
    }
    StateTables tables = tables(gpu, placements, sets);
    for (GpuStates other : known) {
      if (tables.areOf(other.tables)) {
        tables = other.tables;
      }
    }
    return new GpuStates(gpu, placements, tables);
  }

  private static StateTables tables(GpuModel gpu, List<Placement> placements, long[] sets) {
    byte[] profileOf = new byte[placements.size()];
    byte[] sizeOf = new byte[placements.size()];
    for (int placement = 0; placement < profileOf.length; placement++) {
      MigProfile profile = placements.get(placement).profile();
      sizeOf[placement] = (byte) placements.get(placement).size();
      while (!gpu.profiles().get(profileOf[placement]).profile().equals(profile)) {
        profileOf[placement]++;
      }
    }
    return new StateTables(sets, profileOf, sizeOf, gpu.profiles().size());
  }

  private static boolean isScarce(GpuInstanceProfile profile) {
    int room = 0;
    int end = 0;
    for (int start : profile.starts()) {
      if (start >= end) {
        room++;
        end = start + profile.size().getAsInt();
      }
    }
    return profile.maxInstances() < room;
  }

  /** The layout of a state, created anew. */
  MigLayout layout(int state) {
    List<Placement> running = new ArrayList<>();
    for (long rest = tables.sets[state]; rest != 0; rest &= rest - 1) {
      running.add(placements.get(Long.numberOfTrailingZeros(rest)));
    }
    return MigLayout.on(gpu).keeping(running).build();
  }

  /** The number of the profile of a placement. */
  int profileOf(int placement) {
    return tables.profileOf[placement];
  }

  int freeSlices(int state) {
    return memorySlices - tables.usedSlices[state];
  }

  /** Whether these states and the others have the same tables, so that only names differ. */
  boolean sharesTablesWith(GpuStates other) {
    return tables == other.tables;
  }

  /** {@return the model whose states these are} */
  public GpuModel gpu() {
    return gpu;
  }

  /** {@return all profiles by number, in the order of {@link GpuModel#profiles()}} */
  public List<MigProfile> profiles() {
    return profiles;
  }

  /**
   * The profiles whose maximum number of instances is below the number that their placements allow.
   */
  List<MigProfile> scarceProfiles() {
    return scarceProfiles;
  }

  /** {@return all placements by number, by ascending start: 25 on an H100} */
  public List<Placement> placements() {
    return placements;
  }

  /**
   * {@return all states by number; the empty one is first, and each follows all that are part of
   * it}
   */
  public List<GpuState> all() {
    return states;
  }

  /** {@return the state without instances, which has number 0} */
  public GpuState empty() {
    return states.get(0);
  }

  /**
   * {@return the state with the instances of a layout}
   *
   * @param layout a layout of this model; compute instances count as the GPU instance that they
   *     share
   * @throws IllegalArgumentException if the layout is of another model
   */
  public GpuState of(MigLayout layout) {
    Objects.requireNonNull(layout, "layout");
    if (!layout.gpu().equals(gpu)) {
      throw new IllegalArgumentException("The layout must be of %s, but was of %s"
          .formatted(gpu.id(), layout.gpu().id()));
    }
    long set = 0;
    for (Placement placement : layout.placements()) {
      set |= 1L << placements.indexOf(placement);
    }
    int number = tables.stateOf(set);
    if (number == NONE) {
      throw new IllegalStateException("No state of " + layout);
    }
    return states.get(number);
  }

  /**
   * {@return the number of a profile, its index in {@link #profiles()}}
   *
   * @throws IllegalArgumentException if the GPU does not offer it as a whole GPU instance
   */
  public int profile(MigProfile profile) {
    Objects.requireNonNull(profile, "profile");
    int number = profiles.indexOf(profile);
    if (number < 0) {
      throw new IllegalArgumentException("%s has no GPU instance profile %s; it has %s"
          .formatted(gpu.id(), profile, gpu.profileNames()));
    }
    return number;
  }

  /**
   * {@return the number of a placement, its index in {@link #placements()}}
   *
   * @param start index of the first memory slice, from 0
   * @throws IllegalArgumentException if the GPU does not offer the profile or the start
   */
  public int placement(MigProfile profile, int start) {
    int wanted = profile(profile);
    for (int placement = 0; placement < placementCount; placement++) {
      if (profileOf(placement) == wanted && placements.get(placement).start() == start) {
        return placement;
      }
    }
    throw new IllegalArgumentException("%s on %s cannot start at %d; allowed starts: %s"
        .formatted(profile, gpu.id(), start, gpu.profile(profile).orElseThrow().starts()));
  }

  /** {@return whether a profile has a free placement in a state, both given by number} */
  public boolean fits(int state, int profile) {
    return best(state, profile) != NONE;
  }

  /**
   * {@return the number of the placement after which the most {@linkplain GpuState#choices()
   * choices} remain, of several the first; {@link #NONE} if the profile does not fit}
   *
   * @param state the number of a state
   * @param profile the number of a profile
   */
  public int best(int state, int profile) {
    return best[state * profileCount + profile];
  }

  /** {@return whether an instance can be added to a state at a placement, both given by number} */
  public boolean canPlace(int state, int placement) {
    return neighbour(state, placement) > state;
  }

  /** {@return whether a state has an instance at a placement, both given by number} */
  public boolean holds(int state, int placement) {
    return neighbour(state, placement) < state;
  }

  /**
   * {@return the number of the state with one more instance}
   *
   * @param state the number of a state
   * @param placement the number of a placement that {@linkplain #canPlace can be added}
   * @throws IllegalArgumentException if it cannot be added
   */
  public int place(int state, int placement) {
    int next = neighbour(state, placement);
    if (next <= state) {
      throw new IllegalArgumentException("%s cannot be placed on %s; free placements: %s"
          .formatted(
              placements.get(placement),
              states.get(state).layout(),
              states.get(state).layout().freePlacements()));
    }
    return next;
  }

  /**
   * {@return the number of the state without an instance}
   *
   * @param state the number of a state
   * @param placement the number of a placement that the state {@linkplain #holds}
   * @throws IllegalArgumentException if the state does not have it
   */
  public int free(int state, int placement) {
    int next = neighbour(state, placement);
    if (next >= state) {
      throw new IllegalArgumentException("%s cannot be freed, because it is not on %s"
          .formatted(placements.get(placement), states.get(state).layout()));
    }
    return next;
  }

  /**
   * {@return the number of placements that can be added, each on its own: 25 on an empty H100, 0 on
   * a full GPU} Its decrease is the loss that a placement causes.
   *
   * @param state the number of a state
   */
  public int choices(int state) {
    return choices[state];
  }

  /** The memory slices that each state is expected to accept next. */
  ExpectedSlices expected() {
    return tables.expected();
  }

  /**
   * States are in order of their number of instances, so a neighbour with one more has a higher
   * number.
   */
  int neighbour(int state, int placement) {
    return neighbours[state * placementCount + placement];
  }

  /** The neighbour, or {@link #NONE} if there is no such placement. */
  int after(int state, int placement) {
    return placement >= 0 && placement < placementCount ? neighbour(state, placement) : NONE;
  }

  /** The model and the number of its states. */
  @Override
  public String toString() {
    return "%d states of %s".formatted(states.size(), gpu.id());
  }
}
