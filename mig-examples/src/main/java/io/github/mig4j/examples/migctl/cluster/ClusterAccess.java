package io.github.mig4j.examples.migctl.cluster;

import io.fabric8.kubernetes.api.model.NamedContext;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.github.mig4j.examples.migctl.console.TextFile;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.MigSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that select the cluster of a subcommand. */
public final class ClusterAccess {

  /** On a slow machine Vert.x prints stack traces of its threads. */
  private static final Logger SLOW_THREADS =
      Logger.getLogger("io.vertx.core.impl.BlockedThreadChecker");
  /** After 25, 50, 100 and 200 ms, or after the time that the server names. */
  private static final int RETRIES = 4;

  private static final int FIRST_RETRY_MILLIS = 25;

  @Option(
      names = "--kubeconfig",
      paramLabel = "FILE",
      description = "The kubeconfig; by default that of kubectl.")
  private @Nullable Path kubeconfig;

  @Option(
      names = "--context",
      paramLabel = "NAME",
      description = "The context; by default the current one.")
  private @Nullable String context;

  @Option(
      names = "--namespace",
      paramLabel = "NAME",
      description =
          "The GPU Operator's namespace; by default the one in which MIG manager pods run.")
  private @Nullable String namespace;

  /** How to read and write each kind, which commands that run in one process find out once. */
  private static final class Kinds {
    static final KubernetesSerialization ALL = new KubernetesSerialization();
  }

  /** Connects; a server that does not answer soon is reported to {@code err}. */
  public KubernetesClient connect(PrintWriter err) {
    SLOW_THREADS.setLevel(Level.OFF);
    SlowServerNotice firstAnswer =
        new SlowServerNotice(err, CompletableFuture.delayedExecutor(2, TimeUnit.SECONDS));
    Config config = config();
    config.setRequestRetryBackoffLimit(RETRIES);
    config.setRequestRetryBackoffInterval(FIRST_RETRY_MILLIS);
    return new KubernetesClientBuilder()
        .withConfig(config)
        .withKubernetesSerialization(Kinds.ALL)
        .withHttpClientBuilderConsumer(
            http -> http.addOrReplaceInterceptor("first-answer", firstAnswer))
        .build();
  }

  public MigClient mig(KubernetesClient client) {
    return MigClient.of(client)
        .with(MigSettings.builder()
            .operatorNamespace(Optional.ofNullable(namespace))
            .build());
  }

  public Optional<String> namespace() {
    return Optional.ofNullable(namespace);
  }

  /** fabric8 uses the current context if it does not find the named one. */
  private Config config() {
    String text = kubeconfig == null ? "" : text(kubeconfig);
    Config config;
    try {
      config = kubeconfig == null ? Config.autoConfigure(context) : config(kubeconfig, text);
    } catch (NullPointerException e) {
      // fabric8 expects that an empty file has contexts, and that a cluster has an address.
      throw namesNoCluster();
    } catch (RuntimeException e) {
      // A default that is no text is reported as that.
      defaults().stream().filter(Files::isRegularFile).forEach(this::text);
      throw new IllegalArgumentException(
          "Cannot read kubeconfig %s: %s".formatted(source(), reason(e)));
    }
    NamedContext current = config.getCurrentContext();
    if (context != null && (current == null || !context.equals(current.getName()))) {
      throw new IllegalArgumentException(
          "Context '%s' does not exist; see 'kubectl config get-contexts'".formatted(context));
    }
    if (current == null && isNowhere(config)) {
      throw kubeconfig != null
          ? namesNoCluster()
          : new IllegalArgumentException(
              "No cluster is configured: no kubeconfig in $KUBECONFIG or ~/.kube/config"
                  + " names one, and this process does not run in a pod; name a file with --kubeconfig");
    }
    return config;
  }

  private IllegalArgumentException namesNoCluster() {
    return new IllegalArgumentException("Kubeconfig %s names no cluster".formatted(source()));
  }

  private String source() {
    List<Path> defaults = defaults();
    return kubeconfig != null
        ? kubeconfig.toString()
        : defaults.size() == 1 ? defaults.get(0).toString() : "of $KUBECONFIG or ~/.kube/config";
  }

  private static List<Path> defaults() {
    return Config.getKubeconfigFilenames().stream()
        .map(Path::of)
        .filter(Files::exists)
        .toList();
  }

  /** A pipe, such as {@code <(...)} of a shell, can be read only once, and fabric8 cannot read it. */
  private Config config(Path file, String text) {
    return Files.isRegularFile(file)
        ? Config.fromKubeconfig(context, file.toFile())
        : Config.fromKubeconfig(inContext(text));
  }

  /** A kubeconfig of which the wanted context is the current one. */
  private String inContext(String text) {
    if (context == null) {
      return text;
    }
    var kubeconfig = Kinds.ALL.unmarshal(text, io.fabric8.kubernetes.api.model.Config.class);
    kubeconfig.setCurrentContext(context);
    return Kinds.ALL.asYaml(kubeconfig);
  }

  private String text(Path file) {
    if (!Files.exists(file)) {
      throw new IllegalArgumentException("Kubeconfig does not exist: " + file);
    }
    try {
      return TextFile.text(file);
    } catch (IOException e) {
      throw new IllegalArgumentException("Cannot read the kubeconfig: " + e.getMessage());
    }
  }

  /** The message in one line, without the excerpt and the code location that parsers add. */
  public static String reason(Throwable e) {
    return Stream.iterate(e, Objects::nonNull, Throwable::getCause)
        .reduce((outer, inner) -> outer instanceof UnknownHostException ? outer : inner)
        .map(root -> root instanceof UnknownHostException
            ? "unknown host " + root.getMessage()
            : String.valueOf(root.getMessage()))
        .orElseThrow()
        .lines()
        .filter(line -> !line.startsWith("    ") && !line.startsWith(" at ["))
        .map(String::strip)
        .collect(Collectors.joining(" "));
  }

  /** The address that fabric8 assumes if it finds none. */
  private static boolean isNowhere(Config config) {
    return config.getMasterUrl().equals(Config.DEFAULT_MASTER_URL + "/");
  }
}
