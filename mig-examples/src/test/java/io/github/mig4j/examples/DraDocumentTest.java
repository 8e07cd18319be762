package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.k8s.dra.DraCode;
import io.github.mig4j.lint.Severity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What docs/dra.md shows is what the code does; its commands are run by MigctlDraTest. */
@Isolated
class DraDocumentTest {

  @TempDir
  Path classes;

  static String page() throws IOException {
    return Files.readString(Path.of("..", "docs", "dra.md"));
  }

  static Stream<String> blocks(String language) throws IOException {
    return Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
        .matcher(page())
        .results()
        .map(found -> found.group(1));
  }

  static Stream<String> snippets() throws IOException {
    return blocks("java");
  }

  @ParameterizedTest
  @MethodSource("snippets")
  void snippet_compiles(String snippet) {
    assertThat(JavaSnippet.problems(snippet, classes)).isEmpty();
  }

  @Test
  void manifests_areOfKindsThatKubernetesHas_withoutAnUnknownField() throws IOException {
    List<String> manifests = blocks("yaml").toList();

    assertThat(manifests).hasSize(2).allSatisfy(manifest -> {
      Object typed = Serialization.<Object>unmarshal(manifest);
      assertThat(typed.getClass().getSimpleName()).isIn("Pod", "ClusterRole");
      Map<?, ?> written = Serialization.unmarshal(Serialization.asYaml(typed), Map.class);
      assertThat(written).isEqualTo(Serialization.unmarshal(manifest, Map.class));
    });
  }

  @Test
  void findings_areAllListed_withTheirSeverity() throws IOException {
    List<String> rows = page().lines().filter(line -> line.startsWith("| `")).toList();

    assertThat(rows.stream()
            .flatMap(row ->
                Pattern.compile("`([a-z-]+)`").matcher(row.split("\\|")[1]).results())
            .map(code -> code.group(1)))
        .hasSize(DraCode.values().length);
    assertThat(rows)
        .allSatisfy(row -> assertThat(row.split("\\|")[2])
            .containsAnyOf(
                Stream.of(Severity.values()).map(Severity::toString).toArray(String[]::new)));
  }

  @Test
  void example_givesTheClaimADevice() {
    assertThat(Console.outputOf(() -> DynamicAllocation.main(new String[0])))
        .isEqualToNormalizingNewlines("""
        1. Claim a device
           apiVersion: resource.k8s.io/v1
           kind: ResourceClaim
           metadata:
             name: train
             namespace: team-a
           spec:
             devices:
               requests:
               - name: mig
                 exactly:
                   deviceClassName: mig.nvidia.com
                   selectors:
                   - cel:
                       expression: "device.attributes['gpu.nvidia.com'].profile == '1g.23gb'"
                   allocationMode: ExactCount
                   count: 1
        2. Name the claim in a pod
           containers:
           - image: "nvidia/cuda"
             name: "main"
             resources:
               claims:
               - name: "gpu"
           resourceClaims:
           - name: "gpu"
             resourceClaimName: "train"
        3. The driver publishes
           cut into {nvidia.com/mig-1g.23gb=7}
           room for {nvidia.com/mig-1g.23gb=7}
        4. The scheduler has given the claim a device
           cut into {nvidia.com/mig-1g.23gb=7}
           room for {nvidia.com/mig-1g.23gb=6}
           gpu-0-mig-1g23gb-19-0 is team-a/train's
        """);
  }
}
