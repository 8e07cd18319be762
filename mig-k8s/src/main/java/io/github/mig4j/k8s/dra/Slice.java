package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A published ResourceSlice, in any version of the API. */
record Slice(JsonNode slice) {

  String name() {
    return slice.path("metadata").path("name").asText("");
  }

  Optional<String> driver() {
    return text(spec().path("driver"));
  }

  /** The name of the pool; a slice without a pool name is a pool of its own. */
  String pool() {
    return text(spec().path("pool").path("name")).orElseGet(this::name);
  }

  long generation() {
    return spec().path("pool").path("generation").asLong(0);
  }

  /** The number of slices of the pool in this generation. */
  long poolSize() {
    return spec().path("pool").path("resourceSliceCount").asLong(1);
  }

  /** The node of the devices; in a shortened slice it is the owner. */
  Optional<String> node() {
    return text(spec().path("nodeName"))
        .or(() -> stream(slice.path("metadata").path("ownerReferences"))
            .filter(owner -> owner.path("kind").asText().equals("Node"))
            .flatMap(owner -> text(owner.path("name")).stream())
            .findFirst());
  }

  List<PublishedDevice> devices() {
    return stream(spec().path("devices")).map(PublishedDevice::new).toList();
  }

  /** The counters that devices consume, by counter set. */
  Map<String, Map<String, Long>> counterSets() {
    Map<String, Map<String, Long>> sets = new LinkedHashMap<>();
    stream(spec().path("sharedCounters"))
        .forEach(set -> sets.put(set.path("name").asText(""), Amounts.of(set.path("counters"))));
    return sets;
  }

  private JsonNode spec() {
    return slice.path("spec");
  }

  static Optional<String> text(JsonNode node) {
    return node.isTextual() && !node.asText().isEmpty()
        ? Optional.of(node.asText())
        : Optional.empty();
  }

  static Stream<JsonNode> stream(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false);
  }
}
