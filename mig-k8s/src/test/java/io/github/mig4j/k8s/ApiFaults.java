package io.github.mig4j.k8s;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.mockwebserver.http.Response;
import io.fabric8.mockwebserver.http.WebSocket;
import io.fabric8.mockwebserver.http.WebSocketListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * What goes wrong between {@link MockApiServer} and one client, which is told by its user agent, so
 * that a simulated operator on the same server is spared.
 */
public final class ApiFaults {

  private static final String VICTIM = "mig4j-under-test";

  private final List<Fault> faults = new ArrayList<>();
  private final Map<WebSocket, String> watches = new ConcurrentHashMap<>();
  private int injected;

  private enum Moment {
    INSTEAD,
    AFTERWARDS
  }

  /** Some answers to requests that match, e.g. {@code PATCH /api/v1/nodes/.*}. */
  private static final class Fault {
    private final String request;
    private final Moment moment;
    private final MockResponse answer;
    private int times;

    Fault(String request, int times, Moment moment, MockResponse answer) {
      this.request = request;
      this.times = times;
      this.moment = moment;
      this.answer = answer;
    }
  }

  /** The configuration of the client that is to suffer. */
  public static Config victim(Config config) {
    return new ConfigBuilder(config).withUserAgent(VICTIM).build();
  }

  /** Answers the next requests that match with an error, as an API server does. */
  public void fail(int times, String request, int code) {
    fail(times, request, Moment.INSTEAD, status(code));
  }

  /** As an API server that has too much to do, which says when to come again. */
  public void tellToRetry(int times, String request, int afterSeconds) {
    fail(
        times,
        request,
        Moment.INSTEAD,
        status(429).addHeader("Retry-After", String.valueOf(afterSeconds)));
  }

  /** Opens the next watches and says at once that they start from a version long gone. */
  public void expireWatches(int times) {
    fail(
        times,
        "GET .*watch=true.*",
        Moment.INSTEAD,
        new MockResponse().withWebSocketUpgrade(new Expired()));
  }

  /** Does what the next requests ask for, and loses the answers on the way back. */
  public void loseAnswers(int times, String request) {
    fail(times, request, Moment.AFTERWARDS, status(504));
  }

  private synchronized void fail(int times, String request, Moment moment, MockResponse answer) {
    faults.add(new Fault(request, times, moment, answer));
  }

  /** Closes the watches that are open now. */
  public void dropWatches() {
    List.copyOf(watches.keySet()).forEach(watch -> watch.close(1011, "dropped"));
  }

  /** The watches that are open now. */
  public List<String> openWatches() {
    return watches.values().stream().sorted().toList();
  }

  /** How many requests were answered wrongly. */
  public synchronized int injected() {
    return injected;
  }

  MockResponse answer(RecordedRequest request, Supplier<MockResponse> server) {
    Optional<Fault> fault = next(request);
    if (fault.isPresent() && fault.get().moment == Moment.AFTERWARDS) {
      MockResponse unused = server.get();
    }
    return fault.map(found -> found.answer).orElseGet(server);
  }

  private synchronized Optional<Fault> next(RecordedRequest request) {
    String line = request.getMethod() + " " + request.getPath();
    Optional<Fault> next = VICTIM.equals(request.getHeader("User-Agent"))
        ? faults.stream()
            .filter(fault -> fault.times > 0 && line.matches(fault.request))
            .findFirst()
        : Optional.empty();
    next.ifPresent(fault -> {
      fault.times--;
      injected++;
    });
    return next;
  }

  void opened(WebSocket watch) {
    if (VICTIM.equals(watch.request().getHeader("User-Agent"))) {
      watches.put(watch, watch.request().getPath());
    }
  }

  void closed(WebSocket watch) {
    watches.remove(watch);
  }

  private static MockResponse status(int code) {
    return new MockResponse().setResponseCode(code).setBody(statusBody(code));
  }

  private static String statusBody(int code) {
    return "{\"kind\": \"Status\", \"apiVersion\": \"v1\", \"status\": \"Failure\","
        + " \"message\": \"injected\", \"code\": " + code + "}";
  }

  /** What the watch of a real server sends where the version it is to start from is compacted. */
  private static final class Expired extends WebSocketListener {
    @Override
    public void onOpen(WebSocket socket, Response response) {
      socket.send("{\"type\": \"ERROR\", \"object\": " + statusBody(410) + "}");
    }
  }
}
