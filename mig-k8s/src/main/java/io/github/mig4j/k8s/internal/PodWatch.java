package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.github.mig4j.k8s.cluster.MigClusterException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The current state of some pods, and a way to wait for a change among them. */
public final class PodWatch implements AutoCloseable {

  private final SharedIndexInformer<Pod> informer;
  private final WatchPermission permission;
  private final String role;
  private final Semaphore changes = new Semaphore(0);
  private volatile @Nullable RuntimeException failure;

  /**
   * Starts a watch.
   *
   * @param namespace of the pods; empty for all
   * @param role the ClusterRole that has the permission, for messages
   */
  public PodWatch(
      Cluster cluster,
      String owner,
      Informable<Pod> pods,
      Optional<String> namespace,
      String role,
      Duration timeout)
      throws InterruptedException {
    WatchRetry retry = new WatchRetry();
    this.informer =
        pods.runnableInformer(0).addEventHandler(new Listener()).exceptionHandler(retry);
    this.role = role;
    String request = "list and watch pods of " + owner;
    this.permission = new WatchPermission(cluster, request, "pods", namespace, retry, informer);
    cluster.start(request, informer, timeout);
    cluster.onFailure(request, informer.stopped(), this::fail);
  }

  private void fail(RuntimeException ended) {
    failure = ended;
    changes.release();
  }

  /**
   * The pods as the watch last saw them.
   *
   * @throws MigClusterException if the watch has failed and is not repeated, or is no longer allowed
   */
  public List<Pod> pods() {
    RuntimeException ended = failure;
    if (ended != null) {
      throw ended;
    }
    permission.forbidden().ifPresent(request -> {
      throw WatchPermission.failure(request, role);
    });
    return informer.getStore().list();
  }

  /** Returns after a change, after the end of the watch, or after the given time. */
  public void awaitChange(long nanos) throws InterruptedException {
    if (changes.tryAcquire(Math.max(0, nanos), TimeUnit.NANOSECONDS)) {
      int unused = changes.drainPermits();
    }
  }

  @Override
  public void close() {
    informer.close();
  }

  private final class Listener implements ResourceEventHandler<Pod> {
    @Override
    public void onAdd(Pod pod) {
      changes.release();
    }

    @Override
    public void onUpdate(Pod before, Pod pod) {
      changes.release();
    }

    @Override
    public void onDelete(Pod pod, boolean finalStateUnknown) {
      changes.release();
    }
  }
}
