package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One process of the MIG manager: a thread that waits for a label value and runs it to its end. */
final class MigManager implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(MigManager.class);

  private final SimulatedCluster cluster;
  private final NodeObject node;
  private final ConfigFile file;
  private final MigManagerPod pod;
  private final MigManagerLog log;
  private final Traps traps;
  private final RequestedConfig requested;
  private final Runnable onDeath;
  private final Lifetime lifetime;
  private final Reconfiguration reconfiguration;
  private final Thread thread;

  MigManager(
      SimulatedCluster cluster,
      NodeObject node,
      NodeGpus gpus,
      ConfigFile file,
      MigManagerPod pod,
      List<Operand> operands,
      MigManagerLog log,
      Traps traps,
      String requested,
      Runnable onDeath) {
    this.cluster = cluster;
    this.node = node;
    this.file = file;
    this.pod = pod;
    this.log = log;
    this.traps = traps;
    this.requested = new RequestedConfig(requested);
    this.onDeath = onDeath;
    this.lifetime = Lifetime.insisting(cluster.timings().retry());
    this.reconfiguration =
        new Reconfiguration(lifetime, cluster.timings(), node, gpus, file, operands, log, traps);
    this.thread = new Thread(this::live, "mig-manager-" + node.name());
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Called when the label's value has changed, and when the node is first seen. */
  void labelled(String value) {
    requested.set(value);
  }

  /** Called when the pod has changed, after which its kubelet refreshes its volumes. */
  void podChanged() {
    cluster.background().after(Duration.ZERO, "refresh volumes of " + node.name(), file::refresh);
  }

  /** Whether the manager has run this value, or its pod waits for a ConfigMap that does not exist. */
  boolean isDone(String value) {
    return requested.isDone(value) || file.isMissing();
  }

  private void live() {
    try {
      file.mount(lifetime);
      Pod ready = pod.ready(lifetime);
      if (!traps.skips(Trap.Step.PUBLISH)) {
        file.publish(lifetime, node.name(), ready);
      }
      Reconfiguration.End end = Reconfiguration.End.ALIVE;
      while (end == Reconfiguration.End.ALIVE) {
        log.info("Waiting for change to 'nvidia.com/mig.config' label");
        end = run(requested.next());
      }
      onDeath.run();
    } catch (InterruptedException e) {
      LOG.debug("mig-manager ended node={}", node.name());
    } catch (RuntimeException e) {
      LOG.error("mig-manager ended node={}", node.name(), e);
    } finally {
      file.close();
    }
  }

  private Reconfiguration.End run(String value) throws InterruptedException {
    try {
      return reconfiguration.run(value);
    } catch (KubernetesClientException e) {
      LOG.warn("run dropped node={} config={} message={}", node.name(), value, e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("run failed node={} config={}", node.name(), value, e);
    }
    return Reconfiguration.End.ALIVE;
  }

  /** Kills the process at its current step, and waits for its end. */
  @Override
  public void close() {
    lifetime.end();
    thread.interrupt();
    Lifetime.join(thread);
  }
}
