package io.github.mig4j.examples.migctl.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.Buffer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.mockwebserver.http.WebSocketListener;
import java.net.HttpURLConnection;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * What kubectl asks of an API server beyond what the embedded one can: discovery, tables, watches, patches
 * that merge, server-side apply, field selectors, and errors in the form of a Status. Requests of other
 * clients pass unchanged.
 */
final class KubectlRequests implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern FIELD_SELECTOR = Pattern.compile("(?<=[?&])fieldSelector=([^&]+)&?");
  private static final Pattern FIELD_SELECTOR_OF_NAME =
      Pattern.compile("(?<=[?&])fieldSelector=metadata\\.name%3D[^&%]+(?=&|$)");
  private static final Pattern VERSION = Pattern.compile("[?&]resourceVersion=([0-9]{1,18})");
  private static final Pattern REQUIREMENT = Pattern.compile("([^=!]+)(!=|==?)(.*)");

  private final KubectlWatches watches = new KubectlWatches();

  /** A request, and the embedded server, which can answer it or others in its place. */
  private record Exchange(RecordedRequest request, Function<RecordedRequest, MockResponse> server) {

    String path() {
      return request.getPath();
    }

    String header(String name) {
      return String.valueOf(request.getHeader(name));
    }

    boolean isTable() {
      return header("Accept").contains("as=Table");
    }

    MockResponse pass() {
      return server.apply(request);
    }

    MockResponse get(String path) {
      return send(HttpMethod.GET, path, "");
    }

    MockResponse send(HttpMethod method, String path, String body) {
      return server.apply(new RecordedRequest(
          request.getHttpVersion(),
          method,
          path,
          request.getHeaders(),
          new Buffer(body.getBytes(StandardCharsets.UTF_8))));
    }
  }

  /** Answers a request of kubectl; {@code server} is the embedded server. */
  MockResponse answer(RecordedRequest request, Function<RecordedRequest, MockResponse> server) {
    String agent = request.getHeader("User-Agent");
    if (agent == null || !agent.startsWith("kubectl")) {
      return server.apply(request);
    }
    MockResponse answer = ofKubectl(new Exchange(request, server));
    // Without it, kubectl expects what it prefers, which is protobuf.
    return answer.header("Content-Type") == null
        ? answer.setHeader("Content-Type", "application/json")
        : answer;
  }

  private MockResponse ofKubectl(Exchange exchange) {
    String path = exchange.path();
    Optional<MockResponse> known = Discovery.answer(path.replaceAll("\\?.*", ""));
    if (known.isPresent()) {
      return known.get();
    }
    if (exchange.header("Content-Type").contains("protobuf")) {
      return status(
          415,
          "UnsupportedMediaType",
          "the demo cluster reads JSON only, which 'kubectl apply -f' sends; instead of 'kubectl create"
              + " ...' run 'kubectl create ... --dry-run=client -o yaml | kubectl apply -f -'");
    }
    try {
      if (path.contains("watch=true")) {
        return watch(exchange);
      }
      return switch (exchange.request.method()) {
        case GET -> get(exchange);
        case PATCH -> patch(exchange);
        case DELETE -> delete(exchange);
        default -> failure(exchange, exchange.pass());
      };
    } catch (JsonProcessingException e) {
      return status(400, "BadRequest", "not JSON: " + e.getOriginalMessage());
    } catch (RuntimeException e) {
      return status(500, "InternalError", "the demo cluster cannot do this: " + e);
    }
  }

  /** The requirements of a path's field selector, separated by commas. */
  private static String fields(String path) {
    Matcher selector = FIELD_SELECTOR.matcher(path);
    return selector.find() ? URLDecoder.decode(selector.group(1), StandardCharsets.UTF_8) : "";
  }

  private MockResponse watch(Exchange exchange) {
    String path = exchange.path();
    String fields = fields(path);
    // Of field selectors the embedded server knows a name.
    String known = FIELD_SELECTOR_OF_NAME.matcher(path).find()
        ? path
        : FIELD_SELECTOR.matcher(path).replaceAll("");
    MockResponse answer = exchange.get(known);
    WebSocketListener events = answer.getWebSocketListener();
    return events == null
        ? status(405, "MethodNotAllowed", "the demo cluster cannot watch this")
        : watches.redirect(
            exchange.request,
            events,
            event -> line(event, fields, listed(path), exchange.isTable()));
  }

  /** The version of the list that a watch continues, or 0. */
  private static long listed(String path) {
    Matcher version = VERSION.matcher(path);
    return version.find() ? Long.parseLong(version.group(1)) : 0;
  }

  private static Optional<String> line(String event, String fields, long listed, boolean isTable) {
    try {
      ObjectNode sent = (ObjectNode) JSON.readTree(event);
      JsonNode object = sent.path("object");
      // The embedded server begins each watch with all objects.
      boolean isListed = sent.path("type").asText().equals("ADDED")
          && object.at("/metadata/resourceVersion").asLong() <= listed;
      if (isListed || !holdAll(object, fields)) {
        return Optional.empty();
      }
      if (isTable) {
        sent.set("object", KubectlTable.of(object));
      }
      return Optional.of(sent.toString());
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  private static MockResponse get(Exchange exchange) throws JsonProcessingException {
    String path = FIELD_SELECTOR.matcher(exchange.path()).replaceAll("");
    MockResponse response = exchange.get(path);
    if (response.code() != HttpURLConnection.HTTP_OK) {
      return failure(exchange, response);
    }
    if (path.matches(".*/log(\\?.*)?")) {
      return response
          .setHeader("Content-Type", "text/plain")
          .setBody(response.getBody().readUtf8() + "\n");
    }
    JsonNode answer = JSON.readTree(response.getBody().readUtf8());
    if (answer instanceof ObjectNode list && answer.get("items") instanceof ArrayNode items) {
      Discovery.kind(path).ifPresent(kind -> list.put("kind", kind + "List"));
      String fields = fields(exchange.path());
      List<JsonNode> selected = StreamSupport.stream(items.spliterator(), false)
          .filter(item -> holdAll(item, fields))
          .toList();
      items.removeAll().addAll(selected);
    }
    return ok(exchange.isTable() ? KubectlTable.of(answer) : answer);
  }

  private static boolean holdAll(JsonNode item, String selector) {
    return Stream.of(selector.split(",")).allMatch(required -> holds(item, required));
  }

  private static boolean holds(JsonNode item, String requirement) {
    Matcher form = REQUIREMENT.matcher(requirement);
    if (!form.matches()) {
      return true;
    }
    boolean equal = item.at("/" + form.group(1).replace('.', '/')).asText().equals(form.group(3));
    return equal != form.group(2).equals("!=");
  }

  /**
   * Applies a patch. A strategic one, a JSON merge patch and a server-side apply are the same for labels,
   * annotations and data.
   */
  private static MockResponse patch(Exchange exchange) throws JsonProcessingException {
    boolean isApply = exchange.header("Content-Type").contains("apply-patch");
    if (!isApply && !exchange.header("Content-Type").contains("merge-patch+json")) {
      return failure(exchange, exchange.pass());
    }
    String path = exchange.path().replaceAll("\\?.*", "");
    JsonNode patch = isApply
        ? JSON.valueToTree(Serialization.unmarshal(
            exchange.request.getBody().readUtf8(), GenericKubernetesResource.class))
        : JSON.readTree(exchange.request.getBody().readUtf8());
    MockResponse found = exchange.get(path);
    if (isApply && found.code() == HttpURLConnection.HTTP_NOT_FOUND) {
      String kind = path.replaceFirst("/[^/]+$", "");
      return failure(exchange, exchange.send(HttpMethod.POST, kind, patch.toString()));
    }
    if (found.code() != HttpURLConnection.HTTP_OK) {
      return failure(exchange, found);
    }
    JsonNode patched = merged(JSON.readTree(found.getBody().readUtf8()), patch);
    if (exchange.path().contains("dryRun=All")) {
      return ok(patched);
    }
    return failure(exchange, exchange.send(HttpMethod.PUT, path, patched.toString()));
  }

  /** The embedded server answers a deletion with nothing. */
  private static MockResponse delete(Exchange exchange) {
    MockResponse answer = exchange.pass();
    return answer.code() == HttpURLConnection.HTTP_OK
        ? ok(JSON.createObjectNode()
            .put("kind", "Status")
            .put("apiVersion", "v1")
            .put("status", "Success"))
        : failure(exchange, answer);
  }

  /** RFC 7386. Directives of strategic merge patches, which begin with {@code $}, are left out. */
  private static JsonNode merged(JsonNode target, JsonNode patch) {
    if (!patch.isObject()) {
      return patch;
    }
    ObjectNode result = target.isObject() ? target.deepCopy() : JSON.createObjectNode();
    for (Map.Entry<String, JsonNode> field : patch.properties()) {
      if (field.getValue().isNull()) {
        result.remove(field.getKey());
      } else if (!field.getKey().startsWith("$")) {
        result.set(field.getKey(), merged(result.path(field.getKey()), field.getValue()));
      }
    }
    return result;
  }

  /** A failure in the form that kubectl prints; any other answer unchanged. */
  private static MockResponse failure(Exchange exchange, MockResponse response) {
    if (response.code() < 400) {
      return response;
    }
    String object = exchange.path().replaceAll("\\?.*", "").replaceAll(".*/([^/]+/[^/]+)$", "$1");
    return switch (response.code()) {
      case 404 -> status(404, "NotFound", object + " not found");
      case 409 ->
        exchange.request.method() == HttpMethod.POST
            ? status(409, "AlreadyExists", "the object already exists")
            : status(409, "Conflict", object + " was changed meanwhile; please try again");
      default -> status(response.code(), "InternalError", "the demo cluster cannot do this");
    };
  }

  private static MockResponse ok(JsonNode answer) {
    return Discovery.json(HttpURLConnection.HTTP_OK, answer.toString());
  }

  private static MockResponse status(int code, String reason, String message) {
    ObjectNode status = JSON.createObjectNode()
        .put("kind", "Status")
        .put("apiVersion", "v1")
        .put("status", "Failure")
        .put("message", message)
        .put("reason", reason)
        .put("code", code);
    return Discovery.json(code, status.toString());
  }

  @Override
  public void close() {
    watches.close();
  }
}
