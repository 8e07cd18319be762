package io.github.mig4j.k8s.dra;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.lint.Finding;
import java.util.List;
import java.util.Optional;

/**
 * The GPUs of a cluster as NVIDIA's DRA driver publishes them, and which of their devices are
 * taken.
 *
 * <pre>{@code
 * DraInventory inventory = DraClient.of(client).inventory();
 * inventory.nodes().forEach(node -> System.out.println(node.name() + " has room for " + node.room()));
 * inventory.findings().forEach(System.out::println);
 * }</pre>
 *
 * <p>Devices of other drivers are left out, and of this driver those that are neither a GPU nor a
 * MIG device, as GPUs passed through to virtual machines.
 *
 * @param nodes nodes by name
 * @param findings the findings about slices and claims, errors first; their codes are {@link DraCode}s
 */
public record DraInventory(List<DraNode> nodes, List<Finding> findings) {

  public DraInventory {
    nodes = List.copyOf(nodes);
    findings = List.copyOf(findings);
  }

  /**
   * Reads what {@code kubectl get resourceslices,resourceclaims -A -o yaml} prints, in any {@link
   * DraVersion}. Without the claims, nothing is known to be allocated.
   *
   * @param yaml YAML or JSON: lists and objects, several separated by {@code ---}; other kinds are
   *     skipped
   * @param catalog the GPUs that are known
   * @return the inventory
   * @throws IllegalArgumentException if the text does not contain Kubernetes objects
   */
  public static DraInventory parse(String yaml, GpuCatalog catalog) {
    return new InventoryReader(catalog).read(ObjectTexts.parse(yaml));
  }

  /**
   * A node of the inventory.
   *
   * @param name the node's name
   * @return the node, or empty if the driver publishes nothing of it
   */
  public Optional<DraNode> node(String name) {
    return nodes.stream().filter(node -> node.name().equals(name)).findFirst();
  }
}
