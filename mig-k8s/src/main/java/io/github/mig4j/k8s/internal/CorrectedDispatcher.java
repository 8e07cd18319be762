package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Binding;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.WatchEvent;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.crud.Attribute;
import io.fabric8.mockwebserver.crud.AttributeSet;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.Buffer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.mockwebserver.http.Response;
import io.fabric8.mockwebserver.http.WebSocket;
import io.fabric8.mockwebserver.http.WebSocketListener;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * fabric8's dispatcher of a mock API server, with corrections of 7.8.0 and additions.
 *
 * <p>It corrects five errors, after which clients wait without end. A watch that is closed while events
 * are sent to it blocks the only event loop for half a minute. An event for a watch that has ended fails
 * the request that caused it, and does not reach the watches after it. A JSON patch that no longer fits
 * its object gets no response. A watch does not report what was deleted between the list and its start.
 * What changes while a watch is opened is reported after the current objects, and sometimes after later
 * changes, so that an old version of an object is the last one that is reported.
 *
 * <p>It adds what schedulers, drains and checks need: it binds and evicts pods, lists them by node, returns
 * their logs, and allows every request. The class needs kubernetes-server-mock, which is an optional
 * dependency.
 */
public class CorrectedDispatcher extends KubernetesCrudDispatcher {

  private static final String ACCESS_REVIEWS =
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  private static final String EVERYTHING_ALLOWED = "{\"apiVersion\": \"authorization.k8s.io/v1\","
      + " \"kind\": \"SelfSubjectAccessReview\", \"status\": {\"allowed\": true}}";
  private static final Pattern LOG = Pattern.compile("GET /api/v1/.*/pods/([^/]+)/log(\\?.*)?");
  /** A scheduler uses the first path, and fabric8's {@code client.bindings()} the second. */
  private static final Pattern BINDING =
      Pattern.compile("(/api/v1/namespaces/[^/]+)/(?:pods/([^/]+)/binding|bindings)");

  private static final Pattern EVICTION = Pattern.compile("(/api/v1/.*/pods/([^/]+))/eviction");
  private static final Pattern BY_NODE = Pattern.compile("fieldSelector=spec\\.nodeName%3D[^&]+&?");
  private static final Pattern WATCHED_NAME =
      Pattern.compile("fieldSelector=metadata\\.name%3D([^&]+)");
  private static final Pattern LISTED_VERSION = Pattern.compile("resourceVersion=([0-9]+)");

  private final Object serving = new Object();
  private final List<Deletion> deletions = new ArrayList<>();
  private final ClosedWatches closed = new ClosedWatches();
  private volatile Function<String, Optional<List<String>>> logs = pod -> Optional.empty();

  /**
   * Returns the logs of pods.
   *
   * @param source the lines of a pod's log, by the pod's name; empty if no such pod runs
   */
  public void showLogs(Function<String, Optional<List<String>>> source) {
    logs = source;
  }

  /** Ends the watches that clients have closed; called after the last client is closed. */
  public void end() {
    closed.end();
  }

  /** The answer to a request for the log of a pod: its lines, or 404. */
  protected Optional<MockResponse> log(String pod) {
    return Optional.of(logs.apply(pod)
        .map(lines -> new MockResponse().setResponseCode(200).setBody(String.join("\n", lines)))
        .orElseGet(() -> new MockResponse().setResponseCode(404).setBody("{\"code\": 404}")));
  }

  /** The answer that a test expects before the server's own; none by default. */
  protected Optional<MockResponse> expected(RecordedRequest request) {
    return Optional.empty();
  }

  /**
   * Whether a disruption budget prevents the eviction of a pod, false by default; otherwise the pod
   * is deleted.
   */
  protected boolean keeps(String pod) {
    return false;
  }

  /**
   * Whether access reviews are answered, with yes, as by default; otherwise their answer says
   * nothing.
   */
  protected boolean answersReviews() {
    return true;
  }

  /** Called when a watch is opened. */
  protected void opened(WebSocket watch) {}

  /** Called when a watch was closed. */
  protected void closed(WebSocket watch) {}

  @Override
  public MockResponse dispatch(RecordedRequest request) {
    Matcher log = LOG.matcher(request.getMethod() + " " + request.getPath());
    Optional<MockResponse> lines = log.matches() ? log(log.group(1)) : Optional.empty();
    return lines.orElseGet(() -> corrected(request));
  }

  private MockResponse corrected(RecordedRequest request) {
    try {
      return expected(request).orElseGet(() -> added(request));
    } catch (RuntimeException unanswered) {
      return new MockResponse().setResponseCode(409).setBody("{\"code\": 409}");
    }
  }

  /** A watch begins when it is open, and nothing changes meanwhile. */
  @Override
  public MockResponse handleWatch(String path) {
    return new MockResponse().withWebSocketUpgrade(new Watch(path));
  }

  private MockResponse serve(RecordedRequest request) {
    synchronized (serving) {
      return super.dispatch(request);
    }
  }

  private WebSocketListener events(String path) {
    return super.handleWatch(path).getWebSocketListener();
  }

