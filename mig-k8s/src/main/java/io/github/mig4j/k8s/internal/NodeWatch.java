package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.github.mig4j.k8s.cluster.MigConflictException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Every version of one node that a watch delivers, in order. */
public final class NodeWatch implements AutoCloseable {

  private static final Duration REREAD_INTERVAL = Duration.ofMinutes(1);

  private final String name;
  private final BlockingQueue<Optional<Node>> seen = new LinkedBlockingQueue<>();
  private final ClusterView.Following following;

  public NodeWatch(Cluster cluster, String name, Duration timeout) throws InterruptedException {
    this.name = name;
    this.following = cluster.view().follow(name, new Recorder(), timeout);
  }

  /**
   * The next version.
   *
   * @param timeoutNanos how long to wait at most; never longer than a minute, in case the watch
   *     misses a change
   * @return the node; empty if no version came in time, and the node should be read
   * @throws InterruptedException if the thread is interrupted
   * @throws MigConflictException if the node is deleted
   */
  public Optional<Node> next(long timeoutNanos) throws InterruptedException {
    long wait = Math.max(0, Math.min(timeoutNanos, REREAD_INTERVAL.toNanos()));
    Optional<Node> node = seen.poll(wait, TimeUnit.NANOSECONDS);
    if (node == null) {
      return Optional.empty();
    }
    if (node.isEmpty()) {
      throw deleted(name);
    }
    return node;
  }

  public static MigConflictException deleted(String name) {
    return new MigConflictException(
        "Node %s was deleted during its change. Apply again when the node exists".formatted(name));
  }

  @Override
  public void close() {
    following.close();
  }

  private final class Recorder implements ResourceEventHandler<Node> {
    @Override
    public void onAdd(Node node) {
      seen.add(Optional.of(node));
    }

    @Override
    public void onUpdate(Node before, Node node) {
      seen.add(Optional.of(node));
    }

    @Override
    public void onDelete(Node node, boolean unknown) {
      seen.add(Optional.empty());
    }
  }
}
