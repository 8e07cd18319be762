package io.github.mig4j.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MigProfileTest {

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "1g.5gb, 1, 1, 5, ''",
        "1c.3g.20gb, 1, 3, 20, ''",
        "1g.10gb+me, 1, 1, 10, +me",
        "1g.24gb+me.all, 1, 1, 24, +me.all",
        "1g.24gb-me, 1, 1, 24, -me",
        "\"2c.4g.40gb+me,gfx\", 2, 4, 40, \"+me,gfx\"",
        "3g.0gb+gfx, 3, 3, 0, +gfx",
        "0g.0gb, 0, 0, 0, ''",
        "9c.1g.5gb, 9, 1, 5, ''",
      })
  void parse_canonicalName_readsItsParts_andPrintsItBack(
      String name, int computeSlices, int gpuSlices, int memoryGb, String suffix) {
    var profile = MigProfile.parse(name);

    String attributes = suffix.equals("''") ? "" : suffix;
    assertThat(profile).isEqualTo(new MigProfile(computeSlices, gpuSlices, memoryGb, attributes));
    assertThat(profile).hasToString(name);
  }

  @ParameterizedTest
  @CsvSource({"2c.2g.10gb, 2g.10gb", "02g.010gb, 2g.10gb", "001c.3g.20gb, 1c.3g.20gb"})
  void parse_unusualSpelling_printsCanonically(String name, String canonical) {
    assertThat(MigProfile.parse(name)).hasToString(canonical);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1g",
        "g.5gb",
        "1g.gb",
        "-1g.5gb",
        "1.5g.5gb",
        "c.1g.5gb",
        "1g.5gb+",
        "1g.5gb-",
        "1g.5gb+me,",
        "1g.5gb+,me",
        "1g.5gb+me,me",
        "1g.5gb+me+gfx",
        "1g.5gb+me-gfx",
        "1g.5gb+1me",
        "1g.5gb+me.",
        "١g.5gb",
      })
  void parse_malformedName_showsTheForm(String name) {
    assertThatThrownBy(() -> MigProfile.parse(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Not a MIG profile: '" + name + "'. Expected"
            + " [<c>c.]<g>g.<gb>gb[+attribute|-attribute], e.g. '1g.5gb' or '1g.5gb+me'");
  }

  @ParameterizedTest
  @CsvSource({
    "3g40gb, 3g.40gb",
    "3g.40GB, 3g.40gb",
    "3G.40Gb, 3g.40gb",
    "' 3g. 40gb', 3g.40gb",
    "3g.40, 3g.40gb",
    "3g.40g, 3g.40gb",
    "3g-40gb, 3g.40gb",
    "1c3g.20gb, 1c.3g.20gb",
    "1g.5gb.me, 1g.5gb+me",
    "mig-1g.5gb, 1g.5gb",
    "MIG 1g.5gb+me, 1g.5gb+me",
    "all-1g.10gb.me, 1g.10gb+me",
    "nvidia.com/mig-1g.10gb.me.all, 1g.10gb+me.all",
    "nvidia.com/mig-1g.5gb.shared, 1g.5gb",
  })
  void parse_whatIsNearlyAProfile_isSuggested(String name, String meant) {
    assertThat(MigProfile.meant(name)).hasToString("Optional[%s]".formatted(meant));
    assertThatThrownBy(() -> MigProfile.parse(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Not a MIG profile: '%s'. Did you mean '%s'?".formatted(name, meant));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "3g.40gb", "1g.5gb+", "mig-", "all-balanced", "99999g.1gb"})
  void meant_ofAProfileOrOfAnythingElse_isEmpty(String name) {
    assertThat(MigProfile.meant(name)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"2147483648g.5gb", "1g.99999999999gb", "2147483648c.1g.5gb"})
  void parse_hugeNumber_namesTheLimit(String name) {
    assertThatThrownBy(() -> MigProfile.parse(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Not a MIG profile: '" + name + "' has a number above 2147483647. Expected"
            + " [<c>c.]<g>g.<gb>gb[+attribute|-attribute], e.g. '1g.5gb' or '1g.5gb+me'");
  }

  @Test
  void constructor_negativeNumber_isRefused() {
    assertThatThrownBy(() -> new MigProfile(-1, 1, 5, ""))
        .hasMessage("computeSlices must not be negative, but was -1");
    assertThatThrownBy(() -> new MigProfile(1, -2, 5, ""))
        .hasMessage("gpuSlices must not be negative, but was -2");
    assertThatThrownBy(() -> new MigProfile(1, 1, -5, ""))
        .hasMessage("memoryGb must not be negative, but was -5");
  }

  @ParameterizedTest
  @ValueSource(strings = {"me", "+", "++me", "+me,", "/me", " "})
  void constructor_badSuffix_isRefused(String suffix) {
    assertThatThrownBy(() -> new MigProfile(1, 1, 5, suffix))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Not a MIG profile suffix: '" + suffix
            + "'. Expected '', '+attribute' or '-attribute', e.g. '+me'");
  }

  @ParameterizedTest
  @CsvSource({
    "1g.10gb, nvidia.com/mig-1g.10gb",
    "1g.10gb+me, nvidia.com/mig-1g.10gb.me",
    "1g.24gb+me.all, nvidia.com/mig-1g.24gb.me.all",
    "4g.96gb+gfx, nvidia.com/mig-4g.96gb.gfx",
    "1g.24gb-me, nvidia.com/mig-1g.24gb-me",
  })
  void resourceName_isWhatTheDevicePluginRegisters(String name, String resource) {
    assertThat(MigProfile.parse(name).resourceName()).isEqualTo(resource);
    assertThat(MigProfile.ofResourceName(resource)).contains(MigProfile.parse(name));
  }

  @Test
  void ofResourceName_isTheInverse_forEveryProfileOfTheCatalogue() {
    assertThat(GpuCatalog.bundled().models())
        .flatExtracting(GpuModel::profiles)
        .flatExtracting(GpuInstanceProfile::computeInstances)
        .isNotEmpty()
        .allSatisfy(profile ->
            assertThat(MigProfile.ofResourceName(profile.resourceName())).contains(profile));
  }

  @ParameterizedTest
  @CsvSource({
    "nvidia.com/mig-1g.10gb.shared, 1g.10gb",
    "nvidia.com/mig-1g.10gb.me.shared, 1g.10gb+me",
    "nvidia.com/mig-1g.24gb-me.shared, 1g.24gb-me",
  })
  void ofResourceName_shared_isTheProfileItself(String resource, String profile) {
    assertThat(MigProfile.ofResourceName(resource)).contains(MigProfile.parse(profile));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nvidia.com/gpu",
        "nvidia.com/gpu.shared",
        "nvidia.com/mig-",
        "nvidia.com/mig-small",
        "nvidia.com/mig-02g.10gb",
        "nvidia.com/mig-1g.10gb+me",
        "amd.com/mig-1g.10gb",
        "nvidia.com/mig-99999999999g.10gb"
      })
  void ofResourceName_ofSomethingElse_isEmpty(String resource) {
    assertThat(MigProfile.ofResourceName(resource)).isEmpty();
  }

  @Test
  void gpuInstance_dropsTheComputePart() {
    var shared = MigProfile.parse("1c.3g.20gb+me");

    assertThat(shared.isWholeGpuInstance()).isFalse();
    assertThat(shared.gpuInstance()).hasToString("3g.20gb+me");
    assertThat(shared.gpuInstance().isWholeGpuInstance()).isTrue();
    assertThat(shared.gpuInstance().gpuInstance()).isEqualTo(shared.gpuInstance());
  }

  @Test
  void compareTo_ordersBySlicesThenMemoryThenSuffixThenComputeSlices() {
    var sorted = new TreeSet<MigProfile>();
    for (String name :
        List.of("7g.40gb", "10g.1gb", "1c.3g.20gb", "3g.20gb", "1g.5gb+me", "1g.10gb", "1g.5gb")) {
      sorted.add(MigProfile.parse(name));
    }

    assertThat(sorted)
        .extracting(MigProfile::toString)
        .containsExactly(
            "1g.5gb", "1g.5gb+me", "1g.10gb", "1c.3g.20gb", "3g.20gb", "7g.40gb", "10g.1gb");
  }

  @Property
  void parse_isTheInverseOfToString(@ForAll("profiles") MigProfile profile) {
    assertThat(MigProfile.parse(profile.toString())).isEqualTo(profile);
  }

  @Property
  void compareTo_isConsistentWithEquals(
      @ForAll("profiles") MigProfile a, @ForAll("profiles") MigProfile b) {
    assertThat(a.compareTo(b) == 0).isEqualTo(a.equals(b));
    assertThat(Integer.signum(a.compareTo(b))).isEqualTo(-Integer.signum(b.compareTo(a)));
  }

  @Provide
  Arbitrary<MigProfile> profiles() {
    Arbitrary<Integer> small = Arbitraries.integers().between(0, 8);
    Arbitrary<Integer> memory = Arbitraries.integers().greaterOrEqual(0);
    Arbitrary<String> suffix = Arbitraries.of("", "+me", "-me", "+me.all", "+gfx", "+me,gfx");
    return Combinators.combine(small, small, memory, suffix).as(MigProfile::new);
  }
}
