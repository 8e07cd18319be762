package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.resource.v1.Counter;
import io.fabric8.kubernetes.api.model.resource.v1.CounterSet;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAttribute;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAttributeBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceCapacity;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceCapacityBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceCounterConsumption;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceCounterConsumptionBuilder;
import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.DriverVersion;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.GpuProduct;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BinaryOperator;
import java.util.stream.Stream;

/** The devices of a GPU as NVIDIA's DRA driver publishes them. */
record PublishedGpu(GpuModel model, int minor) {

  static final String DRIVER = "gpu.nvidia.com";

  private static final Map<Budget, String> CAPACITIES = Map.of(
      Budget.SMS, "multiprocessors",
      Budget.COPY_ENGINES, "copyEngines",
      Budget.DECODERS, "decoders",
      Budget.ENCODERS, "encoders",
      Budget.JPEG_ENGINES, "jpegEngines",
      Budget.OFA_ENGINES, "ofaEngines");

  /** The devices of a partitioned GPU; a MIG device is identified by its memory slices. */
  List<Device> existing(MigLayout layout) {
    if (layout.placements().isEmpty()) {
      return List.of(whole());
    }
    List<Device> devices = new ArrayList<>();
    for (Placement place : layout.placements()) {
      Map<String, DeviceCapacity> capacities = capacities(profile(place));
      for (int slice = place.start(); slice < place.end(); slice++) {
        capacities.put("memorySlice" + slice, capacity("1"));
      }
      devices.add(mig(place, capacities)
          .addToAttributes("uuid", text(uuid("MIG-" + place.start())))
          .build());
    }
    return sorted(devices);
  }

  /** The whole GPU without counters. */
  private Device whole() {
    Map<String, DeviceCapacity> memory = new TreeMap<>();
    model.totalMemoryMib().ifPresent(mib -> memory.put("memory", capacity(mib + "Mi")));
    return gpu(memory).build();
  }

  private DeviceBuilder gpu(Map<String, DeviceCapacity> capacities) {
    return new DeviceBuilder()
        .withName("gpu-" + minor)
        .withAttributes(attributes(Map.of("type", "gpu", "uuid", uuid("GPU"))))
        .withCapacity(capacities);
  }

  private DeviceBuilder mig(Placement place, Map<String, DeviceCapacity> capacities) {
    return new DeviceBuilder()
        .withName(name(place))
        .withAttributes(attributes(Map.of(
            "type", "mig", "parentUUID", uuid("GPU"), "profile", place.profile().toString())))
        .withCapacity(capacities);
  }

  /**
   * The whole GPU and every profile at every place, which consume from {@link #counterSet}; without MIG
   * only the whole GPU.
   */
  List<Device> possible() {
    if (!model.supportsMig()) {
      return List.of(whole());
    }
    List<Device> devices = new ArrayList<>();
    devices.add(gpu(wholeCapacities())
        .withConsumesCounters(consumption(counterSet().getCounters()))
        .build());
    for (GpuInstanceProfile profile : model.profiles()) {
      for (int start : profile.starts()) {
        Placement place = new Placement(profile.profile(), start, profile.size().orElseThrow());
        Map<String, DeviceCapacity> capacities = capacities(profile);
        devices.add(mig(place, capacities)
            .withConsumesCounters(consumption(counters(capacities, place.start(), place.end())))
            .build());
      }
    }
    return sorted(devices);
  }

  /** Uses the builder, because the constructor's parameters differ between versions of fabric8. */
  private DeviceCounterConsumption consumption(Map<String, Counter> counters) {
    return new DeviceCounterConsumptionBuilder()
        .withCounterSet(counterSetName())
        .withCounters(counters)
        .build();
  }

  CounterSet counterSet() {
    return new CounterSet(
        counters(wholeCapacities(), 0, model.memorySlices().orElse(0)), counterSetName());
  }

  /** The maximum of all profiles, which the driver uses as the total. */
  private Map<String, DeviceCapacity> wholeCapacities() {
    return model.wholeGpu().map(this::capacities).orElseGet(TreeMap::new);
  }

  private String counterSetName() {
    return "gpu-%s-counter-set".formatted(minor);
  }

  private Map<String, DeviceCapacity> capacities(GpuInstanceProfile profile) {
    Map<String, DeviceCapacity> capacities = new TreeMap<>();
    CAPACITIES.forEach((budget, name) -> profile
        .amount(budget)
        .ifPresent(amount -> capacities.put(name, capacity(String.valueOf(amount)))));
    profile
        .amount(Budget.MEMORY_MIB)
        .ifPresent(mib -> capacities.put("memory", capacity(mib + "Mi")));
    return capacities;
  }

  private static DeviceCapacity capacity(String quantity) {
    return new DeviceCapacityBuilder().withValue(new Quantity(quantity)).build();
  }

  private static Map<String, Counter> counters(
      Map<String, DeviceCapacity> capacities, int start, int end) {
    Map<String, Counter> counters = new TreeMap<>();
    capacities.forEach((name, capacity) -> counters.put(
        name.replace("Engines", "-engines").toLowerCase(Locale.ROOT),
        new Counter(capacity.getValue())));
    for (int slice = start; slice < end; slice++) {
      counters.put("memory-slice-" + slice, new Counter(new Quantity("1")));
    }
    return counters;
  }

  private Map<String, DeviceAttribute> attributes(Map<String, String> own) {
    Map<String, DeviceAttribute> attributes = new TreeMap<>();
    attributes.put("architecture", text(model.architecture()));
    attributes.put(
        "productName",
        text(model.products().stream().map(GpuProduct::name).findFirst().orElse(model.id())));
    attributes.put(
        "driverVersion",
        new DeviceAttributeBuilder().withVersion(driverVersion()).build());
    attributes.put("resource.kubernetes.io/pciBusID", text("0000:%02x:00.0".formatted(minor + 1)));
    own.forEach((name, value) -> attributes.put(name, text(value)));
    return attributes;
  }

  /** A driver of the 580 line, or the first that partitions the GPU with these profile names. */
  private String driverVersion() {
    DriverVersion least = Stream.of(model.minimumDriver(), model.driverFrom())
        .flatMap(Optional::stream)
        .reduce(new DriverVersion(580, 126, 9), BinaryOperator.maxBy(Comparator.naturalOrder()));
    return "%s.%s.%s".formatted(least.branch(), least.minor(), least.patch());
  }

  private static DeviceAttribute text(String value) {
    return new DeviceAttributeBuilder().withString(value).build();
  }

  private String name(Placement place) {
    String profile = place.profile().toString().replace(".", "").replaceAll("[^a-z0-9-]", "-");
    return "gpu-%s-mig-%s-%s-%s"
        .formatted(minor, profile, profile(place).id().orElse(0), place.start());
  }

  private GpuInstanceProfile profile(Placement place) {
    return model.profile(place.profile()).orElseThrow();
  }

  private String uuid(String what) {
    return String.format(Locale.ROOT, "%s-00000000-0000-4000-8000-%012d", what, minor);
  }

  /** The devices in the driver's order, which is the order in which the scheduler tries them. */
  private static List<Device> sorted(List<Device> devices) {
    return devices.stream().sorted(Comparator.comparing(Device::getName)).toList();
  }
}
