package io.github.mig4j.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ProfileNeedTest {

  private static final ProfileNeed ANY = ProfileNeed.anything();
  private static final GpuModel A100 = gpu("a100-40gb");
  private static final GpuModel H100 = gpu("h100-sxm-80gb");
  private static final GpuModel RTX = gpu("rtx-pro-6000-blackwell-96gb");

  @Test
  void smallestOn_noNeed_isTheSmallestPlainProfile() {
    assertThat(smallest(ANY, A100)).isEqualTo("1g.5gb");
    assertThat(smallest(ANY, RTX)).isEqualTo("1g.24gb");
    assertThat(names(ANY.allOn(A100)))
        .containsExactly(
            "1g.5gb", "1g.5gb+me", "1g.10gb", "2g.10gb", "3g.20gb", "4g.20gb", "7g.40gb");
  }

  @Test
  void smallestOn_memory_countsWhatAProgramCanUse() {
    assertThat(smallest(ANY.memoryGib(4.75), A100)).isEqualTo("1g.5gb");
    assertThat(smallest(ANY.memoryGib(5), A100)).isEqualTo("1g.10gb");
    assertThat(smallest(ANY.memoryGib(10), A100)).isEqualTo("3g.20gb");
    assertThat(smallest(ANY.memoryGib(39.25), A100)).isEqualTo("7g.40gb");
    assertThat(ANY.memoryGib(40).smallestOn(A100)).isEmpty();
    assertThat(ANY.memoryGib(40).undeterminedOn(A100)).isEmpty();
  }

  @Test
  void smallestOn_computeAndEngines_areMet() {
    assertThat(smallest(ANY.sms(14), A100)).isEqualTo("1g.5gb");
    assertThat(smallest(ANY.sms(15), A100)).isEqualTo("2g.10gb");
    assertThat(smallest(ANY.sms(27), H100)).isEqualTo("2g.20gb");
    assertThat(smallest(ANY.sms(26), H100)).isEqualTo("1g.20gb");
    assertThat(smallest(ANY.decoders(1), A100)).isEqualTo("1g.5gb+me");
    assertThat(smallest(ANY.decoders(0), A100)).isEqualTo("1g.5gb");
    assertThat(smallest(ANY.decoders(3), A100)).isEqualTo("7g.40gb");
    assertThat(smallest(ANY.decoders(1).memoryGib(6), A100)).isEqualTo("1g.10gb");
    assertThat(smallest(ANY.atLeast(Budget.COMPUTE_SLICES, 3), H100)).isEqualTo("3g.40gb");
    assertThat(smallest(ANY.atLeast(Budget.MEMORY_SLICES, 2), H100)).isEqualTo("1g.20gb");
  }

  @Test
  void smallestOn_media_isRequiredOrExcluded() {
    assertThat(smallest(ANY.withMedia(), A100)).isEqualTo("1g.5gb+me");
    assertThat(smallest(ANY.withoutMedia(), A100)).isEqualTo("1g.5gb");
    assertThat(names(ANY.withoutMedia().allOn(A100))).containsExactly("1g.5gb");
    assertThat(smallest(ANY.withMedia().memoryGib(30), A100)).isEqualTo("7g.40gb");
    assertThat(smallest(ANY.withoutMedia(), RTX)).isEqualTo("1g.24gb-me");
    assertThat(smallest(ANY.withMedia(), RTX)).isEqualTo("1g.24gb+me");
    assertThat(ANY.withoutMedia().smallestOn(H100)).isEmpty();
    assertThat(smallest(ANY.withMedia().withGraphics(), RTX)).isEqualTo("4g.96gb+gfx");
  }

  @Test
  void smallestOn_graphics_isRequiredOrExcluded() {
    assertThat(smallest(ANY.withGraphics(), RTX)).isEqualTo("1g.24gb+gfx");
    assertThat(names(ANY.withoutGraphics().memoryGib(90).allOn(RTX))).containsExactly("4g.96gb");
    assertThat(ANY.withGraphics().smallestOn(A100)).isEmpty();
  }

  @Test
  void undeterminedOn_modelsWithoutNumbers_listsPossibleProfiles() {
    var b300 = gpu("b300-269gb");

    assertThat(ANY.memoryGib(60).smallestOn(b300)).isEmpty();
    assertThat(names(ANY.memoryGib(60).undeterminedOn(b300)))
        .containsExactly("1g.67gb", "2g.67gb", "3g.135gb", "4g.135gb", "7g.269gb");
    assertThat(names(ANY.sms(1).undeterminedOn(b300))).doesNotContain("1g.34gb").hasSize(6);
    assertThat(smallest(ANY.sms(0), b300)).isEqualTo("1g.34gb");
    assertThat(smallest(ANY.withMedia(), b300)).isEqualTo("1g.34gb+me");
    assertThat(names(ANY.withMedia().undeterminedOn(b300))).hasSize(6);
    assertThat(names(ANY.withoutMedia().undeterminedOn(b300)))
        .doesNotContain("1g.34gb+me")
        .hasSize(6);
    assertThat(names(ANY.memoryGib(1).undeterminedOn(gpu("jetson-thor")))).hasSize(7);
  }

  @Test
  void smallestOn_gpuWithoutMig_isEmpty() {
    assertThat(ANY.smallestOn(gpu("l40s"))).isEmpty();
  }

  @Test
  void negativeNeeds_areRefused() {
    assertThatThrownBy(() -> ANY.memoryGib(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("memoryGib must be a number from 0, but was -1.0");
    assertThatThrownBy(() -> ANY.memoryGib(Double.NaN))
        .hasMessage("memoryGib must be a number from 0, but was NaN");
    assertThatThrownBy(() -> ANY.memoryGib(Double.POSITIVE_INFINITY))
        .hasMessage("memoryGib must be a number from 0, but was Infinity");
    assertThatThrownBy(() -> ANY.sms(-1))
        .hasMessage("The need must not be negative, but was -1 SMs");
  }

  @Test
  void toString_saysWhatIsNeeded() {
    assertThat(ANY).hasToString("any profile");
    assertThat(ANY.memoryGib(20).decoders(1).sms(30).withMedia().withoutGraphics())
        .hasToString("any profile with memory >= 20.0 GiB, SMs >= 30, decoders >= 1,"
            + " media engines, no graphics");
    assertThat(ANY.withoutMedia().withGraphics())
        .hasToString("any profile with no media engines, graphics");
  }

  /** A name can exclude a profile, because its memory is never below the usable memory. */
  @Test
  void names_areNeverBelowTheMemory() {
    for (GpuModel model : GpuCatalog.bundled().models()) {
      for (GpuInstanceProfile p : model.profiles()) {
        p.amount(Budget.MEMORY_MIB)
            .ifPresent(
                mib -> assertThat(p.profile().memoryGb() * 1024).isGreaterThanOrEqualTo(mib));
      }
    }
  }

  private static String smallest(ProfileNeed need, GpuModel gpu) {
    return need.smallestOn(gpu).orElseThrow().profile().toString();
  }

  private static List<String> names(List<GpuInstanceProfile> profiles) {
    return profiles.stream().map(p -> p.profile().toString()).toList();
  }

  private static GpuModel gpu(String id) {
    return GpuCatalog.bundled().require(id);
  }
}
