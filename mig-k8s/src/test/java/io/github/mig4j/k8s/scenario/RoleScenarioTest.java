package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.fixture.ClusterUser.eventually;
import static io.github.mig4j.k8s.scenario.Scenario.H100;
import static io.github.mig4j.k8s.scenario.Scenario.LONG;
import static io.github.mig4j.k8s.scenario.Scenario.MAP;
import static io.github.mig4j.k8s.scenario.Scenario.NAMESPACE;
import static io.github.mig4j.k8s.scenario.Scenario.NODE;
import static io.github.mig4j.k8s.scenario.Scenario.QUICK;
import static io.github.mig4j.k8s.scenario.Scenario.SHARING_MAP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBuilder;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.PolicyRuleBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClassBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyRequest;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.change.MigDeadlineException;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.check.Permission;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigEvent;
import io.github.mig4j.k8s.config.MigRole;
import io.github.mig4j.k8s.config.OperatorSettings;
import io.github.mig4j.k8s.dra.DraClient;
import io.github.mig4j.k8s.dra.MigClaim;
import io.github.mig4j.k8s.dra.MigDeviceClass;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.fixture.TestClients;
import io.github.mig4j.k8s.reconcile.MigPolicy;
import io.github.mig4j.k8s.reconcile.MigPolicy.OnDrift;
import io.github.mig4j.k8s.reconcile.PolicyNodes;
import io.github.mig4j.k8s.reconcile.PolicyTarget;
import io.github.mig4j.k8s.reconcile.Reconciler;
import io.github.mig4j.k8s.rollout.Canary;
import io.github.mig4j.k8s.rollout.Rollout;
import io.github.mig4j.k8s.rollout.RolloutPhase;
import io.github.mig4j.k8s.rollout.RolloutStatus;
import io.github.mig4j.k8s.simulator.Trap;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.GpuSharing;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Each use as a user with a client certificate, who has what the manifest of its role grants and nothing
 * else. By the audit log nothing is forbidden, and nothing is granted that is not used.
 */
