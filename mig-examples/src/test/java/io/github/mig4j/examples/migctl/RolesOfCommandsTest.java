package io.github.mig4j.examples.migctl;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.github.mig4j.k8s.check.Permission;
import io.github.mig4j.k8s.check.Permission.Scope;
import io.github.mig4j.k8s.config.MigRole;
import io.github.mig4j.k8s.simulator.SimulatorTimings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** docs/rbac.md: each command works for a client that has exactly the roles of its row. */
class RolesOfCommandsTest {

  private static final Path PAGE = Path.of("..", "docs", "rbac.md");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `(migctl .+)` \\| (`.+`) \\|$");
  private static final String TOKEN = "Bearer of-these-roles";

  /** The rollout has ended, and the cluster has no DRA; that is the answer, also with every right. */
  private static final Set<String> NEGATIVE =
      Set.of("rollout pause", "rollout resume", "rollout abort", "dra inventory");

  private static final String FILE = """
      version: v1
      mig-configs:
        b200-split-small:
          - devices: all
            mig-enabled: true
            mig-devices: {"1g.23gb": 7}
        b200-split-medium:
          - devices: all
            mig-enabled: true
            mig-devices: {"2g.45gb": 3}
      """;

  @TempDir
  Path folder;

  private final List<Permission> forbidden = Collections.synchronizedList(new ArrayList<>());
  private volatile Set<Permission> granted = Set.of();

  @Test
  void eachCommand_worksWithTheRolesOfItsRow() throws IOException {
    Terminal terminal = new Terminal(folder);
    Files.writeString(folder.resolve("mig-config.yaml"), FILE);
    Files.writeString(
        folder.resolve("policies.yaml"),
        "policies: [{name: p, nodes: {names: [gpu-node]}, gpus: {b200-180gb: {layout: {1g.23gb: 7}}}}]");
    try (SimulatedCluster cluster = new SimulatedCluster(
        terminal, operator -> operator.timings(SimulatorTimings.builder().build()))) {
      cluster.authorize(this::refusal);
      identify(terminal);

      for (MatchResult row : rows()) {
        forbidden.clear();
        granted = roles(row.group(2))
            .flatMap(role -> Permission.of(role).stream())
            .collect(Collectors.toSet());

        String printed = terminal.run(row.group(1), "");

        String expected = NEGATIVE.stream().anyMatch(row.group(1)::contains) ? "1\n" : "0\n";
        assertThat(forbidden).as("%s: %s", row.group(1), printed).isEmpty();
        assertThat(terminal.run("echo $?", ""))
            .as("%s: %s", row.group(1), printed)
            .isEqualTo(expected);
      }
    }
  }

  /** Without the rule of a row the command is refused, so that the test above can fail. */
  @Test
  void command_withTheRoleOfAnother_isRefused() throws IOException {
    Terminal terminal = new Terminal(folder);
    try (SimulatedCluster cluster = new SimulatedCluster(
        terminal, operator -> operator.timings(SimulatorTimings.builder().build()))) {
      cluster.authorize(this::refusal);
      identify(terminal);
      granted = Permission.of(MigRole.READ_ONLY);

      assertThat(terminal.run("migctl apply gpu-node all-disabled --exact --gate", ""))
          .contains("this client is not allowed to patch nodes");
      assertThat(terminal.run("migctl share gpu-node --time-slicing 4 --setup plugin", ""))
          .startsWith(
              "Node gpu-node cannot be shared: this client is not allowed to watch nodes; ");
      assertThat(terminal.run("echo $?", "")).isEqualTo("3\n");
    }
  }

  @Test
  void page_hasEveryCommandThatUsesACluster() throws IOException {
    List<String> onThePage = rows().stream().map(row -> row.group(1)).toList();

    assertThat(clusterCommands("migctl", Migctl.commandLine()))
        .isNotEmpty()
        .filteredOn(command -> !command.equals("migctl simulate"))
        .allSatisfy(command ->
            assertThat(onThePage).anyMatch(row -> (row + " ").startsWith(command + " ")));
  }

