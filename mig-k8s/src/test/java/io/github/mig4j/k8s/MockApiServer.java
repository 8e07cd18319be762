package io.github.mig4j.k8s;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMixedDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.ServerRequest;
import io.fabric8.mockwebserver.ServerResponse;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.mockwebserver.http.Response;
import io.fabric8.mockwebserver.http.WebSocket;
import io.fabric8.mockwebserver.http.WebSocketListener;
import java.lang.reflect.Field;
import java.net.HttpURLConnection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * fabric8's CRUD mock server for each test, put into its fields of type {@link KubernetesClient},
 * {@link KubernetesMockServer}, {@link PodLogs}, {@link PodBudgets} and {@link ApiFaults}.
 *
 * <p>Unlike its own extension, watches are closed on a thread of their own. In 7.8.0 the server's
 * only event loop waits for the events that a closing watch still has to send, which are sent on
 * that same event loop, so that no request is answered for half a minute. And a JSON patch that
 * does not fit the object any more is answered, as a real server does, where the mock is silent.
 * Logs are those that a test gives. Pods are evicted, within their {@link PodBudgets}, and a selection of pods by node holds all pods,
 * where the mock holds none.
 */
public final class MockApiServer implements BeforeEachCallback, AfterEachCallback {

  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(MockApiServer.class);

  @Override
  public void beforeEach(ExtensionContext context) throws IllegalAccessException {
    Map<ServerRequest, Queue<ServerResponse>> expectations = new HashMap<>();
    PodBudgets budgets = new PodBudgets();
    PodLogs logs = new PodLogs();
    ApiFaults faults = new ApiFaults();
    KubernetesMockServer server = new KubernetesMockServer(
        new Context(),
        new MockWebServer(),
        expectations,
        new MoreLikeAServer(expectations, budgets, logs, faults),
        false);
    server.init();
    KubernetesClient client = server.createClient();
    context.getStore(NAMESPACE).put(KubernetesMockServer.class, server);
    context.getStore(NAMESPACE).put(KubernetesClient.class, client);
    set(context.getRequiredTestInstance(), KubernetesMockServer.class, server);
    set(context.getRequiredTestInstance(), PodLogs.class, logs);
    set(context.getRequiredTestInstance(), KubernetesClient.class, client);
    set(context.getRequiredTestInstance(), PodBudgets.class, budgets);
    set(context.getRequiredTestInstance(), ApiFaults.class, faults);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    context
        .getStore(NAMESPACE)
        .remove(KubernetesClient.class, KubernetesClient.class)
        .close();
    context
        .getStore(NAMESPACE)
        .remove(KubernetesMockServer.class, KubernetesMockServer.class)
        .destroy();
  }

  private static <T> void set(Object test, Class<T> type, T value) throws IllegalAccessException {
    for (Field field : ReflectionSupport.findFields(
        test.getClass(),
        f -> f.getType() == type && !f.getName().equals("recorded"),
        HierarchyTraversalMode.TOP_DOWN)) {
      field.setAccessible(true);
      field.set(test, value);
    }
  }

  private static final class MoreLikeAServer extends KubernetesMixedDispatcher {

    private static final Pattern LOG = Pattern.compile("GET /.*/pods/([^/]+)/log(\\?.*)?");
    private static final Pattern EVICTION = Pattern.compile("(/api/v1/.*/pods/([^/]+))/eviction");
    private static final Pattern BY_NODE =
        Pattern.compile("fieldSelector=spec\\.nodeName%3D[^&]+&?");

    private final PodBudgets budgets;
    private final PodLogs logs;
    private final ApiFaults faults;

    MoreLikeAServer(
        Map<ServerRequest, Queue<ServerResponse>> expectations,
        PodBudgets budgets,
        PodLogs logs,
        ApiFaults faults) {
      super(expectations);
      this.budgets = budgets;
      this.logs = logs;
      this.faults = faults;
    }

    @Override
    public MockResponse dispatch(RecordedRequest request) {
      return faults.answer(request, () -> dispatchUnharmed(request));
    }

    private MockResponse dispatchUnharmed(RecordedRequest request) {
      Matcher log = LOG.matcher(request.getMethod() + " " + request.getPath());
      Optional<PodLogs.Answer> answer = log.matches() ? logs.of(log.group(1)) : Optional.empty();
      return answer
          .map(found -> new MockResponse().setResponseCode(found.code()).setBody(found.body()))
          .orElseGet(() -> answer(request));
    }

    private MockResponse answer(RecordedRequest request) {
      MockResponse response;
      try {
        Matcher eviction = EVICTION.matcher(request.getPath());
        response = eviction.matches()
            ? evict(request, eviction.group(1), eviction.group(2))
            : ofAnyNode(request);
      } catch (RuntimeException unanswered) {
        return new MockResponse().setResponseCode(409).setBody("{\"code\": 409}");
      }
      WebSocketListener watch = response.getWebSocketListener();
      return watch == null
          ? response
          : response.withWebSocketUpgrade(new ClosedAside(watch, faults));
    }

    /** What a test expects for the selection itself comes first, such as a refusal. */
    private MockResponse ofAnyNode(RecordedRequest request) {
      String ofAnyNode = BY_NODE.matcher(request.getPath()).replaceAll("");
      if (!ofAnyNode.equals(request.getPath()) && !request.getPath().contains("watch=true")) {
        MockResponse selected = super.dispatch(request);
        if (selected.code() != HttpURLConnection.HTTP_OK) {
          return selected;
        }
      }
      return super.dispatch(on(request, request.method(), ofAnyNode));
    }

    private MockResponse evict(RecordedRequest request, String path, String pod) {
      if (budgets.keeps(pod)) {
        return new MockResponse().setResponseCode(429).setBody("{\"code\": 429}");
      }
      budgets.tell(pod);
      return super.dispatch(on(request, HttpMethod.DELETE, path));
    }

    private static RecordedRequest on(RecordedRequest request, HttpMethod method, String path) {
      return new RecordedRequest(
          request.getHttpVersion(), method, path, request.getHeaders(), request.getBody());
    }
  }

  private static final class ClosedAside extends WebSocketListener {
    private final WebSocketListener watch;
    private final ApiFaults faults;

    ClosedAside(WebSocketListener watch, ApiFaults faults) {
      this.watch = watch;
      this.faults = faults;
    }

    @Override
    public void onBeforeAccept(WebSocket socket, Response response) {
      watch.onBeforeAccept(socket, response);
    }

    @Override
    public void onOpen(WebSocket socket, Response response) {
      faults.opened(socket);
      watch.onOpen(socket, response);
    }

    @Override
    public void onClosing(WebSocket socket, int code, String reason) {
      watch.onClosing(socket, code, reason);
    }

    @Override
    public void onClosed(WebSocket socket, int code, String reason) {
      faults.closed(socket);
      aside(() -> watch.onClosed(socket, code, reason));
    }

    @Override
    public void onFailure(WebSocket socket, Throwable failure, Response response) {
      faults.closed(socket);
      aside(() -> watch.onFailure(socket, failure, response));
    }

    private static void aside(Runnable closing) {
      Thread thread = new Thread(() -> unlessStopped(closing), "closing-watch");
      thread.setDaemon(true);
      thread.start();
    }

    private static void unlessStopped(Runnable closing) {
      try {
        closing.run();
      } catch (RejectedExecutionException serverStopped) {
        // There is nobody left to tell.
      }
    }
  }
}
