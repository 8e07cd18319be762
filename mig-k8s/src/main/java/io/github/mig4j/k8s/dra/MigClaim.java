package io.github.mig4j.k8s.dra;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * MIG devices that a pod asks for together.
 *
 * <pre>{@code
 * MigClaim one = MigClaim.of(MigProfile.parse("1g.23gb"));
 * System.out.println(one.template("mig-1g").toYaml(DraVersion.V1));
 *
 * MigClaim pair = MigClaim.of(MigSelector.memoryMib(20 * 1024), 2).onOneGpu();
 * DraClient.of(client).apply(pair.template("mig-pair").inNamespace("team-a"));
 * }</pre>
 *
 * <p>{@link PodClaims} has what the pod says. A claim is a value; nothing here asks a cluster, and
 * whether the devices exist is {@link DraInventory}'s business.
 */
public final class MigClaim {

  /** The most devices that one claim can be given (Kubernetes API, AllocationResultsMaxSize). */
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
          "A claim holds at most %d devices, but was asked for %d".formatted(MAX_DEVICES, devices));
    }
    this.requests = List.copyOf(requests);
    this.spread = spread;
  }

  /**
   * Claims one device of a profile.
   *
   * @param profile the profile
   * @return a claim
   */
  public static MigClaim of(MigProfile profile) {
    return of(MigSelector.profile(profile), 1);
  }

  /**
   * Claims devices that a selector chooses among those of class {@code mig.nvidia.com}, which the
   * driver's chart makes.
   *
   * @param selector which devices will do
   * @param count how many, from 1 to {@link #MAX_DEVICES}
   * @return a claim
   * @throws IllegalArgumentException if the count is out of range
   */
  public static MigClaim of(MigSelector selector, int count) {
    return new MigClaim(
        List.of(new Request(Wire.MIG_CLASS, selector, requireCount(count))), Spread.ANYWHERE);
  }

  /**
   * Claims devices of a class of one's own.
   *
   * @param deviceClass the class
   * @param count how many, from 1 to {@link #MAX_DEVICES}
   * @return a claim
   * @throws IllegalArgumentException if the count is out of range
   */
  public static MigClaim of(MigDeviceClass deviceClass, int count) {
    return new MigClaim(
        List.of(new Request(deviceClass.name(), MigSelector.any(), requireCount(count))),
        Spread.ANYWHERE);
  }

  /**
   * Claims all devices of a layout, on one GPU of its model. The scheduler decides where on
   * the GPU; the claim only requires that it is one GPU.
   *
   * @param layout a layout with at least one device
   * @return a claim
   * @throws IllegalArgumentException if the layout has no device, or its model no product name
   */
  public static MigClaim of(MigLayout layout) {
    if (layout.devices().isEmpty()) {
      throw new IllegalArgumentException("A claim needs a device, but the layout is empty");
    }
    List<Request> requests = new ArrayList<>();
    layout
        .devices()
        .forEach((profile, count) -> requests.add(
            new Request(Wire.MIG_CLASS, MigSelector.profile(profile).on(layout.gpu()), count)));
    return new MigClaim(requests, Spread.ONE_GPU);
  }

  /**
   * Claims more devices beside these.
   *
   * @param selector which devices will do
   * @param count how many, at least 1
   * @return a larger claim
   * @throws IllegalArgumentException if the count is below 1, or all devices are more than {@link
   *     #MAX_DEVICES}
   */
  public MigClaim and(MigSelector selector, int count) {
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

  /**
   * Claims these devices from one GPU, whichever it is.
   *
   * @return a narrower claim
   */
  public MigClaim onOneGpu() {
    return new MigClaim(requests, Spread.ONE_GPU);
  }

  /**
   * The names of the requests, by which a container can take a part of the claim.
   *
   * @return {@code mig}, or {@code mig-0}, {@code mig-1} and so on if there are several
   */
  public List<String> requestNames() {
    return requests.size() == 1
        ? List.of(REQUEST)
        : IntStream.range(0, requests.size()).mapToObj(i -> REQUEST + "-" + i).toList();
  }

  /**
   * A claim object, whose devices all pods share that name it.
   *
   * @param name the object's name
   * @return the object
   * @throws IllegalArgumentException if it is no name for an object
   */
  public DraObject claim(String name) {
    return DraObject.of(DraObject.Kind.RESOURCE_CLAIM, name, spec());
  }

  /**
   * A template, from which each pod that names it gets devices of its own.
   *
   * @param name the object's name
   * @return the object
   * @throws IllegalArgumentException if it is no name for an object
   */
  public DraObject template(String name) {
    return DraObject.of(DraObject.Kind.RESOURCE_CLAIM_TEMPLATE, name, Map.of("spec", spec()));
  }

  private Map<String, Object> spec() {
    Map<String, Object> devices = new LinkedHashMap<>();
    List<String> names = requestNames();
    devices.put(
        "requests",
        IntStream.range(0, requests.size())
            .mapToObj(i -> request(names.get(i), requests.get(i)))
            .toList());
    if (spread == Spread.ONE_GPU) {
      devices.put(
          "constraints", List.of(Map.of("matchAttribute", Wire.DRIVER + "/" + Wire.PARENT_UUID)));
    }
    return Map.of("devices", devices);
  }

  /** Says what the API server would add, so that what is read back equals what was written. */
  private static Map<String, Object> request(String name, Request request) {
    Map<String, Object> exactly = new LinkedHashMap<>();
    exactly.put("deviceClassName", request.deviceClass());
    if (!request.selector().conditions().isEmpty()) {
      exactly.put("selectors", selectors(request.selector().conditions()));
    }
    exactly.put("allocationMode", "ExactCount");
    exactly.put("count", request.count());
    Map<String, Object> named = new LinkedHashMap<>();
    named.put("name", name);
    named.put("exactly", exactly);
    return named;
  }

  static List<Object> selectors(List<String> expressions) {
    return expressions.stream()
        .<Object>map(expression -> Map.of("cel", Map.of("expression", expression)))
        .toList();
  }

  /** Two claims are equal if they ask for the same. */
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

  /** What is asked for, e.g. {@code 2 x device.attributes['gpu.nvidia.com'].profile == '1g.23gb'}. */
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
