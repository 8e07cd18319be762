package io.github.mig4j.k8s.scenario;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.fixture.MockApiServer;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * The API server on which scenarios are played: {@link MockApiServer}, or with {@code
 * -Dmig4j.scenarios=apiserver}, which the profile apiserver sets, a real one. Puts a client of it
 * into the test's field of type {@link KubernetesClient} that is not private; private ones are the test's own.
 *
 * <p>Where a real one is asked for and cannot be had, the tests are skipped and say why.
 */
final class ScenarioServer implements ExecutionCondition, BeforeEachCallback, AfterEachCallback {

  private static final ExtensionContext.Namespace STORE =
      ExtensionContext.Namespace.create(ScenarioServer.class);

  private final MockApiServer mock = new MockApiServer();

  /** Whether scenarios are played on a real API server. */
  static boolean isReal() {
    return "apiserver".equals(System.getProperty("mig4j.scenarios"));
  }

  private static RealServer real(ExtensionContext context) {
    return context
        .getRoot()
        .getStore(STORE)
        .getOrComputeIfAbsent(RealServer.class, key -> RealServer.open(), RealServer.class);
  }

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    if (!isReal() && context.getTags().contains("apiserver")) {
      return ConditionEvaluationResult.disabled("run it with 'mvn verify -Papiserver'");
    }
    if (isReal() && real(context).client().isEmpty()) {
      return ConditionEvaluationResult.disabled(real(context).reason());
    }
    return ConditionEvaluationResult.enabled("there is an API server");
  }

  @Override
  public void beforeEach(ExtensionContext context) throws IllegalAccessException {
    if (!isReal()) {
      mock.beforeEach(context);
      return;
    }
    RealServer server = real(context);
    server.clean();
    Object test = context.getRequiredTestInstance();
    for (Field field : ReflectionSupport.findFields(
        test.getClass(),
        f -> f.getType() == KubernetesClient.class && !Modifier.isPrivate(f.getModifiers()),
        HierarchyTraversalMode.TOP_DOWN)) {
      field.setAccessible(true);
      field.set(test, server.client().orElseThrow());
    }
  }

  @Override
  public void afterEach(ExtensionContext context) {
    if (!isReal()) {
      mock.afterEach(context);
    }
  }
}
