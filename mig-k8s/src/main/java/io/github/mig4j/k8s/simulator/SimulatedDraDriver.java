package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.resource.v1.CounterSet;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.layout.MigLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * NVIDIA's DRA driver without GPUs: publishes the same ResourceSlices as the driver, in {@code
 * resource.k8s.io/v1}, and can allocate claims in a cluster without a scheduler.
 *
 * <pre>{@code
 * SimulatedDraDriver driver = SimulatedDraDriver.of(client);
 * driver.publishStatic("gpu-node", List.of(MigLayout.on(b200).add("1g.23gb", 7).build()));
 * driver.allocate("default", "train", "gpu-node", List.of("gpu-0-mig-1g23gb-19-0"));
 * }</pre>
 *
 * <p>It writes only when a method is called. Pods with a claim do not start, because no kubelet plugin
 * prepares the devices. Sources: kubernetes-sigs/dra-driver-nvidia-gpu
 * cmd/gpu-kubelet-plugin, driver.go, partitions.go and mig.go.
 */
public final class SimulatedDraDriver {

  /** An API server refuses a slice with more sets of counters. */
  private static final int MAX_SHARED_COUNTERS = 8;

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
    publish(
        node,
        List.of(new ResourceSliceBuilder()
            .withNewSpec()
            .withDevices(devices)
            .endSpec()
            .build()));
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
    List<ResourceSlice> devices = new ArrayList<>();
    for (int minor = 0; minor < gpus.size(); minor++) {
      PublishedGpu gpu = new PublishedGpu(gpus.get(minor), minor);
      if (gpus.get(minor).supportsMig()) {
        counters.add(gpu.counterSet());
      }
      devices.add(new ResourceSliceBuilder()
          .withNewSpec()
          .withDevices(gpu.possible())
          .endSpec()
          .build());
    }
    List<ResourceSlice> slices = new ArrayList<>();
    for (int from = 0; from < counters.size(); from += MAX_SHARED_COUNTERS) {
      slices.add(new ResourceSliceBuilder()
          .withNewSpec()
          .withSharedCounters(
              counters.subList(from, Math.min(from + MAX_SHARED_COUNTERS, counters.size())))
          .endSpec()
          .build());
    }
    slices.addAll(devices);
    publish(node, slices);
  }

  /** Writes the newest generation of a pool before it deletes the older ones, as the driver does. */
  private void publish(String node, List<ResourceSlice> slices) {
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
          .resource(new ResourceSliceBuilder(slices.get(i))
              .withNewMetadata()
              .withName("%s-%s-%d-%d".formatted(node, PublishedGpu.DRIVER, generation, i))
              .endMetadata()
              .editSpec()
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
   * Allocates devices to a claim, as the scheduler does, but without a check that they are free and match
   * the claim.
   *
   * @param namespace the claim's namespace
   * @param claim the claim's name; it must exist and have a request
   * @param node the node of the devices
   * @param devices names of devices
   */
  public void allocate(String namespace, String claim, String node, List<String> devices) {
    Objects.requireNonNull(namespace, "namespace");
    Objects.requireNonNull(claim, "claim");
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(devices, "devices");
    client
        .resources(ResourceClaim.class)
        .inNamespace(namespace)
        .withName(claim)
        .editStatus(found -> {
          String request = Objects.requireNonNull(found.getSpec())
              .getDevices()
              .getRequests()
              .get(0)
              .getName();
          var results = new ResourceClaimBuilder(found)
              .withNewStatus()
              .withNewAllocation()
              .withNewDevices();
          devices.forEach(device -> results
              .addNewResult()
              .withRequest(request)
              .withDriver(PublishedGpu.DRIVER)
              .withPool(node)
              .withDevice(device)
              .endResult());
          return results.endDevices().endAllocation().endStatus().build();
        });
  }

  /** The cluster that it publishes to. */
  @Override
  public String toString() {
    return "simulated DRA driver on " + client.getMasterUrl();
  }
}
