package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.github.mig4j.k8s.internal.CorrectedDispatcher;
import io.github.mig4j.k8s.internal.ObjectSerialization;
import java.util.HashMap;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * An API server within this process, for tests and examples without a cluster.
 *
 * <p>It needs {@code io.fabric8:kubernetes-server-mock} on the class path, which is an optional
 * dependency. It is fabric8's mock server in CRUD mode, with corrections: watches can be closed at any time,
 * a stale patch is answered, pods are bound, evicted and listed by node. It has no admission, validation,
 * RBAC or garbage collection, and no server-side apply.
 */
public final class EmbeddedCluster implements AutoCloseable {

  /** The mock server logs each request. */
  private static final Logger REQUEST_LOG = Logger.getLogger("io.fabric8.mockwebserver");

  /** On a slow machine Vert.x prints stack traces of its threads. */
  private static final Logger SLOW_THREADS =
      Logger.getLogger("io.vertx.core.impl.BlockedThreadChecker");

  private final CorrectedDispatcher dispatcher;
  private final KubernetesMockServer server;
  private final KubernetesClient client;

  /** Starts the API server. */
  public EmbeddedCluster() {
    this((request, server) -> server.apply(request));
  }

  /**
   * Starts an API server with more answers, or with other ones.
   *
   * @param answers the answer to each request, which it can take from the server
   */
  public EmbeddedCluster(
      BiFunction<RecordedRequest, Function<RecordedRequest, MockResponse>, MockResponse> answers) {
    Objects.requireNonNull(answers, "answers");
    REQUEST_LOG.setLevel(Level.WARNING);
    SLOW_THREADS.setLevel(Level.OFF);
    dispatcher = new CorrectedDispatcher() {
      @Override
      public MockResponse dispatch(RecordedRequest request) {
        return answers.apply(request, super::dispatch);
      }
    };
    server = new KubernetesMockServer(
        new Context(), new MockWebServer(), new HashMap<>(), dispatcher, false);
    server.init();
    client = server.createClient(
        builder -> builder.withKubernetesSerialization(ObjectSerialization.SHARED));
  }

  /**
   * A client of it.
   *
   * @return the client, which is closed with the cluster
   */
  public KubernetesClient client() {
    return client;
  }

  /**
   * A kubeconfig for it, in YAML.
   *
   * @return the text of the file
   */
  public String kubeconfig() {
    return """
        apiVersion: v1
        kind: Config
        current-context: embedded
        clusters:
        - name: embedded
          cluster: {server: "%s"}
        users:
        - name: nobody
          user: {}
        contexts:
        - name: embedded
          context: {cluster: embedded, user: nobody}
        """.formatted(client.getMasterUrl());
  }

  /**
   * Makes the logs of an operator's pods readable.
   *
   * @param simulator the operator, on this cluster
   */
  public void showLogsOf(GpuOperatorSimulator simulator) {
    Objects.requireNonNull(simulator, "simulator");
    dispatcher.showLogs(simulator::podLog);
  }

  /** Closes the client and the server; neither waits for open watches. */
  @Override
  public void close() {
    client.close();
    dispatcher.end();
    server.destroy();
  }

  /** The address, e.g. {@code embedded cluster at http://localhost:43567/}. */
  @Override
  public String toString() {
    return "embedded cluster at " + client.getMasterUrl();
  }
}
