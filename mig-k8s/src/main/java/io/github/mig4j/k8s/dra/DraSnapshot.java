package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.github.mig4j.gpu.GpuCatalog;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Not API: the published devices, the claims and the device classes of a cluster at one moment.
 */
public final class DraSnapshot {

  private final List<JsonNode> objects;
  private final GpuCatalog catalog;

  /** By namespace and name, the oldest first. */
  private final Map<String, ClaimSpec> claims = new LinkedHashMap<>();

  private final Set<String> allocated;

  /** The selectors of each class. */
  private final Map<String, List<String>> classes = new HashMap<>();

  DraSnapshot(List<JsonNode> objects, GpuCatalog catalog) {
    this.objects = List.copyOf(objects);
    this.catalog = catalog;
    List<JsonNode> all = ofKind("ResourceClaim");
    all.stream()
        .sorted(Comparator.comparing((JsonNode claim) ->
                claim.path("metadata").path("creationTimestamp").asText())
            .thenComparing(ClaimSpec::name))
        .forEach(claim -> claims.put(ClaimSpec.name(claim), ClaimSpec.of(claim)));
    allocated = all.stream()
        .filter(claim -> claim.path("status").path("allocation").isObject())
        .map(ClaimSpec::name)
        .collect(Collectors.toSet());
    ofKind("DeviceClass")
        .forEach(each -> classes.put(
            each.path("metadata").path("name").asText(),
            ClaimSpec.expressions(each.path("spec").path("selectors"))));
  }

  /** Reads objects of these kinds, in any version of the API. */
  public static DraSnapshot of(Collection<? extends HasMetadata> objects, GpuCatalog catalog) {
    Objects.requireNonNull(objects, "objects");
    Objects.requireNonNull(catalog, "catalog");
    KubernetesSerialization json = new KubernetesSerialization();
    return new DraSnapshot(
        objects.stream().map(object -> ObjectTexts.tree(json, object)).toList(), catalog);
  }

  private List<JsonNode> ofKind(String kind) {
    return objects.stream()
        .filter(object -> object.path("kind").asText().equals(kind))
        .toList();
  }

  /** The devices, and which of them are allocated. */
  public DraInventory inventory() {
    return new InventoryReader(catalog).read(objects);
  }

  /** The claims that are not allocated, e.g. {@code team-a/train}, the oldest first. */
  public List<String> unallocated() {
    return claims.keySet().stream().filter(claim -> !allocated.contains(claim)).toList();
  }

  /** An allocator that begins with what is allocated now. */
  public ClaimAllocator allocator() {
    return new ClaimAllocator(
        claims,
        classes,
        Pool.among(objects).stream()
            .filter(pool -> pool.isComplete() && pool.namesTwice().isEmpty())
            .toList(),
        InventoryReader.Allocation.among(objects));
  }

  /** The numbers of objects, e.g. {@code 3 claims, 2 classes}. */
  @Override
  public String toString() {
    return "%d claims, %d classes".formatted(claims.size(), classes.size());
  }
}
