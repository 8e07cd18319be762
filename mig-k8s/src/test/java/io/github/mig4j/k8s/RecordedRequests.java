package io.github.mig4j.k8s;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The requests that one client sends, apart from those of others on the same server. */
public final class RecordedRequests implements Interceptor {

  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final Set<Permission> permissions = ConcurrentHashMap.newKeySet();

  public KubernetesClient client(Config config) {
    return new KubernetesClientBuilder()
        .withConfig(config)
        .withHttpClientBuilderConsumer(http -> http.addOrReplaceInterceptor("recorder", this))
        .build();
  }

  /** Which groups and versions are served, everybody may ask. */
  @Override
  public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
    requests.add(request.method() + " " + request.uri().getPath());
    if (!request.uri().getPath().matches("/apis/[^/]+/[^/]+")) {
      permissions.add(permission(request));
    }
  }

  /** Everything that changes an object, in order. */
  public List<String> writes() {
    return requests.stream()
        .filter(request -> !request.startsWith("GET ") && !request.endsWith("accessreviews"))
        .toList();
  }

  /** What has to be granted for these requests to be answered. */
  Set<Permission> permissions() {
    return Set.copyOf(permissions);
  }

  /** {@code /api/v1/…} or {@code /apis/GROUP/VERSION/…}, then perhaps a namespace. */
  private static Permission permission(HttpRequest request) {
    List<String> path = List.of(request.uri().getPath().substring(1).split("/"));
    boolean core = path.get(0).equals("api");
    List<String> rest = path.subList(core ? 2 : 3, path.size());
    boolean namespaced = rest.get(0).equals("namespaces") && rest.size() > 2;
    List<String> names = namespaced ? rest.subList(2, rest.size()) : rest;
    String resource = names.get(0) + (names.size() > 2 ? "/" + names.get(2) : "");
    return new Permission(
        verb(request, names.size() > 1),
        core ? "" : path.get(1),
        resource,
        namespaced && rest.get(1).equals(MigSettings.DEFAULT_NAMESPACE)
            ? Permission.Scope.OPERATOR_NAMESPACE
            : Permission.Scope.CLUSTER);
  }

  private static String verb(HttpRequest request, boolean named) {
    String query = String.valueOf(request.uri().getQuery());
    return switch (request.method()) {
      case "GET" -> query.contains("watch=true") ? "watch" : named ? "get" : "list";
      case "POST" -> "create";
      case "PUT" -> "update";
      case "PATCH" -> "patch";
      case "DELETE" -> named ? "delete" : "deletecollection";
      default -> throw new IllegalArgumentException("No verb of RBAC: " + request.method());
    };
  }

  public List<String> all() {
    return List.copyOf(requests);
  }
}
