package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The shared state of all nodes of one simulator.
 *
 * @param client a client of the API server
 * @param namespace the operator's namespace
 * @param timings how long things take
 * @param background where things happen later
 * @param policy what the ClusterPolicy says now
 * @param pluginVersion which device plugin runs
 */
record SimulatedCluster(
    KubernetesClient client,
    String namespace,
    SimulatorTimings timings,
    Background background,
    AtomicReference<OperatorPolicy> policy,
    GpuOperatorSimulator.PluginVersion pluginVersion) {

  OperatorPolicy currentPolicy() {
    return policy.get();
  }
}
