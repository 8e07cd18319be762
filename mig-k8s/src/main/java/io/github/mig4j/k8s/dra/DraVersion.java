package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.annotation.JsonValue;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A version of the API group {@code resource.k8s.io}. Objects have the same meaning in each version and a
 * different form. They are in the order of preference: a client uses the first one that the cluster serves.
 *
 * <p>Source: Kubernetes API reference, resource.k8s.io; the alpha versions are not supported.
 */
public enum DraVersion {
  /** Kubernetes 1.34 and later. */
  V1("v1"),
  /** Kubernetes 1.33 and later, if enabled. */
  V1BETA2("v1beta2"),
  /** Kubernetes 1.32 and later, if enabled. */
  V1BETA1("v1beta1");

  private final String version;

  DraVersion(String version) {
    this.version = version;
  }

  /**
   * Parses {@code v1} as well as {@code resource.k8s.io/v1}; the inverse of {@link #toString()}.
   *
   * @param version a version with or without its group
   * @return the version
   * @throws IllegalArgumentException if it is another text
   */
  public static DraVersion parse(String version) {
    Objects.requireNonNull(version, "version");
    return Stream.of(values())
        .filter(known -> version.equals(known.version) || version.equals(known.apiVersion()))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(
            "Not a version of resource.k8s.io: '%s'; expected v1, v1beta2 or v1beta1"
                .formatted(version)));
  }

  /** A kind of this version. */
  ResourceDefinitionContext kind(String kind, String plural, boolean isNamespaced) {
    return new ResourceDefinitionContext.Builder()
        .withGroup(Wire.GROUP)
        .withVersion(version)
        .withKind(kind)
        .withPlural(plural)
        .withNamespaced(isNamespaced)
        .build();
  }

  /** {@return the value of an object's {@code apiVersion}, e.g. {@code resource.k8s.io/v1}} */
  public String apiVersion() {
    return Wire.GROUP + "/" + version;
  }

  /** The version without its group, e.g. {@code v1beta1}. */
  @Override
  @JsonValue
  public String toString() {
    return version;
  }
}
