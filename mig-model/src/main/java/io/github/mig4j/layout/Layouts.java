package io.github.mig4j.layout;

import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Lists every layout of a GPU, with all of its profiles or with some.
 *
 * <pre>{@code
 * Layouts plain = Layouts.of(a100).over("1g.5gb", "2g.10gb", "3g.20gb", "4g.20gb", "7g.40gb");
 * plain.maximalStates().count();     // 19, NVIDIA's "valid configurations"
 * }</pre>
 *
 * <p>The streams are lazy and run in the calling thread. Each call starts a new search.
 */
public final class Layouts {

  private final PlacementTable table;

  private Layouts(PlacementTable table) {
    this.table = table;
  }

  /**
   * Lists the layouts with all profiles of a GPU.
   *
   * @throws IllegalArgumentException if the model has no MIG or its placements are not known
   */
  public static Layouts of(GpuModel gpu) {
    Objects.requireNonNull(gpu, "gpu");
    if (!gpu.supportsMig()) {
      throw new IllegalArgumentException(new Violation.MigNotSupported(gpu).message());
    }
    return over(gpu, gpu.profiles());
  }

  /**
   * Lists the layouts with some profiles, at least one, as if the GPU had no others.
   *
   * @throws IllegalArgumentException if a name is malformed or the GPU does not offer it
   */
  public Layouts over(String... names) {
    Objects.requireNonNull(names, "names");
    Set<MigProfile> chosen =
        Arrays.stream(names).map(MigProfile::parse).collect(Collectors.toSet());
    if (chosen.isEmpty()) {
      throw new IllegalArgumentException("Layouts need at least one profile; %s has %s"
          .formatted(table.gpu().id(), table.gpu().profileNames()));
    }
    for (MigProfile name : chosen) {
      if (table.gpu().profiles().stream().noneMatch(p -> p.profile().equals(name))) {
        throw new IllegalArgumentException(
            new Violation.UnknownProfile(table.gpu(), name).message());
      }
    }
    return over(
        table.gpu(),
        table.gpu().profiles().stream()
            .filter(p -> chosen.contains(p.profile()))
            .toList());
  }

  PlacementTable table() {
    return table;
  }

  /** {@return every placement of the profiles by ascending start, 25 on an H100} */
  public List<Placement> placements() {
    return table.placements();
  }

  /**
   * Returns what {@link #states} returns, as numbers: bit i of a state is set if it has the i-th of
   * {@link #placements}. No layout is created, so thousands of states take less than a millisecond.
   *
   * @return each state once, a state before the states that contain it; not more than the limit
   * @throws IllegalStateException if there are more than 64 placements
   */
  public long[] stateBits(int limit) {
    if (table.size() > Long.SIZE) {
      throw new IllegalStateException("%s has %d placements, but a number has bits for %d"
          .formatted(table.gpu().id(), table.size(), Long.SIZE));
    }
    return new StateBits(table, limit).all();
  }

