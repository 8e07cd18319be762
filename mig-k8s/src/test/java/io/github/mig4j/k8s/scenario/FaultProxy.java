package io.github.mig4j.k8s.scenario;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A proxy in front of an API server. Its clients speak HTTP/1.1 without TLS to it, and are authenticated
 * as the user of its configuration. Chosen requests it answers itself, or breaks their connection, or
 * changes the cluster just before they are passed on, so that the server's own answer is the fault.
 */
final class FaultProxy implements AutoCloseable {

  private static final Pattern LENGTH = Pattern.compile("(?im)^content-length: *([0-9]+)");
  private static final Pattern CHUNKED = Pattern.compile("(?im)^transfer-encoding: *chunked");
  private static final Pattern UPGRADE = Pattern.compile("(?im)^upgrade: *websocket");

  private final Config server;
  private final ServerSocket listener;
  private final List<Fault> faults = new ArrayList<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final Set<Socket> watches = ConcurrentHashMap.newKeySet();
  private int injected;

  private enum Kind {
    ANSWER,
    RESET,
    LOSE_ANSWER,
    CHANGE_BEFORE
  }

  private static final class Fault {
    private final String request;
    private final Kind kind;
    private final String answer;
    private final Runnable change;
    private int times;

    Fault(int times, String request, Kind kind, String answer, Runnable change) {
      this.times = times;
      this.request = request;
      this.kind = kind;
      this.answer = answer;
      this.change = change;
    }
  }

  private FaultProxy(Config server) throws IOException {
    this.server = server;
    this.listener = new ServerSocket(0, 50, InetAddress.getByName("localhost"));
    Traffic.start("fault-proxy", () -> {
      while (true) {
        Socket client = listener.accept();
        open.add(client);
        Traffic.start("fault-proxy", () -> serve(client));
      }
    });
  }

