package io.github.mig4j.examples.migctl.demo;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.mockwebserver.http.MockResponse;
import io.github.mig4j.examples.migctl.console.Output;
import java.io.ByteArrayOutputStream;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Which kinds of objects there are, as clients discover it. */
final class Discovery {

  /** Kinds by the version of their API; a kind with {@code *} is not in a namespace. */
  private static final Map<String, List<String>> KINDS = new TreeMap<>(Map.of(
      "v1",
      List.of(
          "Node*",
          "Namespace*",
          "Pod",
          "ConfigMap",
          "Event",
          "ServiceAccount",
          "Secret",
          "Service"),
      "apps/v1",
      List.of("DaemonSet", "Deployment", "ReplicaSet"),
      "coordination.k8s.io/v1",
      List.of("Lease"),
      "nvidia.com/v1",
      List.of("ClusterPolicy*"),
      "rbac.authorization.k8s.io/v1",
      List.of("Role", "RoleBinding", "ClusterRole*", "ClusterRoleBinding*")));

  private static final String CORE = """
      {"kind": "APIVersions", "apiVersion": "v1", "versions": ["v1"]}""";
  private static final String VERSION = """
      {"major": "1", "minor": "34", "gitVersion": "v1.34.0-demo"}""";

  private static final Map<String, String> SHORT_NAMES = Map.of(
      "Node", "no",
      "Namespace", "ns",
      "Pod", "po",
      "ConfigMap", "cm",
      "Event", "ev",
      "ServiceAccount", "sa",
      "Service", "svc",
      "DaemonSet", "ds",
      "Deployment", "deploy",
      "ReplicaSet", "rs");

  /** What {@code kubectl get all} lists. */
  private static final Set<String> ALL =
      Set.of("Pod", "Service", "DaemonSet", "Deployment", "ReplicaSet");

  private Discovery() {}

  /** The answer, if the path is one of discovery. */
  static Optional<MockResponse> answer(String path) {
    return switch (path) {
      case "/api" -> Optional.of(json(CORE));
      case "/apis" -> Optional.of(json(groups().toString()));
      case "/version" -> Optional.of(json(VERSION));
      case "/openapi/v2" -> Optional.of(schema());
      default ->
        path.startsWith("/api")
            ? Optional.ofNullable(KINDS.get(path.replaceFirst("^/apis?/", "")))
                .map(kinds ->
                    json(resources(path.replaceFirst("^/apis?/", ""), kinds).toString()))
            : Optional.empty();
    };
  }

  /** The kind of the objects of a list's path. */
  static Optional<String> kind(String path) {
    String plural = path.replaceFirst("\\?.*", "").replaceFirst(".*/", "");
    return KINDS.values().stream()
        .flatMap(List::stream)
        .map(entry -> entry.replace("*", ""))
        .filter(kind -> plural(kind.toLowerCase(Locale.ROOT)).equals(plural))
        .findFirst();
  }

  private static ObjectNode groups() {
    ObjectNode list = object("APIGroupList");
    ArrayNode groups = list.putArray("groups");
    for (String version : KINDS.keySet()) {
      if (version.contains("/")) {
        ObjectNode group = groups.addObject().put("name", version.replaceFirst("/.*", ""));
        ObjectNode preferred = Output.object()
            .put("groupVersion", version)
            .put("version", version.replaceFirst(".*/", ""));
        group.putArray("versions").add(preferred);
        group.set("preferredVersion", preferred);
      }
    }
    return list;
  }

  private static ObjectNode resources(String version, List<String> kinds) {
    ObjectNode list = object("APIResourceList").put("groupVersion", version);
    ArrayNode resources = list.putArray("resources");
    for (String entry : kinds) {
      String kind = entry.replace("*", "");
      String lower = kind.toLowerCase(Locale.ROOT);
      ObjectNode resource = resources
          .addObject()
          .put("name", plural(lower))
          .put("singularName", lower)
          .put("namespaced", !entry.endsWith("*"))
          .put("kind", kind);
      ArrayNode verbs = resource.putArray("verbs");
      List.of("create", "delete", "get", "list", "patch", "update", "watch").forEach(verbs::add);
      if (SHORT_NAMES.containsKey(kind)) {
        resource.putArray("shortNames").add(SHORT_NAMES.get(kind));
      }
      if (ALL.contains(kind)) {
        resource.putArray("categories").add("all");
      }
      if (kind.equals("ClusterPolicy")) {
        resource.putArray("shortNames").add("clusterpolicy");
      }
    }
    return list;
  }

  private static String plural(String lower) {
    return lower.endsWith("y") ? lower.substring(0, lower.length() - 1) + "ies" : lower + "s";
  }

  private static ObjectNode object(String kind) {
    return Output.object().put("kind", kind).put("apiVersion", "v1");
  }

  private static MockResponse json(String answer) {
    return json(HttpURLConnection.HTTP_OK, answer);
  }

  static MockResponse json(int code, String answer) {
    return new MockResponse()
        .setResponseCode(code)
        .setHeader("Content-Type", "application/json")
        .setBody(answer);
  }

  /** An OpenAPI document without types, as protobuf, so that kubectl checks nothing itself. */
  private static MockResponse schema() {
    byte[] title = field(1, "demo".getBytes(StandardCharsets.UTF_8));
    ByteArrayOutputStream document = new ByteArrayOutputStream();
    document.writeBytes(field(1, "2.0".getBytes(StandardCharsets.UTF_8)));
    document.writeBytes(field(2, title));
    return new MockResponse()
        .setResponseCode(200)
        .setHeader("Content-Type", "application/octet-stream")
        .setBody(document.toByteArray());
  }

  private static byte[] field(int number, byte[] content) {
    ByteArrayOutputStream field = new ByteArrayOutputStream();
    field.write(number << 3 | 2);
    field.write(content.length);
    field.writeBytes(content);
    return field.toByteArray();
  }
}
