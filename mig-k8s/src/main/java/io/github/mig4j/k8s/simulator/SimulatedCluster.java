package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The shared state of all nodes of one simulator.
 *
 * @param client a client of the API server
 * @param namespace the operator's namespace
 * @param timings the durations of the steps
 * @param background runs delayed reactions
 * @param policy the current settings of the ClusterPolicy
 */
record SimulatedCluster(
    KubernetesClient client,
    String namespace,
    SimulatorTimings timings,
    Background background,
    AtomicReference<OperatorPolicy> policy) {

  OperatorPolicy currentPolicy() {
    return policy.get();
  }
}
