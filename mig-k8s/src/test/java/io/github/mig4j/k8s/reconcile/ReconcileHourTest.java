package io.github.mig4j.k8s.reconcile;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.Config;
import io.github.mig4j.k8s.rollout.FleetServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The hour on a simulated fleet of {@code -Dmig4j.reconcile.hour=N} nodes, 12 unless set. */
@Timeout(300)
class ReconcileHourTest {

  private static final int NODES = Integer.getInteger("mig4j.reconcile.hour", 12);

  @Test
  void everyNode_isAsDeclared_orSaysWhyNot() throws Exception {
    try (FleetWorld world = new FleetWorld()) {
      ReconcileHour.play(world).forEach(System.out::println);
    }
  }

  private static final class FleetWorld implements ReconcileHour.World, AutoCloseable {
    private final FleetServer server = new FleetServer(NODES, Duration.ofMillis(40));
    private final List<String> nodes =
        new ArrayList<>(IntStream.range(0, NODES).mapToObj(FleetServer::name).toList());

    @Override
    public Config config() {
      return server.config().build();
    }

    @Override
    public List<String> nodes() {
      return List.copyOf(nodes);
    }

    @Override
    public String join() {
      server.join(nodes.size());
      nodes.add(FleetServer.name(nodes.size()));
      return nodes.get(nodes.size() - 1);
    }

    @Override
    public void label(String node, String key, String value) {
      server.edit(
          "nodes", node, object -> ((ObjectNode) object.at("/metadata/labels")).put(key, value));
    }

    @Override
    public void cordon(String node, boolean isCordoned) {
      server.edit(
          "nodes",
          node,
          object -> ((ObjectNode) object.at("/spec")).put("unschedulable", isCordoned));
    }

    @Override
    public void loseDevices(String node) {
      server.edit(
          "nodes",
          node,
          object ->
              ((ObjectNode) object.at("/status/allocatable")).remove("nvidia.com/mig-1g.23gb"));
    }

    @Override
    public void startManager(String node) {
      server.resume(node);
    }

    @Override
    public void loseGpu(String node) {
      server.edit("nodes", node, object -> {
        ((ObjectNode) object.at("/metadata/labels")).put("nvidia.com/gpu.count", "7");
        ((ObjectNode) object.at("/metadata/labels")).put("nvidia.com/mig-2g.45gb.count", "21");
        ((ObjectNode) object.at("/status/allocatable")).put("nvidia.com/mig-2g.45gb", "21");
      });
    }

    @Override
    public void startPod(String node) {
      server.create("pods", "ml/train", """
          {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "train", "namespace": "ml"},
           "spec": {"nodeName": "%s", "containers": [{"name": "main", "resources": {"limits": {"nvidia.com/mig-1g.23gb": "1"}}}]},
           "status": {"phase": "Running"}}
          """.formatted(node));
    }

    @Override
    public void endPod(String node) {
      server.edit(
          "pods",
          "ml/train",
          object -> ((ObjectNode) object.at("/status")).put("phase", "Succeeded"));
    }

    @Override
    public void emptyConfigMap() {
      server.edit("configmaps", "gpu-operator/mig-config", object -> object.putObject("data"));
    }

    @Override
    public boolean restartServer() {
      server.refuse(request -> Optional.of(503));
      server.cutWatches();
      server.refuse(request -> Optional.empty());
      return true;
    }

    @Override
    public Map<String, String> labels(String node) {
      return server.labels(node);
    }

    @Override
    public Map<String, String> annotations(String node) {
      return server.annotations(node);
    }

    @Override
    public void close() {
      server.close();
    }
  }
}
