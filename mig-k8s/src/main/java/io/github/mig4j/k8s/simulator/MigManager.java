package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One process of the MIG manager: a thread that waits for a value and runs it to its end. */
final class MigManager implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(MigManager.class);

  private final SimulatedCluster cluster;
  private final NodeObject node;
  private final NodeGpus gpus;
  private final ConfigFile file;
  private final MigManagerPod pod;
  private final List<Operand> operands;
  private final MigManagerLog log;
  private final RequestedConfig requested;
  private final Lifetime lifetime;
  private final Thread thread;

  MigManager(
      SimulatedCluster cluster,
      NodeObject node,
      NodeGpus gpus,
      ConfigFile file,
      MigManagerPod pod,
      List<Operand> operands,
      MigManagerLog log,
      String requested) {
    this.cluster = cluster;
    this.node = node;
    this.gpus = gpus;
    this.file = file;
    this.pod = pod;
    this.operands = operands;
    this.log = log;
    this.requested = new RequestedConfig(requested);
    this.lifetime = Lifetime.insisting(cluster.timings().retry());
    this.thread = new Thread(this::live, "mig-manager-" + node.name());
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** The label's value has changed, or the node has come into view. */
  void labelled(String value) {
    requested.set(value);
  }

  private void live() {
    try {
      file.mount(lifetime, cluster.timings().retry());
      pod.ready(lifetime);
      while (true) {
        log.info("Waiting for change to 'nvidia.com/mig.config' label");
        run(requested.next());
      }
    } catch (InterruptedException e) {
      LOG.debug("mig-manager ended node={}", node.name());
    } catch (RuntimeException e) {
      LOG.error("mig-manager ended node={}", node.name(), e);
    } finally {
      file.close();
    }
  }

  private void run(String value) throws InterruptedException {
    try {
      new Reconfiguration(lifetime, cluster.timings(), node, gpus, file, operands, log).run(value);
    } catch (KubernetesClientException e) {
      LOG.warn("run dropped node={} config={} message={}", node.name(), value, e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("run failed node={} config={}", node.name(), value, e);
    }
  }

  /** Kills the process wherever it is, and waits until it is gone. */
  @Override
  public void close() {
    lifetime.end();
    thread.interrupt();
    Lifetime.join(thread);
  }
}
