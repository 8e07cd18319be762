package io.github.mig4j.k8s.scenario.apiserver;

import io.github.mig4j.k8s.scenario.ApiServerProcess;
import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;

/**
 * etcd and kube-apiserver as processes of this machine, by fabric8's kube-api-test. It takes their
 * binaries from {@code $KUBE_API_TEST_DIR} or fetches them.
 */
public final class KubeApiTestServer implements ApiServerProcess {

  private final KubeAPIServer server =
      new KubeAPIServer(KubeAPIServerConfigBuilder.anAPIServerConfig().build());

  @Override
  public String start() {
    server.start();
    return server.getKubeConfigYaml();
  }

  @Override
  public void close() {
    server.stop();
  }
}
