package io.github.mig4j.k8s.dra;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.github.mig4j.JsonForm;
import io.github.mig4j.fleet.FleetGpu;
import io.github.mig4j.fleet.FleetIndex;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.k8s.internal.ObjectSerialization;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.text.JsonFields;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The GPUs of a cluster that NVIDIA's DRA driver publishes, and which of their devices are allocated.
 *
 * <pre>{@code
 * DraInventory inventory = MigClient.of(client).dra().inventory();
 * inventory.nodes().forEach(node -> System.out.println(node.name() + " has room for " + node.room()));
 * inventory.findings().forEach(System.out::println);
 * }</pre>
 *
 * <p>Devices of other drivers are not included, nor devices of this driver that are neither a GPU nor a
 * MIG device, such as GPUs for virtual machines.
 *
 * @param nodes nodes by name
 * @param findings contradictions in the published data, errors first; their codes are {@link DraCode}s
 */
public record DraInventory(List<DraNode> nodes, List<Finding> findings) implements JsonForm {

  /** How to write each kind, which takes longer to find out than to write it. */
  public DraInventory {
    nodes = List.copyOf(Objects.requireNonNull(nodes, "nodes"));
    findings = List.copyOf(Objects.requireNonNull(findings, "findings"));
  }

  /**
   * Reads what {@code kubectl get resourceslices,resourceclaims -A -o yaml} prints, in any {@link
   * DraVersion}. Without the claims every device counts as not allocated.
   *
   * @param yaml YAML or JSON: lists and objects, several separated by {@code ---}, also in a Template,
   *     in a text of a ConfigMap or below the keys of a chart's values; slices and claims without their
   *     {@code kind}, and the devices of a slice alone, are recognised; other kinds, and pools without a
   *     node and a device, are skipped
   * @param catalog the known GPUs
   * @return the inventory
   * @throws IllegalArgumentException if the text does not contain Kubernetes objects, or is a template
   *     that is not filled in
   */
  public static DraInventory parse(String yaml, GpuCatalog catalog) {
    Objects.requireNonNull(yaml, "yaml");
    Objects.requireNonNull(catalog, "catalog");
    return new InventoryReader(catalog).read(ObjectTexts.parse(yaml));
  }

  /**
   * Reads ResourceSlices and ResourceClaims that a program already has, such as those in the caches of
   * its informers. Without the claims every device counts as not allocated.
   *
   * @param objects slices and claims, typed or generic, in any {@link DraVersion}; other kinds, and pools
   *     without a node and a device, are skipped
   * @param catalog the known GPUs
   * @return the inventory
   */
  public static DraInventory of(Collection<? extends HasMetadata> objects, GpuCatalog catalog) {
    Objects.requireNonNull(objects, "objects");
    Objects.requireNonNull(catalog, "catalog");
    return new InventoryReader(catalog)
        .read(objects.stream()
            .map(object -> ObjectTexts.tree(ObjectSerialization.SHARED, object))
            .toList());
  }

  /**
   * {@return a node of the inventory; empty if the driver publishes no device of it}
   *
   * @param name the node's name
   */
  public Optional<DraNode> node(String name) {
    Objects.requireNonNull(name, "name");
    return nodes.stream().filter(node -> node.name().equals(name)).findFirst();
  }

  /**
   * {@return the node, if the driver publishes a device of it, and the findings about it}
   *
   * @param name the node's name
   */
  public DraInventory on(String name) {
    return new DraInventory(
        node(name).stream().toList(),
        findings.stream()
            .filter(finding -> finding.facts().orElse(null) instanceof DraFacts facts
                && facts.node().equals(name))
            .toList());
  }

  /**
   * {@return the GPUs for a scheduler's {@link FleetIndex}, with the allocated devices as the
   * running instances: those of all nodes that have a {@linkplain DraNode#toPlanNode plan node}}
   */
  public List<FleetGpu> fleetGpus() {
    return nodes.stream()
        .flatMap(node -> node.toPlanNode().stream())
        .flatMap(node -> node.fleetGpus().stream())
        .toList();
  }

  /** The numbers of nodes and findings, e.g. {@code 2 nodes, 1 finding}. */
  @Override
  public String toString() {
    return "%d nodes, %d findings".formatted(nodes.size(), findings.size());
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("nodes", nodes).and("findings", findings).map();
  }
}