  static FaultProxy to(Config server) {
    try {
      return new FaultProxy(server);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The configuration of a client on this side of the proxy. */
  Config config() {
    return new ConfigBuilder(Config.empty())
        .withMasterUrl("http://localhost:%d/".formatted(listener.getLocalPort()))
        .withNamespace("default")
        .withHttp2Disable(true)
        .withWatchReconnectInterval(100)
        .build();
  }

  /** Answers the next requests that match, e.g. {@code PATCH /api/v1/nodes/.*}, with an error. */
  void fail(int times, String request, int code) {
    fail(times, request, code, "");
  }

  /** As an overloaded API server, with the time after which to repeat. */
  void tellToRetry(int times, String request, int afterSeconds) {
    fail(times, request, 429, "Retry-After: %d\r\n".formatted(afterSeconds));
  }

  private void fail(int times, String request, int code, String headers) {
    String body =
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"injected\",\"code\":%d}"
            .formatted(code);
    add(new Fault(
        times,
        request,
        Kind.ANSWER,
        "HTTP/1.1 %d Injected\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            .formatted(code, headers, body.length(), body),
        () -> {}));
  }

  /** Breaks the connection of the next requests, which do not reach the server. */
  void reset(int times, String request) {
    add(new Fault(times, request, Kind.RESET, "", () -> {}));
  }

  /** Passes the next requests on, and breaks the connection in place of the answer. */
  void loseAnswers(int times, String request) {
    add(new Fault(times, request, Kind.LOSE_ANSWER, "", () -> {}));
  }

  /** Changes the cluster just before the next request is passed on. */
  void before(String request, Runnable change) {
    add(new Fault(1, request, Kind.CHANGE_BEFORE, "", change));
  }

  private synchronized void add(Fault fault) {
    faults.add(fault);
  }

  private synchronized Optional<Fault> next(String line) {
    Optional<Fault> next = faults.stream()
        .filter(fault -> fault.times > 0 && line.matches(fault.request))
        .findFirst();
    next.ifPresent(fault -> {
      fault.times--;
      injected++;
    });
    return next;
  }

  /** The number of requests with a fault. */
  synchronized int injected() {
    return injected;
  }

  /** Every request so far, e.g. {@code GET /api/v1/nodes/gpu-node}. */
  List<String> requests() {
    return List.copyOf(requests);
  }

  /** Breaks every watch that is open now. */
  void dropWatches() {
    watches.forEach(FaultProxy::close);
  }

  private void serve(Socket client) throws IOException {
    Optional<Socket> upstream = Optional.empty();
    AtomicBoolean loses = new AtomicBoolean();
    try (client;
        InputStream in = client.getInputStream();
        OutputStream out = client.getOutputStream()) {
      while (true) {
        byte[] head = head(in);
        if (head.length == 0) {
          return;
        }
        String text = new String(head, StandardCharsets.ISO_8859_1);
        String[] words = text.split(" ", 3);
        String line = words[0] + " " + words[1];
        byte[] body = body(text, in);
        requests.add(line);
        Optional<Fault> fault = next(line);
        Kind kind = fault.map(found -> found.kind).orElse(Kind.CHANGE_BEFORE);
        if (kind == Kind.RESET) {
          client.setSoLinger(true, 0);
          return;
        }
        if (kind == Kind.ANSWER) {
          out.write(fault.get().answer.getBytes(StandardCharsets.UTF_8));
          out.flush();
          continue;
        }
        fault.ifPresent(found -> found.change.run());
        loses.set(kind == Kind.LOSE_ANSWER);
        if (upstream.isEmpty()) {
          Socket there = connect();
          upstream = Optional.of(there);
          Traffic.start("fault-proxy", () -> answer(there, client, loses));
        }
        OutputStream there = upstream.get().getOutputStream();
        there.write(head);
        there.write(body);
        there.flush();
        if (line.contains("watch=true")) {
          watches.add(client);
        }
        if (UPGRADE.matcher(text).find()) {
          long unused = in.transferTo(there);
          return;
        }
      }
    } finally {
      open.remove(client);
      watches.remove(client);
      upstream.ifPresent(FaultProxy::close);
    }
  }

  private void answer(Socket there, Socket client, AtomicBoolean loses) throws IOException {
    try (there;
        client) {
      InputStream in = there.getInputStream();
      byte[] buffer = new byte[16_384];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        if (loses.get()) {
          return;
        }
        client.getOutputStream().write(buffer, 0, n);
        client.getOutputStream().flush();
      }
    }
  }

  private Socket connect() throws IOException {
    URI url = URI.create(server.getMasterUrl());
    if (url.getScheme().equals("http")) {
      return new Socket(url.getHost(), url.getPort());
    }
    try {
      return SSLUtils.sslContext(server)
          .getSocketFactory()
          .createSocket(url.getHost(), url.getPort());
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  /** The request line and the headers with the empty line behind them; empty at the end. */
  private static byte[] head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    int matched = 0;
    while (matched < 4) {
      int next = in.read();
      if (next < 0) {
        return new byte[0];
      }
      head.write(next);
      matched = next == "\r\n\r\n".charAt(matched) ? matched + 1 : next == '\r' ? 1 : 0;
    }
    return head.toByteArray();
  }

  private static byte[] body(String head, InputStream in) throws IOException {
    Matcher length = LENGTH.matcher(head);
    if (length.find()) {
      return in.readNBytes(Integer.parseInt(length.group(1)));
    }
    return CHUNKED.matcher(head).find() ? chunks(in) : new byte[0];
  }

  /** The body as it was sent, with the sizes of its chunks. */
  private static byte[] chunks(InputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (true) {
      String size = line(in, body);
      int bytes = Integer.parseInt(size.trim().toLowerCase(Locale.ROOT), 16);
      body.write(in.readNBytes(bytes + 2));
      if (bytes == 0) {
        return body.toByteArray();
      }
    }
  }

  private static String line(InputStream in, ByteArrayOutputStream copy) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = in.read(); next >= 0; next = in.read()) {
      copy.write(next);
      if (next == '\n') {
        break;
      }
      line.append((char) next);
    }
    return line.toString();
  }

  private static void close(AutoCloseable closed) {
    try {
      closed.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    close(listener);
    open.forEach(FaultProxy::close);
  }
}
