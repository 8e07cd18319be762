package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NodeSelectorBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.CounterSet;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClassBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestAllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestAllocationResultBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceSpec;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceSpecBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.dra.ClaimAllocator;
import io.github.mig4j.k8s.dra.DraSnapshot;
import io.github.mig4j.layout.MigLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * NVIDIA's DRA driver without GPUs: publishes the same ResourceSlices as the driver, in {@code
 * resource.k8s.io/v1}, and can allocate claims in a cluster without a scheduler.
 *
 * <pre>{@code
 * SimulatedDraDriver driver = SimulatedDraDriver.of(client);
 * driver.publishStatic("gpu-node", List.of(MigLayout.on(b200).add("1g.23gb", 7).build()));
 * driver.schedule(); // allocates the claims that exist
 * }</pre>
 *
 * <p>It writes only when a method is called. Pods with a claim do not start, because no kubelet plugin
 * prepares the devices. Sources: kubernetes-sigs/dra-driver-nvidia-gpu
 * cmd/gpu-kubelet-plugin, driver.go, partitions.go and mig.go.
 */
public final class SimulatedDraDriver {

  /** An API server refuses a slice with more sets of counters. */
  private static final int MAX_SHARED_COUNTERS = 8;

  private static final List<DeviceClass> CHART_CLASSES =
      List.of(chartClass("gpu"), chartClass("mig"));

  private final KubernetesClient client;

  private SimulatedDraDriver(KubernetesClient client) {
    this.client = client;
  }

  /**
   * Creates a driver.
   *
   * @param client a client of the API server, which the caller closes
   * @return a driver that has published nothing
   */
  public static SimulatedDraDriver of(KubernetesClient client) {
    Objects.requireNonNull(client, "client");
    return new SimulatedDraDriver(client);
  }

  /**
   * Publishes existing MIG devices, as the driver does by default: one slice, with a device for each MIG
   * device, or for the whole GPU if a layout is empty. It replaces the previous slices of the node.
   *
   * @param node the node's name
   * @param gpus the GPUs by index
   */
  public void publishStatic(String node, List<MigLayout> gpus) {
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(gpus, "gpus");
    List<Device> devices = new ArrayList<>();
    for (int minor = 0; minor < gpus.size(); minor++) {
      devices.addAll(new PublishedGpu(gpus.get(minor).gpu(), minor).existing(gpus.get(minor)));
    }
    publish(node, List.of(new ResourceSliceSpecBuilder().withDevices(devices).build()));
  }

  /**
   * Publishes every possible MIG device of the GPUs, as the driver does with its feature gate DynamicMIG
   * on Kubernetes 1.35: slices of counters, and one slice for each GPU. A GPU without MIG is published as
   * a whole without counters. It replaces the previous slices of the node.
   *
   * @param node the node's name
   * @param gpus the models of its GPUs, by index
   */
  public void publishPartitionable(String node, List<GpuModel> gpus) {
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(gpus, "gpus");
    List<CounterSet> counters = new ArrayList<>();
    List<ResourceSliceSpec> devices = new ArrayList<>();
    for (int minor = 0; minor < gpus.size(); minor++) {
      PublishedGpu gpu = new PublishedGpu(gpus.get(minor), minor);
      if (gpus.get(minor).supportsMig()) {
        counters.add(gpu.counterSet());
      }
      devices.add(new ResourceSliceSpecBuilder().withDevices(gpu.possible()).build());
    }
    List<ResourceSliceSpec> slices = new ArrayList<>();
    for (int from = 0; from < counters.size(); from += MAX_SHARED_COUNTERS) {
      int to = Math.min(from + MAX_SHARED_COUNTERS, counters.size());
      slices.add(new ResourceSliceSpecBuilder()
          .withSharedCounters(counters.subList(from, to))
          .build());
    }
    slices.addAll(devices);
    publish(node, slices);
  }

  /** Writes the newest generation of a pool before it deletes the older ones, as the driver does. */
  private void publish(String node, List<ResourceSliceSpec> slices) {
    List<ResourceSlice> before = client.resources(ResourceSlice.class).list().getItems().stream()
        .filter(slice -> slice.getSpec().getDriver().equals(PublishedGpu.DRIVER)
            && slice.getSpec().getPool().getName().equals(node))
        .toList();
    long generation = 1
        + before.stream()
            .mapToLong(slice -> slice.getSpec().getPool().getGeneration())
            .max()
            .orElse(0);
    for (int i = 0; i < slices.size(); i++) {
      client
          .resource(new ResourceSliceBuilder()
              .withNewMetadata()
              .withName("%s-%s-%s-%s".formatted(node, PublishedGpu.DRIVER, generation, i))
              .endMetadata()
              .withNewSpecLike(slices.get(i))
              .withDriver(PublishedGpu.DRIVER)
              .withNodeName(node)
              .withNewPool()
              .withName(node)
              .withGeneration(generation)
              .withResourceSliceCount((long) slices.size())
              .endPool()
              .endSpec()
              .build())
          .create();
    }
    before.forEach(slice -> client.resource(slice).delete());
  }

