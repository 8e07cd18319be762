package io.github.mig4j.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.Confidence;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.PlacementResult.Placed;
import io.github.mig4j.layout.PlacementResult.Rejected;
import io.github.mig4j.layout.PlacementResult.Undetermined;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MigLayoutTest {

  private static final GpuModel A100 = gpu("a100-40gb");
  private static final GpuModel H100 = gpu("h100-sxm-80gb");
  private static final GpuModel B200 = gpu("b200-180gb");

  @Test
  void build_sevenSmall_fillsSlicesZeroToSix() {
    var layout = MigLayout.on(B200).add("1g.23gb", 7).build();

    assertThat(layout)
        .hasToString("b200-180gb [1g.23gb@0:1, 1g.23gb@1:1, 1g.23gb@2:1, 1g.23gb@3:1,"
            + " 1g.23gb@4:1, 1g.23gb@5:1, 1g.23gb@6:1]");
    assertThat(layout.devices()).isEqualTo(Map.of(MigProfile.parse("1g.23gb"), 7));
    assertThat(layout.gpu()).isEqualTo(B200);
  }

  @Test
  void build_balanced_movesThe3gUp_sinceNo1gMayStartAtTheLastSlice() {
    var layout =
        MigLayout.on(A100).add("3g.20gb", 1).add("2g.10gb", 1).add("1g.5gb", 2).build();

    assertThat(layout).hasToString("a100-40gb [2g.10gb@0:2, 1g.5gb@2:1, 1g.5gb@3:1, 3g.20gb@4:4]");
  }

  @Test
  void build_withStarts_keepsThem_andFillsTheRest() {
    var layout =
        MigLayout.on(A100).addAt("1g.5gb", 5).add("2g.10gb", 2).add("1g.5gb", 1).build();

    assertThat(layout).hasToString("a100-40gb [2g.10gb@0:2, 2g.10gb@2:2, 1g.5gb@4:1, 1g.5gb@5:1]");
    assertThat(layout.devices())
        .isEqualTo(Map.of(MigProfile.parse("1g.5gb"), 2, MigProfile.parse("2g.10gb"), 2));
  }

  @Test
  void toString_ofWhatDoesNotFit_isItsMessages() {
    PlacementResult rejected = MigLayout.on(gpu("l40s")).place();

    assertThat(rejected)
        .hasToString("l40s: rejected %s".formatted(messages(rejected)))
        .asString()
        .endsWith(" has no MIG; share it by time-slicing or MPS instead]");
  }

  @Test
  void build_noDevices_isMigModeWithoutInstances() {
    var layout = MigLayout.on(A100).build();

    assertThat(layout).hasToString("a100-40gb []");
    assertThat(layout.confidence()).isEqualTo(Confidence.MIG_USER_GUIDE);
    assertThat(layout.uncheckedBudgets()).isEmpty();
  }

  @Test
  void build_computeInstances_shareGpuInstances() {
    var layout = MigLayout.on(H100).add("1c.3g.40gb", 5).build();

    assertThat(layout).hasToString("h100-sxm-80gb [3g.40gb@0:4, 3g.40gb@4:4]");
    assertThat(layout.devices()).isEqualTo(Map.of(MigProfile.parse("1c.3g.40gb"), 5));
  }

  @Test
  void place_budgetOfMemorySlices_namesEveryShare() {
    var result = MigLayout.on(H100).add("3g.40gb", 2).add("1g.10gb", 1).place();

    assertThat(messages(result))
        .containsExactly(
            "h100-sxm-80gb has 8 memory slices, but the request takes 9 (1g.10gb: 1, 3g.40gb: 8)",
            "h100-sxm-80gb has 81152 MiB of memory, but the request takes 90880 (1g.10gb: 9984,"
                + " 3g.40gb: 80896)",
            "h100-sxm-80gb has 132 SMs, but the request takes 136 (1g.10gb: 16, 3g.40gb: 120)");
    assertThat(codes(result)).containsOnly("budget-exceeded");
    assertThat(result.confidence()).isEqualTo(Confidence.HARDWARE);
  }

  @Test
  void place_manyFaults_reportsEveryOne() {
    var result = MigLayout.on(A100)
        .add("1g.10gb+me", 1)
        .add("4g.20gb", 2)
        .addAt("3g.20gb", 2)
        .addAt("2g.10gb", 0)
        .addAt("1g.5gb", 1)
        .place();

    assertThat(messages(result))
        .containsExactly(
            "a100-40gb has no profile 1g.10gb+me (did you mean 1g.5gb+me?); it has 1g.5gb,"
                + " 1g.5gb+me, 1g.10gb, 2g.10gb, 3g.20gb, 4g.20gb, 7g.40gb",
            "a100-40gb holds at most 1 of 4g.20gb, but the request takes 2",
            "a100-40gb has 7 compute slices, but the request takes 14 (1g.5gb: 1, 2g.10gb: 2,"
                + " 3g.20gb: 3, 4g.20gb: 8)",
            "a100-40gb has 8 memory slices, but the request takes 15 (1g.5gb: 1, 2g.10gb: 2,"
                + " 3g.20gb: 4, 4g.20gb: 8)",
            "a100-40gb has 40192 MiB of memory, but the request takes 74624 (1g.5gb: 4864,"
                + " 2g.10gb: 9856, 3g.20gb: 19968, 4g.20gb: 39936)",
            "a100-40gb has 98 SMs, but the request takes 196 (1g.5gb: 14, 2g.10gb: 28, 3g.20gb:"
                + " 42, 4g.20gb: 112)",
            "a100-40gb has 7 copy engines, but the request takes 14 (1g.5gb: 1, 2g.10gb: 2,"
                + " 3g.20gb: 3, 4g.20gb: 8)",
            "a100-40gb has 5 decoders, but the request takes 7 (2g.10gb: 1, 3g.20gb: 2, 4g.20gb:"
                + " 4)",
            "a100-40gb: 3g.20gb cannot start at memory slice 2, only at 0 or 4",
            "a100-40gb: 2g.10gb@0:2 and 1g.5gb@1:1 overlap from memory slice 1 to 1");
    assertThat(codes(result))
        .containsExactly(
            "unknown-profile",
            "too-many-instances",
            "budget-exceeded",
            "budget-exceeded",
            "budget-exceeded",
            "budget-exceeded",
            "budget-exceeded",
            "budget-exceeded",
            "start-not-allowed",
            "overlap");
  }

  @Test
  void place_4gBesideA3gInItsPlace_hasNoArrangement() {
    var result = MigLayout.on(H100).addAt("3g.40gb", 0).add("4g.40gb", 1).place();

    assertThat(messages(result))
        .containsExactly("h100-sxm-80gb has no free arrangement for {4g.40gb=1} beside"
            + " [3g.40gb@0:4]: 4g.40gb covers 4 from 0 on 8 memory slices");
    assertThat(codes(result)).containsExactly("no-arrangement");
  }

  @Test
  void place_overlappingStarts_namesTheEarlierFirst() {
    var result = MigLayout.on(H100).addAt("1g.10gb", 5).addAt("3g.40gb", 4).place();

    assertThat(messages(result))
        .containsExactly(
            "h100-sxm-80gb: 3g.40gb@4:4 and 1g.10gb@5:1 overlap from memory slice 5 to 5");
  }

  @Test
  void place_oldName_isAnsweredWithTodaysName() {
    assertThat(messages(MigLayout.on(gpu("a100-80gb")).add("7g.79gb", 1).place()))
        .containsExactly("a100-80gb has no profile 7g.79gb, which is an old name of 7g.80gb; it has"
            + " 1g.10gb, 1g.10gb+me, 1g.20gb, 2g.20gb, 3g.40gb, 4g.40gb, 7g.80gb");
  }

  @Test
  void place_profileOfNothing_listsWhatThereIs() {
    assertThat(messages(MigLayout.on(gpu("a30-24gb")).add("7g.80gb+gfx", 1).place()))
        .containsExactly("a30-24gb has no profile 7g.80gb+gfx; it has 1g.6gb, 1g.6gb+me, 2g.12gb,"
            + " 2g.12gb+me, 4g.24gb");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1c.2000000000g.1gb", "0c.0g.0gb", "2000000000c.3g.20gb", "0c.3g.20gb"})
  void place_absurdComputeInstance_isUnknown(String name) {
    var result = MigLayout.on(A100).add(name, Integer.MAX_VALUE).place();

    assertThat(codes(result)).containsExactly("unknown-profile");
  }

  @Test
  void place_hugeCounts_areRejectedWithoutEffort() {
    var result = MigLayout.on(A100)
        .add("1g.5gb", Integer.MAX_VALUE)
        .add("1g.5gb", Integer.MAX_VALUE)
        .add("1c.3g.20gb", Integer.MAX_VALUE)
        .place();

    assertThat(messages(result))
        .contains(
            "a100-40gb holds at most 7 of 1g.5gb, but the request takes 2147483647",
            "a100-40gb holds at most 2 of 3g.20gb, but the request takes 715827883",
            "a100-40gb has 8 memory slices, but the request takes 5010795179 (1g.5gb: 2147483647,"
                + " 3g.20gb: 2863311532)");
  }

  @Test
  void place_gpuWithoutMig_namesTheAlternative() {
    var result = MigLayout.on(gpu("l40s")).add("1g.5gb", 1).place();

    assertThat(messages(result))
        .containsExactly("l40s (Ada Lovelace) has no MIG; share it by time-slicing or MPS instead");
    assertThat(codes(result)).containsExactly("mig-not-supported");
    assertThat(result.confidence()).isEqualTo(Confidence.MIG_USER_GUIDE);
    assertThat(MigLayout.on(gpu("l40s")).place()).isInstanceOf(Rejected.class);
  }

  @Test
  void place_modelWithoutPlacements_isUndetermined() {
    var result = MigLayout.on(gpu("rtx-pro-5000-blackwell-48gb"))
        .add("1g.24gb", 1)
        .add("1g.24gb-me", 1)
        .place();

    assertThat(((Undetermined) result).message())
        .isEqualTo("where 1g.24gb, 1g.24gb-me may start on rtx-pro-5000-blackwell-48gb is not"
            + " known; counts and budgets allow the request. Read the placements with 'nvidia-smi"
            + " mig -lgipp' on such a GPU");
    assertThat(result.confidence()).isEqualTo(Confidence.UNKNOWN);
    assertThatThrownBy(result::orElseThrow)
        .isInstanceOf(InvalidLayoutException.class)
        .hasMessage("No layout for rtx-pro-5000-blackwell-48gb: where 1g.24gb, 1g.24gb-me may start"
            + " on rtx-pro-5000-blackwell-48gb is not known; counts and budgets allow the request."
            + " Read the placements with 'nvidia-smi mig -lgipp' on such a GPU")
        .satisfies(e -> assertThat(((InvalidLayoutException) e).violations()).isEmpty());
  }

  @Test
  void place_modelWithoutPlacements_stillRejectsWhatIsKnownToBeWrong() {
    assertThat(messages(
            MigLayout.on(gpu("rtx-pro-4500-blackwell-32gb")).add("2g.32gb", 2).place()))
        .containsExactly(
            "rtx-pro-4500-blackwell-32gb holds at most 1 of 2g.32gb, but the request takes 2",
            "rtx-pro-4500-blackwell-32gb has 2 compute slices, but the request takes 4 (2g.32gb:"
                + " 4)",
            "rtx-pro-4500-blackwell-32gb has 2 copy engines, but the request takes 4 (2g.32gb: 4)",
            "rtx-pro-4500-blackwell-32gb has 3 decoders, but the request takes 6 (2g.32gb: 6)",
            "rtx-pro-4500-blackwell-32gb has 3 encoders, but the request takes 6 (2g.32gb: 6)",
            "rtx-pro-4500-blackwell-32gb has 2 JPEG engines, but the request takes 4 (2g.32gb: 4)",
            "rtx-pro-4500-blackwell-32gb has 1 OFA engines, but the request takes 2 (2g.32gb: 2)");
    assertThat(messages(MigLayout.on(gpu("rtx-pro-5000-blackwell-48gb"))
            .add("1g.24gb+me.all", 1)
            .add("1g.24gb", 1)
            .place()))
        .containsExactly(
            "rtx-pro-5000-blackwell-48gb has 3 decoders, but the request takes 4"
                + " (1g.24gb: 1, 1g.24gb+me.all: 3)",
            "rtx-pro-5000-blackwell-48gb has 3 encoders, but the request takes 4 (1g.24gb: 1,"
                + " 1g.24gb+me.all: 3)");
  }

  @Test
  void place_meAllBesideAPlainProfile_exceedsTheMediaEngines_butNotBesideOneWithoutMedia() {
    var rtx = gpu("rtx-pro-6000-blackwell-96gb");

    var beside = MigLayout.on(rtx).add("1g.24gb+me.all", 1).add("1g.24gb", 1).place();
    var without =
        MigLayout.on(rtx).add("1g.24gb+me.all", 1).add("1g.24gb-me", 3).place();

    assertThat(codes(beside)).containsOnly("budget-exceeded");
    assertThat(without).isInstanceOf(Placed.class);
  }

  @Test
  void build_whatDoesNotFit_throwsEveryReason() {
    assertThatThrownBy(
            () -> MigLayout.on(H100).add("7g.80gb", 1).add("1g.10gb", 1).build())
        .isInstanceOf(InvalidLayoutException.class)
        .hasMessage("No layout for h100-sxm-80gb: h100-sxm-80gb has 7 compute slices, but the"
            + " request takes 8 (1g.10gb: 1, 7g.80gb: 7); h100-sxm-80gb has 8 memory slices, but"
            + " the request takes 9 (1g.10gb: 1, 7g.80gb: 8); h100-sxm-80gb has 81152 MiB of"
            + " memory, but the request takes 91136 (1g.10gb: 9984, 7g.80gb: 81152); h100-sxm-80gb"
            + " has 132 SMs, but the request takes 148 (1g.10gb: 16, 7g.80gb: 132); h100-sxm-80gb"
            + " has 8 copy engines, but the request takes 9 (1g.10gb: 1, 7g.80gb: 8);"
            + " h100-sxm-80gb has 7 decoders, but the request takes 8 (1g.10gb: 1, 7g.80gb: 7);"
            + " h100-sxm-80gb has 7 JPEG engines, but the request takes 8 (1g.10gb: 1, 7g.80gb:"
            + " 7)")
        .satisfies(e -> assertThat(((InvalidLayoutException) e).violations()).hasSize(7));
  }

  @Test
  void builder_misuse_isRefused() {
    var builder = MigLayout.on(A100);

    assertThatThrownBy(() -> builder.add("1g.5gb", 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The count of 1g.5gb must be at least 1, but was 0");
    assertThatThrownBy(() -> MigLayout.place(A100, Map.of(MigProfile.parse("1g.5gb"), -1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The count of 1g.5gb must be at least 1, but was -1");
    assertThatThrownBy(() -> builder.addAt("1c.3g.20gb", 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Only whole GPU instances have a start, but 1c.3g.20gb shares one; use add");
    assertThatThrownBy(() -> new Rejected(A100, List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A rejection needs at least one violation");
  }

  @Test
  void addAt_negativeStart_isNotAllowed() {
    assertThat(messages(MigLayout.on(A100).addAt("7g.40gb", -1).place()))
        .containsExactly("a100-40gb: 7g.40gb cannot start at memory slice -1, only at 0");
    assertThat(messages(MigLayout.on(A100).addAt("2g.10gb", 6).place()))
        .containsExactly("a100-40gb: 2g.10gb cannot start at memory slice 6, only at 0, 2 or 4");
  }

  @Test
  void confidence_isThatOfTheLeastSureFact() {
    assertThat(MigLayout.on(H100).add("1g.10gb", 1).build().confidence())
        .isEqualTo(Confidence.HARDWARE);
    assertThat(MigLayout.on(B200).add("1g.23gb", 1).place().confidence())
        .isEqualTo(Confidence.PUBLISHED_SMI);
    assertThat(MigLayout.on(gpu("b300-269gb")).add("1g.34gb", 1).build().confidence())
        .isEqualTo(Confidence.INFERRED);
  }

  @Test
  void uncheckedBudgets_areThoseWithoutFigures() {
    assertThat(MigLayout.on(H100).add("1g.10gb", 1).build().uncheckedBudgets()).isEmpty();
    assertThat(MigLayout.on(gpu("gb200-186gb")).add("1g.23gb", 1).build().uncheckedBudgets())
        .containsExactly(
            Budget.MEMORY_MIB,
            Budget.SMS,
            Budget.COPY_ENGINES,
            Budget.DECODERS,
            Budget.ENCODERS,
            Budget.JPEG_ENGINES,
            Budget.OFA_ENGINES);
    assertThat(MigLayout.on(gpu("jetson-thor")).add("1g.0gb", 1).build().uncheckedBudgets())
        .containsExactly(Budget.MEMORY_MIB, Budget.SMS);
  }

  @Test
  void place_gpuOfTheCallersOwn_worksWithoutBudgets() {
    var own = GpuModel.builder()
        .id("own")
        .architecture("Next")
        .computeSlices(2)
        .addProfiles(GpuInstanceProfile.builder()
            .profile(MigProfile.parse("1g.8gb"))
            .maxInstances(2)
            .size(3)
            .addStarts(0, 2)
            .build())
        .build();

    assertThat(MigLayout.on(own).add("1g.8gb", 1).build().confidence())
        .isEqualTo(Confidence.CALLER);
    assertThat(messages(MigLayout.on(own).add("1g.8gb", 2).place()))
        .containsExactly(
            "own has no free arrangement for {1g.8gb=2}: 1g.8gb covers 3 from 0 or 2 on 24 memory"
                + " slices");
  }

  @Test
  void equals_comparesModelPlacementsAndDevices() {
    var a = MigLayout.on(A100).addAt("1g.5gb", 0).build();

    assertThat(a).isEqualTo(MigLayout.on(A100).add("1g.5gb", 1).build());
    assertThat(a).hasSameHashCodeAs(MigLayout.on(A100).add("1g.5gb", 1).build());
    assertThat(a).isNotEqualTo(MigLayout.on(A100).addAt("1g.5gb", 1).build());
    assertThat(a).isNotEqualTo("a");
    assertThat(MigLayout.on(H100).add("1c.3g.40gb", 2).build())
        .isNotEqualTo(MigLayout.on(H100).add("1c.3g.40gb", 3).build());
    assertThat(MigLayout.on(H100).build()).isNotEqualTo(MigLayout.on(A100).build());
  }

  @Test
  void placement_outOfRange_isRefused() {
    var profile = MigProfile.parse("1g.5gb");

    assertThatThrownBy(() -> new Placement(profile, -1, 1))
        .hasMessage("A placement starts at 0 or above and has a size of at least 1, but was"
            + " 1g.5gb@-1:1");
    assertThatThrownBy(() -> new Placement(profile, 0, 0))
        .hasMessage(
            "A placement starts at 0 or above and has a size of at least 1, but was 1g.5gb@0:0");
  }

  private static GpuModel gpu(String id) {
    return GpuCatalog.bundled().require(id);
  }

  private static List<String> messages(PlacementResult result) {
    return ((Rejected) result).violations().stream().map(Violation::message).toList();
  }

  private static List<String> codes(PlacementResult result) {
    return ((Rejected) result).violations().stream().map(Violation::code).toList();
  }
}
