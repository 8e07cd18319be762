package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.github.mig4j.k8s.ClusterPolicies;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/** What a user of the cluster does and sees. */
record ClusterView(KubernetesClient client, String node) {

  static final String CONFIG = "nvidia.com/mig.config";
  static final String STATE = "nvidia.com/mig.config.state";
  static final String PLUGIN = "nvidia.com/gpu.deploy.device-plugin";

  void label(String key, String value) {
    edit(labels -> labels.put(key, value));
  }

  void removeLabel(String key) {
    edit(labels -> labels.remove(key));
  }

  /** Again on a conflict, as any client must. */
  private void edit(Consumer<Map<String, String>> change) {
    while (true) {
      try {
        client.nodes().withName(node).edit(before -> {
          Map<String, String> labels = new TreeMap<>(labels(before));
          change.accept(labels);
          return new NodeBuilder(before)
              .editMetadata()
              .withLabels(labels)
              .endMetadata()
              .build();
        });
        return;
      } catch (KubernetesClientException e) {
        if (e.getCode() != 409) {
          throw e;
        }
      }
    }
  }

  void request(String config) {
    label(CONFIG, config);
  }

  Node get() {
    return client.nodes().withName(node).require();
  }

  Node await(Predicate<Node> condition) {
    return client
        .nodes()
        .withName(node)
        .waitUntilCondition(
            found -> found != null && found.getMetadata() != null && condition.test(found),
            30,
            TimeUnit.SECONDS);
  }

  Node awaitState(String state) {
    return await(found -> state.equals(labels(found).get(STATE)));
  }

  /** Waits for these quantities of NVIDIA's resources, and for no others. */
  Node awaitOffer(Map<String, Integer> resources) {
    return await(found -> offer(found).equals(resources));
  }

  void mergePolicy(Map<String, Object> spec) {
    client
        .genericKubernetesResources(ClusterPolicies.CONTEXT)
        .withName("cluster-policy")
        .edit(before -> {
          GenericKubernetesResource after = new GenericKubernetesResource();
          after.setApiVersion(before.getApiVersion());
          after.setKind(before.getKind());
          after.setMetadata(before.getMetadata());
          after.setAdditionalProperty("spec", spec);
          return after;
        });
  }

  /** Waits for what no event tells. */
  static void eventually(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("Not within 30 s");
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }

  static Map<String, String> labels(Node node) {
    Map<String, String> labels = node.getMetadata().getLabels();
    return labels == null ? Map.of() : labels;
  }

  /** Allocatable counts of NVIDIA's resources. */
  static SortedMap<String, Integer> offer(Node node) {
    SortedMap<String, Integer> offer = new TreeMap<>();
    if (node.getStatus() != null && node.getStatus().getAllocatable() != null) {
      node.getStatus().getAllocatable().forEach((name, quantity) -> {
        if (name.startsWith("nvidia.com/")) {
          offer.put(name, quantity.getNumericalAmount().intValueExact());
        }
      });
    }
    return offer;
  }

  /** Every value that a view of the node takes from now on, as a watch sees it. */
  <T> Record<T> record(Function<Node, T> view) {
    List<T> seen = new ArrayList<>();
    Watch watch = client.nodes().withName(node).watch(new Watcher<>() {
      @Override
      public void eventReceived(Action action, Node found) {
        T value = view.apply(found);
        synchronized (seen) {
          if (seen.isEmpty() || !seen.get(seen.size() - 1).equals(value)) {
            seen.add(value);
          }
        }
      }

      @Override
      public void onClose(WatcherException cause) {}
    });
    return new Record<>(seen, watch);
  }

  /** What a watch has seen so far. */
  record Record<T>(List<T> seen, Watch watch) implements AutoCloseable {
    /** Waits until this value has been seen, and returns all values up to it. */
    List<T> until(T value) {
      eventually(() -> values().contains(value));
      List<T> values = values();
      return values.subList(0, values.indexOf(value) + 1);
    }

    List<T> values() {
      synchronized (seen) {
        return List.copyOf(seen);
      }
    }

    @Override
    public void close() {
      watch.close();
    }
  }
}
