package io.github.mig4j.examples.migctl.demo;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.mockwebserver.http.WebSocket;
import io.fabric8.mockwebserver.http.WebSocketListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * Watches as kubectl reads them: one answer without end, with an event in each line. The embedded server
 * sends events through web sockets only, so kubectl is redirected to a second server on this machine.
 */
final class KubectlWatches implements AutoCloseable {

  private static final int HTTP_TEMPORARY_REDIRECT = 307;
  private static final int NO_BACKLOG_LIMIT = 0;
  private static final int CHUNKED = 0;

  private final Map<String, Watch> requested = new ConcurrentHashMap<>();
  private final AtomicInteger count = new AtomicInteger();
  private final ExecutorService threads;
  private final HttpServer server;

  KubectlWatches() {
    threads = Executors.newCachedThreadPool(task -> {
      Thread thread = new Thread(task, "watch-of-kubectl");
      thread.setDaemon(true);
      return thread;
    });
    try {
      server = HttpServer.create(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), NO_BACKLOG_LIMIT);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot listen on this machine", e);
    }
    server.createContext("/", this::stream);
    server.setExecutor(threads);
    server.start();
  }

  /**
   * Prepares a watch.
   *
   * @param request what kubectl sent
   * @param events the embedded server's end of the watch
   * @param line the line for an event, or empty for an event that kubectl did not ask for
   * @return the answer that sends kubectl to the watch
   */
  MockResponse redirect(
      RecordedRequest request, WebSocketListener events, Function<String, Optional<String>> line) {
    String path = "/watch/" + count.incrementAndGet();
    requested.put(path, new Watch(request, events, line));
    InetSocketAddress address = server.getAddress();
    return new MockResponse()
        .setResponseCode(HTTP_TEMPORARY_REDIRECT)
        .setHeader(
            "Location",
            "http://%s:%d%s"
                .formatted(address.getAddress().getHostAddress(), address.getPort(), path));
  }

  private void stream(HttpExchange exchange) throws IOException {
    try (exchange) {
      Watch watch = requested.remove(exchange.getRequestURI().getPath());
      if (watch == null) {
        exchange.sendResponseHeaders(HttpURLConnection.HTTP_NOT_FOUND, -1);
        return;
      }
      watch.run(exchange);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  /** One watch; it ends with the demo, or when an event cannot be written to kubectl. */
  private static final class Watch implements WebSocket {
    private final RecordedRequest request;
    private final WebSocketListener events;
    private final Function<String, Optional<String>> line;
    private final CountDownLatch ended = new CountDownLatch(1);
    private OutputStream kubectl = OutputStream.nullOutputStream();

    Watch(
        RecordedRequest request,
        WebSocketListener events,
        Function<String, Optional<String>> line) {
      this.request = request;
      this.events = events;
      this.line = line;
    }

    void run(HttpExchange exchange) throws IOException {
      try {
        open(exchange);
        ended.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        events.onClosed(this, 1000, "");
      }
    }

    /** The watch is open before its answer begins: what kubectl does after that, the watch reports. */
    private synchronized void open(HttpExchange exchange) throws IOException {
      ByteArrayOutputStream first = new ByteArrayOutputStream();
      kubectl = first;
      events.onOpen(this, new MockResponse());
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(HttpURLConnection.HTTP_OK, CHUNKED);
      kubectl = exchange.getResponseBody();
      first.writeTo(kubectl);
      kubectl.flush();
    }

    @Override
    public RecordedRequest request() {
      return request;
    }

    @Override
    public synchronized boolean send(String event) {
      Optional<String> text = line.apply(event);
      if (text.isPresent() && ended.getCount() > 0) {
        try {
          kubectl.write((text.get() + "\n").getBytes(StandardCharsets.UTF_8));
          kubectl.flush();
        } catch (IOException kubectlEnded) {
          ended.countDown();
        }
      }
      return ended.getCount() > 0;
    }

    @Override
    public boolean send(byte[] event) {
      return send(new String(event, StandardCharsets.UTF_8));
    }

    @Override
    public boolean close(int code, String reason) {
      ended.countDown();
      return true;
    }
  }
}
