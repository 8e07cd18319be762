package io.github.mig4j.examples.migctl.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.github.mig4j.k8s.simulator.EmbeddedCluster;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Iterator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The requests that kubectl sends, as kubectl 1.20 to 1.34 send them. */
class KubectlRequestsTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TABLE =
      "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

  private final KubectlRequests kubectl = new KubectlRequests();
  private final EmbeddedCluster cluster = new EmbeddedCluster(kubectl::answer);
  private final HttpClient http =
      HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();

  @BeforeEach
  void createNodes() {
    for (String name : new String[] {"a", "b"}) {
      cluster
          .client()
          .nodes()
          .resource(new NodeBuilder()
              .withNewMetadata()
              .withName(name)
              .addToLabels("zone", "1")
              .endMetadata()
              .withNewStatus()
              .addNewCondition()
              .withType("Ready")
              .withStatus("True")
              .endCondition()
              .endStatus()
              .build())
          .create();
      cluster
          .client()
          .pods()
          .inNamespace("default")
          .resource(new PodBuilder()
              .withNewMetadata()
              .withName("pod-" + name)
              .endMetadata()
              .withNewSpec()
              .withNodeName(name)
              .addNewContainer()
              .withName("main")
              .endContainer()
              .endSpec()
              .withNewStatus()
              .withPhase("Running")
              .endStatus()
              .build())
          .create();
    }
  }

  @AfterEach
  void close() {
    cluster.close();
    kubectl.close();
  }

  @ParameterizedTest
  @CsvSource({
    "/api/v1, nodes",
    "/api/v1, configmaps",
    "/apis/apps/v1, daemonsets",
    "/apis/nvidia.com/v1, clusterpolicies"
  })
  void discovery_namesTheKinds(String path, String plural) throws Exception {
    assertThat(get(path, "application/json").findValuesAsText("name")).contains(plural);
    assertThat(get("/apis", "application/json").findValuesAsText("groupVersion"))
        .contains("apps/v1", "nvidia.com/v1");
  }

  @Test
  void get_asTable_hasTheColumnsOfTheKind() throws Exception {
    JsonNode nodes = get("/api/v1/nodes?limit=500", TABLE);

    assertThat(nodes.get("kind").asText()).isEqualTo("Table");
    assertThat(nodes.get("columnDefinitions").findValuesAsText("name"))
        .containsExactly("Name", "Status", "Age", "Version");
    assertThat(nodes.get("rows")).hasSize(2);
    assertThat(nodes.at("/rows/0/cells/1").asText()).isEqualTo("Ready");
    assertThat(nodes.at("/rows/0/object/metadata/name").asText())
        .isEqualTo(nodes.at("/rows/0/cells/0").asText());
  }

  @Test
  void get_ofAFieldSelector_selects_alsoByInequality() throws Exception {
    JsonNode pods = get(
        "/api/v1/pods?fieldSelector=spec.nodeName%3Da%2Cstatus.phase%21%3DFailed%2Cstatus.phase%21%3DSucceeded&limit=500",
        "application/json");

    assertThat(pods.get("kind").asText()).isEqualTo("PodList");
    assertThat(pods.get("items").findValuesAsText("nodeName")).containsExactly("a");
  }

  @ParameterizedTest
  @CsvSource({
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
  })
  void patch_setsAndRemovesLabels_andCordons(String type) throws Exception {
    patch("a", type, "{\"metadata\": {\"labels\": {\"x\": \"1\", \"zone\": null}}}");
    HttpResponse<String> cordoned = patch("a", type, "{\"spec\": {\"unschedulable\": true}}");

    assertThat(cordoned.statusCode()).isEqualTo(200);
    var node = cluster.client().nodes().withName("a").require();
    assertThat(node.getMetadata().getLabels()).containsEntry("x", "1").doesNotContainKey("zone");
    assertThat(node.getSpec().getUnschedulable()).isTrue();
    assertThat(get("/api/v1/nodes/a", TABLE).at("/rows/0/cells/1").asText())
        .isEqualTo("Ready,SchedulingDisabled");
  }

  @Test
  void whatDoesNotExist_isAStatusWithItsReason() throws Exception {
    JsonNode answer = get("/api/v1/nodes/nope", TABLE);

    assertThat(answer.get("reason").asText()).isEqualTo("NotFound");
    assertThat(answer.get("message").asText()).isEqualTo("nodes/nope not found");
  }

  /** Each event is a line of one answer without end. */
  @Test
  void watch_afterAList_hasTheEventsSince_asTables() throws Exception {
    String version = get("/api/v1/nodes", TABLE).at("/metadata/resourceVersion").asText();

    try (Stream<String> lines =
        watch("/api/v1/nodes?watch=true&resourceVersion=" + version, TABLE)) {
      Iterator<String> events = lines.iterator();
      patch("b", "application/merge-patch+json", "{\"spec\": {\"unschedulable\": true}}");
      JsonNode cordoned = JSON.readTree(events.next());
      send(request("/api/v1/nodes/b").DELETE());
      JsonNode deleted = JSON.readTree(events.next());

      assertThat(cordoned.get("type").asText()).isEqualTo("MODIFIED");
      assertThat(cordoned.at("/object/kind").asText()).isEqualTo("Table");
      assertThat(cordoned.at("/object/rows/0/cells/0").asText()).isEqualTo("b");
      assertThat(cordoned.at("/object/rows/0/cells/1").asText())
          .isEqualTo("Ready,SchedulingDisabled");
      assertThat(deleted.get("type").asText()).isEqualTo("DELETED");
    }
  }

  @Test
  void watch_withoutAVersion_beginsWithTheObjects_ofItsSelector() throws Exception {
    try (Stream<String> lines = watch(
        "/api/v1/pods?watch=true&fieldSelector=spec.nodeName%3Db%2Cstatus.phase%21%3DFailed",
        "application/json")) {
      JsonNode first = JSON.readTree(lines.iterator().next());

      assertThat(first.get("type").asText()).isEqualTo("ADDED");
      assertThat(first.at("/object/metadata/name").asText()).isEqualTo("pod-b");
    }
  }

  @Test
  void watch_ofOneName_hasItsEventsOnly() throws Exception {
    try (Stream<String> lines = watch(
        "/api/v1/nodes?watch=true&resourceVersion=0&fieldSelector=metadata.name%3Db",
        "application/json")) {
      Iterator<String> events = lines.iterator();
      String type = "application/strategic-merge-patch+json";
      String labels = "{\"metadata\": {\"labels\": {\"x\": \"1\"}}}";

      assertThat(JSON.readTree(events.next()).at("/object/metadata/name").asText())
          .isEqualTo("b");
      patch("a", type, labels);
      patch("b", type, labels);
      assertThat(JSON.readTree(events.next()).at("/object/metadata/name").asText())
          .isEqualTo("b");
    }
  }

  @Test
  void delete_isAnsweredWithSuccess() throws Exception {
    JsonNode answer = JSON.readTree(send(request("/api/v1/nodes/a").DELETE()).body());

    assertThat(answer.get("status").asText()).isEqualTo("Success");
    assertThat(get("/api/v1/nodes/a", TABLE).get("reason").asText()).isEqualTo("NotFound");
  }

  @Test
  void serverSideApply_creates_andThenMerges() throws Exception {
    String path = "/api/v1/namespaces/default/configmaps/extra?fieldManager=kubectl&force=false";
    for (String key : new String[] {"a", "b"}) {
      HttpResponse<String> applied = send(request(path)
          .header("Content-Type", "application/apply-patch+yaml")
          .method("PATCH", HttpRequest.BodyPublishers.ofString("""
              apiVersion: v1
              kind: ConfigMap
              metadata: {name: extra, namespace: default}
              data: {%s: "1"}
              """.formatted(key))));

      assertThat(applied.statusCode()).isBetween(200, 201);
    }

    assertThat(cluster
            .client()
            .configMaps()
            .inNamespace("default")
            .withName("extra")
            .require()
            .getData())
        .containsOnlyKeys("a", "b");
  }

  /** A typed client, such as that of 'kubectl cordon', reads protobuf unless the answer says JSON. */
  @ParameterizedTest
  @ValueSource(strings = {"/api/v1/nodes/a", "/api/v1/nodes", "/version", "/api/v1/nodes/nope"})
  void everyAnswer_saysThatItIsJson(String path) throws Exception {
    HttpResponse<String> got = send(
        request(path).header("Accept", "application/vnd.kubernetes.protobuf,application/json"));
    HttpResponse<String> patched =
        patch("a", "application/strategic-merge-patch+json", "{\"spec\": {}}");

    assertThat(got.headers().firstValue("Content-Type")).contains("application/json");
    assertThat(patched.headers().firstValue("Content-Type")).contains("application/json");
  }

  @Test
  void protobuf_isRefused_withWhatWorksInstead() throws Exception {
    HttpResponse<String> answer = send(request("/api/v1/namespaces")
        .header("Content-Type", "application/vnd.kubernetes.protobuf")
        .POST(HttpRequest.BodyPublishers.ofString("k8s")));

    assertThat(answer.statusCode()).isEqualTo(415);
    assertThat(JSON.readTree(answer.body()).get("message").asText())
        .isEqualTo("the demo cluster reads JSON only, which 'kubectl apply -f' sends; instead of"
            + " 'kubectl create ...' run 'kubectl create ... --dry-run=client -o yaml | kubectl"
            + " apply -f -'");
  }

  private Stream<String> watch(String path, String accept) throws Exception {
    return http.send(
            request(path).header("Accept", accept).build(), HttpResponse.BodyHandlers.ofLines())
        .body();
  }

  private JsonNode get(String path, String accept) throws IOException, InterruptedException {
    return JSON.readTree(send(request(path).header("Accept", accept).GET()).body());
  }

  private HttpResponse<String> patch(String node, String type, String body)
      throws IOException, InterruptedException {
    return send(request("/api/v1/nodes/" + node + "?fieldManager=kubectl-label")
        .header("Content-Type", type)
        .method("PATCH", HttpRequest.BodyPublishers.ofString(body)));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(
            URI.create(cluster.client().getMasterUrl().toString()).resolve(path))
        .header("User-Agent", "kubectl/v1.34.0 (linux/amd64)");
  }

  private HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
