package io.github.mig4j.k8s;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Every version of one node that the API server tells of, in order. fabric8's informer reconnects
 * and lists again by itself; in case it misses something, the node is read again after a minute of
 * silence.
 */
final class NodeWatch implements AutoCloseable {

  private static final Duration RELIST = Duration.ofMinutes(1);

  private final Cluster cluster;
  private final String name;
  private final BlockingQueue<Optional<Node>> seen = new LinkedBlockingQueue<>();
  private final SharedIndexInformer<Node> informer;

  NodeWatch(Cluster cluster, String name) {
    this.cluster = cluster;
    this.name = name;
    this.informer = cluster.call(
        "list and watch node " + name,
        () -> cluster.client().nodes().withName(name).inform(new Recorder(), 0));
  }

  /**
   * The next version, or what the node is like now if there was none for long.
   *
   * @param patienceNanos how long to wait at most
   * @return the node; null if nothing happened in time
   * @throws InterruptedException if the thread is interrupted
   */
  @Nullable
  Node next(long patienceNanos) throws InterruptedException {
    long wait = Math.max(0, Math.min(patienceNanos, RELIST.toNanos()));
    Optional<Node> node = seen.poll(wait, TimeUnit.NANOSECONDS);
    if (node != null) {
      return node.orElseThrow(() -> new MigConflictException(
          "Node %s was deleted while its GPUs were being partitioned. Apply again once it is back"
              .formatted(name)));
    }
    return patienceNanos < RELIST.toNanos() ? null : cluster.requireNode(name);
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
