package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaPropsBuilder;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.github.mig4j.k8s.internal.ClusterPolicies;

/** A definition of the ClusterPolicy for clusters without the operator; it accepts any spec and status. */
final class ClusterPolicyCrd {
  private ClusterPolicyCrd() {}

  static CustomResourceDefinition minimal() {
    ResourceDefinitionContext policy = ClusterPolicies.CONTEXT;
    return new CustomResourceDefinitionBuilder()
        .withNewMetadata()
        .withName(policy.getPlural() + "." + policy.getGroup())
        .endMetadata()
        .withNewSpec()
        .withGroup(policy.getGroup())
        .withScope("Cluster")
        .withNewNames()
        .withKind(policy.getKind())
        .withListKind(policy.getKind() + "List")
        .withPlural(policy.getPlural())
        .withSingular("clusterpolicy")
        .endNames()
        .addNewVersion()
        .withName(policy.getVersion())
        .withServed(true)
        .withStorage(true)
        .withNewSchema()
        .withNewOpenAPIV3Schema()
        .withType("object")
        .addToProperties("spec", anything())
        .addToProperties("status", anything())
        .endOpenAPIV3Schema()
        .endSchema()
        .withNewSubresources()
        .withNewStatus()
        .endStatus()
        .endSubresources()
        .endVersion()
        .endSpec()
        .build();
  }

  private static JSONSchemaProps anything() {
    return new JSONSchemaPropsBuilder()
        .withType("object")
        .withXKubernetesPreserveUnknownFields(true)
        .build();
  }
}
