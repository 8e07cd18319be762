package io.github.mig4j.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.node.ComponentVersions.Component;
import io.github.mig4j.node.ComponentVersions.Rule;
import io.github.mig4j.node.ComponentVersions.Version;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ComponentVersionsTest {

  @ParameterizedTest
  @EnumSource
  void rule_hasARowOfTheTable(Rule rule) {
    assertThat(rule.component()).isEqualTo(Component.DEVICE_PLUGIN);
    assertThat(rule.from()).hasToString("v0.20.0");
    assertThat(rule.says()).isNotEmpty().doesNotEndWith(".");
    assertThat(rule.source()).contains("v0.20.0");
  }

  @Test
  void follow_fromTheVersionOn() {
    var unknown = ComponentVersions.unknown();

    assertThat(unknown.follow(Rule.FULL_PROFILE_NAMES)).isEmpty();
    assertThat(with("v0.19.3").follow(Rule.FULL_PROFILE_NAMES)).contains(false);
    assertThat(with("v0.20.0").follow(Rule.FULL_PROFILE_NAMES)).contains(true);
    assertThat(with("v1.0.0").follow(Rule.FULL_PROFILE_NAMES)).contains(true);
  }

  @ParameterizedTest
  @CsvSource({
    "v0.19.3, v0.19.3",
    "0.20.0, v0.20.0",
    "nvcr.io/nvidia/k8s-device-plugin:v0.17.4-ubi9, v0.17.4",
    "registry:5000/k8s-device-plugin:v0.20.0@sha256:ab12, v0.20.0"
  })
  void parse_aRelease(String text, String version) {
    assertThat(Version.parse(text)).map(Version::toString).contains(version);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "latest", "v0.20.0-rc.1", "v0.20", "sha256:0a1b", "v99999.0.0"})
  void parse_whatNamesNoRelease_isEmpty(String text) {
    assertThat(Version.parse(text)).isEmpty();
  }

  @Test
  void version_negative_isRefused() {
    assertThatThrownBy(() -> new Version(0, -1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The numbers of a version must not be negative, but were 0.-1.0");
  }

  private static ComponentVersions with(String version) {
    return ComponentVersions.unknown()
        .with(Component.DEVICE_PLUGIN, Version.parse(version).orElseThrow());
  }
}
