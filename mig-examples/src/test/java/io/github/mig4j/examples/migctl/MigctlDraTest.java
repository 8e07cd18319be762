package io.github.mig4j.examples.migctl;

import static io.github.mig4j.examples.migctl.Run.migctl;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.APIResourceListBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.dra.MigClaim;
import io.github.mig4j.k8s.simulator.SimulatedDraDriver;
import io.github.mig4j.layout.MigLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands under {@code migctl dra}, on a node with two H100, one of them cut. */
@EnableKubernetesMockClient(crud = true, https = false)
class MigctlDraTest {

  private static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");

  KubernetesMockServer server;
  KubernetesClient client;

  @TempDir
  Path folder;

  private Path kubeconfig;
  private Path dump;

  @BeforeEach
  void publish() throws IOException {
    SimulatedDraDriver driver = SimulatedDraDriver.of(client);
    driver.publishStatic(
        "gpu-node",
        List.of(
            MigLayout.on(H100)
                .addAt("2g.20gb", 0)
                .addAt("1g.10gb", 2)
                .addAt("1g.10gb", 3)
                .addAt("3g.40gb", 4)
                .build(),
            MigLayout.on(H100).build()));
    MigClient.of(client)
        .dra()
        .apply(MigClaim.of(MigProfile.parse("1g.10gb")).claim("train").inNamespace("team-a"));
    assertThat(driver.schedule()).isEmpty();
    dump = Files.writeString(
        folder.resolve("dump.yaml"),
        Serialization.asYaml(client.resources(ResourceSlice.class).list())
            + Serialization.asYaml(
                client.resources(ResourceClaim.class).inAnyNamespace().list()));
    kubeconfig =
        Files.writeString(folder.resolve("kubeconfig"), """
        apiVersion: v1
        kind: Config
        clusters: [{name: mock, cluster: {server: "%s"}}]
        contexts: [{name: mock, context: {cluster: mock, user: mock}}]
        users: [{name: mock, user: {}}]
        current-context: mock
        """.formatted(client.getMasterUrl()));
  }

