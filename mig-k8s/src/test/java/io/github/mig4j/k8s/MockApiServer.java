package io.github.mig4j.k8s;

import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMixedDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.ServerRequest;
import io.fabric8.mockwebserver.ServerResponse;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.mockwebserver.http.Response;
import io.fabric8.mockwebserver.http.WebSocket;
import io.fabric8.mockwebserver.http.WebSocketListener;
import java.lang.reflect.Field;
import java.net.HttpURLConnection;
import java.util.HashMap;
import java.util.Map;
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
 * fabric8's CRUD mock server for each test, put into its fields of type {@link KubernetesClient} and
 * {@link KubernetesMockServer}.
 *
 * <p>Unlike its own extension, watches are closed on a thread of their own. In 7.8.0 the server's
 * only event loop waits for the events that a closing watch still has to send, which are sent on
 * that same event loop, so that no request is answered for half a minute. And a JSON patch that
 * does not fit the object any more is answered, as a real server does, where the mock is silent.
 * And the pods of one node are found by its name, which the mock cannot.
 */
public final class MockApiServer implements BeforeEachCallback, AfterEachCallback {

  private static final Pattern PODS_OF_A_NODE =
      Pattern.compile("(/api/v1/pods)\\?fieldSelector=spec\\.nodeName(?:%3D|=)([^&]+)");

  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(MockApiServer.class);

  @Override
  public void beforeEach(ExtensionContext context) throws IllegalAccessException {
    Map<ServerRequest, Queue<ServerResponse>> expectations = new HashMap<>();
    KubernetesMockServer server = new KubernetesMockServer(
        new Context(),
        new MockWebServer(),
        expectations,
        new ClosingWatchesAside(expectations),
        false);
    server.init();
    KubernetesClient client = server.createClient();
    context.getStore(NAMESPACE).put(KubernetesMockServer.class, server);
    context.getStore(NAMESPACE).put(KubernetesClient.class, client);
    set(context.getRequiredTestInstance(), KubernetesMockServer.class, server);
    set(context.getRequiredTestInstance(), KubernetesClient.class, client);
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

  private static final class ClosingWatchesAside extends KubernetesMixedDispatcher {
    ClosingWatchesAside(Map<ServerRequest, Queue<ServerResponse>> expectations) {
      super(expectations);
    }

    @Override
    public MockResponse dispatch(RecordedRequest request) {
      MockResponse response;
      try {
        response = super.dispatch(request);
        Matcher podsOfANode = PODS_OF_A_NODE.matcher(request.getPath());
        if (podsOfANode.matches() && response.code() == HttpURLConnection.HTTP_OK) {
          return podsOfANode(request, podsOfANode.group(1), podsOfANode.group(2));
        }
      } catch (RuntimeException unanswered) {
        return new MockResponse().setResponseCode(409).setBody("{\"code\": 409}");
      }
      WebSocketListener watch = response.getWebSocketListener();
      return watch == null ? response : response.withWebSocketUpgrade(new ClosedAside(watch));
    }

    private MockResponse podsOfANode(RecordedRequest request, String path, String node) {
      MockResponse all = super.dispatch(new RecordedRequest(
          request.getHttpVersion(),
          request.method(),
          path,
          request.getHeaders(),
          request.getBody()));
      PodList pods = Serialization.unmarshal(all.getBody().readUtf8(), PodList.class);
      pods.setItems(pods.getItems().stream()
          .filter(pod -> node.equals(pod.getSpec().getNodeName()))
          .toList());
      return new MockResponse()
          .setResponseCode(HttpURLConnection.HTTP_OK)
          .setHeader("Content-Type", "application/json")
          .setBody(Serialization.asJson(pods));
    }
  }

  private static final class ClosedAside extends WebSocketListener {
    private final WebSocketListener watch;

    ClosedAside(WebSocketListener watch) {
      this.watch = watch;
    }

    @Override
    public void onBeforeAccept(WebSocket socket, Response response) {
      watch.onBeforeAccept(socket, response);
    }

    @Override
    public void onOpen(WebSocket socket, Response response) {
      watch.onOpen(socket, response);
    }

    @Override
    public void onClosing(WebSocket socket, int code, String reason) {
      watch.onClosing(socket, code, reason);
    }

    @Override
    public void onClosed(WebSocket socket, int code, String reason) {
      aside(() -> watch.onClosed(socket, code, reason));
    }

    @Override
    public void onFailure(WebSocket socket, Throwable failure, Response response) {
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