  private static Layouts over(GpuModel gpu, List<GpuInstanceProfile> profiles) {
    String unknown = profiles.stream()
        .filter(profile -> !profile.isPlaceable())
        .map(profile -> profile.profile().toString())
        .collect(Collectors.joining(", "));
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          ("The layouts of %s cannot be listed: the placements of %s are not known. Read them"
                  + " with 'nvidia-smi mig -lgipp' on such a GPU")
              .formatted(gpu.id(), unknown));
    }
    return new Layouts(new PlacementTable(gpu, profiles));
  }

  /**
   * {@return every legal set of placements once, the empty one included; layouts with the same
   * devices and different placements are different states}
   */
  public Stream<MigLayout> states() {
    return walk(any -> true).map(Walk::layout);
  }

  /** {@return the states to which no instance of these profiles can be added, each once} */
  public Stream<MigLayout> maximalStates() {
    return walk(PlacementTable.State::isMaximal).map(Walk::layout);
  }

  /** {@return each multiset of GPU instances that fits once, also the empty one, as counts} */
  public Stream<SortedMap<MigProfile, Integer>> multisets() {
    return counts().map(this::byProfile);
  }

  /** {@return those of {@link #multisets} that are not part of a larger one} */
  public Stream<SortedMap<MigProfile, Integer>> maximalMultisets() {
    Set<List<Integer>> all = counts().collect(Collectors.toSet());
    return counts().filter(counts -> isMaximal(counts, all)).map(this::byProfile);
  }

  /** A part of a legal multiset is legal, so comparing with one more instance is enough. */
  private static boolean isMaximal(List<Integer> counts, Set<List<Integer>> all) {
    return IntStream.range(0, counts.size()).noneMatch(i -> {
      List<Integer> more = new ArrayList<>(counts);
      more.set(i, counts.get(i) + 1);
      return all.contains(more);
    });
  }

  /** The multisets of the first states; for known GPUs, these are all if the limit is above 2,319. */
  Stream<SortedMap<MigProfile, Integer>> multisetsOfFirst(int states) {
    return walk(any -> true).limit(states).map(Walk::counts).distinct().map(this::byProfile);
  }

  private Stream<List<Integer>> counts() {
    return walk(any -> true).map(Walk::counts).distinct();
  }

  private SortedMap<MigProfile, Integer> byProfile(List<Integer> counts) {
    SortedMap<MigProfile, Integer> byProfile = new TreeMap<>();
    for (int i = 0; i < counts.size(); i++) {
      if (counts.get(i) > 0) {
        byProfile.put(table.profiles().get(i).profile(), counts.get(i));
      }
    }
    return Collections.unmodifiableSortedMap(byProfile);
  }

  private Stream<Walk> walk(Predicate<PlacementTable.State> wanted) {
    return StreamSupport.stream(() -> new Walk(table, wanted), Spliterator.ORDERED, false);
  }

  /**
   * Visits every state once: placements in ascending order, and a state before the states that
   * contain it. The consumer receives this object and must read it before the next step.
   */
  private static final class Walk extends Spliterators.AbstractSpliterator<Walk> {
    private final PlacementTable table;
    private final Predicate<PlacementTable.State> wanted;
    private final PlacementTable.State state;
    private final int[] chosen = new int[GpuModel.MAX_MEMORY_SLICES];
    private int depth;
    private int next = -1;

    Walk(PlacementTable table, Predicate<PlacementTable.State> wanted) {
      super(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL);
      this.table = table;
      this.wanted = wanted;
      this.state = table.emptyState();
    }

    @Override
    public boolean tryAdvance(Consumer<? super Walk> action) {
      while (step()) {
        if (wanted.test(state)) {
          action.accept(this);
          return true;
        }
      }
      return false;
    }

    /** Returns null, because the consumer receives the same object each time. */
    @Override
    public @Nullable Spliterator<Walk> trySplit() {
      return null;
    }

    /** Moves to the next state; the first step moves to the empty state. */
    private boolean step() {
      if (next < 0) {
        next = 0;
        return true;
      }
      while (true) {
        for (int i = next; i < table.size(); i++) {
          if (state.accepts(i)) {
            state.add(i);
            chosen[depth++] = i;
            next = i + 1;
            return true;
          }
        }
        if (depth == 0) {
          return false;
        }
        int last = chosen[--depth];
        state.remove(last);
        next = last + 1;
      }
    }

    MigLayout layout() {
      List<Placement> placements = new ArrayList<>(depth);
      for (int i = 0; i < depth; i++) {
        placements.add(table.placement(chosen[i]));
      }
      return new MigLayout(table.gpu(), placements);
    }

    List<Integer> counts() {
      return Arrays.stream(state.counts()).boxed().toList();
    }
  }

  /** The model whose layouts these are, e.g. {@code layouts of a100-40gb}. */
  @Override
  public String toString() {
    return "layouts of " + table.gpu().id();
  }
}
