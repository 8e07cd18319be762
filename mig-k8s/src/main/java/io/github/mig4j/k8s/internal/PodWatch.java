package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Some pods as they are now, and a way to wait for a change among them. */
public final class PodWatch implements AutoCloseable {

  private final SharedIndexInformer<Pod> informer;
  private final Semaphore changes = new Semaphore(0);

  public PodWatch(Cluster cluster, String what, Informable<Pod> pods, Duration patience)
      throws InterruptedException {
    this.informer = pods.runnableInformer(0)
        .addEventHandler(new Waker())
        .exceptionHandler((started, failure) -> Cluster.mayPass(failure));
    boolean started = false;
    try {
      cluster.await("list and watch pods of " + what, informer.start(), patience);
      started = true;
    } finally {
      if (!started) {
        informer.close();
      }
    }
  }

  public List<Pod> pods() {
    return informer.getStore().list();
  }

  /** Returns once something has changed, or the time is up. */
  public void awaitChange(long nanos) throws InterruptedException {
    if (changes.tryAcquire(Math.max(0, nanos), TimeUnit.NANOSECONDS)) {
      int unused = changes.drainPermits();
    }
  }

  @Override
  public void close() {
    informer.close();
  }

  private final class Waker implements ResourceEventHandler<Pod> {
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
