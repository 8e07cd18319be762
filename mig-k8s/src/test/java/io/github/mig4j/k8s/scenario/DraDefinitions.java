package io.github.mig4j.k8s.scenario;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.fixture.ClusterUser;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The kinds of resource.k8s.io/v1 on an API server that is too old for them. It keeps what is written;
 * it does not allocate, and neither validates nor adds defaults.
 */
final class DraDefinitions implements AutoCloseable {

  private final KubernetesClient client;
  private final List<CustomResourceDefinition> installed = new ArrayList<>();

  private DraDefinitions(KubernetesClient client) {
    this.client = client;
  }

  static DraDefinitions install(KubernetesClient client) {
    DraDefinitions definitions = new DraDefinitions(client);
    definitions.install("ResourceClaim", "Namespaced");
    definitions.install("ResourceClaimTemplate", "Namespaced");
    definitions.install("DeviceClass", "Cluster");
    definitions.install("ResourceSlice", "Cluster");
    ClusterUser.eventually(() -> definitions.installed.stream().allMatch(definitions::isServed));
    return definitions;
  }

  private void install(String kind, String scope) {
    String plural = kind.toLowerCase(Locale.ROOT) + (kind.endsWith("s") ? "es" : "s");
    CustomResourceDefinition definition = new CustomResourceDefinitionBuilder()
        .withNewMetadata()
        .withName(plural + ".resource.k8s.io")
        .addToAnnotations("api-approved.kubernetes.io", "unapproved, for tests")
        .endMetadata()
        .withNewSpec()
        .withGroup("resource.k8s.io")
        .withScope(scope)
        .withNewNames()
        .withKind(kind)
        .withPlural(plural)
        .withSingular(kind.toLowerCase(Locale.ROOT))
        .endNames()
        .addNewVersion()
        .withName("v1")
        .withServed(true)
        .withStorage(true)
        .withNewSubresources()
        .withNewStatus()
        .endStatus()
        .endSubresources()
        .withNewSchema()
        .withNewOpenAPIV3Schema()
        .withType("object")
        .withXKubernetesPreserveUnknownFields(true)
        .endOpenAPIV3Schema()
        .endSchema()
        .endVersion()
        .endSpec()
        .build();
    installed.add(client.resource(definition).create());
  }

  private boolean isServed(CustomResourceDefinition definition) {
    var status = client.resource(definition).get().getStatus();
    return status != null
        && status.getConditions().stream()
            .anyMatch(condition ->
                "Established".equals(condition.getType()) && "True".equals(condition.getStatus()));
  }

  /** With all objects of these kinds. */
  @Override
  public void close() {
    installed.forEach(definition -> client.resource(definition).delete());
    ClusterUser.eventually(() ->
        installed.stream().allMatch(definition -> client.resource(definition).get() == null));
  }
}
