package io.github.mig4j.layout;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Where NVIDIA's driver will probably put GPU instances that are created without a start, and how
 * often mig-parted will therefore have to begin anew.
 *
 * <p>This is a prediction, not a rule that NVIDIA states: each instance goes where the most
 * placements stay possible, and among these to the lowest start. That agrees with every published
 * transcript; another driver may choose otherwise.
 */
public final class DriverPrediction {

  /** mig-parted takes seconds per attempt: nobody waits for more. */
  private static final int MOST_ORDERINGS = 10_000;

  private static final Comparator<MigProfile> AS_MIG_PARTED_SORTS = Comparator.comparingInt(
          MigProfile::gpuSlices)
      .thenComparingInt(MigProfile::computeSlices)
      .thenComparing(MigProfile::suffix)
      .thenComparingInt(MigProfile::memoryGb)
      .reversed();

  private final PlacementTable table;

  private DriverPrediction(PlacementTable table) {
    this.table = table;
  }

  /**
   * The prediction for a GPU.
   *
   * @param gpu a model with MIG whose placements are known
   * @return the prediction
   * @throws IllegalArgumentException if it has no MIG or where its profiles may start is not known
   */
  public static DriverPrediction of(GpuModel gpu) {
    Objects.requireNonNull(gpu, "gpu");
    return new DriverPrediction(Layouts.of(gpu).table());
  }

  /**
   * Predicts the starts of instances that are created one after the other on an empty GPU.
   *
   * @param order GPU instances, or compute instances, which share a GPU instance with the one
   *     before if it has room
   * @return the GPU instances in the order of their creation; if not all devices could be made,
   *     those before the first failure
   * @throws IllegalArgumentException if the GPU does not offer one of the profiles
   */
  public Creation create(List<MigProfile> order) {
    Objects.requireNonNull(order, "order");
    order.forEach(this::requireOffered);
    PlacementTable.State state = table.emptyState();
    List<Placement> created = new ArrayList<>();
    Optional<MigProfile> last = Optional.empty();
    int room = 0;
    for (int i = 0; i < order.size(); i++) {
      MigProfile device = order.get(i);
      MigProfile gpuInstance = device.gpuInstance();
      if (!last.equals(Optional.of(gpuInstance)) || room < device.computeSlices()) {
        int best = choose(state, gpuInstance);
        if (best < 0) {
          return new Creation(created, OptionalInt.of(i));
        }
        state.add(best);
        created.add(table.placement(best));
        last = Optional.of(gpuInstance);
        room = gpuInstance.gpuSlices();
      }
      room -= device.computeSlices();
    }
    return new Creation(created, OptionalInt.empty());
  }

  /**
   * Predicts how mig-parted will get these devices: it sorts them by descending size and tries one
   * distinct order after the other, each on an empty GPU, until the driver accepts one.
   *
   * @param devices counts by profile
   * @return what it will try
   * @throws IllegalArgumentException if the GPU does not offer one of the profiles
   */
  public Orderings orderings(Map<MigProfile, Integer> devices) {
    Objects.requireNonNull(devices, "devices");
    devices.keySet().forEach(this::requireOffered);
    List<MigProfile> sorted = devices.entrySet().stream()
        .sorted(Map.Entry.comparingByKey(AS_MIG_PARTED_SORTS))
        .flatMap(e -> Collections.nCopies(e.getValue(), e.getKey()).stream())
        .toList();
    Attempts attempts = new Attempts(sorted);
    attempts.permute(0);
    return new Orderings(distinct(devices), attempts.tried, attempts.accepted);
  }

  /** The placement after which most others stay possible; -1 if there is none. */
  private int choose(PlacementTable.State state, MigProfile gpuInstance) {
    int best = -1;
    int most = -1;
    for (int i = 0; i < table.size(); i++) {
      if (table.placement(i).profile().equals(gpuInstance) && state.accepts(i)) {
        state.add(i);
        int choices = state.choices();
        state.remove(i);
        if (choices > most) {
          best = i;
          most = choices;
        }
      }
    }
    return best;
  }

  private void requireOffered(MigProfile device) {
    if (table.gpu().profile(device).isEmpty()) {
      throw new IllegalArgumentException(
          new Violation.UnknownProfile(table.gpu(), device).message());
    }
  }

  private static BigInteger distinct(Map<MigProfile, Integer> devices) {
    BigInteger orderings = BigInteger.ONE;
    int placed = 0;
    for (int count : devices.values()) {
      for (int i = 1; i <= count; i++) {
        placed++;
        orderings = orderings.multiply(BigInteger.valueOf(placed)).divide(BigInteger.valueOf(i));
      }
    }
    return orderings;
  }

  /** Swaps each position with every later one that differs, as mig-parted does. */
  private final class Attempts {
    private final List<MigProfile> order;
    private int tried;
    private Optional<Creation> accepted = Optional.empty();

    Attempts(List<MigProfile> sorted) {
      order = new ArrayList<>(sorted);
    }

    /** Whether the search is over. */
    boolean permute(int position) {
      if (position == order.size()) {
        tried++;
        Creation creation = create(order);
        if (creation.isComplete()) {
          accepted = Optional.of(creation);
        }
        return creation.isComplete() || tried == MOST_ORDERINGS;
      }
      Set<MigProfile> seen = new HashSet<>();
      for (int other = position; other < order.size(); other++) {
        if (seen.add(order.get(other))) {
          Collections.swap(order, position, other);
          if (permute(position + 1)) {
            return true;
          }
          Collections.swap(order, position, other);
        }
      }
      return false;
    }
  }

  /**
   * What the driver is predicted to make of an order.
   *
   * @param placements GPU instances in the order of their creation
   * @param failedAt index in the order of the first device that no place was left for; empty if all
   *     were made
   */
  public record Creation(List<Placement> placements, OptionalInt failedAt) {
    public Creation {
      Objects.requireNonNull(placements, "placements");
      Objects.requireNonNull(failedAt, "failedAt");
      placements = List.copyOf(placements);
    }

    /**
     * Whether all devices were made.
     *
     * @return true if none failed
     */
    public boolean isComplete() {
      return failedAt.isEmpty();
    }
  }

  /**
   * What mig-parted is predicted to try.
   *
   * @param distinct how many distinct orders the devices have
   * @param tried how many of them it tries, the accepted one included; at most 10000 are looked at
   * @param accepted what the accepted order makes; empty if all fail, or the first 10000
   */
  public record Orderings(BigInteger distinct, int tried, Optional<Creation> accepted) {
    public Orderings {
      Objects.requireNonNull(distinct, "distinct");
      Objects.requireNonNull(accepted, "accepted");
    }
  }

  /** The model, e.g. {@code driver prediction for a100-40gb}. */
  @Override
  public String toString() {
    return "driver prediction for " + table.gpu().id();
  }
}
