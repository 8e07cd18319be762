package io.github.mig4j.examples;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.NamedContext;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.MigException;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.examples.migctl.console.DurationConverter;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyEvent;
import io.github.mig4j.k8s.change.ApplyOutcome;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.config.OperatorSettings;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.simulator.EmbeddedCluster;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.SimulatorTimings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Cuts a B200 into seven, then into three, from the ConfigMap to the resources that pods request. */
@Command(
    name = "quickstart",
    mixinStandardHelpOptions = true,
    description = {
      "Partitions the GPUs of a node: publishes two configurations, points the GPU Operator at them,"
          + " applies one after the other and waits for the evidence.",
      "Without options it runs against an API server and a GPU Operator simulated in this process."
          + " With --kubeconfig or --context it changes a real cluster."
    })
public final class Quickstart implements Callable<Integer> {

  private static final String CONFIG_MAP = "mig-config";

  @Option(
      names = "--kubeconfig",
      paramLabel = "FILE",
      description = "Use the cluster of this kubeconfig.")
  private @Nullable Path kubeconfig;

  @Option(
      names = "--context",
      paramLabel = "NAME",
      description = "Use this context of the kubeconfig.")
  private @Nullable String context;

  @Option(
      names = "--node",
      paramLabel = "NAME",
      description = "The node to partition; ${DEFAULT-VALUE} by default.",
      defaultValue = "gpu-node")
  private String node = "gpu-node";

  @Option(
      names = "--simulate",
      description = "Simulate the GPU Operator on a cluster without GPUs.")
  private boolean simulate;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      description = "How long each change may take, such as 90s; ${DEFAULT-VALUE} by default.",
      defaultValue = "10m")
  private Duration timeout = Duration.ofMinutes(10);

  private Quickstart() {}

  /**
   * Runs the example.
   *
   * @param args options; {@code --help} lists them
   */
  public static void main(String[] args) {
    int exitCode = run(args);
    if (exitCode != 0) {
      System.exit(exitCode);
    }
  }

  static int run(String... args) {
    return new CommandLine(new Quickstart()).execute(args);
  }

  @Override
  public Integer call() throws IOException {
    try {
      if (kubeconfig == null && context == null) {
        try (EmbeddedCluster cluster = new EmbeddedCluster()) {
          return onSimulatedNode(cluster.client());
        }
      }
      try (KubernetesClient client =
          new KubernetesClientBuilder().withConfig(clusterConfig()).build()) {
        return simulate ? onSimulatedNode(client) : walk(client, ApplyTimings.defaults());
      }
    } catch (MigException e) {
      System.err.println(e.getMessage());
      return 1;
    }
  }

  /** fabric8 takes the current context where it does not find the one that was named. */
  private Config clusterConfig() {
    Config config;
    try {
      config = kubeconfig == null
          ? Config.autoConfigure(context)
          : Config.fromKubeconfig(context, kubeconfig.toFile());
    } catch (KubernetesClientException e) {
      throw usage("Cannot read kubeconfig '%s': %s".formatted(kubeconfig, e.getMessage()));
    }
    NamedContext current = config.getCurrentContext();
    if (context != null && (current == null || !context.equals(current.getName()))) {
      throw usage(
          "Context '%s' does not exist; see 'kubectl config get-contexts'".formatted(context));
    }
    return config;
  }

  private ParameterException usage(String message) {
    return new ParameterException(new CommandLine(this), message);
  }

  private int onSimulatedNode(KubernetesClient client) throws IOException {
    GpuOperatorSimulator.Builder operator = GpuOperatorSimulator.on(client)
        .node(node, GpuCatalog.bundled().require("NVIDIA-B200"), 1)
        .timings(SimulatorTimings.everyStep(Duration.ofMillis(300)));
    if (simulate) {
      operator.installClusterPolicyDefinition();
    }
    try (GpuOperatorSimulator simulator = operator.start()) {
      simulator.awaitReady(Duration.ofMinutes(1));
      return walk(
          client, ApplyTimings.builder().stability(Duration.ofSeconds(1)).build());
    }
  }

  private int walk(KubernetesClient client, ApplyTimings timings) throws IOException {
    MigClient mig = client.adapt(MigClient.class);
    requireMig(mig.node(node).status());

    System.out.println("1. Publish the configurations in ConfigMap " + CONFIG_MAP);
    guide().configs().forEach((name, config) -> publish(mig, name, config));

    System.out.println("2. Point the GPU Operator at them, as this command would:");
    OperatorSettings settings = new OperatorSettings(MigStrategy.MIXED, CONFIG_MAP);
    settings.helmUpgrade().lines().forEach(line -> System.out.println("   " + line));
    mig.operator().use(settings);
    mig.node(node).markCapable();

    for (String config : List.of("b200-split-small", "b200-split-medium")) {
      System.out.println("3. Apply " + config + " to node " + node);
      ApplyOutcome outcome = mig.node(node)
          .apply(config)
          .timings(timings)
          .onProgress(Quickstart::print)
          .await(timeout);
      System.out.println("4. The node now offers");
      outcome
          .allocatable()
          .forEach((resource, count) -> System.out.println("   " + resource + ": " + count));
    }
    return 0;
  }

  /** The settings below are those of the whole cluster, so the node is checked first. */
  private void requireMig(MigNodeStatus status) {
    if (!status.model().map(GpuModel::supportsMig).orElse(false)) {
      throw usage(
          "Node %s has no GPU that is known to support MIG, but %s; choose another node with --node"
              .formatted(node, status.product().orElse("none")));
    }
  }

  private static void publish(MigClient mig, String name, MigConfig config) {
    System.out.println("   " + mig.configMap(CONFIG_MAP).merge(name, config).contentName());
  }

  private static void print(ApplyEvent event) {
    System.out.printf(
        Locale.ROOT,
        "   %5.1fs  %-9s  %s%n",
        event.elapsed().toMillis() / 1000.0,
        event.phase(),
        event.detail());
  }

  private static MigConfigDocument guide() throws IOException {
    try (InputStream manifest = Quickstart.class.getResourceAsStream("guide-mig-config.yaml")) {
      ConfigMap map = Serialization.unmarshal(manifest, ConfigMap.class);
      return MigConfigDocument.parse(
          Objects.requireNonNull(map.getData().get("config.yaml"), "config.yaml"));
    }
  }
}
