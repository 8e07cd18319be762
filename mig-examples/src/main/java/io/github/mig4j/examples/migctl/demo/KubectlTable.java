package io.github.mig4j.examples.migctl.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.examples.migctl.console.Output;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.StreamSupport;

/** The table that an API server sends for {@code kubectl get}: it chooses the columns. */
final class KubectlTable {

  /** A column after the name. */
  private record Column(String name, Function<JsonNode, String> value) {}

  private static final Column AGE = new Column("Age", KubectlTable::age);
  private static final Map<String, List<Column>> COLUMNS = Map.of(
      "Node",
      List.of(
          new Column("Status", KubectlTable::nodeStatus),
          AGE,
          new Column(
              "Version", object -> object.at("/status/nodeInfo/kubeletVersion").asText())),
      "Pod",
      List.of(
          new Column("Ready", KubectlTable::ready),
          new Column("Status", object -> object.at("/status/phase").asText()),
          AGE),
      "ConfigMap",
      List.of(new Column("Data", object -> String.valueOf(object.path("data").size())), AGE));

  private KubectlTable() {}

  /** The table of a list or of one object. */
  static ObjectNode of(JsonNode answer) {
    Iterable<JsonNode> objects = answer.has("items") ? answer.get("items") : List.of(answer);
    String kind = answer.path("kind").asText().replaceFirst("List$", "");
    List<Column> columns = COLUMNS.getOrDefault(kind, List.of(AGE));
    ObjectNode table = Output.object().put("kind", "Table").put("apiVersion", "meta.k8s.io/v1");
    table.set("metadata", version(answer));
    ArrayNode definitions = table.putArray("columnDefinitions");
    define(definitions, "Name");
    columns.forEach(column -> define(definitions, column.name()));
    ArrayNode rows = table.putArray("rows");
    for (JsonNode object : objects) {
      ObjectNode row = rows.addObject();
      ArrayNode cells = row.putArray("cells").add(object.at("/metadata/name").asText());
      columns.forEach(column -> cells.add(column.value().apply(object)));
      row.set("object", object);
    }
    return table;
  }

  /** From which kubectl goes on to watch. */
  private static ObjectNode version(JsonNode answer) {
    return Output.object()
        .put("resourceVersion", answer.at("/metadata/resourceVersion").asText());
  }

  private static void define(ArrayNode definitions, String name) {
    definitions
        .addObject()
        .put("name", name)
        .put("type", "string")
        .put("format", name.equals("Name") ? "name" : "")
        .put("description", "")
        .put("priority", 0);
  }

  private static String nodeStatus(JsonNode node) {
    boolean isReady = StreamSupport.stream(node.at("/status/conditions").spliterator(), false)
        .anyMatch(condition -> condition.path("type").asText().equals("Ready")
            && condition.path("status").asText().equals("True"));
    String ready = isReady ? "Ready" : "NotReady";
    return node.at("/spec/unschedulable").asBoolean() ? ready + ",SchedulingDisabled" : ready;
  }

  private static String ready(JsonNode pod) {
    int containers = pod.at("/spec/containers").size();
    return (pod.at("/status/phase").asText().equals("Running") ? containers : 0) + "/" + containers;
  }

  private static String age(JsonNode object) {
    try {
      Duration age = Duration.between(
          Instant.parse(object.at("/metadata/creationTimestamp").asText()), Instant.now());
      return age.toMinutes() < 2 ? age.toSeconds() + "s" : age.toMinutes() + "m";
    } catch (DateTimeParseException e) {
      return "<unknown>";
    }
  }
}
