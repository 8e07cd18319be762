package io.github.mig4j.k8s.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.rollout.FleetServer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What one view of many nodes reads, and when it asks the API server. */
@Timeout(60)
class SharedViewTest {

  private static final String NODE = FleetServer.name(0);

  @Test
  void node_thatAnotherClientWritesAfterThisOne_isRequestedOnce() throws Exception {
    AtomicInteger requests = new AtomicInteger();
    try (FleetServer server = new FleetServer(1, Duration.ofMillis(40));
        KubernetesClient client =
            new KubernetesClientBuilder().withConfig(server.config().build()).build()) {
      server.refuse(request -> {
        if (request.getMethod().equals("GET") && request.getPath().endsWith(NODE)) {
          requests.incrementAndGet();
        }
        return Optional.empty();
      });
      Cluster cluster = new Cluster(client, MigSettings.defaults());
      try (SharedView view = SharedView.ofAll(cluster, () -> {}, any -> {})) {
        view.start(Duration.ofSeconds(30));
        Node before = view.node(NODE).orElseThrow();

        Node unused = cluster.with(view).patch(NodePatch.on(before).label("by", "us"));
        server.edit(
            "nodes", NODE, node -> ((ObjectNode) node.at("/metadata/labels")).put("by", "another"));
        ClusterUser.eventually(() -> view.cachedNodes().stream()
            .allMatch(node -> "another".equals(NodeFields.labels(node).get("by"))));

        for (int i = 0; i < 5; i++) {
          assertThat(NodeFields.labels(view.node(NODE).orElseThrow()))
              .containsEntry("by", "another");
        }
        assertThat(requests).hasValue(1);
      }
    }
  }
}
