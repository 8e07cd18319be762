package io.github.mig4j.k8s.dra;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.text.JsonFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * MIG devices that a pod requests together.
 *
 * <pre>{@code
 * MigClaim one = MigClaim.of(MigProfile.parse("1g.23gb"));
 * System.out.println(one.template("mig-1g").toYaml(DraVersion.V1));
 *
 * MigClaim pair = MigClaim.of(MigSelector.memoryMib(20 * 1024), 2).onOneGpu();
 * MigClient.of(client).dra().apply(pair.template("mig-pair").inNamespace("team-a"));
 * }</pre>
 *
 * <p>{@link PodClaims} creates the fields of the pod. A claim is a value and sends no request; {@link
 * DraInventory} says which devices exist.
 */
public final class MigClaim {

  /** The maximum number of devices of one claim (Kubernetes API, AllocationResultsMaxSize). */
  public static final int MAX_DEVICES = 32;

  private static final String REQUEST = "mig";

  private enum Spread {
    ANYWHERE,
    ONE_GPU
  }

  private record Request(String deviceClass, MigSelector selector, int count) {}

  private final List<Request> requests;
  private final Spread spread;

  private MigClaim(List<Request> requests, Spread spread) {
    long devices = requests.stream().mapToLong(Request::count).sum();
    if (devices > MAX_DEVICES) {
      throw new IllegalArgumentException(
          "A claim can have at most %d devices, but has %d".formatted(MAX_DEVICES, devices));
    }
    this.requests = List.copyOf(requests);
    this.spread = spread;
  }

  /**
   * {@return a claim of one device of a profile}
   *
   * @param profile the profile
   */
  public static MigClaim of(MigProfile profile) {
    Objects.requireNonNull(profile, "profile");
    return of(MigSelector.profile(profile), 1);
  }

  /**
   * {@return a claim of devices of class {@code mig.nvidia.com}, which the driver's chart creates,
   * that a selector matches}
   *
   * @param selector which devices are suitable
   * @param count how many, from 1 to {@link #MAX_DEVICES}
   * @throws IllegalArgumentException if the count is out of range
   */
  public static MigClaim of(MigSelector selector, int count) {
    Objects.requireNonNull(selector, "selector");
    return new MigClaim(
        List.of(new Request(Wire.MIG_CLASS, selector, requireCount(count))), Spread.ANYWHERE);
  }

  /**
   * {@return a claim of devices of another class}
   *
   * @param deviceClass the class
   * @param count how many, from 1 to {@link #MAX_DEVICES}
   * @throws IllegalArgumentException if the count is out of range
   */
  public static MigClaim of(MigDeviceClass deviceClass, int count) {
    Objects.requireNonNull(deviceClass, "deviceClass");
    return new MigClaim(
        List.of(new Request(deviceClass.name(), MigSelector.any(), requireCount(count))),
        Spread.ANYWHERE);
  }

  /**
   * {@return a claim of all devices of a layout, on one GPU of its model, without their places on the GPU}
   *
   * @param layout a layout with at least one device
   * @throws IllegalArgumentException if the layout has no device, or its model has no product name
   */
  public static MigClaim of(MigLayout layout) {
    Objects.requireNonNull(layout, "layout");
    if (layout.devices().isEmpty()) {
      throw new IllegalArgumentException(
          "A claim needs at least one device, but the layout has no device");
    }
    List<Request> requests = new ArrayList<>();
    layout
        .devices()
        .forEach((profile, count) -> requests.add(
            new Request(Wire.MIG_CLASS, MigSelector.profile(profile).on(layout.gpu()), count)));
    return new MigClaim(requests, Spread.ONE_GPU);
  }

  /**
   * {@return a larger claim, of more devices in addition}
   *
   * @param selector which devices are suitable
   * @param count how many, at least 1
   * @throws IllegalArgumentException if the count is below 1, or the claim has more than {@link
   *     #MAX_DEVICES} devices
   */
  public MigClaim and(MigSelector selector, int count) {
    Objects.requireNonNull(selector, "selector");
    List<Request> more = new ArrayList<>(requests);
    more.add(new Request(Wire.MIG_CLASS, selector, requireCount(count)));
    return new MigClaim(more, spread);
  }

  private static int requireCount(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("The count must be at least 1, but was " + count);
    }
    return count;
  }

  /** {@return a narrower claim of all these devices from the same GPU} */
  public MigClaim onOneGpu() {
    return new MigClaim(requests, Spread.ONE_GPU);
  }

  /**
   * {@return the names of the requests, with which a container can use a part of the claim: {@code
   * mig}, or {@code mig-0}, {@code mig-1} and so on for several requests}
   */
  public List<String> requestNames() {
    return requests.size() == 1
        ? List.of(REQUEST)
        : IntStream.range(0, requests.size()).mapToObj(i -> REQUEST + "-" + i).toList();
  }

  /**
   * {@return a claim object, whose devices are shared by all pods that reference it}
   *
   * @param name the object's name
   * @throws IllegalArgumentException if the name is not a name of an object
   */
  public DraObject claim(String name) {
    Objects.requireNonNull(name, "name");
    return DraObject.of(DraObject.Kind.RESOURCE_CLAIM, name, spec());
  }

  /**
   * {@return a template, from which each pod that references it gets its own devices}
   *
   * @param name the object's name
   * @throws IllegalArgumentException if the name is not a name of an object
   */
  public DraObject template(String name) {
    Objects.requireNonNull(name, "name");
    return DraObject.of(DraObject.Kind.RESOURCE_CLAIM_TEMPLATE, name, Map.of("spec", spec()));
  }

  private Map<String, Object> spec() {
    List<String> names = requestNames();
    List<Map<String, Object>> named = IntStream.range(0, requests.size())
        .mapToObj(i -> request(names.get(i), requests.get(i)))
        .toList();
    Map<String, String> sameGpu = Map.of("matchAttribute", Wire.DRIVER + "/" + Wire.PARENT_UUID);
    return Map.of(
        "devices",
        JsonFields.of("requests", named)
            .and("constraints", spread == Spread.ONE_GPU ? List.of(sameGpu) : null)
            .map());
  }

  /** Adds the defaults of the API server, so that the object is the same when it is read again. */
  private static Map<String, Object> request(String name, Request request) {
    List<String> conditions = request.selector().conditions();
    Map<String, Object> exactly = JsonFields.of("deviceClassName", request.deviceClass())
        .and("selectors", conditions.isEmpty() ? null : selectors(conditions))
        .and("allocationMode", "ExactCount")
        .and("count", request.count())
        .map();
    return JsonFields.of("name", name).and("exactly", exactly).map();
  }

  static List<Object> selectors(List<String> expressions) {
    return expressions.stream()
        .<Object>map(expression -> Map.of("cel", Map.of("expression", expression)))
        .toList();
  }

  /** Two claims are equal if they request the same devices. */
  @Override
  public boolean equals(Object other) {
    return other instanceof MigClaim that
        && requests.equals(that.requests)
        && spread == that.spread;
  }

  @Override
  public int hashCode() {
    return Objects.hash(requests, spread);
  }

  /** The requested devices, e.g. {@code 2 x device.attributes['gpu.nvidia.com'].profile == '1g.23gb'}. */
  @Override
  public String toString() {
    List<String> parts = requests.stream()
        .map(request -> "%d x %s"
            .formatted(
                request.count(),
                request.deviceClass().equals(Wire.MIG_CLASS)
                    ? request.selector()
                    : request.deviceClass()))
        .toList();
    return String.join(", ", parts) + (spread == Spread.ONE_GPU ? " on one GPU" : "");
  }
}
