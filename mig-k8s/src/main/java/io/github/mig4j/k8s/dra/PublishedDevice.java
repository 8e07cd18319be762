package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Placement;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.stream.Stream;

/** A device of a slice, in any version of the API. */
final class PublishedDevice {

  private final String name;
  private final JsonNode device;
  private final Map<String, Long> capacities;
  private final Map<String, Map<String, Long>> consumed;
  private final Optional<MigProfile> profile;
  private final Optional<Placement> placement;

  PublishedDevice(JsonNode device) {
    this.name = device.path("name").asText("");
    // In v1beta1 everything but the name is one level deeper.
    this.device = device.path("basic").isObject() ? device.path("basic") : device;
    this.capacities = Amounts.of(this.device.path("capacity"));
    this.consumed = new LinkedHashMap<>();
    Slice.stream(this.device.path("consumesCounters"))
        .forEach(set ->
            consumed.put(set.path("counterSet").asText(""), Amounts.of(set.path("counters"))));
    this.profile = attribute(Wire.PROFILE).flatMap(PublishedDevice::profile);
    this.placement = readPlacement();
  }

  String name() {
    return name;
  }

  /** An attribute of the driver's domain. */
  Optional<String> attribute(String attribute) {
    return value(Wire.DRIVER, attribute, "string");
  }

  /** An attribute of any domain and type: an object with the type as its only field. */
  Optional<JsonNode> value(String domain, String attribute) {
    var attributes = device.path("attributes");
    return Stream.of(domain + "/" + attribute, domain.equals(Wire.DRIVER) ? attribute : "")
        .map(attributes::path)
        .filter(JsonNode::isObject)
        .findFirst();
  }

  /** The PCI address of its GPU, from Kubernetes' standard attribute or from the driver's own. */
  Optional<String> pciBusId() {
    return value(Wire.KUBERNETES, Wire.PCI_BUS_ID, "string").or(() -> attribute(Wire.PCI_BUS_ID));
  }

  /** An attribute of the driver's domain that is a semantic version. */
  Optional<String> version(String attribute) {
    return value(Wire.DRIVER, attribute, "version");
  }

  private Optional<String> value(String domain, String attribute, String type) {
    return value(domain, attribute).flatMap(value -> Slice.text(value.path(type)));
  }

  Map<String, Long> capacities() {
    return capacities;
  }

  /** The counters that it consumes, by counter set. */
  Map<String, Map<String, Long>> consumed() {
    return consumed;
  }

  boolean isPartition() {
    return !consumed.isEmpty();
  }

  Optional<DraDevice.Kind> kind() {
    return attribute(Wire.TYPE).flatMap(type -> switch (type) {
      case Wire.TYPE_GPU -> Optional.of(DraDevice.Kind.GPU);
      case Wire.TYPE_MIG -> Optional.of(DraDevice.Kind.MIG);
      default -> Optional.empty();
    });
  }

  Optional<MigProfile> profile() {
    return profile;
  }

  static Optional<MigProfile> profile(String text) {
    try {
      return Optional.of(MigProfile.parse(text));
    } catch (IllegalArgumentException none) {
      return Optional.empty();
    }
  }

  Optional<Placement> placement() {
    return placement;
  }

  /** The memory slices that it covers, from its capacities or from the counters that it consumes. */
  private Optional<Placement> readPlacement() {
    TreeSet<Integer> slices = new TreeSet<>();
    List<Map<String, Long>> amountsBySource =
        consumed.isEmpty() ? List.of(capacities) : List.copyOf(consumed.values());
    amountsBySource.forEach(amounts -> amounts.forEach((amount, value) -> {
      Matcher slice = Wire.MEMORY_SLICE.matcher(amount);
      if (slice.matches() && value > 0) {
        slices.add(Integer.parseInt(slice.group(1)));
      }
    }));
    boolean consecutive = !slices.isEmpty() && slices.last() - slices.first() == slices.size() - 1;
    return profile
        .filter(known -> consecutive)
        .map(known -> new Placement(known, slices.first(), slices.size()));
  }

  /** The UUID of its GPU. */
  Optional<String> gpu() {
    return attribute(Wire.PARENT_UUID)
        .or(() -> kind()
            .filter(kind -> kind == DraDevice.Kind.GPU)
            .flatMap(kind -> attribute(Wire.UUID)));
  }

  /** The values that identify its GPU on the node. */
  Set<String> gpuMarks() {
    Set<String> marks = new HashSet<>(consumed.keySet());
    gpu().ifPresent(marks::add);
    Wire.PCI_ADDRESS.stream()
        .flatMap(name -> attribute(name).stream())
        .findFirst()
        .ifPresent(marks::add);
    return marks;
  }

  /** Whether the scheduler allocates it only to claims with a toleration. */
  boolean isTainted() {
    return Slice.stream(device.path("taints"))
        .map(taint -> taint.path("effect").asText())
        .anyMatch(effect -> effect.equals("NoSchedule") || effect.equals("NoExecute"));
  }

  /** Whether it can be allocated to several claims. */
  boolean isShareable() {
    return device.path("allowMultipleAllocations").asBoolean(false);
  }
}
