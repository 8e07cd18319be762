package io.github.mig4j.k8s.dra;

import io.github.mig4j.gpu.DriverVersion;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.dra.DraDevice.Kind;
import io.github.mig4j.k8s.dra.DraDevice.State;
import io.github.mig4j.k8s.dra.DraFacts.DoubleBooked;
import io.github.mig4j.k8s.dra.DraFacts.DuplicateDevice;
import io.github.mig4j.k8s.dra.DraFacts.IncompletePool;
import io.github.mig4j.k8s.dra.DraFacts.UnknownProduct;
import io.github.mig4j.k8s.dra.DraFacts.UnknownType;
import io.github.mig4j.k8s.dra.DraFacts.UnreadableProfile;
import io.github.mig4j.k8s.dra.DraFacts.WholeBesideMig;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Reads the GPUs of a pool, with their existing devices and what can still be allocated. */
final class PoolReader {

  private static final long MIB = 1024L * 1024;

  private final Pool pool;
  private final Map<String, List<String>> claims;
  private final GpuCatalog catalog;
  private final DraFindings findings;
  private final Counters left;

  /** Takes the claims by device. */
  PoolReader(
      Pool pool, Map<String, List<String>> claims, GpuCatalog catalog, DraFindings findings) {
    this.pool = pool;
    this.claims = claims;
    this.catalog = catalog;
    this.findings = findings;
    this.left = new Counters(pool.counterSets());
    pool.devices().stream().filter(this::isAllocated).forEach(left::take);
  }

  List<DraGpu> gpus() {
    boolean isUsable = isUsable();
    pool.devices().forEach(this::findUnknownType);
    List<PublishedDevice> known =
        pool.devices().stream().filter(device -> device.kind().isPresent()).toList();
    return DevicesByGpu.of(known).stream()
        .sorted(Comparator.comparing(devices -> devices.get(0).name()))
        .map(devices -> gpu(devices, isUsable))
        .toList();
  }

  private void findUnknownType(PublishedDevice device) {
    String type = device.attribute(Wire.TYPE).orElse("");
    if (device.kind().isEmpty() && !type.equals(Wire.TYPE_VFIO)) {
      findings.add(new UnknownType(pool.node(), device.name(), type));
    }
  }

  /** The scheduler ignores an incomplete pool. */
  private boolean isUsable() {
    List<String> twice = pool.namesTwice();
    twice.forEach(name -> findings.add(new DuplicateDevice(pool.node(), pool.name(), name)));
    if (!pool.isComplete()) {
      findings.add(new IncompletePool(
          pool.node(), pool.name(), pool.generation(), pool.size(), pool.expectedSize()));
    }
    return twice.isEmpty() && pool.isComplete();
  }

  private boolean isAllocated(PublishedDevice device) {
    return claims.containsKey(device.name());
  }

  private DraGpu gpu(List<PublishedDevice> published, boolean isUsable) {
    boolean isPartitionable = published.stream().anyMatch(PublishedDevice::isPartition);
    Optional<GpuModel> model = model(published);
    DraGpu.Builder gpu = new DraGpu.Builder()
        .uuid(published.stream().flatMap(device -> device.gpu().stream()).findFirst())
        .pciBusId(
            published.stream().flatMap(device -> device.pciBusId().stream()).findFirst())
        .product(product(published))
        .model(model)
        .form(isPartitionable ? DraGpu.Form.PARTITIONABLE : DraGpu.Form.STATIC);
    Map<MigProfile, List<PublishedDevice>> free = new TreeMap<>();
    for (PublishedDevice device : published) {
      State state = isUsable || isAllocated(device) ? state(device, published) : State.UNKNOWN;
      gpu.addDevices(device(device, state));
      if (state == State.FREE) {
        device
            .profile()
            .ifPresent(profile ->
                free.computeIfAbsent(profile, of -> new ArrayList<>()).add(device));
      }
    }
    free.forEach((profile, devices) -> gpu.putRoom(profile, left.most(devices)));
    DraGpu read = gpu.build();
    find(read, published);
    model.ifPresent(known -> new GeometryCheck(pool, known, findings).check(read, published));
    return read;
  }

  private DraDevice device(PublishedDevice device, State state) {
    DraDevice.Builder built = new DraDevice.Builder()
        .name(device.name())
        .kind(device.kind().orElseThrow())
        .profile(device.profile())
        .placement(device.placement())
        .uuid(device.attribute(Wire.UUID))
        .state(state)
        .addAllClaims(claims.getOrDefault(device.name(), List.of()));
    Long memory = device.capacities().get(Wire.MEMORY);
    if (memory != null) {
      built.memoryMib(memory / MIB);
    }
    return built.build();
  }

