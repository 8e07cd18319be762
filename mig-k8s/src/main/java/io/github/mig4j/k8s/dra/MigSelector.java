package io.github.mig4j.k8s.dra;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.GpuProduct;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.layout.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Selects MIG devices: those of a profile, with enough memory, of a product, or all. The scheduler
 * evaluates it as a CEL expression on the attributes of each device.
 *
 * <pre>{@code
 * MigSelector.profile(MigProfile.parse("1g.23gb")).cel();
 *                       // device.attributes['gpu.nvidia.com'].profile == '1g.23gb'
 * MigSelector.memoryMib(20 * 1024).on(b200);
 * }</pre>
 */
public final class MigSelector {

  private static final MigSelector ANY = new MigSelector(Optional.empty(), List.of());

  private final Optional<MigProfile> profile;
  private final List<String> conditions;

  private MigSelector(Optional<MigProfile> profile, List<String> conditions) {
    this.profile = profile;
    this.conditions = List.copyOf(conditions);
  }

  /** {@return the widest selector, of every MIG device} */
  public static MigSelector any() {
    return ANY;
  }

  /**
   * {@return a selector of the devices of a profile}
   *
   * @param profile the profile, with the driver's name for it
   */
  public static MigSelector profile(MigProfile profile) {
    Objects.requireNonNull(profile, "profile");
    return new MigSelector(Optional.of(profile), List.of(is(Wire.PROFILE, profile.toString())));
  }

  /**
   * {@return a selector of devices by the memory that a program can use, of any profile}
   *
   * @param atLeast memory in MiB, as the driver reports it for the device, at least 1; it is
   *     less than in a profile's name: a {@code 1g.23gb} has less than 23 GiB
   * @throws IllegalArgumentException if it is below 1
   */
  public static MigSelector memoryMib(int atLeast) {
    if (atLeast < 1) {
      throw new IllegalArgumentException("memoryMib must be at least 1, but was " + atLeast);
    }
    return new MigSelector(
        Optional.empty(),
        List.of(
            "%s.compareTo(quantity('%sMi')) >= 0".formatted(Wire.capacity(Wire.MEMORY), atLeast)));
  }

  /**
   * Selects a place that a placement policy has chosen, as exactly as the driver publishes it. A MIG device
   * that exists is selected by its UUID. Of a {@linkplain DraGpu.Form#PARTITIONABLE partitionable} GPU the
   * selector names the GPU and the profile: no attribute has the start, and the scheduler takes the first
   * device that is free.
   *
   * @param gpu the GPU
   * @param place profile and start of the device
   * @return the selector
   * @throws IllegalArgumentException if the GPU has no such device, or the driver does not publish the
   *     UUID that is needed
   */
  public static MigSelector at(DraGpu gpu, Placement place) {
    Objects.requireNonNull(gpu, "gpu");
    Objects.requireNonNull(place, "place");
    DraDevice device = gpu.devices().stream()
        .filter(each -> each.placement().equals(Optional.of(place)))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("%s has no device %s; it has %s"
            .formatted(
                gpu.uuid().orElse("The GPU"),
                place,
                gpu.devices().stream().map(DraDevice::name).toList())));
    boolean isExact = gpu.form() == DraGpu.Form.STATIC;
    String uuid = (isExact ? device.uuid() : gpu.uuid())
        .orElseThrow(() -> new IllegalArgumentException(
            "The driver publishes no UUID for device %s; select by profile"
                .formatted(device.name())));
    List<String> conditions = new ArrayList<>(profile(place.profile()).conditions);
    conditions.add(is(isExact ? Wire.UUID : Wire.PARENT_UUID, uuid));
    return new MigSelector(Optional.of(place.profile()), conditions);
  }

  /**
   * {@return a narrower selector, of GPUs of one model by its product names; models with the same
   * product name cannot be distinguished}
   *
   * @param gpu the model
   * @throws IllegalArgumentException if the model has no MIG or does not have the selected profile, so
   *     that the claim would be pending for ever, or has no known product name
   */
  public MigSelector on(GpuModel gpu) {
    Objects.requireNonNull(gpu, "gpu");
    if (!gpu.supportsMig()) {
      throw new IllegalArgumentException(new Violation.MigNotSupported(gpu).message());
    }
    profile.filter(p -> gpu.profile(p).isEmpty()).ifPresent(p -> {
      throw new IllegalArgumentException(new Violation.UnknownProfile(gpu, p).message());
    });
    List<String> products =
        gpu.products().stream().map(GpuProduct::name).distinct().toList();
    if (products.isEmpty()) {
      throw new IllegalArgumentException(
          "The catalogue has no product name for %s, so devices cannot be selected by product; select by profile"
              .formatted(gpu.id()));
    }
    List<String> narrower = new ArrayList<>(conditions);
    narrower.add(
        products.size() == 1
            ? is(Wire.PRODUCT_NAME, products.get(0))
            : "%s in [%s]"
                .formatted(
                    Wire.attribute(Wire.PRODUCT_NAME),
                    products.stream().map(MigSelector::quoted).collect(Collectors.joining(", "))));
    return new MigSelector(profile, narrower);
  }

  /** {@return the expression for MIG devices of the driver in CEL; empty if every MIG device is suitable} */
  public Optional<String> cel() {
    return conditions.isEmpty() ? Optional.empty() : Optional.of(String.join(" && ", conditions));
  }

  /** The parts of the expression, which must all be true. */
  List<String> conditions() {
    return conditions;
  }

  /** The expression for all devices, which also excludes other drivers' devices and whole GPUs. */
  String celOnEveryDevice() {
    // A whole GPU has no profile, and scheduling fails if an expression reads a missing attribute.
    Stream<String> isMig =
        Stream.of("device.driver == " + quoted(Wire.DRIVER), is(Wire.TYPE, Wire.TYPE_MIG));
    return Stream.concat(isMig, conditions.stream()).collect(Collectors.joining(" && "));
  }

  private static String is(String attribute, String value) {
    return "%s == %s".formatted(Wire.attribute(attribute), quoted(value));
  }

  private static String quoted(String text) {
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }

  /** Two selectors are equal if their conditions are. */
  @Override
  public boolean equals(Object other) {
    return other instanceof MigSelector that && conditions.equals(that.conditions);
  }

  @Override
  public int hashCode() {
    return conditions.hashCode();
  }

  /** The expression, or {@code any}. */
  @Override
  public String toString() {
    return cel().orElse("any");
  }
}
