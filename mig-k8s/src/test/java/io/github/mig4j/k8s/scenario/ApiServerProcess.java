package io.github.mig4j.k8s.scenario;

/**
 * An API server of one's own for the {@linkplain ScenarioServer scenarios}. Found by a {@link
 * java.util.ServiceLoader}, since its implementation is only compiled under the profile apiserver.
 */
public interface ApiServerProcess extends AutoCloseable {

  /**
   * Starts the server.
   *
   * @return a kubeconfig for it, as YAML
   * @throws RuntimeException if it cannot be started; the message says why
   */
  String start();

  @Override
  void close();
}