  @Test
  void examplesOfTheDocumentation_printWhatItShows() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "dra.md"));
    var example =
        Pattern.compile("```\n\\$ migctl ([^\n]*)\n(.*?)```", Pattern.DOTALL).matcher(page);
    int examples = 0;
    while (example.find()) {
      var run = migctl(example.group(1).replace("dump.yaml", dump.toString()).split(" "));

      assertThat(run.out() + run.err()).isEqualToNormalizingNewlines(example.group(2));
      examples++;
    }
    assertThat(examples).isEqualTo(3);
  }

  @Test
  void inventory_ofAClusterAndOfItsDump_areTheSame() {
    server
        .expect()
        .get()
        .withPath("/apis/resource.k8s.io/v1")
        .andReturn(
            200,
            new APIResourceListBuilder()
                .withGroupVersion("resource.k8s.io/v1")
                .addNewResource()
                .withName("resourceslices")
                .withKind("ResourceSlice")
                .endResource()
                .build())
        .always();

    var cluster = migctl("dra", "inventory", "--kubeconfig", kubeconfig.toString());
    var file = migctl("dra", "inventory", "--file", dump.toString());

    assertThat(cluster).isEqualTo(file);
    assertThat(cluster.exit()).isZero();
  }

  @Test
  void inventory_ofANode_listsItsDevices() {
    var run = migctl("dra", "inventory", "gpu-node", "--file", dump.toString());

    assertThat(run.out()).endsWith("""

        DEVICE                       PLACE          STATE      CLAIMS
        gpu-0-mig-1g10gb-19-2        1g.10gb@2:1    allocated  team-a/train
        gpu-0-mig-1g10gb-19-3        1g.10gb@3:1    free
        gpu-0-mig-2g20gb-14-0        2g.20gb@0:2    free
        gpu-0-mig-3g40gb-9-4         3g.40gb@4:4    free
        gpu-1                        -              free
        """);
  }

  @Test
  void inventory_json_hasTheDocumentedFields() throws IOException {
    var run = migctl("dra", "inventory", "--json", "--file", dump.toString());

    JsonNode json = new ObjectMapper().readTree(run.out());
    assertThat(json.at("/nodes/0/node").asText()).isEqualTo("gpu-node");
    assertThat(json.at("/nodes/0/resources")).isEqualTo(new ObjectMapper().readTree("""
        {"nvidia.com/gpu": 1, "nvidia.com/mig-1g.10gb": 2, "nvidia.com/mig-2g.20gb": 1,
         "nvidia.com/mig-3g.40gb": 1}"""));
    assertThat(json.at("/nodes/0/room/nvidia.com~1mig-1g.10gb").asInt()).isEqualTo(1);
    assertThat(json.at("/nodes/0/gpus/0/model").asText()).isEqualTo("h100-sxm-80gb");
    assertThat(json.at("/nodes/0/gpus/0/form").asText()).isEqualTo("static");
    assertThat(json.at("/nodes/0/gpus/0/room")).isEqualTo(new ObjectMapper().readTree("""
        {"1g.10gb": 1, "2g.20gb": 1, "3g.40gb": 1}"""));
    assertThat(json.at("/nodes/0/gpus/0/devices/0")).isEqualTo(new ObjectMapper().readTree("""
        {"name": "gpu-0-mig-1g10gb-19-2", "kind": "mig", "profile": "1g.10gb", "start": 2, "size": 1,
         "uuid": "MIG-2-00000000-0000-4000-8000-000000000000", "memoryMib": 9984,
         "state": "allocated", "claims": ["team-a/train"]}"""));
    assertThat(json.at("/findings")).isEmpty();
  }

  @Test
  void inventory_withAnError_isExit1_andSaysItOnStderr() throws IOException {
    Path gone = Files.writeString(
        folder.resolve("gone.yaml"),
        Files.readString(dump).replace("name: \"gpu-0-mig-1g10gb-19-2\"", "name: \"gpu-7\""));

    var run = migctl("dra", "inventory", "--file", gone.toString());

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.err().strip())
        .isEqualTo(
            "error: Claim team-a/train holds gpu-0-mig-1g10gb-19-2 of pool gpu-node, which the"
                + " driver does not publish, probably because the GPU was partitioned again; delete the claim's pods"
                + " [allocated-but-gone]");
  }

  @Test
  void inventory_ofANode_isSilentAboutOtherNodes() throws IOException {
    String healthy = Files.readString(dump);
    Path both = Files.writeString(
        folder.resolve("both.yaml"),
        healthy
            + healthy
                .replace("gpu-node", "other-node")
                .replace("name: \"gpu-0-mig-1g10gb-19-2\"", "name: \"gpu-7\""));

    var healthyNode = migctl("dra", "inventory", "gpu-node", "--file", both.toString());
    var otherNode = migctl("dra", "inventory", "other-node", "--file", both.toString());

    assertThat(healthyNode.exit()).isZero();
    assertThat(healthyNode.err()).isEmpty();
    assertThat(otherNode.exit()).isEqualTo(1);
    assertThat(otherNode.err().strip())
        .isEqualTo(
            "error: Claim team-a/train holds gpu-0-mig-1g10gb-19-2 of pool other-node, which the"
                + " driver does not publish, probably because the GPU was partitioned again; delete the claim's pods"
                + " [allocated-but-gone]");
  }

  @Test
  void inventory_ofAnUnknownNode_orAFileThatIsNone_saysSo() throws IOException {
    Path none = Files.writeString(folder.resolve("none"), "- 1");

    assertThat(migctl("dra", "inventory", "gpu-x", "--file", dump.toString()))
        .isEqualTo(new Run(
            1,
            "",
            dump
                + " has no ResourceSlice of the driver gpu.nvidia.com with a GPU of node gpu-x;"
                + " expected what 'kubectl get resourceslices -o yaml' prints"
                + System.lineSeparator()));
    Path other = Files.writeString(folder.resolve("other"), "kind: Node\nmetadata: {name: a}\n");
    assertThat(migctl("dra", "inventory", "--file", other.toString()))
        .isEqualTo(new Run(
            1,
            "",
            other
                + " has no ResourceSlice of the driver gpu.nvidia.com with a GPU; expected what"
                + " 'kubectl get resourceslices -o yaml' prints"
                + System.lineSeparator()));
    assertThat(migctl("dra", "inventory", "--file", none.toString()).exit()).isEqualTo(2);
    assertThat(migctl("dra", "inventory", "--file", none.toString()).err())
        .startsWith(none + ": Not a Kubernetes object: it has no kind;");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--count 2 --kind class|A class has no count; remove --count and --same-gpu",
        "--profile 1g.10gb --memory 10|--profile already contains the memory; remove --memory",
        "--memory 0|--memory must be from 1 to 1024 GiB, but was 0",
        "--count 33|A claim can have at most 32 devices, but has 33",
        "--api-version v2|Not a version of resource.k8s.io: 'v2'; expected v1, v1beta2 or v1beta1",
      })
  void claim_misuse_isExit2(String options, String message) {
    var run = migctl(("dra claim " + options).split(" "));

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err().lines().findFirst()).contains(message);
  }

  @ParameterizedTest
  @CsvSource({
    "--profile 1g.10gb+me, ResourceClaimTemplate, mig-1g.10gb.me",
    "--memory 20 --kind claim, ResourceClaim, mig-20gib",
    "--kind claim, ResourceClaim, mig",
    "--kind class --profile 1g.10gb --name mine, DeviceClass, mine"
  })
  void claim_kindAndName_followTheOptions(String options, String kind, String name) {
    var run = migctl(("dra claim " + options).split(" "));

    var object = Serialization.unmarshal(run.out(), GenericKubernetesResource.class);
    assertThat(object.getKind()).isEqualTo(kind);
    assertThat(object.getMetadata().getName()).isEqualTo(name);
    assertThat(object.<Map<?, ?>>get("spec").containsKey("extendedResourceName"))
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"dra", "dra claim", "dra inventory"})
  void help_teachesWithExamples(String command) {
    var run = migctl((command + " --help").split(" "));

    assertThat(run.exit()).isZero();
    assertThat(run.out()).contains("Example").contains("  migctl dra ");
    assertThat(run.out().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(90));
  }
}
