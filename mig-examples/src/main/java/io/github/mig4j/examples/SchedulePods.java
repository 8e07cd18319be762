package io.github.mig4j.examples;

import io.fabric8.kubernetes.api.model.BindingBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyOutcome;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.node.NodeCapacity;
import io.github.mig4j.k8s.simulator.EmbeddedCluster;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.layout.MigLayout;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * A custom scheduler for pods that request MIG devices: {@code schedulerName: mig4j-example}.
 *
 * <p>Nodes and pods show how many devices of each profile a node has left, not on which GPU. So a pod
 * goes to the node that has the fewest left and still enough: whole nodes stay free and can be
 * partitioned again.
 */
@Command(
    name = "schedule-pods",
    mixinStandardHelpOptions = true,
    description = {
      "Binds pending pods with schedulerName mig4j-example that request nvidia.com/mig-* to nodes.",
      "Without options it runs against a simulated cluster with some pods, and ends. With --context it"
          + " runs on that cluster until it is interrupted. It looks at MIG devices and cordons only,"
          + " not at CPU, memory, taints or affinities."
    })
public final class SchedulePods implements Callable<Integer> {

  private static final String NAME = "mig4j-example";
  private static final String MIG = "nvidia.com/mig-";
  private static final GpuModel B200 = GpuCatalog.bundled().require("NVIDIA-B200");

  /** A node with a B200 in seven, and one with larger devices, too. */
  private static final Map<String, MigLayout> LAYOUTS = new TreeMap<>(Map.of(
      "node-a", MigLayout.on(B200).add("1g.23gb", 7).build(),
      "node-b", MigLayout.on(B200).add("2g.45gb", 2).add("1g.23gb", 3).build()));

  @Option(names = "--context", paramLabel = "NAME", description = "Use this kubectl context.")
  private @Nullable String context;

  private SchedulePods() {}

  /**
   * Runs the example.
   *
   * @param args options; {@code --help} lists them
   */
  public static void main(String[] args) {
    int exitCode = new CommandLine(new SchedulePods()).execute(args);
    if (exitCode != 0) {
      System.exit(exitCode);
    }
  }

  @Override
  public Integer call() throws InterruptedException {
    if (context != null) {
      try (KubernetesClient client = new KubernetesClientBuilder()
          .withConfig(Config.autoConfigure(context))
          .build()) {
        new Scheduler(client).run(Integer.MAX_VALUE);
      }
      return 0;
    }
    try (EmbeddedCluster cluster = new EmbeddedCluster();
        GpuOperatorSimulator simulator = twoNodes(cluster.client()).start()) {
      simulator.awaitReady(Duration.ofMinutes(1));
      LAYOUTS.keySet().forEach(node -> cut(node, cluster.client()));
      List<String> profiles = List.of("1g.23gb", "2g.45gb", "1g.23gb", "3g.90gb");
      for (int i = 0; i < profiles.size(); i++) {
        pending(cluster.client(), "pod-" + i, profiles.get(i));
      }
      new Scheduler(cluster.client()).run(profiles.size());
    }
    return 0;
  }

  /** Watches nodes and pods, and binds what is pending. */
  static final class Scheduler {

    private final KubernetesClient client;
    private final Semaphore changes = new Semaphore(0);

    /** Pods by uid that are bound, but that the watch does not report as bound yet. */
    private final Map<String, Pod> assumed = new HashMap<>();

    /** The uids of pods that fit nowhere. */
    private final Set<String> waiting = new HashSet<>();

    Scheduler(KubernetesClient client) {
      this.client = client;
    }

    /** Runs until this number of pods is bound or is known to wait. */
    void run(int pods) throws InterruptedException {
      int bound = 0;
      try (SharedIndexInformer<Node> nodes = client.nodes().inform(new Waker<>());
          SharedIndexInformer<Pod> all = client.pods().inAnyNamespace().inform(new Waker<>())) {
        while (true) {
          List<Pod> mine = all.getStore().list().stream()
              .filter(SchedulePods::isMine)
              .sorted(Comparator.comparing(Scheduler::name))
              .toList();
          List<String> uids = mine.stream().map(Scheduler::uid).toList();
          assumed.keySet().retainAll(uids);
          waiting.retainAll(uids);
          for (Pod pod : mine) {
            if (!assumed.containsKey(uid(pod))
                && schedule(pod, nodes.getStore().list(), all.getStore().list())) {
              bound++;
            }
          }
          if (bound + waiting.size() >= pods) {
            return;
          }
          changes.acquire();
          int unused = changes.drainPermits();
        }
      }
    }

