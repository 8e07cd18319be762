package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FleetTest {

  private static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");
  private static final GpuModel A100 = GpuCatalog.bundled().require("a100-80gb");
  private static final GpuModel A30 = GpuCatalog.bundled().require("a30-24gb");
  private static final MigProfile SMALL = MigProfile.parse("1g.10gb");

  private final Fleet fleet = new Fleet(PlacementPolicy.standard());

  @Test
  void choose_amongEquals_takesTheLowestNumber() {
    fleet.add(H100);
    fleet.add(H100);

    assertThat(chosen("3g.40gb")).isEqualTo("0 3g.40gb@4:4");
    fleet.cordon(0);
    assertThat(chosen("3g.40gb")).isEqualTo("1 3g.40gb@4:4");
    fleet.uncordon(0);
    assertThat(chosen("3g.40gb")).isEqualTo("0 3g.40gb@4:4");
    fleet.remove(0);
    assertThat(chosen("3g.40gb")).isEqualTo("1 3g.40gb@4:4");
  }

  @Test
  void request_onAnyModelOrOne_isChosenThere() {
    fleet.add(A30);
    fleet.add(A100);
    fleet.add(MigLayout.on(H100).add("1g.10gb", 1).build());
    FleetRequest onA100 = fleet.request(SMALL, A100);

    assertThat(chosen("1g.10gb")).startsWith("2 ");
    assertThat(Fleet.gpuOf(fleet.choose(onA100))).isEqualTo(1);
    assertThat(chosen("1g.6gb")).startsWith("0 ");
    assertThat(chosen("1g.5gb")).isEqualTo("none");
    assertThat(fleet.request(SMALL, A100)).isSameAs(onA100).hasToString("1g.10gb on a100-80gb");
    assertThat(fleet.request(SMALL)).isSameAs(fleet.request("1g.10gb")).hasToString("1g.10gb");
  }

  @Test
  void request_ofAModelThatComesLater_isMetByIt() {
    FleetRequest large = fleet.request("4g.24gb");
    assertThat(fleet.place(large)).isEqualTo(Fleet.NONE);
    assertThat(large.isOffered()).isFalse();

    fleet.add(H100);
    assertThat(large.isOffered()).isFalse();
    fleet.add(A30);
    assertThat(large.isOffered()).isTrue();

    assertThat(fleet.placementOf(fleet.place(large))).hasToString("4g.24gb@0:4");
  }

  @Test
  void cordonedGpu_isNotChosen_butCanBeOccupiedAndFreed() {
    int gpu = fleet.add(H100);
    fleet.cordon(gpu);
    assertThat(fleet.isCordoned(gpu)).isTrue();

    long instance = fleet.occupy(gpu, SMALL, 6);
    assertThat(fleet.state(gpu)).hasToString("h100-sxm-80gb [1g.10gb@6:1]");
    assertThat(fleet.choose(fleet.request(SMALL))).isEqualTo(Fleet.NONE);
    assertThat(fleet.choose(fleet.request(SMALL), GpuSet.of(gpu))).isEqualTo(Fleet.NONE);

    fleet.free(instance);
    fleet.uncordon(gpu);
    assertThat(fleet.state(gpu).isEmpty()).isTrue();
    assertThat(chosen("7g.80gb")).isEqualTo("0 7g.80gb@0:8");
  }

  @Test
  void removedGpu_losesItsInstances_andItsNumberIsNotReused() {
    fleet.add(H100);
    long instance = fleet.occupy(0, SMALL, 6);
    assertThat(fleet.holds(instance)).isTrue();

    fleet.remove(0);

    assertThat(fleet.contains(0)).isFalse();
    assertThat(fleet.holds(instance)).isFalse();
    assertThat(fleet.holds(Fleet.NONE)).isFalse();
    assertThat(fleet.add(H100)).isEqualTo(1);
    assertThat(fleet.size()).isEqualTo(2);
    assertThat(fleet).hasToString("fleet of 1 GPUs");
  }

  @Test
  void rollback_undoesAdditionsAndRemovalsToo() {
    fleet.add(H100);
    int mark = fleet.mark();
    fleet.add(A30);
    fleet.cordon(1);
    fleet.remove(0);

    fleet.rollback(mark);

    assertThat(fleet.size()).isEqualTo(1);
    assertThat(chosen("7g.80gb")).isEqualTo("0 7g.80gb@0:8");
    assertThat(chosen("4g.24gb")).isEqualTo("none");
    assertThat(fleet.add(A30)).isEqualTo(1);
    assertThat(chosen("4g.24gb")).isEqualTo("1 4g.24gb@0:4");
  }

  @Test
  void marks_nest_andARollbackOutsideUndoesWhatIsKeptInside() {
    fleet.add(H100);
    int outer = fleet.mark();
    fleet.occupy(0, SMALL, 0);
    int inner = fleet.mark();
    fleet.occupy(0, SMALL, 1);
    fleet.rollback(inner);
    int second = fleet.mark();
    fleet.occupy(0, SMALL, 2);
    fleet.keep(second);
    assertThat(fleet.state(0)).hasToString("h100-sxm-80gb [1g.10gb@0:1, 1g.10gb@2:1]");

    fleet.rollback(outer);

    assertThat(fleet.state(0)).hasToString("h100-sxm-80gb []");
    assertThatThrownBy(() -> fleet.keep(outer))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Mark 1 is not open; no mark is");
    fleet.mark();
    assertThatThrownBy(() -> fleet.rollback(2))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Mark 2 is not open; marks 1 to 1 are");
  }

  @Test
  void copy_isIndependent() {
    fleet.add(H100);
    FleetRequest request = fleet.request(SMALL);
    Fleet copy = fleet.copy();

    copy.place(copy.request(SMALL));

    assertThat(fleet.state(0).isEmpty()).isTrue();
    assertThat(copy.state(0).isEmpty()).isFalse();
    assertThatThrownBy(() -> copy.place(request))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The request for 1g.10gb belongs to another fleet; create it with this fleet");
  }

  @Test
  void misuse_isRefused_withTheRemedy() {
    fleet.add(A30);
    fleet.add(A30);
    fleet.remove(1);
    long instance = fleet.occupy(0, MigProfile.parse("2g.12gb"), 0);

    refused(() -> fleet.state(2), "The fleet has no GPU 2; the next GPU gets number 2");
    refused(() -> fleet.state(1), "The fleet has no GPU 1; it was removed");
    refused(() -> fleet.free(Fleet.NONE), "The fleet has no GPU -1; the next GPU gets number 2");
    refused(
        () -> fleet.placementOf(99), "GPU 0 has no placement 99; use an instance of this fleet");
    refused(
        () -> fleet.occupy(instance),
        "GPU 0: 2g.12gb@0:2 cannot be placed on a30-24gb [2g.12gb@0:2]; free placements:"
            + " [1g.6gb@2:1, 1g.6gb+me@2:1, 2g.12gb@2:2, 2g.12gb+me@2:2, 1g.6gb@3:1,"
            + " 1g.6gb+me@3:1]");
    fleet.free(instance);
    refused(
        () -> fleet.free(instance),
        "GPU 0: 2g.12gb@0:2 cannot be freed, because it is not on" + " a30-24gb []");
    refused(
        () -> fleet.occupy(0, MigProfile.parse("2g.12gb"), 1),
        "2g.12gb on a30-24gb cannot start at 1; allowed starts: [0, 2]");
    refused(
        () -> fleet.request("1c.2g.12gb"),
        "Only whole GPU instances can be placed, but 1c.2g.12gb shares one; request 2g.12gb");
    refused(
        () -> fleet.request(SMALL, A30),
        "a30-24gb has no profile 1g.10gb; it has 1g.6gb, 1g.6gb+me, 2g.12gb, 2g.12gb+me, 4g.24gb");
    refused(() -> GpuSet.of(3, -1), "A GPU's number must not be negative, but was -1");
  }

  private static void refused(Callable<?> misuse, String message) {
    assertThatThrownBy(misuse::call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  private static void refused(Runnable misuse, String message) {
    assertThatThrownBy(misuse::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void gpuSet_isItsMembers() {
    GpuSet set = GpuSet.of(70, 3, 3, 5000);

    assertThat(set).hasToString("[3, 70, 5000]");
    assertThat(set.size()).isEqualTo(3);
    assertThat(set.contains(70)).isTrue();
    assertThat(set.contains(71)).isFalse();
    assertThat(set.contains(-1)).isFalse();
    assertThat(set.contains(Integer.MAX_VALUE)).isFalse();
    assertThat(GpuSet.where(10, gpu -> gpu % 4 == 1)).hasToString("[1, 5, 9]");
    assertThat(GpuSet.of()).hasToString("[]");
  }

  /** The bytes that this thread allocates in 20,000 rounds, after all structures have grown. */
  @Test
  void hotCalls_allocateNothing() throws Exception {
    for (int gpu = 0; gpu < 300; gpu++) {
      fleet.add(gpu % 3 == 0 ? A100 : H100);
    }
    FleetRequest[] requests =
        H100.profiles().stream().map(p -> fleet.request(p.profile())).toArray(FleetRequest[]::new);
    GpuSet node = GpuSet.where(300, gpu -> gpu < 8);
    GpuSet half = GpuSet.where(300, gpu -> gpu % 2 == 0);
    long[] running = new long[4096];
    AllocatedBytes allocated = new AllocatedBytes();
    churn(requests, node, half, running);
    allocated.now();

    long before = allocated.now();
    churn(requests, node, half, running);
    long after = allocated.now();

    assertThat(after - before).isLessThan(1000);
  }

  /** Random draws without a random generator, which might allocate. */
  private void churn(FleetRequest[] requests, GpuSet node, GpuSet half, long[] running) {
    int count = 0;
    int random = 1;
    for (int i = 0; i < 20_000; i++) {
      random = random * 1_103_515_245 + 12_345;
      FleetRequest request = requests[(random >>> 8) % requests.length];
      int mark = fleet.mark();
      long instance = i % 4 == 0
          ? fleet.place(request, node)
          : i % 4 == 1 ? fleet.place(request, half) : fleet.place(request);
      if (i % 5 == 0) {
        fleet.rollback(mark);
      } else {
        fleet.keep(mark);
        if (instance != Fleet.NONE) {
          running[count++] = instance;
        }
      }
      if (count > 700) {
        int freed = (random >>> 16) % count;
        fleet.free(running[freed]);
        running[freed] = running[--count];
      }
    }
    while (count > 0) {
      fleet.free(running[--count]);
    }
  }

  @Test
  void sharedFleet_byTwoThreads_losesAndDoublesNothing() throws Exception {
    for (int gpu = 0; gpu < 50; gpu++) {
      fleet.add(H100);
    }
    FleetRequest small = fleet.request(SMALL);
    SharedFleet shared = new SharedFleet(fleet);
    Callable<Integer> worker = () -> {
      Random random = new Random(1);
      Deque<Long> mine = new ArrayDeque<>();
      for (int i = 0; i < 20_000; i++) {
        if (random.nextInt(3) > 0) {
          long instance = shared.place(small);
          if (instance != Fleet.NONE) {
            mine.add(instance);
          }
        } else if (!mine.isEmpty()) {
          shared.free(mine.poll());
        }
      }
      return mine.size();
    };

    var threads = Executors.newFixedThreadPool(2);
    var one = threads.submit(worker);
    var other = threads.submit(worker);
    int running = one.get(1, TimeUnit.MINUTES) + other.get(1, TimeUnit.MINUTES);
    threads.shutdown();

    int placed = shared.call(f -> {
      int sum = 0;
      for (int gpu = 0; gpu < f.size(); gpu++) {
        sum += f.state(gpu).layout().placements().size();
      }
      return sum;
    });
    assertThat(placed).isEqualTo(running);
  }

  private String chosen(String profile) {
    long instance = fleet.choose(fleet.request(profile));
    return instance == Fleet.NONE
        ? "none"
        : Fleet.gpuOf(instance) + " " + fleet.placementOf(instance);
  }

  @Test
  void instanceAt_ofAGpuAddedWithALayout_canBeFreed() {
    GpuModel h100 = GpuCatalog.bundled().require("h100-sxm-80gb");
    Fleet fleet = new Fleet(PlacementPolicy.standard());
    int gpu = fleet.add(MigLayout.on(h100).addAt("3g.40gb", 4).build());
    long instance = fleet.instanceAt(gpu, MigProfile.parse("3g.40gb"), 4);

    assertThat(fleet.holds(instance)).isTrue();
    fleet.free(instance);

    assertThat(fleet.state(gpu).isEmpty()).isTrue();
  }

  @Test
  void gpuSet_ofAHugeNumber_isRefused() {
    assertThatThrownBy(() -> GpuSet.of(0, Integer.MAX_VALUE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A GPU's number must be at most 99999999, but was 2147483647");
    assertThat(GpuSet.of(99_999_999).contains(99_999_999)).isTrue();
  }

  @Test
  void model_withoutANumberOfSlices_hasTheSlicesOfItsPlacements() {
    GpuModel model = GpuModel.builder()
        .id("invented")
        .architecture("Invented")
        .computeSlices(2)
        .addProfiles(io.github.mig4j.gpu.GpuInstanceProfile.builder()
            .profile(MigProfile.parse("1g.1gb"))
            .maxInstances(2)
            .size(1)
            .addStarts(0, 1)
            .build())
        .build();

    assertThat(GpuStates.of(model).empty().freeSlices()).isEqualTo(2);
  }

  @Test
  void occupy_ofRunningInstances_withNull_changesNothing_andLeavesNoMark() {
    Fleet fleet = new Fleet(PlacementPolicy.standard());
    int gpu = fleet.add(H100);
    List<Placement> running = Arrays.asList(new Placement(MigProfile.parse("3g.40gb"), 4, 4), null);

    assertThatThrownBy(() -> fleet.occupy(gpu, running)).isInstanceOf(NullPointerException.class);

    assertThat(fleet.state(gpu).layout().placements()).isEmpty();
    assertThat(fleet.mark()).isEqualTo(1);
  }
}