  private State state(PublishedDevice device, List<PublishedDevice> ofGpu) {
    if (isAllocated(device)) {
      return State.ALLOCATED;
    }
    if (device.isTainted()) {
      return State.TAINTED;
    }
    boolean isBlocked = device.isPartition()
        ? !left.suffice(device)
        : ofGpu.stream().anyMatch(other -> excludesStatically(device, other));
    return isBlocked ? State.BLOCKED : State.FREE;
  }

  /** A partitioned GPU is not available as a whole, also if its MIG devices are not in use. */
  private boolean excludesStatically(PublishedDevice device, PublishedDevice other) {
    return is(Kind.GPU, device) ? is(Kind.MIG, other) : is(Kind.GPU, other) && isAllocated(other);
  }

  private static boolean is(Kind kind, PublishedDevice device) {
    return device.kind().equals(Optional.of(kind));
  }

  private void find(DraGpu gpu, List<PublishedDevice> published) {
    for (PublishedDevice device : published) {
      if (is(Kind.MIG, device) && device.profile().isEmpty()) {
        findings.add(new UnreadableProfile(
            pool.node(), device.name(), device.attribute(Wire.PROFILE).orElse("")));
      }
      if (!device.isShareable() && claims.getOrDefault(device.name(), List.of()).size() > 1) {
        findings.add(doubleBooked(List.of(device)));
      }
    }
    List<PublishedDevice> allocated =
        published.stream().filter(this::isAllocated).toList();
    boolean isCut = published.stream().anyMatch(device -> is(Kind.MIG, device));
    if (gpu.form() == DraGpu.Form.PARTITIONABLE) {
      boolean overdrawn = allocated.stream()
          .flatMap(device -> device.consumed().keySet().stream())
          .anyMatch(left::isOverdrawn);
      if (overdrawn && allocated.size() > 1) {
        findings.add(doubleBooked(allocated));
      }
    } else if (isCut) {
      published.stream()
          .filter(device -> is(Kind.GPU, device))
          .forEach(whole -> findings.add(new WholeBesideMig(pool.node(), whole.name())));
      if (allocated.size() > 1 && allocated.stream().anyMatch(device -> is(Kind.GPU, device))) {
        findings.add(doubleBooked(allocated));
      }
    }
  }

  private DoubleBooked doubleBooked(List<PublishedDevice> devices) {
    return new DoubleBooked(
        pool.node(),
        devices.stream().map(PublishedDevice::name).toList(),
        devices.stream()
            .flatMap(device -> claims.getOrDefault(device.name(), List.of()).stream())
            .distinct()
            .sorted()
            .toList());
  }

  private static Optional<String> product(List<PublishedDevice> published) {
    return published.stream()
        .flatMap(device -> device.attribute(Wire.PRODUCT_NAME).stream())
        .findFirst();
  }

  private Optional<GpuModel> model(List<PublishedDevice> published) {
    String product = product(published).orElse("");
    List<GpuModel> named = catalog.find(product);
    List<GpuModel> agreeing = named.stream()
        .filter(model -> published.stream()
            .flatMap(device -> device.profile().stream())
            .allMatch(profile -> model.profile(profile).isPresent()))
        .filter(model -> agreesWithMemory(model, published))
        .filter(model -> agreesWithDriver(model, published))
        .toList();
    List<GpuModel> candidates = named.size() == 1 || agreeing.isEmpty() ? named : agreeing;
    if (candidates.size() == 1) {
      return Optional.of(candidates.get(0));
    }
    findings.add(new UnknownProduct(pool.node(), product, candidates));
    return Optional.empty();
  }

  /** Of models with one product name, the driver excludes those that it cannot partition. */
  private static boolean agreesWithDriver(GpuModel model, List<PublishedDevice> published) {
    return published.stream()
        .flatMap(device -> device.version(Wire.DRIVER_VERSION).stream())
        .flatMap(version -> DriverVersion.parse(version).stream())
        .allMatch(driver -> model.agreesWithDriver(driver)
            && model.minimumDriver().stream().allMatch(least -> driver.compareTo(least) >= 0));
  }

  /** Only a whole GPU without counters has the memory of the board. */
  private static boolean agreesWithMemory(GpuModel model, List<PublishedDevice> published) {
    return published.stream()
        .filter(device -> is(Kind.GPU, device) && !device.isPartition())
        .map(device -> device.capacities().getOrDefault(Wire.MEMORY, 0L) / MIB)
        .filter(mib -> mib > 0 && mib <= Integer.MAX_VALUE)
        .allMatch(mib -> model.agreesWithMemory(mib.intValue()));
  }
}