    /** Returns whether the pod is bound now. */
    private boolean schedule(Pod pod, List<Node> nodes, List<Pod> pods) {
      Map<String, Long> wanted = devices(pod);
      Optional<Node> best = nodes.stream()
          .filter(node ->
              node.getSpec() == null || !Boolean.TRUE.equals(node.getSpec().getUnschedulable()))
          .filter(node -> fits(wanted, free(node, pods)))
          .min(Comparator.comparingLong((Node node) ->
              free(node, pods).values().stream().mapToLong(n -> n).sum()));
      if (best.isEmpty()) {
        if (waiting.add(uid(pod))) {
          System.out.println(pod.getMetadata().getName() + " fits nowhere yet: " + wanted);
        }
        return false;
      }
      waiting.remove(uid(pod));
      return bind(pod, best.get().getMetadata().getName());
    }

    private Map<String, Long> free(Node node, List<Pod> pods) {
      List<Pod> bound = pods.stream().map(this::assumed).toList();
      Map<String, Long> free = new TreeMap<>(
          NodeCapacity.of(node, bound, Optional.empty(), MigSettings.defaults()).free());
      free.keySet().removeIf(resource -> !resource.startsWith(MIG));
      return free;
    }

    private Pod assumed(Pod pod) {
      return pod.getSpec().getNodeName() == null ? assumed.getOrDefault(uid(pod), pod) : pod;
    }

    private static String uid(Pod pod) {
      return pod.getMetadata().getUid();
    }

    private static String name(Pod pod) {
      return pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName();
    }

    private boolean bind(Pod pod, String node) {
      String namespace = pod.getMetadata().getNamespace();
      String name = pod.getMetadata().getName();
      try {
        client
            .bindings()
            .inNamespace(namespace)
            .resource(new BindingBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace(namespace)
                .endMetadata()
                .withNewTarget()
                .withKind("Node")
                .withApiVersion("v1")
                .withName(node)
                .endTarget()
                .build())
            .create();
        assumed.put(
            uid(pod),
            new PodBuilder(pod).editSpec().withNodeName(node).endSpec().build());
        System.out.println(name + " -> " + node + " " + devices(pod));
        return true;
      } catch (KubernetesClientException e) {
        System.err.println("Could not bind " + name + ", will try again: " + e.getMessage());
        return false;
      }
    }

    private final class Waker<T> implements ResourceEventHandler<T> {
      @Override
      public void onAdd(T object) {
        changes.release();
      }

      @Override
      public void onUpdate(T before, T object) {
        changes.release();
      }

      @Override
      public void onDelete(T object, boolean unknown) {
        changes.release();
      }
    }
  }

  private static boolean isMine(Pod pod) {
    return NAME.equals(pod.getSpec().getSchedulerName())
        && pod.getSpec().getNodeName() == null
        && !devices(pod).isEmpty();
  }

  private static boolean fits(Map<String, Long> wanted, Map<String, Long> free) {
    return wanted.entrySet().stream()
        .allMatch(device -> free.getOrDefault(device.getKey(), 0L) >= device.getValue());
  }

  private static Map<String, Long> devices(Pod pod) {
    Map<String, Long> devices = new TreeMap<>();
    pod.getSpec().getContainers().stream()
        .filter(container ->
            container.getResources() != null && container.getResources().getLimits() != null)
        .flatMap(container -> container.getResources().getLimits().entrySet().stream())
        .filter(limit -> limit.getKey().startsWith(MIG))
        .forEach(limit -> devices.merge(
            limit.getKey(), limit.getValue().getNumericalAmount().longValue(), Long::sum));
    return devices;
  }

  /** Two nodes, and a ConfigMap with the layout of each under its name. */
  private static GpuOperatorSimulator.Builder twoNodes(KubernetesClient client) {
    GpuOperatorSimulator.Builder operator =
        GpuOperatorSimulator.on(client).strategy(MigStrategy.MIXED).configMap("mig-config");
    LAYOUTS.forEach((node, layout) -> {
      MigClient.of(client).configMap("mig-config").merge(node, MigConfigSpec.allDevices(layout));
      operator.node(node, layout.gpu());
    });
    return operator;
  }

  private static void cut(String node, KubernetesClient client) {
    ApplyOutcome outcome = MigClient.of(client)
        .node(node)
        .apply(node)
        .timings(ApplyTimings.builder().stability(Duration.ofMillis(500)).build())
        .await(Duration.ofMinutes(5));
    System.out.println(node + " offers " + outcome.allocatable());
  }

  static void pending(KubernetesClient client, String name, String profile) {
    client
        .pods()
        .inNamespace("default")
        .resource(new PodBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace("default")
            .endMetadata()
            .withNewSpec()
            .withSchedulerName(NAME)
            .addNewContainer()
            .withName("main")
            .withImage("registry.k8s.io/pause:3.10")
            .withNewResources()
            .addToLimits(MIG + profile, new Quantity("1"))
            .endResources()
            .endContainer()
            .endSpec()
            .build())
        .create();
  }
}
