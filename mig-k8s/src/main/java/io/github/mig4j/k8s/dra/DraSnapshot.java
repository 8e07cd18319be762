package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.dra.CelSelector.AttributeIs;
import io.github.mig4j.k8s.dra.CelSelector.Condition;
import io.github.mig4j.k8s.dra.CelSelector.DriverIs;
import io.github.mig4j.k8s.internal.ObjectSerialization;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Not API: the published devices, the claims and the device classes of a cluster at one moment. */
public final class DraSnapshot {

  private static final Set<String> READ_ATTRIBUTES =
      Set.of(Wire.TYPE, Wire.PROFILE, Wire.PRODUCT_NAME);

  private final List<Pool> pools;
  private final List<InventoryReader.Allocation> allocations;
  private final DraInventory inventory;

  /** By namespace and name, the oldest first. */
  private final Map<String, ClaimSpec> claims = new LinkedHashMap<>();

  private final Set<String> allocated;

  /** The selectors of each class. */
  private final Map<String, List<String>> classes = new HashMap<>();

  DraSnapshot(List<JsonNode> objects, GpuCatalog catalog) {
    this.pools = Pool.among(objects);
    this.allocations = InventoryReader.Allocation.among(objects);
    this.inventory = new InventoryReader(catalog).read(pools, allocations);
    List<JsonNode> all = ofKind(Wire.CLAIM, objects);
    all.stream()
        .sorted(Comparator.comparing((JsonNode claim) ->
                claim.path("metadata").path("creationTimestamp").asText())
            .thenComparing(ClaimSpec::name))
        .forEach(claim -> claims.put(ClaimSpec.name(claim), ClaimSpec.of(claim)));
    allocated = all.stream()
        .filter(claim -> claim.path("status").path("allocation").isObject())
        .map(ClaimSpec::name)
        .collect(Collectors.toSet());
    ofKind("DeviceClass", objects)
        .forEach(each -> classes.put(
            each.path("metadata").path("name").asText(),
            ClaimSpec.expressions(each.path("spec").path("selectors"))));
  }

  /** Reads objects of these kinds, in any version of the API. */
  public static DraSnapshot of(Collection<? extends HasMetadata> objects, GpuCatalog catalog) {
    Objects.requireNonNull(objects, "objects");
    Objects.requireNonNull(catalog, "catalog");
    return new DraSnapshot(
        objects.stream()
            .map(object -> ObjectTexts.tree(ObjectSerialization.SHARED, object))
            .toList(),
        catalog);
  }

  private static List<JsonNode> ofKind(String kind, List<JsonNode> objects) {
    return objects.stream()
        .filter(object -> object.path("kind").asText().equals(kind))
        .toList();
  }

  /** The devices, and which of them are allocated. */
  public DraInventory inventory() {
    return inventory;
  }

  /** The claims that are not allocated, e.g. {@code team-a/train}, the oldest first. */
  public List<String> unallocated() {
    return claims.keySet().stream().filter(claim -> !allocated.contains(claim)).toList();
  }

  /** Whether a claim exists. */
  public boolean hasClaim(String claim) {
    Objects.requireNonNull(claim, "claim");
    return claims.containsKey(claim);
  }

  /** Whether a claim is allocated. */
  public boolean isAllocated(String claim) {
    Objects.requireNonNull(claim, "claim");
    return allocated.contains(claim);
  }

  /**
   * What claims ask for, as far as GPUs can be cut for it.
   *
   * @param devices MIG devices by profile; empty if they ask for none, and if it is not read
   * @param products the product names of which a GPU must have one; empty if each will do
   * @param unread why no GPU is cut for them, with a remedy
   */
  public record Asked(
      SortedMap<MigProfile, Integer> devices, Set<String> products, Optional<String> unread) {

    public Asked {
      devices = Collections.unmodifiableSortedMap(new TreeMap<>(devices));
      products = Set.copyOf(products);
    }
  }

  /**
   * What the claims of a pod ask for together. Of alternatives it is the first, which the scheduler prefers.
   *
   * @param names claims that exist
   */
  public Asked asked(List<String> names) {
    Objects.requireNonNull(names, "names");
    Reader reader = new Reader();
    names.forEach(name -> reader.read(Objects.requireNonNull(claims.get(name), name)));
    return reader.asked();
  }

  /** Adds up what claims ask for. */
  private final class Reader {

    private final SortedMap<MigProfile, Integer> devices = new TreeMap<>();
    private Optional<Set<String>> products = Optional.empty();
    private Optional<String> unread = Optional.empty();
    private boolean hasOthers;

    Asked asked() {
      if (unread.isEmpty() && hasOthers && !devices.isEmpty()) {
        unread = Optional.of(
            "its claims also request devices that are no MIG devices; request one kind");
      }
      return new Asked(
          unread.isEmpty() ? devices : new TreeMap<>(), products.orElse(Set.of()), unread);
    }

