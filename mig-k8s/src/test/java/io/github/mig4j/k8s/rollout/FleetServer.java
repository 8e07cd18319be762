package io.github.mig4j.k8s.rollout;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.Dispatcher;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.mockwebserver.http.WebSocket;
import io.fabric8.mockwebserver.http.WebSocketListener;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeOffer;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * An API server for a fleet, light enough for thousands of nodes on a laptop: lists in pages, watches
 * with bookmarks that are cut off now and then and that answer 410 to a version which is too old, patches
 * that hold on one version. It plays each node's MIG manager as well: what a node asks for it offers a
 * little later, unless the node is one that fails.
 */
public final class FleetServer implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern PATH = Pattern.compile(
      "/(?:api|apis/[^/]+)/[^/]+(?:/namespaces/([^/]+))?/([a-z]+)(?:/([^/]+))?(/log)?");

  /** As many events as can be watched from the past. */
  private static final int HISTORY = 2_000;

  private static final String CONFIG = "nvidia.com/mig.config";
  private static final String STATE = "nvidia.com/mig.config.state";
  private static final List<String> CLIENTS =
      List.of("device-plugin", "gpu-feature-discovery", "dcgm", "dcgm-exporter");

  private final MockWebServer server = new MockWebServer();
  private final ScheduledExecutorService managers = Executors.newScheduledThreadPool(1, task -> {
    Thread thread = new Thread(task, "fleet-managers");
    thread.setDaemon(true);
    return thread;
  });

  /** The server's event loop, on which requests are answered, waits for what is sent. */
  private final ExecutorService sender = Executors.newSingleThreadExecutor(task -> {
    Thread thread = new Thread(task, "fleet-sender");
    thread.setDaemon(true);
    return thread;
  });

  private final Map<String, Kind> kinds = new HashMap<>();
  private final Set<String> failing = ConcurrentHashMap.newKeySet();
  private final Set<String> stalled = ConcurrentHashMap.newKeySet();
  private final Set<String> forbidden = ConcurrentHashMap.newKeySet();
  private volatile Function<RecordedRequest, Optional<Integer>> refusal =
      request -> Optional.empty();
  private final Duration work;
  private long version = 1_000;

  private static final class Kind {
    final NavigableMap<String, ObjectNode> objects = new TreeMap<>();
    final List<Watch> watches = new CopyOnWriteArrayList<>();
    final Deque<Event> history = new ArrayDeque<>();
  }

  private record Event(String type, long version, ObjectNode object) {
    String text() {
      return "{\"type\":\"%s\",\"object\":%s}".formatted(type, object);
    }
  }

  /**
   * Starts a server.
   *
   * @param work how long a MIG manager takes
   */
  public FleetServer(int nodes, Duration work) {
    this.work = work;
    for (int i = 0; i < nodes; i++) {
      put("nodes", name(i), node(name(i)));
      put("pods", "gpu-operator/mig-manager-" + i, managerPod(i));
    }
    put("clusterpolicies", "cluster-policy", parse("""
        {"apiVersion": "nvidia.com/v1", "kind": "ClusterPolicy", "metadata": {"name": "cluster-policy"},
         "spec": {"mig": {"strategy": "mixed"},
                  "daemonsets": {"tolerations": [{"key": "mig4j.github.io/unverified", "operator": "Exists"}]},
                  "migManager": {"config": {"name": "mig-config"}}}}
        """));
    put("configmaps", "gpu-operator/mig-config", parse("""
        {"apiVersion": "v1", "kind": "ConfigMap",
         "metadata": {"name": "mig-config", "namespace": "gpu-operator"}, "data": {}}
        """));
    server.setDispatcher(new Dispatcher() {
      @Override
      public MockResponse dispatch(RecordedRequest request) {
        try {
          return answer(request);
        } catch (RuntimeException e) {
          return status(500, String.valueOf(e).replace('"', '\''));
        }
      }
    });
    server.start();
  }

  public static String name(int i) {
    return "gpu-node-%05d.cluster.internal".formatted(i);
  }

  /** A server in a process of its own: arguments are the nodes, and the indexes of those that fail. */
  public static void main(String[] args) throws IOException {
    FleetServer server = new FleetServer(Integer.parseInt(args[0]), Duration.ofMillis(200));
    Arrays.stream(args).skip(1).map(Integer::parseInt).forEach(i -> server.fail(name(i)));
    System.out.println(server.url());
    // Ends with the process that started it.
    while (System.in.read() >= 0) {
      server.cutWatches();
    }
    System.exit(0);
  }

  public String url() {
    return "http://localhost:" + server.getPort();
  }

  public ConfigBuilder config() {
    return config(url());
  }

  public static ConfigBuilder config(String url) {
    return new ConfigBuilder().withMasterUrl(url).withHttp2Disable(true).withNamespace("default");
  }

  /** From now on the MIG manager of this node fails. */
  public void fail(String node) {
    failing.add(node);
  }

  public void heal(String node) {
    failing.remove(node);
  }

  /** From now on the MIG manager of this node does nothing. */
  public void stall(String node) {
    stalled.add(node);
  }

  /** It does what the node asks for after all. */
  public void resume(String node) {
    stalled.remove(node);
    managers.execute(() -> begin(node));
  }

  /** A node joins the cluster, with a MIG manager that has not acted yet. */
  public void join(int i) {
    put("nodes", name(i), node(name(i)));
    put("pods", "gpu-operator/mig-manager-" + i, managerPod(i));
  }

  /** An object that another program creates. */
  public void create(String kind, String key, String json) {
    put(kind, key, parse(json));
  }

  /** From now on these requests are answered with a code alone. */
  public void refuse(Function<RecordedRequest, Optional<Integer>> which) {
    refusal = which;
  }

  /** From now on nothing of this kind may be read; every watch ends. */
  public void forbid(String kind) {
    forbidden.add(kind);
    cutWatches();
  }

  public void allow(String kind) {
    forbidden.remove(kind);
  }

  /** An object that another client deletes. */
  public synchronized void delete(String kind, String key) {
    MockResponse unused = delete(kind, key, "");
  }

  /** Changes an object as another client does. */
  public synchronized void edit(String kind, String key, Consumer<ObjectNode> change) {
    ObjectNode before = kind(kind).objects.get(key);
    if (before != null) {
      ObjectNode after = before.deepCopy();
      change.accept(after);
      put(kind, key, after);
    }
  }

  /**
   * Ends every watch, and forgets the past, in which one object of each kind changed; so whoever
   * watches has to list again.
   */
  public synchronized void cutWatches() {
    for (Kind kind : kinds.values()) {
      kind.history.clear();
      version++;
      if (!kind.objects.isEmpty()) {
        ObjectNode changed = kind.objects.firstEntry().getValue().deepCopy();
        ((ObjectNode) changed.get("metadata")).put("resourceVersion", String.valueOf(version));
        kind.objects.put(kind.objects.firstKey(), changed);
        version++;
      }
      kind.watches.forEach(Watch::cut);
    }
  }

  public synchronized Map<String, String> labels(String node) {
    Map<String, String> labels = new TreeMap<>();
    kind("nodes")
        .objects
        .get(node)
        .at("/metadata/labels")
        .fields()
        .forEachRemaining(e -> labels.put(e.getKey(), e.getValue().asText()));
    return labels;
  }

  /** The value of a key of a ConfigMap. */
  public synchronized String data(String map, String key) {
    return kind("configmaps").objects.get(map).at("/data").get(key).asText();
  }

  /** Taints a node as a node pool does that registers its nodes so. */
  public static void taint(ObjectNode node) {
    node.withObject("/spec")
        .putArray("taints")
        .addObject()
        .put("key", "mig4j.github.io/unverified")
        .put("value", "true")
        .put("effect", "NoSchedule");
  }

  /** What a node offers of a resource. */
  public synchronized int allocatable(String node, String resource) {
    return kind("nodes")
        .objects
        .get(node)
        .at("/status/allocatable")
        .path(resource)
        .asInt();
  }

  /** Whether a node is cordoned. */
  public synchronized boolean isCordoned(String node) {
    return kind("nodes").objects.get(node).at("/spec/unschedulable").asBoolean();
  }

  /** The keys of a node's taints. */
  public synchronized Set<String> taints(String node) {
    return kind("nodes").objects.get(node).at("/spec").findValues("key").stream()
        .map(JsonNode::asText)
        .collect(Collectors.toSet());
  }

  public synchronized Map<String, String> annotations(String node) {
    Map<String, String> annotations = new TreeMap<>();
    kind("nodes")
        .objects
        .get(node)
        .at("/metadata/annotations")
        .fields()
        .forEachRemaining(e -> annotations.put(e.getKey(), e.getValue().asText()));
    return annotations;
  }

  @Override
  public void close() {
    managers.shutdownNow();
    sender.shutdown();
    server.shutdown();
  }

  private Kind kind(String name) {
    return kinds.computeIfAbsent(name, key -> new Kind());
  }

  private synchronized ObjectNode put(String kind, String key, ObjectNode object) {
    Kind all = kind(kind);
    boolean isNew = !all.objects.containsKey(key);
    version++;
    ObjectNode metadata = (ObjectNode) object.get("metadata");
    metadata.put("resourceVersion", String.valueOf(version));
    if (isNew) {
      metadata.put("uid", "uid-" + version);
    }
    all.objects.put(key, object);
    tell(all, new Event(isNew ? "ADDED" : "MODIFIED", version, object));
    return object;
  }

  private static void tell(Kind kind, Event event) {
    kind.history.add(event);
    if (kind.history.size() > HISTORY) {
      kind.history.removeFirst();
    }
    if (!kind.watches.isEmpty()) {
      String text = event.text();
      kind.watches.forEach(watch -> watch.tell(event, text));
    }
  }

  private MockResponse answer(RecordedRequest request) {
    Optional<Integer> refused = refusal.apply(request);
    if (refused.isPresent()) {
      return status(refused.get(), "refused");
    }
    URI uri = URI.create(request.getPath());
    Matcher path = PATH.matcher(uri.getPath());
    if (!path.matches()) {
      return status(404, "no such path " + uri.getPath());
    }
    Map<String, String> query = query(uri.getRawQuery());
    String namespace = path.group(1) == null ? "" : path.group(1) + "/";
    String kind = path.group(2);
    String name = path.group(3);
    if (path.group(4) != null) {
      return new MockResponse().setResponseCode(200).setBody("");
    }
    if (kind.equals("selfsubjectaccessreviews")) {
      ObjectNode review = parse(request.getUtf8Body());
      boolean isRead = Set.of("get", "list", "watch")
          .contains(review.at("/spec/resourceAttributes/verb").asText());
      review
          .putObject("status")
          .put(
              "allowed",
              !isRead
                  || !forbidden.contains(
                      review.at("/spec/resourceAttributes/resource").asText()));
      return ok(201, review);
    }
    if (request.getMethod().equals("GET") && forbidden.contains(kind)) {
      return status(403, "forbidden");
    }
    return switch (request.getMethod()) {
      case "GET" ->
        "true".equals(query.get("watch"))
            ? watch(kind, namespace, query)
            : name == null ? list(kind, namespace, query) : get(kind, namespace + name);
      case "POST" -> create(kind, namespace, parse(request.getUtf8Body()));
      case "PUT" -> update(kind, namespace + name, parse(request.getUtf8Body()));
      case "PATCH" -> patch(kind, namespace + name, request.getUtf8Body());
      case "DELETE" -> delete(kind, namespace + name, request.getUtf8Body());
      default -> status(405, request.getMethod());
    };
  }

  private static Map<String, String> query(String raw) {
    return raw == null
        ? Map.of()
        : Arrays.stream(raw.split("&"))
            .map(part -> part.split("=", 2))
            .collect(Collectors.toMap(
                part -> part[0],
                part -> URLDecoder.decode(part.length > 1 ? part[1] : "", StandardCharsets.UTF_8)));
  }

  private synchronized MockResponse get(String kind, String key) {
    ObjectNode object = kind(kind).objects.get(key);
    return object == null ? status(404, key) : ok(200, object);
  }

  private synchronized MockResponse list(String kind, String namespace, Map<String, String> query) {
    int limit = Integer.parseInt(query.getOrDefault("limit", "0"));
    String after = query.getOrDefault("continue", "");
    StringBuilder items = new StringBuilder();
    int count = 0;
    String last = "";
    boolean more = false;
    for (Map.Entry<String, ObjectNode> e :
        kind(kind).objects.tailMap(after, false).entrySet()) {
      if (!e.getKey().startsWith(namespace) || !matches(e.getValue(), query)) {
        continue;
      }
      if (limit > 0 && count == limit) {
        more = true;
        break;
      }
      items.append(count++ == 0 ? "" : ",").append(e.getValue());
      last = e.getKey();
    }
    return new MockResponse()
        .setResponseCode(200)
        .setHeader("Content-Type", "application/json")
        .setBody(
            "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"%d\"%s},\"items\":[%s]}"
                .formatted(version, more ? ",\"continue\":\"" + last + "\"" : "", items));
  }

  private static boolean matches(ObjectNode object, Map<String, String> query) {
    for (String term : query.getOrDefault("labelSelector", "").split(",")) {
      String[] parts = term.split("=", 2);
      JsonNode value = object.at("/metadata/labels").get(parts[0]);
      if (!term.isEmpty()
          && (value == null || (parts.length > 1 && !value.asText().equals(parts[1])))) {
        return false;
      }
    }
    for (String term : query.getOrDefault("fieldSelector", "").split(",")) {
      String[] parts = term.split("=", 2);
      if (!term.isEmpty()
          && !object.at("/" + parts[0].replace('.', '/')).asText().equals(parts[1])) {
        return false;
      }
    }
    return true;
  }

  private synchronized MockResponse create(String kind, String namespace, ObjectNode object) {
    String key = namespace + object.at("/metadata/name").asText();
    return kind(kind).objects.containsKey(key) ? status(409, key) : ok(201, put(kind, key, object));
  }

  private synchronized MockResponse update(String kind, String key, ObjectNode object) {
    ObjectNode before = kind(kind).objects.get(key);
    if (before == null) {
      return status(404, key);
    }
    JsonNode expected = object.at("/metadata/resourceVersion");
    boolean stale = !expected.isMissingNode()
        && !expected.asText().isEmpty()
        && !expected.equals(before.at("/metadata/resourceVersion"));
    return stale ? status(409, key) : ok(200, put(kind, key, object));
  }

  private synchronized MockResponse patch(String kind, String key, String body) {
    ObjectNode before = kind(kind).objects.get(key);
    if (before == null) {
      return status(404, key);
    }
    try {
      JsonNode patch = JSON.readTree(body);
      if (isStale(patch, before.at("/metadata/resourceVersion"))) {
        return status(409, key);
      }
      ObjectNode after = patch.isArray()
          ? patched(before.deepCopy(), patch)
          : merged(before.deepCopy(), (ObjectNode) patch);
      boolean asked = !before
          .at("/metadata/labels")
          .path(CONFIG)
          .equals(after.at("/metadata/labels").path(CONFIG));
      MockResponse answer = ok(200, put(kind, key, after));
      if (asked && !stalled.contains(key)) {
        managers.schedule(() -> begin(key), work.toMillis() / 4, TimeUnit.MILLISECONDS);
      }
      return answer;
    } catch (JsonProcessingException e) {
      return status(400, e.getMessage());
    }
  }

  private static boolean isStale(JsonNode patch, JsonNode version) {
    if (!patch.isArray()) {
      JsonNode expected = patch.at("/metadata/resourceVersion");
      return !expected.isMissingNode() && !expected.equals(version);
    }
    for (JsonNode operation : patch) {
      if (operation.get("path").asText().equals("/metadata/resourceVersion")
          && !operation.get("value").equals(version)) {
        return true;
      }
    }
    return false;
  }

  /** By the operations that the client sends (RFC 6902): of members of objects, none moved or copied. */
  private static ObjectNode patched(ObjectNode object, JsonNode patch) {
    for (JsonNode operation : patch) {
      JsonPointer path = JsonPointer.compile(operation.get("path").asText());
      ObjectNode parent = (ObjectNode) object.at(path.head());
      String member = path.last().getMatchingProperty();
      switch (operation.get("op").asText()) {
        case "add" -> parent.set(member, operation.get("value"));
        case "replace" ->
          Objects.requireNonNull(
              parent.replace(member, operation.get("value")), operation::toString);
        case "remove" -> Objects.requireNonNull(parent.remove(member), operation::toString);
        default -> throw new IllegalArgumentException("Cannot do " + operation);
      }
    }
    return object;
  }

  private static ObjectNode merged(ObjectNode into, ObjectNode patch) {
    patch.fields().forEachRemaining(e -> {
      if (e.getValue().isNull()) {
        into.remove(e.getKey());
      } else if (e.getValue().isObject() && into.path(e.getKey()).isObject()) {
        merged((ObjectNode) into.get(e.getKey()), (ObjectNode) e.getValue());
      } else {
        into.set(e.getKey(), e.getValue());
      }
    });
    return into;
  }

  private synchronized MockResponse delete(String kind, String key, String body) {
    ObjectNode gone = kind(kind).objects.get(key);
    if (gone == null) {
      return status(404, key);
    }
    JsonNode expected = body.isEmpty()
        ? MissingNode.getInstance()
        : parse(body).at("/preconditions/resourceVersion");
    if (!expected.isMissingNode() && !expected.equals(gone.at("/metadata/resourceVersion"))) {
      return status(409, key);
    }
    kind(kind).objects.remove(key);
    version++;
    tell(kind(kind), new Event("DELETED", version, gone));
    return ok(200, gone);
  }

  private synchronized MockResponse watch(
      String kind, String namespace, Map<String, String> query) {
    return new MockResponse().withWebSocketUpgrade(new Watch(kind(kind), namespace, query));
  }

  private final class Watch extends WebSocketListener {
    private final Kind kind;
    private final String namespace;
    private final Map<String, String> query;
    private WebSocket socket;

    Watch(Kind kind, String namespace, Map<String, String> query) {
      this.kind = kind;
      this.namespace = namespace;
      this.query = query;
    }

    @Override
    public void onOpen(WebSocket opened, io.fabric8.mockwebserver.http.Response response) {
      synchronized (FleetServer.this) {
        socket = opened;
        long from = Long.parseLong(query.getOrDefault("resourceVersion", "0"));
        boolean gone = kind.history.isEmpty()
            ? from < version - 1
            : from < kind.history.getFirst().version() - 1;
        if (gone && kind.objects.values().stream().anyMatch(o -> rv(o) > from)) {
          send(
              "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"Expired\",\"message\":\"too old resource version\",\"code\":410}}");
          cut();
          return;
        }
        kind.history.stream()
            .filter(event -> event.version() > from)
            .forEach(event -> tell(event, event.text()));
        socket.send(
            "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"%d\"}}}"
                .formatted(version));
        kind.watches.add(this);
      }
    }

    private static long rv(ObjectNode object) {
      return object.at("/metadata/resourceVersion").asLong();
    }

    void tell(Event event, String text) {
      String key = event.object().at("/metadata/namespace").asText();
      if ((namespace.isEmpty() || namespace.equals(key + "/")) && matches(event.object(), query)) {
        send(text);
      }
    }

    private void send(String text) {
      WebSocket to = socket;
      sender.execute(() -> to.send(text));
    }

    void cut() {
      kind.watches.remove(this);
      WebSocket cut = socket;
      sender.execute(() -> cut.close(1000, ""));
    }

    @Override
    public void onClosing(WebSocket closing, int code, String reason) {
      kind.watches.remove(this);
    }

    @Override
    public void onClosed(WebSocket closed, int code, String reason) {
      kind.watches.remove(this);
    }

    @Override
    public void onFailure(
        WebSocket failed, Throwable failure, io.fabric8.mockwebserver.http.Response response) {
      kind.watches.remove(this);
    }
  }

  private static MockResponse ok(int code, JsonNode body) {
    return new MockResponse()
        .setResponseCode(code)
        .setHeader("Content-Type", "application/json")
        .setBody(body.toString());
  }

  private static MockResponse status(int code, String message) {
    return new MockResponse()
        .setResponseCode(code)
        .setHeader("Content-Type", "application/json")
        .setBody(
            "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":%d,\"message\":\"%s\"}"
                .formatted(code, message));
  }

  // The MIG managers

  private void begin(String node) {
    String config = labels(node).getOrDefault(CONFIG, "");
    edit("nodes", node, object -> {
      ObjectNode labels = (ObjectNode) object.at("/metadata/labels");
      labels.put(STATE, "pending");
      CLIENTS.forEach(
          client -> labels.put("nvidia.com/gpu.deploy." + client, "paused-for-mig-change"));
      ((ObjectNode) object.at("/status")).set("allocatable", resources(Map.of()));
    });
    managers.schedule(() -> end(node, config), work.toMillis() * 3 / 4, TimeUnit.MILLISECONDS);
  }

  private void end(String node, String config) {
    if (!config.equals(labels(node).get(CONFIG))) {
      begin(node);
      return;
    }
    boolean fails = failing.contains(node) && !config.startsWith("all-disabled");
    Map<String, Integer> offered = new HashMap<>(
        fails ? Map.of() : config.startsWith("demand") ? published(config) : offered(config));
    int gpus = Integer.parseInt(labels(node).get("nvidia.com/gpu.count"));
    offered.replaceAll((resource, count) -> count * gpus / 8);
    edit("nodes", node, object -> {
      ObjectNode labels = (ObjectNode) object.at("/metadata/labels");
      labels.put(STATE, fails ? "failed" : "success");
      CLIENTS.forEach(client -> labels.put("nvidia.com/gpu.deploy." + client, "true"));
      labels.remove(List.of("nvidia.com/mig-1g.23gb.count", "nvidia.com/mig-2g.45gb.count"));
      offered.forEach((resource, count) -> {
        if (resource.startsWith("nvidia.com/mig-")) {
          labels.put(resource + ".count", String.valueOf(count));
        }
      });
      ((ObjectNode) object.at("/status")).set("allocatable", resources(offered));
    });
  }

  /** What eight B200 offer; names have the content's hash, so the server need not read the ConfigMap. */
  private static Map<String, Integer> offered(String config) {
    if (config.startsWith("small")) {
      return Map.of("nvidia.com/mig-1g.23gb", 56);
    }
    return config.startsWith("medium")
        ? Map.of("nvidia.com/mig-2g.45gb", 24)
        : Map.of("nvidia.com/gpu", 8);
  }

  /** What a demand cuts has no name that says it. */
  private Map<String, Integer> published(String config) {
    Map<String, Integer> offered = new HashMap<>();
    MigConfigFile.read(data("gpu-operator/mig-config", "config.yaml"))
        .document()
        .flatMap(document -> document.config(config))
        .map(content -> NodeOffer.after(
            content,
            NodeGpu.several(GpuCatalog.bundled().require("b200-180gb"), 8),
            MigStrategy.MIXED))
        .ifPresent(offer -> offer
            .resources()
            .forEach((resource, count) -> offered.put(resource, count.intValue())));
    return offered;
  }

  private static ObjectNode resources(Map<String, Integer> offered) {
    ObjectNode resources = JSON.createObjectNode();
    resources.put("cpu", "224").put("memory", "2113383Mi").put("pods", "110");
    resources.put("ephemeral-storage", "7499340092Ki").put("hugepages-1Gi", "0");
    offered.forEach((name, count) -> resources.put(name, String.valueOf(count)));
    return resources;
  }

  /** About as large as a GPU node is. */
  private static ObjectNode node(String name) {
    ObjectNode node = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "Node");
    ObjectNode metadata = node.putObject("metadata").put("name", name);
    ObjectNode labels = metadata.putObject("labels");
    new LinkedHashMap<>(Map.of(
            "nvidia.com/gpu.product",
            "NVIDIA-B200",
            "nvidia.com/gpu.count",
            "8",
            "nvidia.com/gpu.memory",
            "183359",
            "nvidia.com/gpu.present",
            "true",
            "nvidia.com/mig.capable",
            "true",
            "nvidia.com/mig.strategy",
            "mixed",
            "nvidia.com/gpu.deploy.mig-manager",
            "true",
            CONFIG,
            "all-disabled",
            STATE,
            "success",
            "kubernetes.io/hostname",
            name))
        .forEach(labels::put);
    CLIENTS.forEach(client -> labels.put("nvidia.com/gpu.deploy." + client, "true"));
    for (int i = 0; i < 60; i++) {
      labels.put("feature.node.kubernetes.io/cpu-cpuid.FEATURE" + i, "true");
    }
    for (int i = 0; i < 20; i++) {
      labels.put("nvidia.com/some.label-" + i, "value-" + i);
    }
    labels.put("nvidia.com/gfd.timestamp", String.valueOf(name.hashCode()));
    metadata
        .putObject("annotations")
        .put("nfd.node.kubernetes.io/feature-labels", "x".repeat(2000));
    ArrayNode fields = metadata.putArray("managedFields");
    fields.addObject().put("manager", "kubelet").putObject("fieldsV1").put("f:x", "y".repeat(3000));
    node.putObject("spec").put("podCIDR", "10.0.0.0/24");
    ObjectNode status = node.putObject("status");
    status.set("allocatable", resources(Map.of("nvidia.com/gpu", 8)));
    status.set("capacity", resources(Map.of("nvidia.com/gpu", 8)));
    status.putArray("conditions").addObject().put("type", "Ready").put("status", "True");
    ArrayNode images = status.putArray("images");
    for (int i = 0; i < 30; i++) {
      images
          .addObject()
          .put("sizeBytes", 123456789L)
          .putArray("names")
          .add("registry.example.com/team/image-%d@sha256:%064d".formatted(i, i));
    }
    return node;
  }

  private static ObjectNode managerPod(int i) {
    return parse("""
        {"apiVersion": "v1", "kind": "Pod",
         "metadata": {"name": "mig-manager-%d", "namespace": "gpu-operator",
           "labels": {"app": "nvidia-mig-manager"},
           "ownerReferences": [{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "nvidia-mig-manager", "uid": "1", "controller": true}]},
         "spec": {"nodeName": "%s", "containers": [{"name": "nvidia-mig-manager", "image": "nvcr.io/nvidia/cloud-native/k8s-mig-manager:v0.15.0"}]},
         "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
        """.formatted(i, name(i)));
  }

  private static ObjectNode parse(String json) {
    try {
      return (ObjectNode) JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(json, e);
    }
  }
}
