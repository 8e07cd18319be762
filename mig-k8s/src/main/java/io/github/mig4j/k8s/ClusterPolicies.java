package io.github.mig4j.k8s;

import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;

/**
 * The GPU Operator's custom resource, {@code nvidia.com/v1 ClusterPolicy}, of which a cluster has
 * one.
 */
public final class ClusterPolicies {

  /** How the API server addresses it. */
  public static final ResourceDefinitionContext CONTEXT = new ResourceDefinitionContext.Builder()
      .withGroup("nvidia.com")
      .withVersion("v1")
      .withKind("ClusterPolicy")
      .withPlural("clusterpolicies")
      .withNamespaced(false)
      .build();

  private ClusterPolicies() {}
}
