package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.github.mig4j.k8s.internal.CorrectedDispatcher;
import java.util.HashMap;
import java.util.Objects;
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

  private final CorrectedDispatcher dispatcher;
  private final KubernetesMockServer server;
  private final KubernetesClient client;

  /** Starts the API server. */
  public EmbeddedCluster() {
    this(new CorrectedDispatcher());
  }

  /**
   * Starts the API server; not API.
   *
   * @param dispatcher what answers its requests
   */
  public EmbeddedCluster(CorrectedDispatcher dispatcher) {
    Objects.requireNonNull(dispatcher, "dispatcher");
    REQUEST_LOG.setLevel(Level.WARNING);
    this.dispatcher = dispatcher;
    server = new KubernetesMockServer(
        new Context(), new MockWebServer(), new HashMap<>(), dispatcher, false);
    server.init();
    client = server.createClient();
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