  private MockResponse added(RecordedRequest request) {
    String path = request.getPath();
    Matcher eviction = EVICTION.matcher(path);
    Matcher binding = BINDING.matcher(path);
    if (path.equals(ACCESS_REVIEWS) && answersReviews()) {
      return new MockResponse().setResponseCode(201).setBody(EVERYTHING_ALLOWED);
    } else if (eviction.matches()) {
      return evict(request, eviction.group(1), eviction.group(2));
    } else if (binding.matches()) {
      return bind(request, binding);
    }
    String ofAnyNode = BY_NODE.matcher(path).replaceAll("");
    return ofAnyNode.equals(path)
        ? serve(request)
        : own(with(request, request.method(), ofAnyNode, request.getBody()));
  }

  /** The answer to a request that this class has made of another one. */
  private MockResponse own(RecordedRequest request) {
    return expected(request).orElseGet(() -> serve(request));
  }

  private MockResponse evict(RecordedRequest request, String path, String pod) {
    return keeps(pod)
        ? new MockResponse().setResponseCode(429).setBody("{\"code\": 429}")
        : own(with(request, HttpMethod.DELETE, path, request.getBody()));
  }

  private MockResponse bind(RecordedRequest request, Matcher requested) {
    Binding binding = Serialization.unmarshal(request.getBody().readUtf8(), Binding.class);
    String pod = requested.group(2) == null ? binding.getMetadata().getName() : requested.group(2);
    String path = requested.group(1) + "/pods/" + pod;
    MockResponse found = own(with(request, HttpMethod.GET, path, new Buffer(new byte[0])));
    if (found.code() != HttpURLConnection.HTTP_OK) {
      return found;
    }
    Pod bound = new PodBuilder(Serialization.unmarshal(found.getBody().readUtf8(), Pod.class))
        .editSpec()
        .withNodeName(binding.getTarget().getName())
        .endSpec()
        .build();
    Buffer body = new Buffer(Serialization.asJson(bound).getBytes(StandardCharsets.UTF_8));
    return own(with(request, HttpMethod.PUT, path, body));
  }

  private static RecordedRequest with(
      RecordedRequest request, HttpMethod method, String path, Buffer body) {
    return new RecordedRequest(request.getHttpVersion(), method, path, request.getHeaders(), body);
  }

  /** An object that has finalizers is still there. */
  @Override
  public MockResponse handleDelete(String path) {
    MockResponse response = super.handleDelete(path);
    if (response.code() == HttpURLConnection.HTTP_OK
        && handleGet(path).code() == HttpURLConnection.HTTP_NOT_FOUND) {
      String object = response.getBody().readUtf8();
      // Only the path has the kind's plural, by which watches ask.
      AttributeSet attributes =
          AttributeSet.merge(getKey(path), attributeExtractor.fromResource(object));
      synchronized (deletions) {
        deletions.add(new Deletion(requestResourceVersion(), attributes, object));
      }
    }
    return response;
  }

  private List<String> deletedSince(String path) {
    Matcher listed = LISTED_VERSION.matcher(path);
    if (!listed.find()) {
      return List.of();
    }
    long version = Long.parseLong(listed.group(1));
    AttributeSet watched = attributeExtractor.fromPath(path);
    Matcher name = WATCHED_NAME.matcher(path);
    AttributeSet named = name.find() ? watched.add(new Attribute("name", name.group(1))) : watched;
    synchronized (deletions) {
      return deletions.stream()
          .filter(deletion -> version > 0 && deletion.version() > version)
          .filter(deletion -> deletion.attributes().matches(named))
          .map(Deletion::event)
          .toList();
    }
  }

  /** An object that was deleted, and the server's version after it. */
  private record Deletion(long version, AttributeSet attributes, String object) {

    String event() {
      GenericKubernetesResource deleted =
          Serialization.unmarshal(object, GenericKubernetesResource.class);
      deleted.getMetadata().setResourceVersion(String.valueOf(version));
      return Serialization.asJson(new WatchEvent(deleted, "DELETED"));
    }
  }

  private final class Watch extends WebSocketListener {
    private final String path;
    private WebSocketListener listener = new WebSocketListener() {};

    Watch(String path) {
      this.path = path;
    }

    @Override
    public void onOpen(WebSocket socket, Response response) {
      synchronized (serving) {
        listener = events(path);
        opened(socket);
        deletedSince(path).forEach(socket::send);
        listener.onOpen(socket, response);
      }
    }

    @Override
    public void onClosing(WebSocket socket, int code, String reason) {
      listener.onClosing(socket, code, reason);
    }

    @Override
    public void onClosed(WebSocket socket, int code, String reason) {
      closed(socket);
      closed.add(() -> listener.onClosed(socket, code, reason));
    }

    @Override
    public void onFailure(WebSocket socket, Throwable failure, Response response) {
      closed(socket);
      closed.add(() -> listener.onFailure(socket, failure, response));
    }
  }

  /** Watches that clients have closed, and that end with the server, on threads of their own. */
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
      Thread thread = new Thread(() -> unlessStopped(closing), "closing-watch");
      thread.setDaemon(true);
      thread.start();
    }

    private static void unlessStopped(Runnable closing) {
      try {
        closing.run();
      } catch (RejectedExecutionException serverStopped) {
        // The server has stopped, so the watch is closed.
      }
    }
  }
}
