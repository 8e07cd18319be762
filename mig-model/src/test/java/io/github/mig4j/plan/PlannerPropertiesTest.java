package io.github.mig4j.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Layouts;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.statistics.Statistics;

/** Compares the fewest GPUs with algorithms that share no code with the planner. */
class PlannerPropertiesTest {

  private static final GpuModel A100 = GpuCatalog.bundled().require("a100-40gb");
  private static final Map<String, Exhaustive> EXHAUSTIVE = new HashMap<>();

  record Question(GpuModel model, List<Integer> counts) {
    Demand demand() {
      List<DemandItem> items = new ArrayList<>();
      for (int i = 0; i < counts.size(); i++) {
        if (counts.get(i) > 0) {
          items.add(DemandItem.of(model.profiles().get(i).profile(), counts.get(i)));
        }
      }
      return new Demand(items);
    }
  }

  /** The minimum number of GPUs, by trying every maximal multiset of instances for the next GPU. */
  private static final class Exhaustive {
    private final List<List<Integer>> choices;
    private final Map<List<Integer>, Integer> known = new HashMap<>();

    Exhaustive(GpuModel model) {
      choices = Layouts.of(model)
          .maximalMultisets()
          .map(choice -> model.profiles().stream()
              .map(p -> choice.getOrDefault(p.profile(), 0))
              .toList())
          .toList();
    }

    int fewest(List<Integer> wanted) {
      if (wanted.stream().allMatch(n -> n == 0)) {
        return 0;
      }
      Integer answer = known.get(wanted);
      if (answer == null) {
        answer = Integer.MAX_VALUE;
        for (List<Integer> choice : choices) {
          List<Integer> left = new ArrayList<>();
          for (int i = 0; i < wanted.size(); i++) {
            left.add(Math.max(0, wanted.get(i) - choice.get(i)));
          }
          if (!left.equals(wanted)) {
            answer = Math.min(answer, 1 + fewest(left));
          }
        }
        known.put(wanted, answer);
      }
      return answer;
    }
  }

  @Property(tries = 400)
  void fewest_equalsTheExhaustiveAnswer(@ForAll("smallQuestions") Question question) {
    FleetPlan plan = Planner.fewest(question.model, question.demand());

    assertThat(plan.gpus())
        .isEqualTo(EXHAUSTIVE
            .computeIfAbsent(question.model.id(), any -> new Exhaustive(question.model))
            .fewest(question.counts));
    assertThat(plan.isOptimal()).isTrue();
    assertThat(plan.unmet()).isEmpty();
    assertThat(devices(plan)).isEqualTo(wanted(question));
    Statistics.label("model")
        .collect(question.model.id())
        .coverage(coverage -> MODELS.forEach(id -> coverage.check(id).count(n -> n > 20)));
    Statistics.label("+me")
        .collect(question.demand().toString().contains("+me"))
        .coverage(coverage -> {
          coverage.check(true).count(n -> n > 50);
          coverage.check(false).count(n -> n > 20);
        });
  }

  /** Six profiles of a GPU with seven slices: 7g, 4g and 3g first, then halves and pairs. */
  private static boolean fitsInto(long gpus, long n1, long d, long n2, long n3, long n4, long n7) {
    long left = gpus - n7;
    long lower = left - n4;
    long upper = left;
    long inUpper = Math.min(n3, upper);
    upper -= inUpper;
    lower -= n3 - inUpper;
    long full = 2 * lower + upper - n2;
    long weak = upper;
    long inWeak = Math.min(d, weak);
    weak -= inWeak;
    full -= d - inWeak;
    return left >= 0 && lower >= 0 && full >= 0 && 2 * full + weak >= n1;
  }

  @Property(tries = 500)
  void fewest_ofAMillion_equalsTheClosedForm(@ForAll("sixProfiles") List<Integer> counts) {
    List<Integer> withoutMe = new ArrayList<>(counts);
    withoutMe.add(1, 0);
    FleetPlan plan = Planner.fewest(A100, new Question(A100, withoutMe).demand());

    long gpus = plan.gpus();
    assertThat(fits(gpus, counts)).isTrue();
    assertThat(fits(gpus - 1, counts)).isFalse();
    assertThat(plan.gap()).isZero();
    assertThat(plan.layouts().size()).isLessThan(30);
  }

  private static boolean fits(long gpus, List<Integer> n) {
    return gpus >= 0 && fitsInto(gpus, n.get(0), n.get(1), n.get(2), n.get(3), n.get(4), n.get(5));
  }

  /**
   * With {@code +me} and with other models, the bound proves the plan, and all devices are planned.
   */
  @Property(tries = 300)
  void fewest_ofMany_isProven(@ForAll("largeQuestions") Question question) {
    FleetPlan plan = Planner.fewest(question.model, question.demand());

    assertThat(plan.lowerBound()).isEqualTo(plan.gpus());
    assertThat(devices(plan)).isEqualTo(wanted(question));
  }

  private static final List<String> MODELS = List.of(
      "a100-40gb", "h100-sxm-80gb", "a30-24gb", "rtx-pro-6000-blackwell-96gb", "jetson-thor");

  @Provide
  Arbitrary<Question> smallQuestions() {
    return questions(Arbitraries.integers().between(0, 3));
  }

  @Provide
  Arbitrary<Question> largeQuestions() {
    return questions(Arbitraries.integers().between(0, 1_000_000));
  }

  private static Arbitrary<Question> questions(Arbitrary<Integer> counts) {
    Arbitrary<Integer> orNone =
        Arbitraries.frequencyOf(Tuple.of(1, Arbitraries.just(0)), Tuple.of(2, counts));
    return Arbitraries.of(MODELS)
        .map(GpuCatalog.bundled()::require)
        .flatMap(model -> orNone
            .list()
            .ofSize(model.profiles().size())
            .map(n -> new Question(model, atMostSix(n))));
  }

  /** The exhaustive search takes too long for more than six profiles at once. */
  private static List<Integer> atMostSix(List<Integer> counts) {
    List<Integer> fewer = new ArrayList<>(counts);
    int kept = 0;
    for (int i = 0; i < fewer.size(); i++) {
      if (fewer.get(i) > 0 && ++kept > 6) {
        fewer.set(i, 0);
      }
    }
    return fewer;
  }

  @Provide
  Arbitrary<List<Integer>> sixProfiles() {
    Arbitrary<Integer> small = Arbitraries.integers().between(0, 20);
    Arbitrary<Integer> large = Arbitraries.integers().between(0, 1_000_000);
    return Combinators.combine(
            Arbitraries.of(true, false), small.list().ofSize(6), large.list().ofSize(6))
        .as((few, a, b) -> few ? a : b);
  }

  private static SortedMap<MigProfile, Integer> devices(FleetPlan plan) {
    SortedMap<MigProfile, Integer> devices = new TreeMap<>();
    plan.layouts()
        .forEach((layout, gpus) -> layout
            .devices()
            .forEach((profile, count) -> devices.merge(profile, count * gpus, Integer::sum)));
    return devices;
  }

  private static SortedMap<MigProfile, Integer> wanted(Question question) {
    SortedMap<MigProfile, Integer> wanted = new TreeMap<>();
    question
        .demand()
        .items()
        .forEach(item -> wanted.put(item.profile().orElseThrow(), item.count()));
    return wanted;
  }
}
