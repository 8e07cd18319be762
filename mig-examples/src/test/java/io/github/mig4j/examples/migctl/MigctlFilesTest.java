package io.github.mig4j.examples.migctl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands recognise what a file is, wherever its configuration is in it. */
class MigctlFilesTest {

  private static final String VALUES = """
      gpu-operator:
        mig: {strategy: single}
        migManager:
          config:
            default: ""
            data:
              config.yaml: |
                version: v1
                mig-configs:
                  pair:
                    - devices: all
                      mig-enabled: true
                      mig-devices: {"3g.40gb": 1, "1g.10gb": 1}
        devicePlugin:
          config:
            data:
              four: |
                version: v1
                sharing:
                  timeSlicing:
                    failRequestsGreaterThanOne: true
                    resources:
                      - {name: nvidia.com/gpu, replicas: 4}
      """;

  @TempDir
  private Path folder;

  private record Run(int exit, List<String> out, List<String> err) {}

  private static Run migctl(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit = Migctl.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
    return new Run(exit, out.toString().lines().toList(), err.toString().lines().toList());
  }

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("file.yaml"), text);
  }

  @Test
  void validate_values_checksBothConfigurations_andTakesTheirStrategy() throws IOException {
    Path valid = write(VALUES);
    Run clean = migctl("validate", valid.toString());
    Run forNode = migctl("validate", valid.toString(), "--gpu", "h100-sxm-80gb");
    Run explained =
        migctl("explain", valid.toString(), "--config", "pair", "--gpu", "h100-sxm-80gb");
    Path bad = write(VALUES.replace("replicas: 4", "replicas: 1"));
    Run damaged = migctl("validate", bad.toString());

    assertThat(clean).isEqualTo(new Run(0, List.of(), List.of()));
    assertThat(forNode.exit).isEqualTo(1);
    assertThat(forNode.out)
        .singleElement()
        .asString()
        .startsWith(valid + ":10:13: note: With strategy single all GPUs must have one profile")
        .endsWith("[not-uniform-under-single]");
    assertThat(explained.exit).isEqualTo(1);
    assertThat(explained.err)
        .singleElement()
        .asString()
        .startsWith(valid + ":10:13: error: With strategy single all GPUs must have one profile")
        .endsWith("[not-uniform-under-single]");
    assertThat(damaged)
        .isEqualTo(new Run(
            1,
            List.of(bad + ":23:52: error: nvidia.com/gpu has replicas: 1, but the device plugin"
                + " requires at least 2; for no sharing remove the entry, or the whole section if"
                + " it is the only one [too-few-replicas]"),
            List.of()));
  }

  @Test
  void validate_fileOfTheDevicePlugin_isCheckedAsOne() throws IOException {
    Path file = write("version: v1\nflags:\n  plugin: {keyOfTomorrow: 7}\n");

    Run run = migctl("validate", file.toString());

    assertThat(run.exit).isZero();
    assertThat(run.out)
        .singleElement()
        .asString()
        .startsWith(file + ":3:12: warning: The device plugin up to v0.20.0 does not know"
            + " 'keyOfTomorrow' here and ignores it");
  }

  @Test
  void validate_partOfAFile_isOneFinding() throws IOException {
    Path part = write("mps: {resources: [{name: nvidia.com/gpu, replicas: 4}]}\n");

    assertThat(migctl("validate", part.toString()))
        .isEqualTo(new Run(
            1,
            List.of(part + ":1:1: error: This is the inside of a sharing section, without the head"
                + " of the file; put 'version: v1' and 'sharing:' above, and indent it [fragment]"),
            List.of()));
  }

  @Test
  void validate_kustomization_checksWhatIsThere_andNotesWhatIsElsewhere() throws IOException {
    Path file = write("""
        configMapGenerator:
        - name: mig
          files: [config.yaml=mig.yaml]
        - name: share
          literals: ["four=version: v1"]
        """);

    assertThat(migctl("validate", file.toString()))
        .isEqualTo(new Run(
            0,
            List.of(file + ":3:11: note: More is in the file 'mig.yaml', which is not part of this"
                + " text; check that one [content-elsewhere]"),
            List.of()));
  }

  @Test
  void validate_wrongKeyOfAMap_checksTheInsideAllTheSame() throws IOException {
    Path file = write("""
        kind: ConfigMap
        metadata: {name: team}
        data:
          mig.yaml: |
            version: v1
            mig-configs:
              big:
                - devices: all
                  mig-enabled: true
                  mig-devices: {"3g.40gb": 2, "1g.10gb": 1}
        """);

    Run run = migctl("validate", file.toString(), "--gpu", "h100-sxm-80gb");

    assertThat(run.exit).isEqualTo(1);
    assertThat(run.out)
        .satisfiesExactly(
            outside -> assertThat(outside)
                .isEqualTo(file + ":4:3: error: ConfigMap 'team' has its configuration under"
                    + " 'mig.yaml', which the MIG manager does not read; name the key"
                    + " 'config.yaml' [configmap-key]"),
            inside -> assertThat(inside)
                .startsWith(file + ":10:11: note: GPU 0 (h100-sxm-80gb) cannot hold"));
  }

  @Test
  void inventory_ofAListWithoutKind_isRead() throws IOException {
    Path file = write("""
        items:
        - spec:
            driver: gpu.nvidia.com
            nodeName: gpu-node
            pool: {name: gpu-node, generation: 1, resourceSliceCount: 1}
            devices:
            - name: gpu-0
              attributes:
                type: {string: gpu}
                productName: {string: NVIDIA H100 80GB HBM3}
        """);

    Run run = migctl("dra", "inventory", "--file", file.toString());

    assertThat(run.exit).isZero();
    assertThat(run.out).hasSize(2);
    assertThat(run.out.get(1)).matches("gpu-node +h100-sxm-80gb +static +- +whole");
  }

  @ParameterizedTest
  @CsvSource({
    "place --gpu h100-sxm-80gb 0g.10gb, 0g.10gb, place",
    "place --gpu h100-sxm-80gb mig-1g.0gb:2, mig-1g.0gb, place",
    "place --gpu h100-sxm-80gb 0c.1g.10gb, 0c.1g.10gb, place",
    "plan --gpus h100-sxm-80gb:2 --demand 0g.10gb:1, 0g.10gb, plan",
    "layouts --gpu h100-sxm-80gb --profiles 0g.10gb, 0g.10gb, layouts",
    "dra claim --profile 0g.10gb, 0g.10gb, dra claim"
  })
  void profileWithoutSlicesOrMemory_isRefused(String line, String profile, String command) {
    assertThat(migctl(line.split(" ")))
        .isEqualTo(new Run(
            2,
            List.of(),
            List.of(
                "Not a profile of any GPU: '%s'. A MIG device has at least 1 compute slice and 1 GB, e.g. '1g.10gb'"
                    .formatted(profile),
                "Try 'migctl %s --help'".formatted(command))));
  }

  @Test
  void reconcile_check_printsTheFindingsOfThePolicies() throws IOException {
    Path wrong = write(
        "policies: [{name: p, nodes: {names: [gpu-1]}, gpus: {b200-180gb: {layout: {1g.12gb: 7}}}}]");
    Run refused = migctl("reconcile", "--check", "--policy", wrong.toString());
    Path right = write(
        "policies: [{name: p, nodes: {names: [gpu-1]}, gpus: {b200-180gb: {layout: {1g.23gb: 7}}}}]");
    Run valid = migctl("reconcile", "--check", "--policy", right.toString(), "--json");

    assertThat(refused.exit()).isEqualTo(1);
    assertThat(refused.out())
        .containsExactly(
            wrong
                + ":1:75: error: b200-180gb has no profile 1g.12gb (did you mean 1g.23gb or 1g.45gb?); it has 1g.23gb, 1g.23gb+me, 1g.45gb, 2g.45gb, 3g.90gb, 4g.90gb, 7g.180gb [unknown-profile]");
    assertThat(valid.exit()).isZero();
    assertThat(valid.out()).contains("  \"valid\" : true,");
  }

  @Test
  void template_printsWhatAnAutoscalerHasToKnow() {
    Run tags = migctl(
        "template",
        "--gpu",
        "b200-180gb:8",
        "--layout",
        "1g.23gb:7",
        "--for",
        "cluster-autoscaler");
    Run plain = migctl("template", "--gpu", "l40s:2", "--time-slicing", "4");
    Run both = migctl("template", "--gpu", "l40s:2", "--time-slicing", "4", "--mps", "4");
    Run unfit = migctl("template", "--gpu", "b200-180gb", "--layout", "1g.23gb:8");

    assertThat(tags.out())
        .contains(
            "k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/mig-1g.23gb: \"56\"");
    assertThat(plain.out()).contains("nvidia.com/gpu: \"8\"");
    assertThat(both.exit()).isEqualTo(2);
    assertThat(both.err()).contains("Choose one of --layout, --time-slicing and --mps");
    assertThat(unfit.exit()).isEqualTo(1);
  }
}
