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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

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

  /** Answers a request of kubectl; {@code server} is the embedded server. */
  MockResponse answer(RecordedRequest request, Function<RecordedRequest, MockResponse> server) {
    String agent = request.getHeader("User-Agent");
    if (agent == null || !agent.startsWith("kubectl")) {
      return server.apply(request);
    }
    MockResponse answer = ofKubectl(request, server);
    // Without it, kubectl expects what it prefers, which is protobuf.
    return answer.header("Content-Type") == null
        ? answer.setHeader("Content-Type", "application/json")
        : answer;
  }

  private MockResponse ofKubectl(
      RecordedRequest request, Function<RecordedRequest, MockResponse> server) {
    String path = request.getPath();
    Optional<MockResponse> known = Discovery.answer(path.replaceAll("\\?.*", ""));
    if (known.isPresent()) {
      return known.get();
    }
    if (type(request).contains("protobuf")) {
      return status(
          415,
          "UnsupportedMediaType",
          "the demo cluster reads JSON only, which 'kubectl apply -f' sends; instead of 'kubectl create"
              + " ...' run 'kubectl create ... --dry-run=client -o yaml | kubectl apply -f -'");
    }
    try {
      if (path.contains("watch=true")) {
        return watch(request, server);
      }
      return switch (request.method()) {
        case GET -> get(request, server);
        case PATCH -> patch(request, server);
        case DELETE -> delete(request, server);
        default -> failure(request, server.apply(request));
      };
    } catch (JsonProcessingException e) {
      return status(400, "BadRequest", "not JSON: " + e.getOriginalMessage());
    } catch (RuntimeException e) {
      return status(500, "InternalError", "the demo cluster cannot do this: " + e);
    }
  }

  private static String type(RecordedRequest request) {
    return String.valueOf(request.getHeader("Content-Type"));
  }

  /** The requirements of a path's field selector, separated by commas. */
  private static String fields(String path) {
    Matcher selector = FIELD_SELECTOR.matcher(path);
    return selector.find() ? URLDecoder.decode(selector.group(1), StandardCharsets.UTF_8) : "";
  }

  private static boolean isTable(RecordedRequest request) {
    return String.valueOf(request.getHeader("Accept")).contains("as=Table");
  }

  private MockResponse watch(
      RecordedRequest request, Function<RecordedRequest, MockResponse> server) {
    String path = request.getPath();
    String fields = fields(path);
    // Of field selectors the embedded server knows a name.
    String known = FIELD_SELECTOR_OF_NAME.matcher(path).find()
        ? path
        : FIELD_SELECTOR.matcher(path).replaceAll("");
    MockResponse answer =
        server.apply(with(request, HttpMethod.GET, known, new Buffer(new byte[0])));
    WebSocketListener events = answer.getWebSocketListener();
    return events == null
        ? status(405, "MethodNotAllowed", "the demo cluster cannot watch this")
        : watches.redirect(
            request, events, event -> line(event, fields, listed(path), isTable(request)));
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

  private static MockResponse get(
      RecordedRequest request, Function<RecordedRequest, MockResponse> server)
      throws JsonProcessingException {
    String path = FIELD_SELECTOR.matcher(request.getPath()).replaceAll("");
    MockResponse response =
        server.apply(with(request, HttpMethod.GET, path, new Buffer(new byte[0])));
    if (response.code() != HttpURLConnection.HTTP_OK) {
      return failure(request, response);
    }
    if (path.matches(".*/log(\\?.*)?")) {
      return response
          .setHeader("Content-Type", "text/plain")
          .setBody(response.getBody().readUtf8() + "\n");
    }
    JsonNode answer = JSON.readTree(response.getBody().readUtf8());
    if (answer instanceof ObjectNode list && answer.get("items") instanceof ArrayNode items) {
      Discovery.kind(path).ifPresent(kind -> list.put("kind", kind + "List"));
      select(items, fields(request.getPath()));
    }
    return ok(isTable(request) ? KubectlTable.of(answer) : answer);
  }

  private static void select(ArrayNode items, String selector) {
    List<JsonNode> selected = new ArrayList<>();
    items.forEach(item -> {
      if (holdAll(item, selector)) {
        selected.add(item);
      }
    });
    items.removeAll().addAll(selected);
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
  private static MockResponse patch(
      RecordedRequest request, Function<RecordedRequest, MockResponse> server)
      throws JsonProcessingException {
    boolean isApply = type(request).contains("apply-patch");
    if (!isApply && !type(request).contains("merge-patch+json")) {
      return failure(request, server.apply(request));
    }
    String path = request.getPath().replaceAll("\\?.*", "");
    JsonNode patch = isApply
        ? JSON.valueToTree(
            Serialization.unmarshal(request.getBody().readUtf8(), GenericKubernetesResource.class))
        : JSON.readTree(request.getBody().readUtf8());
    MockResponse found = server.apply(with(request, HttpMethod.GET, path, new Buffer(new byte[0])));
    if (isApply && found.code() == HttpURLConnection.HTTP_NOT_FOUND) {
      Buffer body = new Buffer(JSON.writeValueAsBytes(patch));
      String kind = path.replaceFirst("/[^/]+$", "");
      return failure(request, server.apply(with(request, HttpMethod.POST, kind, body)));
    }
    if (found.code() != HttpURLConnection.HTTP_OK) {
      return failure(request, found);
    }
    JsonNode patched = merged(JSON.readTree(found.getBody().readUtf8()), patch);
    if (request.getPath().contains("dryRun=All")) {
      return ok(patched);
    }
    Buffer body = new Buffer(JSON.writeValueAsBytes(patched));
    return failure(request, server.apply(with(request, HttpMethod.PUT, path, body)));
  }

  /** The embedded server answers a deletion with nothing. */
  private static MockResponse delete(
      RecordedRequest request, Function<RecordedRequest, MockResponse> server)
      throws JsonProcessingException {
    MockResponse answer = server.apply(request);
    return answer.code() == HttpURLConnection.HTTP_OK
        ? ok(JSON.createObjectNode()
            .put("kind", "Status")
            .put("apiVersion", "v1")
            .put("status", "Success"))
        : failure(request, answer);
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
  private static MockResponse failure(RecordedRequest request, MockResponse response) {
    if (response.code() < 400) {
      return response;
    }
    String object = request.getPath().replaceAll("\\?.*", "").replaceAll(".*/([^/]+/[^/]+)$", "$1");
    return switch (response.code()) {
      case 404 -> status(404, "NotFound", object + " not found");
      case 409 ->
        request.method() == HttpMethod.POST
            ? status(409, "AlreadyExists", "the object already exists")
            : status(409, "Conflict", object + " was changed meanwhile; please try again");
      default -> status(response.code(), "InternalError", "the demo cluster cannot do this");
    };
  }

  private static MockResponse ok(JsonNode answer) throws JsonProcessingException {
    return new MockResponse()
        .setResponseCode(200)
        .setHeader("Content-Type", "application/json")
        .setBody(JSON.writeValueAsString(answer));
  }

  private static MockResponse status(int code, String reason, String message) {
    ObjectNode status = JSON.createObjectNode()
        .put("kind", "Status")
        .put("apiVersion", "v1")
        .put("status", "Failure")
        .put("message", message)
        .put("reason", reason)
        .put("code", code);
    return new MockResponse()
        .setResponseCode(code)
        .setHeader("Content-Type", "application/json")
        .setBody(status.toString());
  }

  private static RecordedRequest with(
      RecordedRequest request, HttpMethod method, String path, Buffer body) {
    return new RecordedRequest(request.getHttpVersion(), method, path, request.getHeaders(), body);
  }

  @Override
  public void close() {
    watches.close();
  }
}