  private static List<String> clusterCommands(String name, CommandLine command) {
    List<String> found = new ArrayList<>();
    if (command.getCommandSpec().findOption("--kubeconfig") != null) {
      found.add(name);
    }
    command
        .getSubcommands()
        .forEach((sub, line) -> found.addAll(clusterCommands(name + " " + sub, line)));
    return found;
  }

  private static List<MatchResult> rows() throws IOException {
    return ROW.matcher(Files.readString(PAGE)).results().toList();
  }

  private static Stream<MigRole> roles(String cell) {
    return Stream.of(cell.replace("`", "").split(", ", -1))
        .map(name -> MigRole.valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_')));
  }

  /** The kubeconfig's user is told from the operator by a token. */
  private static void identify(Terminal terminal) throws IOException {
    Path kubeconfig = terminal.kubeconfig();
    Files.writeString(
        kubeconfig,
        Files.readString(kubeconfig)
            .replace("user: {}", "user: {token: %s}".formatted(TOKEN.split(" ", 2)[1])));
  }

  private Optional<MockResponse> refusal(RecordedRequest request) {
    URI uri = URI.create(request.getPath());
    boolean isOfTheClient = TOKEN.equals(request.getHeader("Authorization"));
    if (!isOfTheClient || uri.getPath().matches("/apis(/[^/]+/[^/]+)?|/api|/version")) {
      return Optional.empty();
    }
    Permission needed = needed(request.getMethod(), uri);
    if (needed.resource().equals("selfsubjectaccessreviews")) {
      return Optional.of(review(request.getBody().readUtf8()));
    }
    if (allows(needed)) {
      return Optional.empty();
    }
    forbidden.add(needed);
    return Optional.of(new MockResponse()
        .setResponseCode(403)
        .setBody("{\"kind\": \"Status\", \"code\": 403, \"message\": \"forbidden\"}"));
  }

  /** What is granted for the cluster is granted in each namespace. */
  private boolean allows(Permission needed) {
    return granted.contains(needed)
        || granted.contains(
            new Permission(needed.verb(), needed.group(), needed.resource(), Scope.CLUSTER));
  }

  private MockResponse review(String body) {
    Map<?, ?> asked = Serialization.unmarshal(body, Map.class);
    Map<?, ?> what = (Map<?, ?>) ((Map<?, ?>) asked.get("spec")).get("resourceAttributes");
    Permission permission = new Permission(
        String.valueOf(what.get("verb")),
        what.get("group") == null ? "" : String.valueOf(what.get("group")),
        what.get("resource")
            + (what.get("subresource") == null ? "" : "/" + what.get("subresource")),
        what.get("namespace") == null ? Scope.CLUSTER : Scope.OPERATOR_NAMESPACE);
    return new MockResponse()
        .setResponseCode(201)
        .setBody(
            "{\"apiVersion\": \"authorization.k8s.io/v1\", \"kind\": \"SelfSubjectAccessReview\","
                + " \"status\": {\"allowed\": " + allows(permission) + "}}");
  }

  /** {@code /api/v1/…} or {@code /apis/GROUP/VERSION/…}, then perhaps a namespace. */
  private static Permission needed(String method, URI uri) {
    List<String> path = List.of(uri.getPath().substring(1).split("/", -1));
    boolean core = path.get(0).equals("api");
    List<String> rest = path.subList(core ? 2 : 3, path.size());
    boolean namespaced = rest.get(0).equals("namespaces") && rest.size() > 2;
    List<String> names = namespaced ? rest.subList(2, rest.size()) : rest;
    return new Permission(
        verb(method, String.valueOf(uri.getQuery()), names.size() > 1),
        core ? "" : path.get(1),
        names.get(0) + (names.size() > 2 ? "/" + names.get(2) : ""),
        namespaced && rest.get(1).equals("gpu-operator")
            ? Scope.OPERATOR_NAMESPACE
            : Scope.CLUSTER);
  }

  private static String verb(String method, String query, boolean named) {
    return switch (method) {
      case "GET" -> query.contains("watch=true") ? "watch" : named ? "get" : "list";
      case "POST" -> "create";
      case "PUT" -> "update";
      case "PATCH" -> "patch";
      case "DELETE" -> named ? "delete" : "deletecollection";
      default -> throw new IllegalArgumentException("No verb of RBAC: " + method);
    };
  }
}
