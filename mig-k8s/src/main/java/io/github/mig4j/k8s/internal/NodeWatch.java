package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.github.mig4j.k8s.MigConflictException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Every version of one node that the API server tells of, in order. fabric8's informer reconnects
 * and lists again by itself.
 */
public final class NodeWatch implements AutoCloseable {

  private static final Duration RELIST = Duration.ofMinutes(1);

  private final String name;
  private final BlockingQueue<Optional<Node>> seen = new LinkedBlockingQueue<>();
  private final SharedIndexInformer<Node> informer;

  public NodeWatch(Cluster cluster, String name, Duration patience) throws InterruptedException {
    this.name = name;
    this.informer = cluster
        .client()
        .nodes()
        .withName(name)
        .runnableInformer(0)
        .addEventHandler(new Recorder())
        .exceptionHandler((started, failure) -> Cluster.mayPass(failure));
    boolean started = false;
    try {
      cluster.await("list and watch node " + name, informer.start(), patience);
      started = true;
    } finally {
      if (!started) {
        informer.close();
      }
    }
  }

  /**
   * The next version.
   *
   * @param patienceNanos how long to wait at most; never longer than a minute, in case the watch
   *     misses something
   * @return the node; empty if nothing happened in time, and the node should be read
   * @throws InterruptedException if the thread is interrupted
   * @throws MigConflictException if the node is deleted
   */
  public Optional<Node> next(long patienceNanos) throws InterruptedException {
    long wait = Math.max(0, Math.min(patienceNanos, RELIST.toNanos()));
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
        "Node %s was deleted while it was being changed. Apply again once it is back"
            .formatted(name));
  }

  @Override
  public void close() {
    informer.close();
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
