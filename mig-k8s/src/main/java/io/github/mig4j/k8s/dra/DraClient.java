package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.Cluster;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Dynamic resource allocation on a cluster: writes claims, and reads the devices of NVIDIA's driver.
 *
 * <pre>{@code
 * DraClient dra = MigClient.of(client).dra();
 * dra.apply(MigClaim.of(MigProfile.parse("1g.23gb")).template("mig-1g").inNamespace("team-a"));
 * System.out.println(dra.inventory().nodes());
 * }</pre>
 *
 * <p>A client has no state of its own and is thread-safe. The caller closes the Kubernetes client.
 */
public final class DraClient {

  /** A kind in every version, to ask whether the cluster serves the version. */
  private static final Map<DraVersion, Class<? extends KubernetesResource>> SLICES = Map.of(
      DraVersion.V1, io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice.class,
      DraVersion.V1BETA2, io.fabric8.kubernetes.api.model.resource.v1beta2.ResourceSlice.class,
      DraVersion.V1BETA1, io.fabric8.kubernetes.api.model.resource.v1beta1.ResourceSlice.class);

  private final Cluster cluster;

  /**
   * Not API; use {@code MigClient.dra()}.
   *
   * @param cluster the cluster
   */
  public DraClient(Cluster cluster) {
    this.cluster = Objects.requireNonNull(cluster, "cluster");
  }

  /**
   * {@return the newest version of the API that the cluster serves, which this client uses}
   *
   * @throws MigRefusedException if the cluster serves no supported version
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public DraVersion version() {
    for (DraVersion version : DraVersion.values()) {
      if (cluster.call(
          "get the API " + version.apiVersion(),
          () -> cluster.client().supports(SLICES.get(version)))) {
        return version;
      }
    }
    throw new MigRefusedException(
        "API group " + Wire.GROUP,
        List.of(
            "the cluster serves none of v1, v1beta2 and v1beta1, so it has no DRA; use Kubernetes 1.34 or later, or enable the beta API"));
  }

  /**
   * Writes an object, unless the cluster has the same object.
   *
   * @param object a claim, a template or a device class; without a namespace, the client's
   *     namespace is used
   * @return the version in which it was written
   * @throws MigRefusedException if the cluster has no DRA, no such namespace, or no extended resources
   *     of device classes
   * @throws MigConflictException if a claim or template of that name requests something else; their
   *     specs are immutable
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public DraVersion apply(DraObject object) {
    Objects.requireNonNull(object, "object");
    DraVersion version = version();
    GenericKubernetesResource desired = object.resource(version);
    Resource<GenericKubernetesResource> there = resource(object, version);
    cluster.onLatestVersion(() -> {
      Optional<GenericKubernetesResource> found =
          Optional.ofNullable(cluster.call("get " + object, there::get));
      if (found.isEmpty()) {
        cluster.call("create " + object, () -> create(object, desired, version));
      } else if (!spec(found.get()).equals(spec(desired))) {
        update(object, found.get(), desired, version);
      }
    });
    return version;
  }

  private GenericKubernetesResource create(
      DraObject object, GenericKubernetesResource desired, DraVersion version) {
    try {
      return kept(object, desired, in(object, version, desired).create());
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND && object.kind().isNamespaced()) {
        throw new MigRefusedException(
            object.toString(),
            List.of("namespace %s does not exist; create it first".formatted(namespace(object))));
      }
      throw e;
    }
  }

  private void update(
      DraObject object,
      GenericKubernetesResource found,
      GenericKubernetesResource desired,
      DraVersion version) {
    if (object.kind().isNamespaced()) {
      throw new MigConflictException(
          "%s exists with another spec, which is immutable; delete it first or use another name"
              .formatted(object));
    }
    GenericKubernetesResource changed =
        cluster.client().getKubernetesSerialization().clone(found);
    changed.setAdditionalProperty("spec", desired.getAdditionalProperties().get("spec"));
    cluster.call(
        "update " + object,
        () -> kept(object, desired, in(object, version, changed).update()));
  }

  /** An API server drops a field whose feature gate is off, without an error. */
  private GenericKubernetesResource kept(
      DraObject object, GenericKubernetesResource desired, GenericKubernetesResource written) {
    if (spec(desired).has(DraObject.EXTENDED_RESOURCE)
        && !spec(written).has(DraObject.EXTENDED_RESOURCE)) {
      throw new MigRefusedException(
          object.toString(),
          List.of(
              "the API server dropped %s; enable its feature gate DRAExtendedResource (Kubernetes 1.34 or later, on by default from 1.36)"
                  .formatted(DraObject.EXTENDED_RESOURCE)));
    }
    return written;
  }

  /** Without empty fields: an API server adds some, such as the metadata of a template. */
  private JsonNode spec(GenericKubernetesResource resource) {
    return ObjectTexts.withoutEmptyFields(
        ObjectTexts.tree(cluster.client().getKubernetesSerialization(), resource)
            .path("spec"));
  }

  /**
   * {@return the devices that NVIDIA's driver publishes now, and the claims on them}
   *
   * @throws MigRefusedException if the cluster has no DRA
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public DraInventory inventory() {
    DraVersion version = version();
    // Claims first: an allocated device was published before its claim.
    return new InventoryReader(cluster.settings().catalog())
        .read(list(DraObject.Kind.RESOURCE_CLAIM.in(version), slices(version)));
  }

  /** Not API: the devices, claims and device classes, each kind read once. */
  public DraSnapshot snapshot() {
    DraVersion version = version();
    // As in inventory().
    return new DraSnapshot(
        list(
            DraObject.Kind.RESOURCE_CLAIM.in(version),
            DraObject.Kind.DEVICE_CLASS.in(version),
            slices(version)),
        cluster.settings().catalog());
  }

  private static ResourceDefinitionContext slices(DraVersion version) {
    return version.kind(Wire.SLICE, "resourceslices", false);
  }

  private List<JsonNode> list(ResourceDefinitionContext... kinds) {
    List<JsonNode> found = new ArrayList<>();
    for (ResourceDefinitionContext kind : kinds) {
      cluster.forEach(
          "list " + kind.getPlural(),
          options ->
              cluster.client().genericKubernetesResources(kind).inAnyNamespace().list(options),
          item -> found.add(ObjectTexts.tree(cluster.client().getKubernetesSerialization(), item)));
    }
    return found;
  }

  private Resource<GenericKubernetesResource> resource(DraObject object, DraVersion version) {
    var all = cluster.client().genericKubernetesResources(object.kind().in(version));
    return object.kind().isNamespaced()
        ? all.inNamespace(namespace(object)).withName(object.name())
        : all.withName(object.name());
  }

  private Resource<GenericKubernetesResource> in(
      DraObject object, DraVersion version, GenericKubernetesResource content) {
    var all = cluster.client().genericKubernetesResources(object.kind().in(version));
    return object.kind().isNamespaced()
        ? all.inNamespace(namespace(object)).resource(content)
        : all.resource(content);
  }

  private String namespace(DraObject object) {
    return object
        .namespace()
        .orElseGet(() -> Objects.requireNonNullElse(cluster.client().getNamespace(), "default"));
  }

  /** The cluster, e.g. {@code DRA on https://10.0.0.1/}. */
  @Override
  public String toString() {
    return "DRA on " + cluster.client().getMasterUrl();
  }
}