    void read(ClaimSpec spec) {
      int before = count();
      Optional<String> reason = Optional.empty();
      for (ClaimSpec.Request request : spec.requests()) {
        Optional<String> own = read(request.alternatives().get(0));
        reason = reason.or(() -> own);
      }
      if (!spec.constraints().isEmpty() && count() - before > 1) {
        reason = reason.or(
            () -> Optional.of(
                "its devices must have something in common, such as the GPU, for which nothing is planned; claim one larger device, or remove the constraint"));
      }
      Optional<String> named = reason.map(each -> "claim %s: %s".formatted(spec.claim(), each));
      unread = unread.or(() -> named);
    }

    private int count() {
      return devices.values().stream().mapToInt(Integer::intValue).sum();
    }

    private Optional<String> read(ClaimSpec.Exact exact) {
      @Nullable List<String> ofClass = classes.get(exact.deviceClass());
      if (ofClass == null) {
        return Optional.of(
            "DeviceClass %s does not exist; create it".formatted(exact.deviceClass()));
      }
      List<CelSelector.Reading> readings = Stream.concat(
              ofClass.stream(), exact.selectors().stream())
          .map(CelSelector::read)
          .toList();
      List<Condition> conditions = readings.stream()
          .flatMap(reading -> reading instanceof CelSelector.Read read
              ? read.selector().conditions().stream()
              : Stream.empty())
          .toList();
      Optional<String> notRead = readings.stream()
          .flatMap(reading -> reading instanceof CelSelector.NotRead not
              ? Stream.of(not.message())
              : Stream.empty())
          .findFirst();
      if (isOfOther(conditions)) {
        hasOthers = true;
        return Optional.empty();
      }
      return exact.more().or(() -> notRead).or(() -> read(exact, conditions));
    }

    /** Whether one condition excludes MIG devices, whatever the others say. */
    private boolean isOfOther(List<Condition> conditions) {
      Optional<Set<String>> types = values(conditions, Wire.TYPE);
      return conditions.stream()
              .anyMatch(condition ->
                  condition instanceof DriverIs is && !is.drivers().contains(Wire.DRIVER))
          || (types.isPresent() && !types.get().contains(Wire.TYPE_MIG));
    }

    private Optional<String> read(ClaimSpec.Exact exact, List<Condition> conditions) {
      Optional<MigProfile> profile = values(conditions, Wire.PROFILE)
          .filter(values -> values.size() == 1)
          .flatMap(values -> PublishedDevice.profile(values.iterator().next()));
      Optional<String> beside = conditions.stream()
          .flatMap(condition -> named(condition).stream())
          .filter(name -> !READ_ATTRIBUTES.contains(name))
          .findFirst();
      if (beside.isPresent()) {
        return Optional.of(
            "it selects by %s, for which no GPU is cut; select by profile and productName only"
                .formatted(beside.get()));
      }
      if (profile.isEmpty()) {
        return Optional.of(
            "its selectors do not say one profile; select by one, such as %s == '1g.23gb'"
                .formatted(Wire.attribute(Wire.PROFILE)));
      }
      if (exact.isAll()) {
        return Optional.of(
            "it requests all devices that there are, for which no GPU is cut; request a count");
      }
      devices.merge(profile.get(), exact.count(), Integer::sum);
      values(conditions, Wire.PRODUCT_NAME).ifPresent(this::restrict);
      return products
          .filter(Set::isEmpty)
          .map(none -> "no product has all the names that it selects; select one");
    }

    private void restrict(Set<String> names) {
      Set<String> both = new TreeSet<>(products.orElse(names));
      both.retainAll(names);
      products = Optional.of(both);
    }
  }

  /** The attribute or the capacity that a condition is about, with its domain if that is another driver's. */
  private static Optional<String> named(Condition condition) {
    if (condition instanceof AttributeIs is) {
      return Optional.of(
          is.domain().equals(Wire.DRIVER) ? is.name() : is.domain() + "/" + is.name());
    }
    return condition instanceof CelSelector.CapacityIs is
        ? Optional.of(is.name())
        : Optional.empty();
  }

  /** The values that all conditions on an attribute of the driver allow; empty if there is no condition. */
  private static Optional<Set<String>> values(List<Condition> conditions, String attribute) {
    return conditions.stream()
        .filter(condition -> condition instanceof AttributeIs is && is.isOf(attribute))
        .<Set<String>>map(condition -> new TreeSet<>(((AttributeIs) condition).values()))
        .reduce((one, other) -> {
          one.retainAll(other);
          return one;
        });
  }

  /** An allocator that begins with what is allocated now. */
  public ClaimAllocator allocator() {
    return new ClaimAllocator(
        claims,
        classes,
        pools.stream()
            .filter(pool -> pool.isComplete() && pool.namesTwice().isEmpty())
            .toList(),
        allocations);
  }

  /** The numbers of objects, e.g. {@code 3 claims, 2 classes}. */
  @Override
  public String toString() {
    return "%d claims, %d classes".formatted(claims.size(), classes.size());
  }
}
