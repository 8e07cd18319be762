package io.github.mig4j.k8s;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The requests that one client sends, apart from those of others on the same server. */
final class RecordedRequests implements Interceptor {

  private final List<String> requests = new CopyOnWriteArrayList<>();

  KubernetesClient client(Config config) {
    return new KubernetesClientBuilder()
        .withConfig(config)
        .withHttpClientBuilderConsumer(http -> http.addOrReplaceInterceptor("recorder", this))
        .build();
  }

  @Override
  public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
    requests.add(request.method() + " " + request.uri().getPath());
  }

  /** Everything that changes an object, in order. */
  List<String> writes() {
    return requests.stream().filter(request -> !request.startsWith("GET ")).toList();
  }

  List<String> all() {
    return List.copyOf(requests);
  }
}
