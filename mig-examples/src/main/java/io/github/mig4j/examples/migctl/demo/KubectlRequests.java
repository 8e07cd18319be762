package io.github.mig4j.examples.migctl.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.Buffer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
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

/**
 * What kubectl asks of an API server beyond what the embedded one can: discovery, tables, patches that
 * merge, field selectors, and errors in the form of a Status. Requests of other clients pass unchanged.
 */
final class KubectlRequests {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern FIELD_SELECTOR = Pattern.compile("(?<=[?&])fieldSelector=([^&]+)&?");
  private static final Pattern REQUIREMENT = Pattern.compile("([^=!]+)(!=|==?)(.*)");

  /** Answers a request of kubectl; {@code server} is the embedded server. */
  MockResponse answer(RecordedRequest request, Function<RecordedRequest, MockResponse> server) {
    String agent = request.getHeader("User-Agent");
    if (agent == null || !agent.startsWith("kubectl")) {
      return server.apply(request);
    }
    String path = request.getPath();
    Optional<MockResponse> known = Discovery.answer(path.replaceAll("\\?.*", ""));
    if (known.isPresent()) {
      return known.get();
    }
    if (path.contains("watch=true")) {
      return status(405, "MethodNotAllowed", "the demo cluster has no watches for kubectl");
    }
    try {
      return switch (request.method()) {
        case GET -> get(request, server);
        case PATCH -> patch(request, server);
        default -> failure(request, server.apply(request));
      };
    } catch (JsonProcessingException e) {
      return status(400, "BadRequest", "not JSON: " + e.getOriginalMessage());
    } catch (RuntimeException e) {
      return status(500, "InternalError", "the demo cluster cannot do this: " + e);
    }
  }

  private static MockResponse get(
      RecordedRequest request, Function<RecordedRequest, MockResponse> server)
      throws JsonProcessingException {
    Matcher selector = FIELD_SELECTOR.matcher(request.getPath());
    String fields =
        selector.find() ? URLDecoder.decode(selector.group(1), StandardCharsets.UTF_8) : "";
    String path = selector.replaceAll("");
    MockResponse response =
        server.apply(with(request, HttpMethod.GET, path, new Buffer(new byte[0])));
    if (response.code() != HttpURLConnection.HTTP_OK || path.matches(".*/log(\\?.*)?")) {
      return failure(request, response);
    }
    JsonNode answer = JSON.readTree(response.getBody().readUtf8());
    if (answer instanceof ObjectNode list && answer.get("items") instanceof ArrayNode items) {
      Discovery.kind(path).ifPresent(kind -> list.put("kind", kind + "List"));
      select(items, fields);
    }
    String accepts = String.valueOf(request.getHeader("Accept"));
    return ok(accepts.contains("as=Table") ? KubectlTable.of(answer) : answer);
  }

  private static void select(ArrayNode items, String selector) {
    List<JsonNode> selected = new ArrayList<>();
    items.forEach(item -> {
      if (List.of(selector.split(",")).stream().allMatch(required -> holds(item, required))) {
        selected.add(item);
      }
    });
    items.removeAll().addAll(selected);
  }

  private static boolean holds(JsonNode item, String requirement) {
    Matcher form = REQUIREMENT.matcher(requirement);
    if (!form.matches()) {
      return true;
    }
    boolean equal = item.at("/" + form.group(1).replace('.', '/')).asText().equals(form.group(3));
    return equal != form.group(2).equals("!=");
  }

  /** Applies a strategic or a JSON merge patch; both are the same for labels, annotations and data. */
  private static MockResponse patch(
      RecordedRequest request, Function<RecordedRequest, MockResponse> server)
      throws JsonProcessingException {
    String type = String.valueOf(request.getHeader("Content-Type"));
    if (!type.contains("merge-patch+json")) {
      return failure(request, server.apply(request));
    }
    String path = request.getPath().replaceAll("\\?.*", "");
    MockResponse found = server.apply(with(request, HttpMethod.GET, path, new Buffer(new byte[0])));
    if (found.code() != HttpURLConnection.HTTP_OK) {
      return failure(request, found);
    }
    JsonNode patched = merged(
        JSON.readTree(found.getBody().readUtf8()),
        JSON.readTree(request.getBody().readUtf8()));
    if (request.getPath().contains("dryRun=All")) {
      return ok(patched);
    }
    Buffer body = new Buffer(JSON.writeValueAsBytes(patched));
    return failure(request, server.apply(with(request, HttpMethod.PUT, path, body)));
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
}
