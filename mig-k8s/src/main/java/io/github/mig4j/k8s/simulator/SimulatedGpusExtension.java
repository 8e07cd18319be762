package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/** Starts the cluster of {@link SimulatedGpus} before each test, and closes it afterwards. */
final class SimulatedGpusExtension
    implements BeforeEachCallback, AfterEachCallback, ParameterResolver {

  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(SimulatedGpusExtension.class);
  private static final Duration READY_LIMIT = Duration.ofMinutes(1);

  @Override
  public void beforeEach(ExtensionContext context) {
    Running running = new Running();
    // Before it starts, so that it is closed if it does not.
    context.getStore(NAMESPACE).put(Running.class, running);
    running.start(nodes(context));
  }

  @Override
  public void afterEach(ExtensionContext context) {
    running(context).ifPresent(Running::close);
  }

  /** The nodes of the method; without any, those of its class or of the nearest class around it. */
  private static List<SimulatedGpus> nodes(ExtensionContext context) {
    return Stream.concat(
            Stream.of(context.getRequiredTestMethod()),
            Stream.<Class<?>>iterate(
                context.getRequiredTestClass(), type -> type != null, Class::getEnclosingClass))
        .map(element -> AnnotationSupport.findRepeatableAnnotations(element, SimulatedGpus.class))
        .filter(found -> !found.isEmpty())
        .findFirst()
        .orElse(List.of());
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return value(parameter, context).isPresent();
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return value(parameter, context).orElseThrow();
  }

  private static Optional<?> value(ParameterContext parameter, ExtensionContext context) {
    return running(context)
        .flatMap(running -> running.value(parameter.getParameter().getType()));
  }

  private static Optional<Running> running(ExtensionContext context) {
    return Optional.ofNullable(context.getStore(NAMESPACE).get(Running.class, Running.class));
  }

  /** The cluster of one test. */
  private static final class Running implements AutoCloseable {

    private static final String CONFIG_MAP = "mig-config";

    private final EmbeddedCluster cluster = new EmbeddedCluster();
    private final MigClient mig = MigClient.of(cluster.client());
    private final Map<Class<?>, Object> values =
        new HashMap<>(Map.of(KubernetesClient.class, cluster.client(), MigClient.class, mig));
    private @Nullable GpuOperatorSimulator simulator;

    void start(List<SimulatedGpus> nodes) {
      mig.configMap(CONFIG_MAP).merge("all-disabled", MigConfigSpec.allDisabled());
      GpuOperatorSimulator.Builder described = GpuOperatorSimulator.on(cluster.client())
          .strategy(MigStrategy.MIXED)
          .configMap(CONFIG_MAP);
      nodes.forEach(node ->
          described.node(node.node(), GpuCatalog.bundled().require(node.gpu()), node.count()));
      simulator = described.start();
      values.put(GpuOperatorSimulator.class, simulator);
      cluster.showLogsOf(simulator);
      simulator.awaitReady(READY_LIMIT);
    }

    Optional<?> value(Class<?> type) {
      return Optional.ofNullable(values.get(type));
    }

    @Override
    public void close() {
      if (simulator != null) {
        simulator.close();
      }
      cluster.close();
    }
  }
}