@Tag("scenario")
@Tag("apiserver")
@ExtendWith(ScenarioServer.class)
class RoleScenarioTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final MigProfile SMALL = MigProfile.parse("1g.10gb");

  private static final List<String> CLAIM_VERSIONS = List.of("v1", "v1beta2", "v1beta1");
  private static final Permission CLAIM_OF_POD =
      new Permission("get", "resource.k8s.io", "resourceclaims", Permission.Scope.CLUSTER);

  KubernetesClient client;
  private TestedCluster cluster;
  private long auditedBytes;
  private final List<HasMetadata> granted = new ArrayList<>();
  private String user = "";
  private boolean readsClaims;
  private KubernetesClient limited;
  private MigClient mig;

  @BeforeEach
  void begin() throws IOException {
    cluster = TestedCluster.require();
    auditedBytes = Files.size(cluster.auditLog());
  }

  @AfterEach
  void end() {
    if (limited != null) {
      limited.close();
    }
    granted.forEach(object -> client.resource(object).delete());
  }

  /** What {@code migctl role} prints; the bindings are the user's as well. */
  private void as(MigRole role) throws IOException {
    user = "mig4j-" + role.name().toLowerCase(Locale.ROOT).replace('_', '-');
    String bindings = role.bindings(NAMESPACE, NAMESPACE, user);
    String subject =
        "- kind: ServiceAccount\n  name: %s\n  namespace: %s\n".formatted(user, NAMESPACE);
    assertThat(bindings).contains(subject);
    String printed = role.manifest()
        + bindings.replace(
            subject,
            subject
                + "- kind: User\n  name: %s\n  apiGroup: rbac.authorization.k8s.io\n"
                    .formatted(user));
    client
        .load(new ByteArrayInputStream(printed.getBytes(StandardCharsets.UTF_8)))
        .items()
        .forEach(object -> granted.add(client.resource(object).create()));
    limited = TestClients.builder()
        .withConfig(Config.fromKubeconfig(cluster.user(user)))
        .build();
    mig = MigClient.of(limited);
  }

  private void assertExactly(MigRole role, Permission... unused) throws IOException {
    Set<Permission> used = new LinkedHashSet<>();
    for (JsonNode event : audited()) {
      JsonNode object = event.get("objectRef");
      if (object == null || !object.has("resource")) {
        continue;
      }
      String sub = object.has("subresource") ? "/" + object.get("subresource").asText() : "";
      Permission permission = new Permission(
          event.get("verb").asText(),
          object.path("apiGroup").asText(""),
          object.get("resource").asText() + sub,
          object.path("namespace").asText("").equals(NAMESPACE)
              ? Permission.Scope.OPERATOR_NAMESPACE
              : Permission.Scope.CLUSTER);
      assertThat(event.at("/responseStatus/code").asInt()).as(event.toString()).isNotEqualTo(403);
      used.add(permission);
    }
    Set<Permission> expected = Permission.of(role).stream()
        .filter(permission -> !List.of(unused).contains(permission))
        .collect(Collectors.toSet());
    assertThat(used).containsExactlyInAnyOrderElementsOf(expected);
  }

  /** What the user has done. */
  private List<JsonNode> audited() throws IOException {
    byte[] log = Files.readAllBytes(cluster.auditLog());
    String text = new String(
        log, (int) auditedBytes, (int) (log.length - auditedBytes), StandardCharsets.UTF_8);
    List<JsonNode> events = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      if (line.contains("\"username\":\"" + user + "\"")) {
        events.add(JSON.readTree(line));
      }
    }
    return events;
  }

  private Scenario start() {
    Scenario node = Scenario.on(client).through(mig).start(H100);
    claimingPod();
    return node;
  }

  /** A pod of the node that has a claim, which only the claim shows to be no GPU. */
  private void claimingPod() {
    Pod pod = client
        .pods()
        .resource(new PodBuilder()
            .withNewMetadata()
            .withName("network")
            .withNamespace("default")
            .endMetadata()
            .withNewSpec()
            .withNodeName(NODE)
            .addNewResourceClaim()
            .withName("nic")
            .withResourceClaimName("nic")
            .endResourceClaim()
            .addNewContainer()
            .withName("main")
            .withImage("registry.k8s.io/pause:3.10")
            .endContainer()
            .endSpec()
            .build())
        .create();
    readsClaims = !pod.getSpec().getResourceClaims().isEmpty()
        && CLAIM_VERSIONS.stream()
            .anyMatch(version -> client.supports("resource.k8s.io/" + version, "ResourceClaim"));
  }

  /**
   * The claims of pods are read where pods can have some. A server before 1.32 drops them or has no API of
   * them that is read; there {@code MigRoleTest} alone shows that each role needs the permission.
   */
  private Permission[] unreadClaims() {
    return readsClaims ? new Permission[0] : new Permission[] {CLAIM_OF_POD};
  }

  private ApplyRequest apply(String config) {
    return mig.node(NODE).apply(config).timings(QUICK);
  }

  /** Where there is no ClusterPolicy, a GPUCluster is looked for. */
  private void withoutAnOperator() {
    assertThat(mig.node(NODE).preflight("small").isClear()).isFalse();
  }

  private static MigConfigSpec cut(int count) {
    return MigConfigSpec.builder()
        .devices(DeviceSelector.ALL)
        .migEnabled(true)
        .putMigDevices(SMALL, count)
        .build();
  }

  /** A failure is explained from the MIG manager's log. */
  private void failOnce() {
    mig.nodes();
    mig.configMap(MAP).merge("other", cut(5));
    assertThatThrownBy(() -> mig.node(NODE)
            .apply("other")
            .timings(ApplyTimings.builder()
                .reaction(Duration.ZERO)
                .work(Duration.ZERO)
                .build())
            .await(LONG))
        .isInstanceOf(MigDeadlineException.class);
  }

  @Test
  void readOnly() throws IOException {
    as(MigRole.READ_ONLY);
    withoutAnOperator();
    try (var node = start()) {
      assertThat(mig.node(NODE).status().config()).contains("all-disabled");
      mig.node(NODE).statusWithHardware();
      assertThat(mig.node(NODE).preflight("small").isClear()).isTrue();
      assertThat(mig.nodes()).hasSize(1);
    }

    assertExactly(MigRole.READ_ONLY, unreadClaims());
  }

  @Test
  void apply() throws IOException {
    as(MigRole.APPLY);
    withoutAnOperator();
    mig.configMap(MAP).merge("small", cut(7));
    try (var node = start()) {
      node.assertVerified(apply("small").await(LONG), "small");
      node.assertVerified(
          mig.node(NODE).rollback().timings(QUICK).await(LONG), "{nvidia.com/gpu=1}", "[{}]");
      mig.node(NODE).markCapable();
      failOnce();
    }

    assertExactly(MigRole.APPLY, unreadClaims());
  }

  @Test
  void drain() throws IOException {
    as(MigRole.DRAIN);
    withoutAnOperator();
    mig.configMap(MAP).merge("small", cut(7));
    try (var node = start()) {
      var job = GpuJob.start(client, "train", Scenario.GPU);
      apply("small").disruption(Disruption.DRAIN).await(LONG);
      job.remove();
      failOnce();
    }

    assertExactly(MigRole.DRAIN, unreadClaims());
  }

  @Test
  void rollout() throws IOException {
    as(MigRole.ROLLOUT);
    withoutAnOperator();
    mig.configMap(MAP).merge("small", cut(7));
    try (var node = start()) {
      var job = GpuJob.start(client, "train", Scenario.GPU);
      Rollout rollout = mig.rollout("to-small")
          .nodes("nvidia.com/gpu.product=NVIDIA-H100-80GB-HBM3")
          .config("small")
          .timings(QUICK)
          .disruption(Disruption.DRAIN);
      assertThat(rollout.dryRun().nodes()).hasSize(1);
      assertThat(rollout.run().isComplete()).isTrue();
      rollout.forget();
      job.remove();
      failOnce();
    }

    assertExactly(MigRole.ROLLOUT, unreadClaims());
  }

  @Test
  void recover() throws IOException {
    as(MigRole.RECOVER);
    withoutAnOperator();
    try (var node = start()) {
      node.set(Trap.API_ERROR_DURING_POD_WAIT);
      node.view().request("medium");
      node.awaitIdle("medium", 1);
      mig.nodes();

      node.assertVerified(mig.node(NODE).recover().timings(QUICK).await(LONG), "medium");
      mig.node(NODE).diagnose();
    }

    assertExactly(MigRole.RECOVER, unreadClaims());
  }

  @Test
  void setup() throws IOException {
    as(MigRole.SETUP);
    assertThat(mig.operator().configMap()).isEmpty();
    try (var node = Scenario.on(client).start(H100)) {
      mig.configMap("mig4j-rollout-a").merge("small", cut(7));
      mig.configMap("mig4j-rollout-a").merge("small", cut(6));
      mig.operator().use(new OperatorSettings(MigStrategy.MIXED, "mig4j-rollout-a"));
      mig.sharingMap(SHARING_MAP).merge("four", DevicePluginConfig.of(GpuSharing.timeSlicing(4)));
      mig.operator().useSharingMap(SHARING_MAP);

      assertThat(mig.operator().configMap()).contains("mig4j-rollout-a");
      assertThat(mig.operator().sharingMap()).contains(SHARING_MAP);
    }

    assertExactly(MigRole.SETUP);
  }

  @Test
  void share() throws IOException {
    as(MigRole.SHARE);
    assertThat(mig.node(NODE).share("four").preflight().isClear()).isFalse();
    mig.sharingMap(SHARING_MAP).merge("four", DevicePluginConfig.of(GpuSharing.timeSlicing(4)));
    mig.sharingMap(SHARING_MAP).merge("two", DevicePluginConfig.of(GpuSharing.timeSlicing(2)));
    try (var node = Scenario.on(client).sharing().through(mig).start(H100)) {
      claimingPod();
      assertThat(mig.node(NODE).share("four").timings(QUICK).await(LONG).allocatable())
          .hasToString("{nvidia.com/gpu=4}");
      assertThat(mig.node(NODE).rollback().timings(QUICK).await(LONG).allocatable())
          .hasToString("{nvidia.com/gpu=1}");
    }
    // Without an operator nothing comes of it, and the device plugin's pods are looked at.
    assertThatThrownBy(() -> mig.node(NODE).share("two").await(Duration.ofSeconds(3)))
        .isInstanceOf(MigDeadlineException.class);

    assertExactly(MigRole.SHARE, unreadClaims());
  }

  @Test
  void events() throws IOException {
    as(MigRole.EVENTS);

    mig.nodeEvents()
        .onEvent(new MigEvent.ChangeEnded(
            NODE, "small", MigEvent.Outcome.VERIFIED, Duration.ZERO, "stable for 5 s"));

    assertExactly(MigRole.EVENTS);
  }

  @Test
  void claim() throws IOException {
    as(MigRole.CLAIM);
    try (var definitions = DraDefinitions.install(client)) {
      DraClient dra = mig.dra();

      dra.apply(MigClaim.of(SMALL).claim("train").inNamespace("default"));
      dra.apply(MigClaim.of(SMALL).template("mig-1g").inNamespace("default"));
      dra.apply(MigDeviceClass.bridge(SMALL).object());
      client
          .resources(DeviceClass.class)
          .withName("mig-1g.10gb")
          .edit(
              current -> new DeviceClassBuilder(current).withNewSpec().endSpec().build());
      dra.apply(MigDeviceClass.bridge(SMALL).object());
      assertThat(dra.inventory().nodes()).isEmpty();
    }

    assertExactly(MigRole.CLAIM);
  }

  /** A server before 1.32 drops the claims of a pod, so that what is read for such a pod is read here. */
  @Test
  void pending() throws IOException {
    as(MigRole.PENDING);
    try (var definitions = DraDefinitions.install(client)) {
      assertThat(mig.dra().snapshot().unallocated()).isEmpty();
    }

    assertExactly(MigRole.PENDING);
  }

  /** A reconciler without a permission runs, and says what it needs. */
  @Test
  void reconcile_withoutThePermissionToReadPods_waits_untilItIsGranted() throws Exception {
    try (var nodes = SimulatedNodes.start(client, 1, H100)) {
      as(MigRole.ROLLOUT);
      ClusterRole full = client.rbac().clusterRoles().withName("mig4j-rollout").require();
      grant(full.getRules().stream()
          .filter(rule -> !rule.getResources().contains("pods"))
          .toList());
      String name = NODE + "-1";
      MigPolicy policy = MigPolicy.builder()
          .name("small")
          .nodes(PolicyNodes.named(name))
          .putGpus(H100.id(), new PolicyTarget.Layout(new TreeMap<>(Map.of(SMALL, 7))))
          .build();
      try (var running = mig.with(mig.settings().withOperatorNamespace(NAMESPACE))
          .reconciler(List.of(policy))
          .timings(QUICK)
          .start()) {
        eventually(() -> standing(running, name).contains("permission"));

        assertThat(standing(running, name))
            .endsWith(
                "; this client is not allowed to list and watch pods in all namespaces; grant it the permissions of ClusterRole mig4j-rollout");
        grant(full.getRules());
        eventually(() -> standing(running, name).equals("as declared"));
      }
    }
  }

  /** The API server ends no watch when a role loses a rule; it refuses the next one. */
  @Test
  void reconcile_whosePermissionToWatchIsTakenAway_waits_untilItIsGrantedAgain() throws Exception {
    try (var nodes = SimulatedNodes.start(client, 2, H100);
        var proxy = asBehindProxy(MigRole.ROLLOUT)) {
      ClusterRole full = client.rbac().clusterRoles().withName("mig4j-rollout").require();
      MigPolicy policy = MigPolicy.builder()
          .name("small")
          .nodes(PolicyNodes.named(NODE + "-1", NODE + "-2"))
          .putGpus(H100.id(), new PolicyTarget.Layout(new TreeMap<>(Map.of(SMALL, 7))))
          .onDrift(OnDrift.RESTORE)
          .build();
      try (var running = mig.reconciler(List.of(policy)).timings(QUICK).start()) {
        eventually(() -> standing(running, NODE + "-1").equals("as declared")
            && standing(running, NODE + "-2").equals("as declared"));

        grantWithout(full, "nodes", "watch", "list");
        relabel(NODE + "-1");
        // The watch that is open goes on, so the drift is seen and repaired.
        eventually(() -> standing(running, NODE + "-1").startsWith("changing"));
        eventually(() -> standing(running, NODE + "-1").equals("as declared"));
        proxy.dropWatches();
        eventually(() -> standing(running, NODE + "-1").startsWith("waits")
            && standing(running, NODE + "-2").startsWith("waits"));

        assertThat(standing(running, NODE + "-1"))
            .isEqualTo(
                "waits: it is not known how it stands; this client is not allowed to list and watch nodes; grant it the permissions of ClusterRole mig4j-rollout");
        relabel(NODE + "-2");
        grant(full.getRules());
        // The standing is that of the last list until the nodes are listed again.
        eventually(() -> ClusterUser.labels(client.nodes().withName(NODE + "-2").get())
                .get(ClusterUser.CONFIG)
                .startsWith("small-")
            && standing(running, NODE + "-1").equals("as declared")
            && standing(running, NODE + "-2").equals("as declared"));
      }
    }
  }

  @Test
  void rollout_whosePermissionToWatchIsTakenAway_endsAndSaysSo_andContinuesLater()
      throws Exception {
    try (var nodes = SimulatedNodes.start(client, 2, H100);
        var proxy = asBehindProxy(MigRole.ROLLOUT)) {
      mig.configMap(MAP).merge("small", cut(7));
      ClusterRole full = client.rbac().clusterRoles().withName("mig4j-rollout").require();
      Rollout rollout = mig.rollout("to-small")
          .nodes(List.of(NODE + "-1", NODE + "-2"))
          .config("small")
          .canary(1, Canary.awaitApproval())
          .timings(QUICK);
      CompletableFuture<RolloutStatus> end = rollout.start();
      eventually(() -> rollout
          .status()
          .filter(status -> status.phase() == RolloutPhase.PAUSED)
          .isPresent());

      grantWithout(full, "pods", "watch", "list");
      proxy.dropWatches();

      assertThatThrownBy(() -> end.get(1, TimeUnit.MINUTES))
          .cause()
          .isInstanceOf(MigClusterException.class)
          .hasMessage(
              "This client is not allowed to list and watch pods in all namespaces; grant it the permissions of ClusterRole mig4j-rollout");
      grant(full.getRules());
      rollout.resume();
      assertThat(rollout.run().isComplete()).isTrue();
    }
  }

  private FaultProxy asBehindProxy(MigRole role) throws IOException {
    as(role);
    limited.close();
    FaultProxy proxy = FaultProxy.to(Config.fromKubeconfig(cluster.user(user)));
    limited = TestClients.builder().withConfig(proxy.config()).build();
    mig = MigClient.of(limited);
    return proxy;
  }

  private void relabel(String node) {
    client
        .nodes()
        .withName(node)
        .edit(before -> new NodeBuilder(before)
            .editMetadata()
            .addToLabels(ClusterUser.CONFIG, "all-disabled")
            .endMetadata()
            .build());
  }

  private void grantWithout(ClusterRole full, String resource, String... verbs) {
    grant(full.getRules().stream()
        .map(rule -> rule.getResources().contains(resource)
            ? new PolicyRuleBuilder(rule).removeFromVerbs(verbs).build()
            : rule)
        .filter(rule -> !rule.getVerbs().isEmpty())
        .toList());
  }

  private void grant(List<PolicyRule> rules) {
    client
        .rbac()
        .clusterRoles()
        .withName("mig4j-rollout")
        .edit(role -> new ClusterRoleBuilder(role).withRules(rules).build());
  }

  private static String standing(Reconciler.Running running, String node) {
    return Optional.ofNullable(running.outcomes().get(node))
        .map(outcome -> outcome.standing().message())
        .orElse("");
  }
}
