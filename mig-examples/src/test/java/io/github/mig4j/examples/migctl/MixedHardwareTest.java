package io.github.mig4j.examples.migctl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.MigClient;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node with an H100 and an L40S, of which the labels describe one only. */
class MixedHardwareTest {

  private static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");
  private static final GpuModel L40S = GpuCatalog.bundled().require("l40s");

  @TempDir
  Path folder;

  @Test
  void apply_isRefused_untilTheGpusAreStated_andThenVerified() throws IOException {
    applyTo(H100, "the labels describe one model only, 1 h100-sxm-80gb, but the node offers");
  }

  @Test
  void apply_whereTheLabelsDescribeTheOtherModel_isTheSame() throws IOException {
    applyTo(L40S, "the labels describe one model only, 1 l40s, but the node offers");
  }

  private void applyTo(GpuModel described, String reason) throws IOException {
    Terminal terminal = new Terminal(folder);
    try (SimulatedCluster cluster = new SimulatedCluster(
        terminal, builder -> builder.node("mixed", H100, L40S).describe(described))) {
      MigClient.of(cluster.client())
          .configMap("mig-config")
          .merge("seven", MigConfig.of(seven(), whole()));

      String refused = terminal.run("migctl apply mixed seven", "");
      String preflight = terminal.run("migctl preflight mixed seven --gpus h100-sxm-80gb,l40s", "");
      String verified = terminal.run("migctl apply mixed seven --gpus h100-sxm-80gb,l40s", "");
      String again = terminal.run("migctl apply mixed seven", "");

      assertThat(refused)
          .contains("Config 'seven' on node mixed: " + reason
              + " {nvidia.com/gpu=2}; state the node's GPUs in the request")
          .endsWith(
              "State the GPUs with --gpus, in the order of 'nvidia-smi -L' on the node, e.g. --gpus h100-sxm-80gb:2,l40s\n");
      assertThat(preflight).contains("Config 'seven' on node mixed: clear");
      assertThat(verified)
          .contains("mixed verified as seven-")
          .contains("nvidia.com/gpu: 1\n")
          .contains("nvidia.com/mig-1g.10gb: 7\n");
      assertThat(again).contains("mixed verified as seven-");
      assertThat(gpusRecorded(cluster)).isEqualTo("h100-sxm-80gb,l40s");
    }
  }

  /** A wrong record of an earlier client is corrected where the configuration is in force already. */
  @Test
  void apply_ofWhatIsInForce_correctsTheRecordOnTheNode() throws IOException {
    Terminal terminal = new Terminal(folder);
    try (SimulatedCluster cluster = new SimulatedCluster(
        terminal, builder -> builder.node("mixed", H100, L40S).describe(H100))) {
      MigClient.of(cluster.client())
          .configMap("mig-config")
          .merge("seven", MigConfig.of(seven(), whole()));
      terminal.run("migctl apply mixed seven --gpus h100-sxm-80gb,l40s", "");
      cluster
          .client()
          .nodes()
          .withName("mixed")
          .edit(node -> node.edit()
              .editMetadata()
              .addToAnnotations("mig4j.github.io/gpus", "h100-sxm-80gb")
              .endMetadata()
              .build());

      String corrected = terminal.run("migctl apply mixed seven --gpus h100-sxm-80gb,l40s", "");

      assertThat(corrected).contains("the node requests it already").contains("mixed verified as");
      assertThat(gpusRecorded(cluster)).isEqualTo("h100-sxm-80gb,l40s");
    }
  }

  private static String gpusRecorded(SimulatedCluster cluster) {
    return cluster
        .client()
        .nodes()
        .withName("mixed")
        .require()
        .getMetadata()
        .getAnnotations()
        .get("mig4j.github.io/gpus");
  }

  private static MigConfigSpec seven() {
    return MigConfigSpec.builder()
        .devices(DeviceSelector.of(0))
        .migEnabled(true)
        .putMigDevices(MigProfile.parse("1g.10gb"), 7)
        .build();
  }

  private static MigConfigSpec whole() {
    return MigConfigSpec.builder()
        .devices(DeviceSelector.of(1))
        .migEnabled(false)
        .build();
  }
}
