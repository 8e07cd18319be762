package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.internal.Cluster;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Dynamic resource allocation on a cluster: writes claims, and reads what NVIDIA's driver publishes.
 *
 * <pre>{@code
 * DraClient dra = DraClient.of(client);
 * dra.apply(MigClaim.of(MigProfile.parse("1g.23gb")).template("mig-1g").inNamespace("team-a"));
 * System.out.println(dra.inventory().nodes());
 * }</pre>
 *
 * <p>A client has no state of its own and is thread-safe. The caller closes the Kubernetes client.
 */
public final class DraClient {

  private static final String EXTENDED_RESOURCE = "extendedResourceName";

  /** Objects in one answer, as kubectl asks for. */
  private static final long PAGE = 500;

  /** A kind that every version has, by which a client asks whether it is served. */
  private static final Map<DraVersion, Class<? extends KubernetesResource>> SLICES = Map.of(
      DraVersion.V1, io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice.class,
      DraVersion.V1BETA2, io.fabric8.kubernetes.api.model.resource.v1beta2.ResourceSlice.class,
      DraVersion.V1BETA1, io.fabric8.kubernetes.api.model.resource.v1beta1.ResourceSlice.class);

  private final Cluster cluster;

  private DraClient(Cluster cluster) {
    this.cluster = cluster;
  }

  /**
   * Wraps a Kubernetes client, with default settings.
   *
   * @param client the client, which stays the caller's to close
   * @return a client for DRA on it
   */
  public static DraClient of(KubernetesClient client) {
    return new DraClient(new Cluster(client, MigSettings.defaults()));
  }

  /**
   * This client with other settings, of which only the catalogue matters here.
   *
   * @param settings the settings
   * @return a new client on the same Kubernetes client
   */
  public DraClient with(MigSettings settings) {
    return new DraClient(new Cluster(cluster.client(), settings));
  }

  /**
   * The newest version of the API that the cluster serves.
   *
   * @return the version in which this client speaks to it
   * @throws MigRefusedException if it serves none
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
            "the cluster serves none of v1, v1beta2 and v1beta1, so it has no DRA; use Kubernetes 1.34 or later, or switch the beta API on"));
  }

  /**
   * Writes an object. Writing what is there already changes nothing.
   *
   * @param object a claim, a template or a device class; without a namespace, it goes into the
   *     client's
   * @return the version in which it was written
   * @throws IllegalArgumentException if the cluster's version cannot say it
   * @throws MigRefusedException if the cluster has no DRA, or no such namespace
   * @throws MigConflictException if a claim or template of that name asks for something else, for
   *     what they ask for can never be changed
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public DraVersion apply(DraObject object) {
    DraVersion version = version();
    GenericKubernetesResource wanted = object.resource(version);
    Resource<GenericKubernetesResource> there = resource(object, version);
    cluster.onLatestVersion(() -> {
      Optional<GenericKubernetesResource> found =
          Optional.ofNullable(cluster.call("get " + object, there::get));
      if (found.isEmpty()) {
        cluster.call("create " + object, () -> create(object, wanted, version));
      } else if (!spec(found.get()).equals(spec(wanted))) {
        update(object, found.get(), wanted, version);
      }
    });
    return version;
  }

  private GenericKubernetesResource create(
      DraObject object, GenericKubernetesResource wanted, DraVersion version) {
    try {
      return kept(object, wanted, in(object, version, wanted).create());
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
      GenericKubernetesResource wanted,
      DraVersion version) {
    if (object.kind().isNamespaced()) {
      throw new MigConflictException(
          "%s exists and asks for something else, which cannot be changed; delete it first or take another name"
              .formatted(object));
    }
    GenericKubernetesResource changed =
        cluster.client().getKubernetesSerialization().clone(found);
    changed.setAdditionalProperty("spec", wanted.getAdditionalProperties().get("spec"));
    cluster.call(
        "update " + object,
        () -> kept(object, wanted, in(object, version, changed).update()));
  }

  /** An API server drops a field whose feature is off, and says nothing. */
  private GenericKubernetesResource kept(
      DraObject object, GenericKubernetesResource wanted, GenericKubernetesResource written) {
    if (spec(wanted).has(EXTENDED_RESOURCE) && !spec(written).has(EXTENDED_RESOURCE)) {
      throw new MigRefusedException(
          object.toString(),
          List.of(
              "the API server wrote it without %s; switch on its feature gate DRAExtendedResource"
                  .formatted(EXTENDED_RESOURCE)));
    }
    return written;
  }

  private JsonNode spec(GenericKubernetesResource resource) {
    return ObjectTexts.tree(cluster.client().getKubernetesSerialization(), resource)
        .path("spec");
  }

  /**
   * What NVIDIA's driver publishes, and what claims hold of it.
   *
   * @return the inventory, of this moment
   * @throws MigRefusedException if the cluster has no DRA
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public DraInventory inventory() {
    DraVersion version = version();
    // Claims first: a device that one of them holds has been published before.
    List<JsonNode> objects = new ArrayList<>(list(DraObject.Kind.RESOURCE_CLAIM.in(version)));
    objects.addAll(list(slices(version)));
    return new InventoryReader(cluster.settings().catalog()).read(objects);
  }

  private static ResourceDefinitionContext slices(DraVersion version) {
    return new ResourceDefinitionContext.Builder()
        .withGroup(Wire.GROUP)
        .withVersion(version.toString())
        .withKind("ResourceSlice")
        .withPlural("resourceslices")
        .withNamespaced(false)
        .build();
  }

  private List<JsonNode> list(ResourceDefinitionContext kind) {
    List<JsonNode> found = new ArrayList<>();
    String next = "";
    do {
      String from = next;
      GenericKubernetesResourceList page = cluster.call(
          "list " + kind.getPlural(),
          () -> cluster
              .client()
              .genericKubernetesResources(kind)
              .inAnyNamespace()
              .list(new ListOptionsBuilder()
                  .withLimit(PAGE)
                  .withContinue(from.isEmpty() ? null : from)
                  .build()));
      page.getItems()
          .forEach(item ->
              found.add(ObjectTexts.tree(cluster.client().getKubernetesSerialization(), item)));
      next = Objects.requireNonNullElse(page.getMetadata().getContinue(), "");
    } while (!next.isEmpty());
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
}
