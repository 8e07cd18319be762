package io.github.mig4j.sharing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.InvalidFileException;
import io.github.mig4j.sharing.DevicePluginFlags.DeviceIdStrategy;
import io.github.mig4j.sharing.DevicePluginFlags.DeviceListStrategy;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DevicePluginConfigTest {

  @Test
  void toYaml_isCanonical() {
    var config = DevicePluginConfig.builder()
        .flags(DevicePluginFlags.builder()
            .migStrategy(MigStrategy.MIXED)
            .failOnInitError(false)
            .nvidiaDriverRoot("/run/nvidia/driver")
            .addDeviceListStrategy(DeviceListStrategy.ENVVAR, DeviceListStrategy.CDI_CRI)
            .deviceIdStrategy(DeviceIdStrategy.INDEX)
            .sleepInterval("30s")
            .build())
        .sharing(GpuSharing.builder()
            .kind(SharingKind.TIME_SLICING)
            .renameByDefault(true)
            .failRequestsGreaterThanOne(true)
            .addResources(SharedResource.gpu(4))
            .addResources(SharedResource.mig(MigProfile.parse("1g.10gb+me"), 2))
            .build())
        .imexChannel(ImexChannel.REQUIRED)
        .build();

    assertThat(config.toYaml()).isEqualTo("""
        version: v1
        flags:
          migStrategy: mixed
          failOnInitError: false
          nvidiaDriverRoot: "/run/nvidia/driver"
          plugin:
            deviceListStrategy: [envvar, cdi-cri]
            deviceIDStrategy: index
          gfd:
            sleepInterval: 30s
        sharing:
          timeSlicing:
            renameByDefault: true
            failRequestsGreaterThanOne: true
            resources:
              - name: nvidia.com/gpu
                replicas: 4
              - name: nvidia.com/mig-1g.10gb.me
                replicas: 2
        imex:
          channelIDs: [0]
          required: true
        """);
  }

  @Test
  void toYaml_withoutSharing_hasNoSuchSection() {
    assertThat(DevicePluginConfig.unshared().toYaml()).isEqualTo("version: v1\n");
  }

  @Test
  void failRequestsGreaterThanOne_hasADefaultForEachKind() {
    assertThat(GpuSharing.timeSlicing(4).failRequestsGreaterThanOne()).isFalse();
    assertThat(GpuSharing.mps(4).failRequestsGreaterThanOne()).isTrue();
  }

  @Test
  void parse_whatThePluginRefuses_throwsWithEveryErrorAndItsLocation() {
    assertThatThrownBy(() -> DevicePluginConfig.parse("""
        version: v1
        sharing:
          timeSlicing:
            resources:
            - name: nvidia.com/gpu
              replicas: 1
            - replicas: 2
        """))
        .isInstanceOf(InvalidFileException.class)
        .hasMessage("Not a device plugin configuration: 6:17: nvidia.com/gpu has"
            + " replicas: 1, but the device plugin requires at least 2; for no sharing remove the"
            + " entry, or the whole section if it is the only one; 7:7: An entry of"
            + " resources has no name; add e.g. 'name: nvidia.com/gpu'");
  }

  @Test
  void sharedResource_thatThePluginWouldRefuse_cannotBeBuilt() {
    assertThatThrownBy(() -> SharedResource.gpu(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "The replicas of nvidia.com/gpu must be at least 2, but were 1; leave it out for"
                + " no sharing");
    assertThatThrownBy(() -> new SharedResource("gpu", 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Not a resource name: 'gpu'. Expected nvidia.com/ and lower-case letters, digits,"
                + " '-' and '.', at most 63 characters in all, e.g. 'nvidia.com/gpu'");
    assertThatThrownBy(() -> SharedResource.mig(MigProfile.parse("1c.3g.20gb"), 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The device plugin offers no resource for 1c.3g.20gb; share 3g.20gb instead");
  }

  @Test
  void mps_forMigDevices_forTooMany_orUnderMixed_cannotBeMade() {
    assertThatThrownBy(() -> GpuSharing.mps(49))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "The MPS daemon serves at most 48 clients of a GPU, but the replicas of nvidia.com/gpu were"
                + " 49; use fewer");
    assertThatThrownBy(() -> GpuSharing.builder()
            .kind(SharingKind.MPS)
            .addResources(SharedResource.mig(MigProfile.parse("1g.10gb"), 2))
            .build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("MPS cannot share MIG devices, but nvidia.com/mig-1g.10gb is one; use"
            + " time-slicing");
    assertThatThrownBy(() -> DevicePluginConfig.builder()
            .sharing(GpuSharing.mps(4))
            .flags(DevicePluginFlags.builder().migStrategy(MigStrategy.MIXED).build())
            .build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The device plugin refuses MPS with migStrategy mixed; use time-slicing, or"
            + " another strategy");
  }

  @Test
  void sharing_ofNothing_cannotBeMade() {
    assertThatThrownBy(() -> GpuSharing.builder().kind(SharingKind.MPS).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Sharing needs at least one resource, but had none; leave the sharing out for"
            + " none");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "l40s-shared",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      })
  void contentName_isALabelValue_thatChangesWithTheContent(String base) {
    var four = DevicePluginConfig.of(GpuSharing.timeSlicing(4));
    var five = DevicePluginConfig.of(GpuSharing.timeSlicing(5));

    assertThat(four.contentName(base))
        .hasSizeLessThanOrEqualTo(63)
        .endsWith("-" + four.contentHash())
        .isNotEqualTo(five.contentName(base));
  }

  @Test
  void contentHash_ofAPublishedName_neverChanges() {
    assertThat(DevicePluginConfig.of(GpuSharing.timeSlicing(4)).contentName("l40s"))
        .isEqualTo("l40s-4d69c904");
  }

  @Test
  void contentName_ofNoLabelValue_isRefused() {
    assertThatThrownBy(() -> DevicePluginConfig.unshared().contentName("-x"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Config name '-x' is no label value, so no node can request it; use 1 to 63"
            + " letters, digits, '.', '_' and '-', beginning and ending with a letter or digit");
  }

  /** For every profile of every known GPU. */
  @Test
  void resourceName_andProfile_areInverse() {
    Stream<MigProfile> profiles = GpuCatalog.bundled().models().stream()
        .flatMap(model -> model.profiles().stream())
        .flatMap(profile -> profile.computeInstances().stream());

    assertThat(profiles).isNotEmpty().allSatisfy(profile -> {
      String name = profile.resourceName();
      assertThat(ResourceName.profile(name))
          .isEqualTo(Optional.of(profile).filter(MigProfile::isWholeGpuInstance));
      assertThat(ResourceName.meant("nvidia.com/MIG-" + profile.gpuInstance()))
          .contains(profile.gpuInstance().resourceName());
    });
  }

  @Test
  void everyFlag_isAKeyOfOneScope() {
    List<String> keys = Stream.of(KnownKeys.FLAGS, KnownKeys.PLUGIN, KnownKeys.GFD)
        .flatMap(scope -> scope.keys().stream())
        .filter(key -> !key.equals("plugin") && !key.equals("gfd"))
        .toList();
    assertThat(Flag.ALL)
        .extracting(Flag::key)
        .containsExactlyElementsOf(keys)
        .doesNotHaveDuplicates();
  }

  @Test
  void toYaml_ofUnknownKeysLongerThanASimpleKey_isReadBack() {
    String key = "k".repeat(1500);
    DevicePluginConfig config =
        DevicePluginConfig.parse("version: v1\n? %s\n: 7\nnew: {? %s : 8}\n".formatted(key, key));

    assertThat(DevicePluginConfig.parse(config.toYaml())).isEqualTo(config);
    assertThat(DevicePluginConfig.ofJson(config.toJson())).isEqualTo(config);
  }
}
