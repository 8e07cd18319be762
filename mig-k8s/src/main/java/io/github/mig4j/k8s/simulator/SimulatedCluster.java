package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.gpu.GpuModel;
import java.util.Optional;
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
 * @param described the model that feature discovery describes where it could describe several; empty
 *     if it draws one at each run
 */
record SimulatedCluster(
    KubernetesClient client,
    String namespace,
    SimulatorTimings timings,
    Background background,
    AtomicReference<OperatorPolicy> policy,
    GpuOperatorSimulator.PluginVersion pluginVersion,
    Optional<GpuModel> described) {

  OperatorPolicy currentPolicy() {
    return policy.get();
  }
}
