package io.github.mig4j.examples;

import io.fabric8.kubernetes.api.model.Binding;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.Buffer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.mockwebserver.http.Response;
import io.fabric8.mockwebserver.http.WebSocket;
import io.fabric8.mockwebserver.http.WebSocketListener;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An API server within this process, so that examples run without a cluster. */
public final class EmbeddedCluster implements AutoCloseable {

  private static final Logger REQUEST_LOG = Logger.getLogger("io.fabric8.mockwebserver");
  /** On a slow machine Vert.x prints stack traces of its threads. */
  private static final Logger SLOW_THREADS =
      Logger.getLogger("io.vertx.core.impl.BlockedThreadChecker");

  private final Dispatcher dispatcher;
  private final KubernetesMockServer server;
  private final KubernetesClient client;

  /** Starts the API server. */
  public EmbeddedCluster() {
    this((request, server) -> server.apply(request));
  }

  /**
   * Starts an API server with more answers.
   *
   * @param answers the answer to each request, which it can take from the server
   */
  public EmbeddedCluster(
      BiFunction<RecordedRequest, Function<RecordedRequest, MockResponse>, MockResponse> answers) {
    dispatcher = new Dispatcher(answers);
    REQUEST_LOG.setLevel(Level.WARNING);
    SLOW_THREADS.setLevel(Level.OFF);
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
   * Lets the logs of an operator's pods be read.
   *
   * @param simulator the operator, on this cluster
   */
  public void showLogsOf(GpuOperatorSimulator simulator) {
    dispatcher.logs = simulator::podLog;
  }

  /**
   * Decides about each request before it is answered, as an API server's authorization does.
   *
   * @param rule returns a response for a request that must not be answered otherwise
   */
  public void authorize(Function<RecordedRequest, Optional<MockResponse>> rule) {
    dispatcher.rule = rule;
  }

  @Override
  public void close() {
    client.close();
    dispatcher.closed.end();
    server.destroy();
  }

  /**
   * fabric8's dispatcher with corrections and additions. It corrects three errors of 7.8.0, after
   * which clients wait without end: a watch that is closed while events are sent to it blocks the
   * event loop, an event for a watch that has ended does not reach the watches after it, and a JSON
   * patch that no longer fits its object gets no response. It adds what schedulers, drains and checks
   * need: it binds pods, lists them by node, returns their logs, and allows every request.
   */
  private static final class Dispatcher extends KubernetesCrudDispatcher {

    private static final String ACCESS_REVIEWS =
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    private static final String EVERYTHING_ALLOWED = "{\"apiVersion\": \"authorization.k8s.io/v1\","
        + " \"kind\": \"SelfSubjectAccessReview\", \"status\": {\"allowed\": true}}";
    private static final Pattern LOG = Pattern.compile("/api/v1/.*/pods/([^/]+)/log.*");
    private static final Pattern BINDING = Pattern.compile("(/api/v1/.*/pods/[^/]+)/binding");
    private static final Pattern BY_NODE =
        Pattern.compile("fieldSelector=spec\\.nodeName%3D[^&]+&?");

    private final BiFunction<RecordedRequest, Function<RecordedRequest, MockResponse>, MockResponse>
        answers;
    private final ClosedWatches closed = new ClosedWatches();
    private volatile Function<String, Optional<List<String>>> logs = pod -> Optional.empty();
    private volatile Function<RecordedRequest, Optional<MockResponse>> rule =
        request -> Optional.empty();

    Dispatcher(
        BiFunction<RecordedRequest, Function<RecordedRequest, MockResponse>, MockResponse>
            answers) {
      this.answers = answers;
    }

    @Override
    public MockResponse dispatch(RecordedRequest request) {
      return rule.apply(request).orElseGet(() -> answers.apply(request, this::answer));
    }

    private MockResponse answer(RecordedRequest request) {
      if (request.getPath().equals(ACCESS_REVIEWS)) {
        return new MockResponse().setResponseCode(201).setBody(EVERYTHING_ALLOWED);
      }
      Matcher log = LOG.matcher(request.getPath());
      if (log.matches()) {
        return logs.apply(log.group(1))
            .map(lines -> new MockResponse().setResponseCode(200).setBody(String.join("\n", lines)))
            .orElseGet(() -> new MockResponse().setResponseCode(404).setBody("{\"code\": 404}"));
      }
      MockResponse response;
      try {
        Matcher binding = BINDING.matcher(request.getPath());
        response = binding.matches()
            ? bind(request, binding.group(1))
            : super.dispatch(with(
                request,
                request.method(),
                BY_NODE.matcher(request.getPath()).replaceAll(""),
                request.getBody()));
      } catch (RuntimeException unanswered) {
        return new MockResponse().setResponseCode(409).setBody("{\"code\": 409}");
      }
      WebSocketListener watch = response.getWebSocketListener();
      return watch == null ? response : response.withWebSocketUpgrade(new Watch(watch, closed));
    }

    private MockResponse bind(RecordedRequest request, String path) {
      String node = Serialization.unmarshal(request.getBody().readUtf8(), Binding.class)
          .getTarget()
          .getName();
      MockResponse found =
          super.dispatch(with(request, HttpMethod.GET, path, new Buffer(new byte[0])));
      if (found.code() != HttpURLConnection.HTTP_OK) {
        return found;
      }
      Pod bound = new PodBuilder(Serialization.unmarshal(found.getBody().readUtf8(), Pod.class))
          .editSpec()
          .withNodeName(node)
          .endSpec()
          .build();
      Buffer body = new Buffer(Serialization.asJson(bound).getBytes(StandardCharsets.UTF_8));
      return super.dispatch(with(request, HttpMethod.PUT, path, body));
    }

    private static RecordedRequest with(
        RecordedRequest request, HttpMethod method, String path, Buffer body) {
      return new RecordedRequest(
          request.getHttpVersion(), method, path, request.getHeaders(), body);
    }
  }

  private static final class Watch extends WebSocketListener {
    private final WebSocketListener listener;
    private final ClosedWatches closed;

    Watch(WebSocketListener listener, ClosedWatches closed) {
      this.listener = listener;
      this.closed = closed;
    }

    @Override
    public void onBeforeAccept(WebSocket socket, Response response) {
      listener.onBeforeAccept(socket, response);
    }

    @Override
    public void onOpen(WebSocket socket, Response response) {
      listener.onOpen(socket, response);
    }

    @Override
    public void onClosing(WebSocket socket, int code, String reason) {
      listener.onClosing(socket, code, reason);
    }

    @Override
    public void onClosed(WebSocket socket, int code, String reason) {
      closed.add(() -> listener.onClosed(socket, code, reason));
    }

    @Override
    public void onFailure(WebSocket socket, Throwable failure, Response response) {
      closed.add(() -> listener.onFailure(socket, failure, response));
    }
  }

  /** Watches that clients have closed, and that end with the server. */
  private static final class ClosedWatches {
    private final List<Runnable> closings = new ArrayList<>();
    private boolean ended;

    synchronized void add(Runnable closing) {
      if (ended) {
        aside(closing);
      } else {
        closings.add(closing);
      }
    }

    synchronized void end() {
      ended = true;
      closings.forEach(ClosedWatches::aside);
      closings.clear();
    }

    private static void aside(Runnable closing) {
      Thread thread = new Thread(
          () -> {
            try {
              closing.run();
            } catch (RejectedExecutionException serverStopped) {
              // The server has stopped: no client is left.
            }
          },
          "closing-watch");
      thread.setDaemon(true);
      thread.start();
    }
  }
}
