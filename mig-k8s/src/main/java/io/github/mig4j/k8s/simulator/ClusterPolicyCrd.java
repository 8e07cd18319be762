package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.utils.Serialization;

/** A definition of the ClusterPolicy for clusters without the operator; it accepts any spec and status. */
final class ClusterPolicyCrd {

  private static final String MINIMAL = """
      apiVersion: apiextensions.k8s.io/v1
      kind: CustomResourceDefinition
      metadata:
        name: clusterpolicies.nvidia.com
      spec:
        group: nvidia.com
        scope: Cluster
        names:
          kind: ClusterPolicy
          listKind: ClusterPolicyList
          plural: clusterpolicies
          singular: clusterpolicy
        versions:
        - name: v1
          served: true
          storage: true
          schema:
            openAPIV3Schema:
              type: object
              properties:
                spec: {type: object, x-kubernetes-preserve-unknown-fields: true}
                status: {type: object, x-kubernetes-preserve-unknown-fields: true}
          subresources:
            status: {}
      """;

  private ClusterPolicyCrd() {}

  static CustomResourceDefinition minimal() {
    return Serialization.unmarshal(MINIMAL, CustomResourceDefinition.class);
  }
}