  /**
   * Allocates the claims that are not allocated, as the scheduler does for pods that wait: the oldest claim
   * first, on the first node by name, with the first devices in the order of publication that are free and
   * that the selectors of class and request select. It honours counters and constraints. The device classes
   * of the driver's chart need not exist.
   *
   * <p>It reads the selectors that {@link io.github.mig4j.k8s.dra.MigSelector} writes and the usual ones
   * like these; a claim with another one stays as it is. Pods and their nodes are not considered.
   *
   * @return the claims that are still not allocated, e.g. {@code team-a/train}, each with the reason
   */
  public SortedMap<String, String> schedule() {
    List<HasMetadata> objects = new ArrayList<>();
    objects.addAll(client.resources(ResourceSlice.class).list().getItems());
    objects.addAll(client.resources(ResourceClaim.class).inAnyNamespace().list().getItems());
    List<DeviceClass> classes = client.resources(DeviceClass.class).list().getItems();
    objects.addAll(classes);
    Set<String> names =
        classes.stream().map(each -> each.getMetadata().getName()).collect(Collectors.toSet());
    CHART_CLASSES.stream()
        .filter(own -> !names.contains(own.getMetadata().getName()))
        .forEach(objects::add);
    DraSnapshot snapshot = DraSnapshot.of(objects, GpuCatalog.bundled());
    ClaimAllocator allocator = snapshot.allocator();
    SortedMap<String, String> waiting = new TreeMap<>();
    for (String claim : snapshot.unallocated()) {
      reasonToWait(claim, allocator).ifPresent(reason -> waiting.put(claim, reason));
    }
    return Collections.unmodifiableSortedMap(waiting);
  }

  private Optional<String> reasonToWait(String claim, ClaimAllocator allocator) {
    ClaimAllocator.Outcome outcome = allocator.allocate(List.of(claim), any -> true);
    if (outcome instanceof ClaimAllocator.Allocated allocated) {
      write(claim, allocated);
      return Optional.empty();
    }
    if (outcome instanceof ClaimAllocator.Fails fails) {
      return Optional.of(fails.reason());
    }
    return Optional.of(
        outcome == ClaimAllocator.Unallocated.GIVEN_UP
            ? ClaimAllocator.reasonToGiveUp(List.of(claim))
            : "no node has its devices free");
  }

  private static DeviceClass chartClass(String type) {
    return new DeviceClassBuilder()
        .withNewMetadata()
        .withName(type + ".nvidia.com")
        .endMetadata()
        .withNewSpec()
        .addNewSelector()
        .withNewCel(
            "device.driver == 'gpu.nvidia.com' && device.attributes['gpu.nvidia.com'].type == '%s'"
                .formatted(type))
        .endSelector()
        .endSpec()
        .build();
  }

  private void write(String claim, ClaimAllocator.Allocated allocated) {
    int slash = claim.indexOf('/');
    client
        .resources(ResourceClaim.class)
        .inNamespace(claim.substring(0, slash))
        .withName(claim.substring(slash + 1))
        .editStatus(found -> new ResourceClaimBuilder(found)
            .withNewStatus()
            .withNewAllocation()
            .withNewDevices()
            .withResults(
                allocated.devices().stream().map(SimulatedDraDriver::result).toList())
            .endDevices()
            .withNodeSelector(new NodeSelectorBuilder()
                .addNewNodeSelectorTerm()
                .addNewMatchField()
                .withKey("metadata.name")
                .withOperator("In")
                .withValues(allocated.node())
                .endMatchField()
                .endNodeSelectorTerm()
                .build())
            .endAllocation()
            .endStatus()
            .build());
  }

  private static DeviceRequestAllocationResult result(ClaimAllocator.Device device) {
    return new DeviceRequestAllocationResultBuilder()
        .withRequest(device.request())
        .withDriver(PublishedGpu.DRIVER)
        .withPool(device.pool())
        .withDevice(device.device())
        .build();
  }

  /** The cluster that it publishes to. */
  @Override
  public String toString() {
    return "simulated DRA driver on " + client.getMasterUrl();
  }
}
