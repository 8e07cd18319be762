package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.client.utils.KubernetesSerialization;

/** How Kubernetes objects are read and written without a client's settings. */
public final class ObjectSerialization {

  /** The only one, since each finds out how to read and write every kind of fabric8. */
  public static final KubernetesSerialization SHARED = new KubernetesSerialization();

  private ObjectSerialization() {}
}
