package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The current state of some pods, and a way to wait for a change among them. */
public final class PodWatch implements AutoCloseable {

  private final SharedIndexInformer<Pod> informer;
  private final Semaphore changes = new Semaphore(0);
  private volatile @Nullable RuntimeException failure;

  public PodWatch(Cluster cluster, String owner, Informable<Pod> pods, Duration timeout)
      throws InterruptedException {
    this.informer =
        pods.runnableInformer(0).addEventHandler(new Listener()).exceptionHandler(new WatchRetry());
    String request = "list and watch pods of " + owner;
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
   * @throws io.github.mig4j.k8s.cluster.MigClusterException if the watch has failed and is not
   *     repeated, e.g. because it is no longer allowed
   */
  public List<Pod> pods() {
    RuntimeException ended = failure;
    if (ended != null) {
      throw ended;
    }
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
