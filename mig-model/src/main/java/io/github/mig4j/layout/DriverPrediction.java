package io.github.mig4j.layout;

import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.text.JsonFields;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
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
 * Predicts where NVIDIA's driver places GPU instances that are created without a start, and how
 * many orders of the devices mig-parted therefore tries.
 *
 * <p>This is a prediction, because NVIDIA documents no rule. It assumes that the driver uses the
 * placement after which the most placements remain possible, and the lowest start of several such.
 * This agrees with every published transcript; another driver version may place differently.
 */
public final class DriverPrediction {

  /** One attempt of mig-parted takes seconds, so more attempts are not useful. */
  private static final int MAX_ORDERINGS_TRIED = 10_000;

  /** The number of orders is exact up to this one. */
  private static final BigInteger MAX_DISTINCT = BigInteger.TEN.pow(100);

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
   * Creates the prediction for a GPU model.
   *
   * @throws IllegalArgumentException if the model has no MIG or its placements are not known
   */
  public static DriverPrediction of(GpuModel gpu) {
    Objects.requireNonNull(gpu, "gpu");
    return new DriverPrediction(Layouts.of(gpu).table());
  }

  /**
   * Predicts the placements of instances that are created one after the other on an empty GPU.
   *
   * @param order GPU instances or compute instances; a compute instance shares the previous GPU
   *     instance if it fits there
   * @return the GPU instances in the order of their creation; if a device fails, those before it
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
   * Predicts how mig-parted creates these devices. mig-parted sorts them by descending size and
   * tries one distinct order after the other on an empty GPU, until the driver accepts one.
   *
   * @throws IllegalArgumentException if a profile is not offered, or a count is below 1
   */
  public Orderings orderings(Map<MigProfile, Integer> devices) {
    Objects.requireNonNull(devices, "devices");
    devices.keySet().forEach(this::requireOffered);
    BigInteger distinct = distinct(devices.values());
    if (!(MigLayout.place(table.gpu(), devices) instanceof PlacementResult.Placed)) {
      // No order gives a layout that does not exist, so the orders need not be tried one by one.
      int tried = distinct.min(BigInteger.valueOf(MAX_ORDERINGS_TRIED)).intValue();
      return new Orderings(distinct, tried, Optional.empty());
    }
    List<MigProfile> sorted = devices.entrySet().stream()
        .sorted(Map.Entry.comparingByKey(AS_MIG_PARTED_SORTS))
        .flatMap(e -> Collections.nCopies(e.getValue(), e.getKey()).stream())
        .toList();
    Attempts attempts = new Attempts(sorted);
    attempts.permute(0);
    return new Orderings(distinct, attempts.tried, attempts.accepted);
  }

  /** The placement after which the most others remain possible; -1 if nothing fits. */
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

  /**
   * The multinomial coefficient of some counts. The largest count comes first, so each further device
   * at least doubles the number, and the limit is reached after few devices.
   */
  private static BigInteger distinct(Collection<Integer> counts) {
    List<Integer> descending = counts.stream().sorted(Comparator.reverseOrder()).toList();
    BigInteger orderings = BigInteger.ONE;
    long placed = descending.isEmpty() ? 0 : descending.get(0);
    for (int count : descending.subList(Math.min(1, descending.size()), descending.size())) {
      for (int i = 1; i <= count; i++) {
        placed++;
        orderings = orderings.multiply(BigInteger.valueOf(placed)).divide(BigInteger.valueOf(i));
        if (orderings.compareTo(MAX_DISTINCT) >= 0) {
          return MAX_DISTINCT;
        }
      }
    }
    return orderings;
  }

  /** Swaps each element with every later one that differs, like mig-parted. */
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
        return creation.isComplete() || tried == MAX_ORDERINGS_TRIED;
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
   * The predicted result of one order.
   *
   * @param placements GPU instances in the order of their creation
   * @param failedAt index of the first device without a free placement; empty if all are created
   */
  public record Creation(List<Placement> placements, OptionalInt failedAt) implements JsonForm {
    public Creation {
      placements = List.copyOf(Objects.requireNonNull(placements, "placements"));
      Objects.requireNonNull(failedAt, "failedAt");
    }

    /** {@return whether all devices are created} */
    public boolean isComplete() {
      return failedAt.isEmpty();
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("placements", placements).and("failedAt", failedAt).map();
    }
  }

  /**
   * The orders that mig-parted is predicted to try.
   *
   * @param distinct how many distinct orders the devices have; 10<sup>100</sup> also means more
   * @param tried how many of them it tries, also the accepted one; the prediction stops at 10000
   * @param accepted the result of the accepted order; empty if all orders fail, or the first 10000
   */
  public record Orderings(BigInteger distinct, int tried, Optional<Creation> accepted)
      implements JsonForm {
    public Orderings {
      Objects.requireNonNull(distinct, "distinct");
      Objects.requireNonNull(accepted, "accepted");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("distinct", distinct)
          .and("tried", tried)
          .and("accepted", accepted)
          .map();
    }
  }

  /** The model, e.g. {@code driver prediction for a100-40gb}. */
  @Override
  public String toString() {
    return "driver prediction for " + table.gpu().id();
  }
}
