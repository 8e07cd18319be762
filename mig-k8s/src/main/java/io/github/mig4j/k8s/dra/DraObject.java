package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.annotation.JsonValue;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.KubernetesName;
import io.github.mig4j.text.Quoted;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A ResourceClaim, ResourceClaimTemplate or DeviceClass, which can be written in every {@link
 * DraVersion}: as YAML for {@code kubectl apply -f}, or to a cluster by {@link DraClient#apply}.
 */
public final class DraObject {

  /** The kind of an object. */
  public enum Kind {
    /** Devices for the pods that reference the claim, until the claim is deleted. */
    RESOURCE_CLAIM("ResourceClaim", "resourceclaims"),
    /** A claim for each pod that references the template. */
    RESOURCE_CLAIM_TEMPLATE("ResourceClaimTemplate", "resourceclaimtemplates"),
    /** A class of devices that claims can reference; it has no namespace. */
    DEVICE_CLASS("DeviceClass", "deviceclasses");

    private final String kind;
    private final String plural;

    Kind(String kind, String plural) {
      this.kind = kind;
      this.plural = plural;
    }

    /** {@return whether objects of this kind have a namespace: false for device classes} */
    public boolean isNamespaced() {
      return this != DEVICE_CLASS;
    }

    ResourceDefinitionContext in(DraVersion version) {
      return version.kind(kind, plural, isNamespaced());
    }

    /** The value of {@code kind} in an object, e.g. {@code ResourceClaim}. */
    @Override
    @JsonValue
    public String toString() {
      return kind;
    }
  }

  private static final String EXACTLY = "exactly";
  static final String EXTENDED_RESOURCE = "extendedResourceName";

  private final Kind kind;
  private final String name;
  private final Optional<String> namespace;
  /** The spec in the form of v1. */
  private final Map<String, Object> spec;

  private DraObject(Kind kind, String name, Optional<String> namespace, Map<String, Object> spec) {
    this.kind = kind;
    this.name = name;
    this.namespace = namespace;
    this.spec = spec;
  }

  static DraObject of(Kind kind, String name, Map<String, Object> spec) {
    return new DraObject(kind, requireName(name), Optional.empty(), spec);
  }

  static String requireName(String name) {
    if (!KubernetesName.isDnsSubdomain(name)) {
      throw new IllegalArgumentException(
          "Not a name of an object: %s; use lower-case letters, digits, '.' and '-', e.g. 'mig-1g'"
              .formatted(Quoted.of(name)));
    }
    return name;
  }

  /** {@return the kind of the object} */
  public Kind kind() {
    return kind;
  }

  /** {@return the object's name, a DNS subdomain} */
  public String name() {
    return name;
  }

  /**
   * {@return the namespace of the object; if empty, the current one of kubectl or of the client}
   */
  public Optional<String> namespace() {
    return namespace;
  }

  /**
   * {@return a copy of this object in a namespace}
   *
   * @param namespace the pods' namespace
   * @throws IllegalArgumentException if it is a device class, or the namespace is not a name
   */
  public DraObject inNamespace(String namespace) {
    Objects.requireNonNull(namespace, "namespace");
    if (!kind.isNamespaced()) {
      throw new IllegalArgumentException("%s %s has no namespace; remove the namespace %s"
          .formatted(kind, name, Quoted.of(namespace)));
    }
    return new DraObject(kind, name, Optional.of(requireName(namespace)), spec);
  }

  /**
   * {@return the object as YAML}
   *
   * @param version a version that the cluster serves; {@code kubectl api-versions} lists them
   */
  public String toYaml(DraVersion version) {
    Objects.requireNonNull(version, "version");
    return YamlLines.of(JsonFields.of("apiVersion", version.apiVersion())
        .and("kind", kind)
        .and("metadata", JsonFields.of("name", name).and("namespace", namespace).map())
        .and("spec", version == DraVersion.V1BETA1 ? flattened(spec) : spec)
        .map());
  }

  GenericKubernetesResource resource(DraVersion version) {
    return Serialization.unmarshal(toYaml(version), GenericKubernetesResource.class);
  }

  /** v1beta1 has the fields of an exact request directly under the request. */
  private static Map<String, Object> flattened(Map<String, Object> tree) {
    Map<String, Object> flat = new LinkedHashMap<>();
    tree.forEach((field, value) -> {
      if (field.equals(EXACTLY)) {
        flat.putAll(asTree(value));
      } else {
        flat.put(field, flattened(value));
      }
    });
    return flat;
  }

  private static Object flattened(Object value) {
    if (value instanceof List<?> list) {
      return list.stream().map(DraObject::flattened).toList();
    }
    return value instanceof Map<?, ?> ? flattened(asTree(value)) : value;
  }

  /** A map that this class has created. */
  @SuppressWarnings("unchecked")
  private static Map<String, Object> asTree(Object value) {
    return (Map<String, Object>) value;
  }

  /** Two objects are equal if kind, name, namespace and spec are equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof DraObject that
        && kind == that.kind
        && name.equals(that.name)
        && namespace.equals(that.namespace)
        && spec.equals(that.spec);
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, name, namespace, spec);
  }

  /** Kind and name, e.g. {@code ResourceClaimTemplate team-a/mig-1g}. */
  @Override
  public String toString() {
    return kind + " " + namespace.map(in -> in + "/").orElse("") + name;
  }
}
