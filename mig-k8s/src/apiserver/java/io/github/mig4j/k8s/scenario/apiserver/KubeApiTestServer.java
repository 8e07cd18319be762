package io.github.mig4j.k8s.scenario.apiserver;

import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.github.mig4j.k8s.scenario.ApiServerProcess;
import java.util.Optional;

/**
 * etcd and kube-apiserver as processes of this machine, by fabric8's kube-api-test. It takes their
 * binaries from {@code $KUBE_API_TEST_DIR} or fetches them.
 */
public final class KubeApiTestServer implements ApiServerProcess {

  private Optional<KubeAPIServer> server = Optional.empty();

  /** kube-api-test 7.6.1 reads this variable as a string and casts it to a Boolean. */
  @Override
  public String start() {
    KubeAPIServer started = new KubeAPIServer(KubeAPIServerConfigBuilder.anAPIServerConfig()
        .withOfflineMode(Boolean.parseBoolean(System.getenv("KUBE_API_TEST_OFFLINE_MODE")))
        .build());
    started.start();
    server = Optional.of(started);
    return started.getKubeConfigYaml();
  }

  @Override
  public void close() {
    server.ifPresent(KubeAPIServer::stop);
  }
}
