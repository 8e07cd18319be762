package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a ResourceClaim requests, in any version of the API.
 *
 * @param claim the claim, e.g. {@code team-a/train}
 */
record ClaimSpec(String claim, List<Request> requests, List<Constraint> constraints) {

  /**
   * A request.
   *
   * @param alternatives what is requested; several if the first one is preferred
   */
  record Request(List<Exact> alternatives) {}

  /**
   * Devices of a class.
   *
   * @param request the name under which they are allocated, e.g. {@code mig}, or {@code mig/large} for an
   *     alternative
   * @param selectors the expressions of the request, beside those of the class
   * @param isAll whether all devices that are selected are requested
   * @param more what else is requested, and is not read; empty if there is nothing
   */
  record Exact(
      String request,
      String deviceClass,
      List<String> selectors,
      boolean isAll,
      int count,
      Optional<String> more) {}

  /**
   * Devices that have the same value of an attribute.
   *
   * @param requests the names of the requests; empty for all
   * @param attribute the attribute with its domain; empty if the constraint has another form
   */
  record Constraint(Set<String> requests, Optional<String> attribute) {

    /** Whether it is about the devices of a request. */
    boolean concerns(String request) {
      return requests.isEmpty()
          || requests.contains(request)
          || requests.contains(request.replaceFirst("/.*", ""));
    }
  }

  static ClaimSpec of(JsonNode claim) {
    JsonNode devices = claim.path("spec").path("devices");
    return new ClaimSpec(
        name(claim),
        Slice.stream(devices.path("requests")).map(ClaimSpec::request).toList(),
        Slice.stream(devices.path("constraints")).map(ClaimSpec::constraint).toList());
  }

  private static Constraint constraint(JsonNode constraint) {
    return new Constraint(
        Slice.stream(constraint.path("requests")).map(JsonNode::asText).collect(Collectors.toSet()),
        Slice.text(constraint.path("matchAttribute")));
  }

  /** Namespace and name, e.g. {@code team-a/train}. */
  static String name(JsonNode claim) {
    return "%s/%s"
        .formatted(
            claim.path("metadata").path("namespace").asText("default"),
            claim.path("metadata").path("name").asText());
  }

  static List<String> expressions(JsonNode selectors) {
    return Slice.stream(selectors)
        .map(selector -> selector.path("cel").path("expression").asText())
        .toList();
  }

  private static Request request(JsonNode request) {
    String name = request.path("name").asText();
    JsonNode alternatives = request.path("firstAvailable");
    if (!alternatives.isEmpty()) {
      return new Request(Slice.stream(alternatives)
          .map(each -> exact(name + "/" + each.path("name").asText(), each))
          .toList());
    }
    // In v1beta1 the fields of an exact request are one level higher.
    JsonNode exactly = request.path("exactly");
    return new Request(List.of(exact(name, exactly.isObject() ? exactly : request)));
  }

  private static Exact exact(String name, JsonNode exactly) {
    return new Exact(
        name,
        exactly.path("deviceClassName").asText(),
        expressions(exactly.path("selectors")),
        exactly.path("allocationMode").asText().equals("All"),
        exactly.path("count").asInt(1),
        more(exactly));
  }

  private static Optional<String> more(JsonNode exactly) {
    if (exactly.path("adminAccess").asBoolean(false)) {
      return Optional.of(
          "it requests admin access, which takes no device; see 'kubectl describe pod'");
    }
    return Stream.of("capacity", "tolerations")
        .filter(field -> !exactly.path(field).isEmpty())
        .findFirst()
        .map("it has the field '%s', which is not read; remove it"::formatted);
  }

  /** What is requested that is not read; empty if all is read. */
  Optional<String> more() {
    return Stream.concat(
            requests.stream()
                .flatMap(request -> request.alternatives().stream())
                .flatMap(exact -> exact.more().stream()),
            constraints.stream()
                .filter(constraint -> constraint.attribute().isEmpty())
                .map(any ->
                    "it has a constraint without matchAttribute, which is not read; remove it"))
        .findFirst();
  }
}
