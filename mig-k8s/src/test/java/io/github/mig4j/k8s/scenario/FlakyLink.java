package io.github.mig4j.k8s.scenario;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The network between a client and its API server, which can be cut and mended. */
final class FlakyLink implements AutoCloseable {

  private final InetSocketAddress server;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final int port;
  private ServerSocket listener;

  private FlakyLink(InetSocketAddress server) throws IOException {
    this.server = server;
    this.listener = listen(0);
    this.port = listener.getLocalPort();
    serve(listener);
  }

  static FlakyLink to(Config config) {
    URI url = URI.create(config.getMasterUrl());
    try {
      return new FlakyLink(new InetSocketAddress(url.getHost(), url.getPort()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The configuration of a client on this side of the link. */
  Config config(Config direct) {
    URI url = URI.create(direct.getMasterUrl());
    return new ConfigBuilder(direct)
        .withMasterUrl("%s://localhost:%d/".formatted(url.getScheme(), port))
        .withWatchReconnectInterval(100)
        .build();
  }

  private static ServerSocket listen(int port) throws IOException {
    ServerSocket socket = new ServerSocket();
    socket.setReuseAddress(true);
    socket.bind(new InetSocketAddress(InetAddress.getByName("localhost"), port));
    return socket;
  }

  /** Every connection breaks, and none is accepted. */
  void cut() {
    close();
  }

  void mend() {
    try {
      listener = listen(port);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    serve(listener);
  }

  private void serve(ServerSocket accepting) {
    Traffic.start("flaky-link", () -> {
      while (true) {
        Socket client = accepting.accept();
        Socket there = new Socket(server.getAddress(), server.getPort());
        open.add(client);
        open.add(there);
        Traffic.start("flaky-link", () -> pump(client, there));
        Traffic.start("flaky-link", () -> pump(there, client));
      }
    });
  }

  private void pump(Socket from, Socket to) throws IOException {
    try (from;
        to;
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      long unused = in.transferTo(out);
    } finally {
      open.remove(from);
      open.remove(to);
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
