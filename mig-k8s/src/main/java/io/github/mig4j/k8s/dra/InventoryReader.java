package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.k8s.dra.DraFacts.AllocatedButGone;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads a {@link DraInventory} from the slices of NVIDIA's driver and the claims. */
final class InventoryReader {

  /** A device that is allocated to a claim. */
  record Allocation(String claim, String pool, String device) {

    static List<Allocation> among(List<JsonNode> objects) {
      return objects.stream()
          .filter(object -> object.path("kind").asText().equals(Wire.CLAIM))
          .flatMap(Allocation::of)
          .toList();
    }

    private static Stream<Allocation> of(JsonNode claim) {
      return Slice.stream(
              claim.path("status").path("allocation").path("devices").path("results"))
          .filter(result -> result.path("driver").asText().equals(Wire.DRIVER))
          // Admin access, e.g. for monitoring, does not allocate the device.
          .filter(result -> !result.path("adminAccess").asBoolean(false))
          .map(result -> new Allocation(
              ClaimSpec.name(claim),
              result.path("pool").asText(),
              result.path("device").asText()));
    }
  }

  private final GpuCatalog catalog;
  private final DraFindings findings = new DraFindings();

  InventoryReader(GpuCatalog catalog) {
    this.catalog = catalog;
  }

  /** Reads objects in any version of the API; other kinds are skipped. */
  DraInventory read(List<JsonNode> objects) {
    return read(Pool.among(objects), Allocation.among(objects));
  }

  DraInventory read(List<Pool> pools, List<Allocation> allocations) {
    findGone(pools, allocations);
    return inventory(pools, allocations);
  }

  private void findGone(List<Pool> pools, List<Allocation> allocations) {
    Map<String, Pool> byName = pools.stream().collect(Collectors.toMap(Pool::name, pool -> pool));
    for (Allocation allocation : allocations) {
      @Nullable Pool pool = byName.get(allocation.pool());
      if (pool == null || (pool.isComplete() && !pool.has(allocation.device()))) {
        findings.add(new AllocatedButGone(
            // The driver names a pool after its node.
            pool == null ? allocation.pool() : pool.node(),
            allocation.claim(),
            allocation.pool(),
            allocation.device(),
            pool == null ? AllocatedButGone.Gone.POOL : AllocatedButGone.Gone.DEVICE));
      }
    }
  }

  private DraInventory inventory(List<Pool> pools, List<Allocation> allocations) {
    Map<String, Map<String, List<String>>> claims = allocations.stream()
        .collect(Collectors.groupingBy(
            Allocation::pool,
            Collectors.groupingBy(
                Allocation::device, Collectors.mapping(Allocation::claim, Collectors.toList()))));
    SortedMap<String, List<DraGpu>> nodes = new TreeMap<>();
    for (Pool pool : pools) {
      Map<String, List<String>> ofPool = claims.getOrDefault(pool.name(), Map.of());
      nodes
          .computeIfAbsent(pool.node(), node -> new ArrayList<>())
          .addAll(new PoolReader(pool, ofPool, catalog, findings).gpus());
    }
    return new DraInventory(
        nodes.entrySet().stream()
            .map(node -> new DraNode(node.getKey(), byAddress(node.getValue())))
            .toList(),
        findings.sorted());
  }

  /** Addresses are hexadecimal with a fixed length, so they can be sorted as text. */
  private static List<DraGpu> byAddress(List<DraGpu> gpus) {
    return gpus.stream().allMatch(gpu -> gpu.pciBusId().isPresent())
        ? gpus.stream()
            .sorted(Comparator.comparing(gpu -> gpu.pciBusId().orElseThrow()))
            .toList()
        : gpus;
  }
}
