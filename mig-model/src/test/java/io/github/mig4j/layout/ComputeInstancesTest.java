package io.github.mig4j.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.MigProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ComputeInstancesTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1g.10gb | [1g.10gb]",
        "2g.20gb | [1c.2g.20gb, 2g.20gb]",
        "3g.40gb | [1c.3g.40gb, 2c.3g.40gb, 3g.40gb]",
        "4g.40gb | [1c.4g.40gb, 2c.4g.40gb, 4g.40gb]",
        "7g.80gb | [1c.7g.80gb, 2c.7g.80gb, 3c.7g.80gb, 4c.7g.80gb, 7g.80gb]",
        "1g.10gb+me | [1g.10gb+me]",
      })
  void computeInstances_areThoseThatNvidiaSmiLists(String profile, String computeInstances) {
    var offered = GpuCatalog.bundled()
        .require("h100-sxm-80gb")
        .profile(MigProfile.parse(profile))
        .orElseThrow();

    assertThat(offered.computeInstances()).hasToString(computeInstances);
  }

  @ParameterizedTest
  @ValueSource(strings = {"3c.4g.40gb", "5c.7g.80gb", "6c.7g.80gb", "2c.1g.10gb", "8c.7g.80gb"})
  void computeInstances_ofOtherSizes_doNotExist(String name) {
    assertThat(GpuCatalog.bundled().require("h100-sxm-80gb").profile(MigProfile.parse(name)))
        .isEmpty();
  }

  /**
   * The algorithm of mig-parted: every order of the devices, and a new GPU instance when one is
   * full.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void gpuInstances_areAsFewAsTheBestOrderNeeds_forEveryRequestOfUpToEightDevices(int slices) {
    int[] sizes = GpuInstanceProfile.builder()
        .profile(new MigProfile(slices, slices, 10, ""))
        .maxInstances(1)
        .build()
        .computeInstances()
        .stream()
        .mapToInt(MigProfile::computeSlices)
        .toArray();
    forEveryRequest(sizes, 0, 8, new ArrayList<>(), devices -> {
      SortedMap<MigProfile, Integer> request = new TreeMap<>();
      devices.forEach(c -> request.merge(new MigProfile(c, slices, 10, ""), 1, Integer::sum));
      int best = bestOrder(devices, slices);

      int packed = ComputeInstances.gpuInstances(request)
          .getOrDefault(new MigProfile(slices, slices, 10, ""), 0);

      assertThat(packed).as("%s in %dg", devices, slices).isEqualTo(best);
    });
  }

  @Test
  void gpuInstances_oftwoProfiles_areNotMixed() {
    var request = new TreeMap<>(Map.of(
        MigProfile.parse("1c.3g.40gb"), 4,
        MigProfile.parse("3g.40gb"), 1,
        MigProfile.parse("1c.2g.20gb"), 1,
        MigProfile.parse("1g.10gb"), 3));

    assertThat(ComputeInstances.gpuInstances(request))
        .hasToString("{1g.10gb=3, 2g.20gb=1, 3g.40gb=3}");
  }

  @Test
  void gpuInstances_beyondAnyGpu_areALowerBound() {
    var request = new TreeMap<>(Map.of(MigProfile.parse("3c.7g.80gb"), 70));

    assertThat(ComputeInstances.gpuInstances(request)).hasToString("{7g.80gb=30}");
  }

  @Test
  void gpuInstances_beyondAnyGpu_ofMoreThanHalfOfOne_areOneForEach() {
    var request =
        new TreeMap<>(Map.of(MigProfile.parse("2c.3g.40gb"), 3, MigProfile.parse("3g.40gb"), 28));

    assertThat(ComputeInstances.gpuInstances(request)).hasToString("{3g.40gb=31}");
    request.put(MigProfile.parse("2c.3g.40gb"), Integer.MAX_VALUE);
    assertThat(ComputeInstances.gpuInstances(request)).hasToString("{3g.40gb=2147483647}");
  }

  @Test
  void gpuInstances_attributesMatter() {
    var request = new TreeMap<>(
        Map.of(MigProfile.parse("1c.2g.12gb"), 1, MigProfile.parse("1c.2g.12gb+me"), 1));

    assertThat(ComputeInstances.gpuInstances(request)).hasToString("{2g.12gb=1, 2g.12gb+me=1}");
  }

  @Test
  void layout_withComputeInstances_fromItsJson_isTheSame() throws JsonProcessingException {
    MigLayout layout = MigLayout.on(GpuCatalog.bundled().require("h100-sxm-80gb"))
        .add("1c.3g.40gb", 2)
        .add("3g.40gb", 1)
        .build();

    String json = new ObjectMapper().writeValueAsString(layout);

    MigLayout read = new ObjectMapper().readValue(json, MigLayout.class);
    assertThat(read).isEqualTo(layout);
    assertThat(read.devices()).hasToString("{1c.3g.40gb=2, 3g.40gb=1}");
  }

  @Test
  void layout_inJson_whoseDevicesHaveOtherPlacements_isRefused() {
    Map<String, Object> json = Map.of(
        "gpu", "h100-sxm-80gb",
        "placements", List.of(Map.of("profile", "3g.40gb", "start", 0)),
        "devices", Map.of("1c.3g.40gb", 4));

    assertThatThrownBy(() -> MigLayout.ofJson(json))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Not a layout: the devices {1c.3g.40gb=4} do not have the placements"
            + " [3g.40gb@0:4]");
  }

  private static void forEveryRequest(
      int[] sizes,
      int from,
      int devices,
      List<Integer> chosen,
      java.util.function.Consumer<List<Integer>> check) {
    check.accept(chosen);
    if (chosen.size() == devices) {
      return;
    }
    for (int i = from; i < sizes.length; i++) {
      chosen.add(sizes[i]);
      forEveryRequest(sizes, i, devices, chosen, check);
      chosen.remove(chosen.size() - 1);
    }
  }

  private static int bestOrder(List<Integer> devices, int room) {
    return devices.isEmpty() ? 0 : bestOrder(new ArrayList<>(devices), room, 0, 0);
  }

  private static int bestOrder(List<Integer> left, int room, int free, int opened) {
    if (left.isEmpty()) {
      return opened;
    }
    int best = Integer.MAX_VALUE;
    for (int i = 0; i < left.size(); i++) {
      if (left.indexOf(left.get(i)) == i) {
        int device = left.remove(i);
        best = Math.min(
            best,
            device <= free
                ? bestOrder(left, room, free - device, opened)
                : bestOrder(left, room, room - device, opened + 1));
        left.add(i, device);
      }
    }
    return best;
  }
}
