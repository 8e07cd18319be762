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

/** A device as a slice has it, in any version of the API. */
final class PublishedDevice {

  private final String name;
  private final JsonNode device;
  private final Map<String, Long> capacities;
  private final Map<String, Map<String, Long>> consumed;

  PublishedDevice(JsonNode device) {
    this.name = device.path("name").asText("");
    // v1beta1 has everything but the name one level deeper.
    this.device = device.path("basic").isObject() ? device.path("basic") : device;
    this.capacities = Amounts.of(this.device.path("capacity"));
    this.consumed = new LinkedHashMap<>();
    Slice.stream(this.device.path("consumesCounters"))
        .forEach(set ->
            consumed.put(set.path("counterSet").asText(""), Amounts.of(set.path("counters"))));
  }

  String name() {
    return name;
  }

  /** An attribute of the driver's domain. */
  Optional<String> attribute(String attribute) {
    return text(attribute).or(() -> text(Wire.DRIVER + "/" + attribute));
  }

  /** The address of its GPU, by the name that Kubernetes gave it for all drivers or by the driver's. */
  Optional<String> pciBusId() {
    return text(Wire.KUBERNETES + "/" + Wire.PCI_BUS_ID).or(() -> attribute(Wire.PCI_BUS_ID));
  }

  private Optional<String> text(String attribute) {
    return Slice.text(device.path("attributes").path(attribute).path("string"));
  }

  Map<String, Long> capacities() {
    return capacities;
  }

  /** What it takes while it is allocated, by counter set. */
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
    return attribute(Wire.PROFILE).flatMap(text -> {
      try {
        return Optional.of(MigProfile.parse(text));
      } catch (IllegalArgumentException none) {
        return Optional.empty();
      }
    });
  }

  /** The memory slices that it covers, as capacities of it or as counters that it takes. */
  Optional<Placement> placement() {
    TreeSet<Integer> slices = new TreeSet<>();
    List<Map<String, Long>> sources =
        consumed.isEmpty() ? List.of(capacities) : List.copyOf(consumed.values());
    sources.forEach(amounts -> amounts.forEach((amount, value) -> {
      Matcher slice = Wire.MEMORY_SLICE.matcher(amount);
      if (slice.matches() && value > 0) {
        slices.add(Integer.parseInt(slice.group(1)));
      }
    }));
    boolean consecutive = !slices.isEmpty() && slices.last() - slices.first() == slices.size() - 1;
    return profile()
        .filter(known -> consecutive)
        .map(known -> new Placement(known, slices.first(), slices.size()));
  }

  /** The GPU that it is or is a part of. */
  Optional<String> gpu() {
    return attribute(Wire.PARENT_UUID)
        .or(() -> kind()
            .filter(kind -> kind == DraDevice.Kind.GPU)
            .flatMap(kind -> attribute(Wire.UUID)));
  }

  /** The attributes that distinguish its GPU from the others of the node. */
  Set<String> gpuMarks() {
    Set<String> marks = new HashSet<>(consumed.keySet());
    gpu().ifPresent(marks::add);
    Wire.PCI_ADDRESS.stream()
        .flatMap(name -> attribute(name).stream())
        .findFirst()
        .ifPresent(marks::add);
    return marks;
  }

  /** Whether the scheduler gives it to no claim that does not tolerate it. */
  boolean isTainted() {
    return Slice.stream(device.path("taints"))
        .map(taint -> taint.path("effect").asText())
        .anyMatch(effect -> effect.equals("NoSchedule") || effect.equals("NoExecute"));
  }

  /** Whether several claims can be given it. */
  boolean isShareable() {
    return device.path("allowMultipleAllocations").asBoolean(false);
  }
}
