package io.github.mig4j.k8s.rollout;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.MigEvent;
import io.github.mig4j.k8s.cluster.MigSettings;
import java.net.HttpURLConnection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A process with a client of its own, whose requests are counted, and which can be killed. */
public final class Controller implements Interceptor, AutoCloseable {

  private final KubernetesClient client;
  private final Map<String, AtomicInteger> requests = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> conflicts = new ConcurrentHashMap<>();
  private volatile boolean dead;

  public Controller(Config config) {
    this.client = new KubernetesClientBuilder()
        .withConfig(config)
        .withHttpClientBuilderConsumer(http -> http.addOrReplaceInterceptor("controller", this))
        .build();
  }

  /** A client that counts the conflicts of its writes. */
  public MigClient mig() {
    return MigClient.of(client).with(MigSettings.defaults().withListener(this::see));
  }

  private void see(MigEvent event) {
    if (event instanceof MigEvent.RequestEnded ended
        && ended.status() == HttpURLConnection.HTTP_CONFLICT) {
      conflicts.computeIfAbsent(ended.request(), key -> new AtomicInteger()).incrementAndGet();
    }
  }

  /** How often a request, e.g. {@code patch node}, was tried on a version that was no longer the latest. */
  public int conflicts(String request) {
    return conflicts.getOrDefault(request, new AtomicInteger()).get();
  }

  public MigClient mig(MigSettings settings) {
    return mig().with(settings);
  }

  @Override
  public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
    if (dead) {
      throw new KubernetesClientException("This process is dead");
    }
    String query = request.uri().getQuery();
    boolean watch = query != null && query.contains("watch=true");
    requests
        .computeIfAbsent(
            (watch ? "WATCH" : request.method()) + " " + request.uri().getPath(),
            key -> new AtomicInteger())
        .incrementAndGet();
  }

  public int requests(String methodAndPath) {
    return requests.entrySet().stream()
        .filter(e -> e.getKey().matches(methodAndPath))
        .mapToInt(e -> e.getValue().get())
        .sum();
  }

  public int requests() {
    return requests(".*");
  }

  /** As if the plug were pulled: from now on nothing it does reaches the cluster. */
  public void kill(CompletableFuture<?> work) {
    dead = true;
    work.cancel(true);
  }

  @Override
  public void close() {
    client.close();
  }
}
