package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a user of the cluster does and sees.
 *
 * <p>Sees by one watch for a whole test: the mock server hangs for ten seconds when a watch is
 * closed while it sends an event there.
 */
public final class ClusterView implements ResourceEventHandler<Node>, AutoCloseable {

  public static final String CONFIG = "nvidia.com/mig.config";
  public static final String STATE = "nvidia.com/mig.config.state";
  public static final String PLUGIN = "nvidia.com/gpu.deploy.device-plugin";

  private final KubernetesClient client;
  private final String node;
  private final List<Consumer<Node>> listeners = new CopyOnWriteArrayList<>();
  private final SharedIndexInformer<Node> informer;
  private @Nullable Node last;

  public ClusterView(KubernetesClient client, String node) {
    this.client = client;
    this.node = node;
    this.informer = client.nodes().withName(node).runnableInformer(0);
    informer.addEventHandler(this);
    informer.run();
  }

  @Override
  public void onAdd(Node found) {
    see(found);
  }

  @Override
  public void onUpdate(Node before, Node found) {
    see(found);
  }

  @Override
  public void onDelete(Node found, boolean finalStateUnknown) {}

  private synchronized void see(Node found) {
    last = found;
    listeners.forEach(listener -> listener.accept(found));
    notifyAll();
  }

  @Override
  public void close() {
    informer.close();
  }

  /** To be closed before a simulator: waits until nothing is on its way to anybody. */
  public Quiet quiet() {
    return () -> {
      String before = "";
      String now = version();
      while (!now.equals(before) || !now.equals(lastVersion())) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        before = now;
        now = version();
      }
    };
  }

  /** Waits when it is closed. */
  public interface Quiet extends AutoCloseable {
    @Override
    void close();
  }

  private String version() {
    Node found = client.nodes().withName(node).get();
    return found == null ? lastVersion() : found.getMetadata().getResourceVersion();
  }

  private synchronized String lastVersion() {
    return last == null ? "" : last.getMetadata().getResourceVersion();
  }

  public void label(String key, String value) {
    edit(labels -> labels.put(key, value));
  }

  public void removeLabel(String key) {
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

  public void request(String config) {
    label(CONFIG, config);
  }

  public Node get() {
    return client.nodes().withName(node).require();
  }

  public synchronized Node await(Predicate<Node> condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (last == null || !condition.test(last)) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        throw new AssertionError("Not within 60 s; last seen: "
            + (last == null ? "nothing" : labels(last) + " " + offer(last)));
      }
      try {
        wait(left);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    return last;
  }

  /** The next version of which this holds; to be asked for before what brings it about. */
  public CompletableFuture<Node> next(Predicate<Node> condition) {
    CompletableFuture<Node> next = new CompletableFuture<>();
    Consumer<Node> listener = found -> {
      if (condition.test(found)) {
        next.complete(found);
      }
    };
    listeners.add(listener);
    CompletableFuture<Node> unused =
        next.whenComplete((found, failure) -> listeners.remove(listener));
    return next;
  }

  public Node awaitState(String state) {
    return await(found -> state.equals(labels(found).get(STATE)));
  }

  /** Waits for these quantities of NVIDIA's resources, and for no others. */
  public Node awaitOffer(Map<String, Integer> resources) {
    return await(found -> offer(found).equals(resources));
  }

  public void mergePolicy(Map<String, Object> spec) {
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
  public static void eventually(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("Not within 60 s");
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }

  public static Map<String, String> labels(Node node) {
    Map<String, String> labels = node.getMetadata().getLabels();
    return labels == null ? Map.of() : labels;
  }

  /** Allocatable counts of NVIDIA's resources. */
  public static SortedMap<String, Integer> offer(Node node) {
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

  /** Every value that a view of the node takes from now on, as the watch sees it. */
  public synchronized <T> Record<T> record(Function<Node, T> view) {
    List<T> seen = new ArrayList<>();
    Consumer<Node> listener = found -> {
      T value = view.apply(found);
      synchronized (seen) {
        if (seen.isEmpty() || !seen.get(seen.size() - 1).equals(value)) {
          seen.add(value);
        }
      }
    };
    if (last != null) {
      listener.accept(last);
    }
    listeners.add(listener);
    return new Record<>(seen, () -> listeners.remove(listener));
  }

  /** What the watch has seen so far. */
  public record Record<T>(List<T> seen, Runnable onClose) implements AutoCloseable {

    /** Waits until this value has been seen, and returns all values up to it. */
    public List<T> until(T value) {
      eventually(() -> values().contains(value));
      List<T> values = values();
      return values.subList(0, values.indexOf(value) + 1);
    }

    /** Waits until this value has been seen last. */
    public List<T> untilLast(T value) {
      eventually(() -> !values().isEmpty() && values().get(values().size() - 1).equals(value));
      return values();
    }

    private List<T> values() {
      synchronized (seen) {
        return List.copyOf(seen);
      }
    }

    @Override
    public void close() {
      onClose.run();
    }
  }
}
