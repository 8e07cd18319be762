package io.github.mig4j.k8s.reconcile;

import static io.github.mig4j.k8s.reconcile.Nodes.B200;
import static io.github.mig4j.k8s.reconcile.Nodes.G1;
import static io.github.mig4j.k8s.reconcile.Nodes.G3;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClassBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.config.MigRole;
import io.github.mig4j.k8s.dra.MigClaim;
import io.github.mig4j.k8s.dra.MigDeviceClass;
import io.github.mig4j.k8s.dra.MigSelector;
import io.github.mig4j.k8s.fixture.ApiFaults;
import io.github.mig4j.k8s.fixture.Claims;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.RecordedRequests;
import io.github.mig4j.k8s.simulator.SimulatedDraDriver;
import io.github.mig4j.layout.MigLayout;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Pods that wait for devices by claims, on nodes whose devices the DRA driver publishes. */
@ExtendWith(MockApiServer.class)
class PendingClaimsTest {

  private static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");
  private static final MigLayout WHOLE = MigLayout.on(B200).build();

  KubernetesMockServer server;
  KubernetesClient client;
  ApiFaults faults;
  private SimulatedDraDriver driver;

  @BeforeEach
  void createDriver() {
    driver = SimulatedDraDriver.of(client);
    String ofType =
        "device.driver == 'gpu.nvidia.com' && device.attributes['gpu.nvidia.com'].type == '%s'";
    deviceClass("mig.nvidia.com", ofType.formatted("mig"));
    deviceClass("gpu.nvidia.com", ofType.formatted("gpu"));
    deviceClass("fpga", "device.driver == 'fpga.example.com'");
  }

  private void deviceClass(String name, String expression) {
    client
        .resource(new DeviceClassBuilder()
            .withNewMetadata()
            .withName(name)
            .endMetadata()
            .withNewSpec()
            .addNewSelector()
            .withNewCel(expression)
            .endSelector()
            .endSpec()
            .build())
        .create();
  }

  /** A node where the DRA driver runs in place of the device plugin. */
  private void node(String name, MigLayout... gpus) {
    node(name, Map.of());
    driver.publishStatic(name, List.of(gpus));
  }

  private void node(String name, Map<String, String> labels) {
    client
        .resource(new NodeBuilder(Nodes.object(name, labels, (MigLayout) null))
            .editStatus()
            .withAllocatable(Map.of())
            .endStatus()
            .build())
        .create();
  }

  private void claim(String name, MigClaim claim) {
    MigClient.of(client).dra().apply(claim.claim(name).inNamespace("ml"));
  }

  private void claim(String name, String devices) {
    client
        .load(
            new ByteArrayInputStream("""
            {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim",
             "metadata": {"name": "%s", "namespace": "ml"}, "spec": {"devices": {"requests": [%s]}}}
            """.formatted(name, devices).getBytes(StandardCharsets.UTF_8)))
        .create();
  }

  private static String request(String deviceClass, String more) {
    return """
        {"name": "mig", "exactly": {"deviceClassName": "%s"%s}}
        """.formatted(deviceClass, more);
  }

  private static PodBuilder claiming(String name, String... claims) {
    PodBuilder pod = new PodBuilder(Nodes.pod(name, Map.of()));
    for (String claim : claims) {
      pod.editSpec()
          .addNewResourceClaim()
          .withName(claim)
          .withResourceClaimName(claim)
          .endResourceClaim()
          .endSpec();
    }
    return pod;
  }

  private void waiting(String name, String... claims) {
    client.resource(claiming(name, claims).build()).create();
  }

  private PendingPods pending() {
    return MigClient.of(client).pendingPods();
  }

  private List<String> messages() {
    return pending().answers().stream().map(PodAnswer::message).toList();
  }

  private PodAnswer.Unserved unserved() {
    return (PodAnswer.Unserved) pending().answers().get(0);
  }

  @Test
  void pod_whoseClaimNoDeviceMeets_isServedByACutOfAnIdleGpu() {
    node("a", MigLayout.on(B200).add(G3, 2).build());
    node("b", WHOLE);
    claim("busy", MigClaim.of(MigSelector.profile(G3), 2));
    driver.schedule();
    claim("train", MigClaim.of(MigSelector.profile(G1), 2));
    waiting("train", "train");

    PendingPods pending = pending();

    assertThat(pending.answers())
        .extracting(PodAnswer::message)
        .containsExactly("ml/train: node b will serve it after a change of its layout");
    assertThat(pending.answers().get(0).pod().devices()).isEqualTo(Map.of(G1, 2));
    assertThat(pending.changes().get("b").get(0).devices()).containsEntry(G1, 7);
  }

  @Test
  void pod_whoseClaimIsOfATemplate_isReadByTheNameInItsStatus() {
    node("a", MigLayout.on(B200).add(G1, 1).build());
    claim("train-mig-x7k2p", MigClaim.of(G1));
    client
        .resource(new PodBuilder(Nodes.pod("train", Map.of()))
            .editSpec()
            .addNewResourceClaim()
            .withName("mig")
            .withResourceClaimTemplateName("mig-1g")
            .endResourceClaim()
            .endSpec()
            .editStatus()
            .addNewResourceClaimStatus()
            .withName("mig")
            .withResourceClaimName("train-mig-x7k2p")
            .endResourceClaimStatus()
            .endStatus()
            .build())
        .create();

    assertThat(messages())
        .containsExactly(
            "ml/train: node a has its devices free, so it waits for something else; see 'kubectl describe pod'");
  }

  @Test
  void pods_doNotCountAFreeDeviceTwice() {
    node("a", MigLayout.on(B200).add(G1, 1).build());
    node("b", WHOLE);
    claim("one", MigClaim.of(G1));
    claim("two", MigClaim.of(G1));
    waiting("one", "one");
    waiting("two", "two");

    assertThat(messages())
        .containsExactly(
            "ml/one: node a has its devices free, so it waits for something else; see 'kubectl describe pod'",
            "ml/two: node b will serve it after a change of its layout");
  }

  @Test
  void pods_byClaimAndByResource_areServedByNodesOfTheirKind() {
    client.resource(Nodes.object("plugin", Map.of(), (MigLayout) null)).create();
    node("dra", WHOLE);
    claim("train", MigClaim.of(G1));
    waiting("by-claim", "train");
    client.resource(Nodes.pod("by-resource", Map.of(G1, 1))).create();

    PendingPods pending = pending();

    assertThat(pending.answers())
        .extracting(PodAnswer::message)
        .containsExactly(
            "ml/by-claim: node dra will serve it after a change of its layout",
            "ml/by-resource: node plugin will serve it after a change of its layout");
    assertThat(pending.changes()).containsOnlyKeys("dra", "plugin");
  }

  @Test
  void nodeWithAnAllocatedDevice_isNotCut() {
    node("a", WHOLE, MigLayout.on(B200).add(G3, 2).build());
    claim("busy", MigClaim.of(G3));
    driver.schedule();
    claim("train", MigClaim.of(G1));
    waiting("train", "train");

    assertThat(unserved().reason()).isEqualTo(PodAnswer.Reason.NODES_KEPT);
    assertThat(messages())
        .containsExactly("ml/train: no node will serve it: node a: pods use its GPUs");
  }

  @Test
  void partitionableNode_fitsAsTheCountersSay_andIsNeverCut() {
    node("a", Map.of());
    driver.publishPartitionable("a", List.of(B200));
    claim("busy", MigClaim.of(G3));
    driver.schedule();
    claim("half", MigClaim.of(G3));
    claim("more", MigClaim.of(G1));
    waiting("half", "half");
    waiting("more", "more");

    assertThat(messages())
        .containsExactly(
            "ml/half: node a has its devices free, so it waits for something else; see 'kubectl describe pod'",
            "ml/more: no node will serve it: node a: its driver creates devices when they are claimed, so no GPU is cut");
  }

  @Test
  void claimOfOurDeviceClass_isReadByTheSelectorOfTheClass() {
    node("a", WHOLE);
    MigDeviceClass half = MigDeviceClass.of("half", MigSelector.profile(G3));
    MigClient.of(client).dra().apply(half.object());
    claim("train", MigClaim.of(half, 1));
    waiting("train", "train");

    assertThat(pending().changes().get("a").get(0).devices()).containsEntry(G3, 2);
  }

  @Test
  void claimForAProduct_isServedOnNodesOfThatProduct() {
    MigProfile small = MigProfile.parse("1g.10gb");
    node("a", WHOLE);
    claim("train", MigClaim.of(MigSelector.profile(small).on(H100), 1));
    waiting("train", "train");

    assertThat(messages())
        .containsExactly(
            "ml/train: no node will serve it: no node has GPUs of product NVIDIA H100 80GB HBM3 or NVIDIA H800; select another productName");
    client
        .resource(new NodeBuilder(Nodes.object("h", Map.of(), (MigLayout) null))
            .editMetadata()
            .addToLabels("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3")
            .endMetadata()
            .build())
        .create();
    driver.publishStatic("h", List.of(MigLayout.on(H100).build()));
    assertThat(messages())
        .containsExactly("ml/train: node h will serve it after a change of its layout");
  }

  @Test
  void claimOfAlternatives_isPlannedForTheFirst() {
    node("a", WHOLE);
    String selector = """
        , "selectors": [{"cel": {"expression": "device.attributes['gpu.nvidia.com'].profile == '%s'"}}]
        """;
    claim("train", """
        {"name": "mig", "firstAvailable": [{"name": "l", "deviceClassName": "mig.nvidia.com"%s},
          {"name": "s", "deviceClassName": "mig.nvidia.com"%s}]}
        """.formatted(selector.formatted(G3), selector.formatted(G1)));
    waiting("train", "train");

    assertThat(pending().answers().get(0).pod().devices()).isEqualTo(Map.of(G3, 1));
  }

  @Test
  void claimThatCannotBePlannedFor_fitsWhereItsDevicesAreFree() {
    node("a", MigLayout.on(B200).add(G1, 4).build());
    claim("memory", MigClaim.of(MigSelector.memoryMib(1024), 1));
    claim("pair", MigClaim.of(MigSelector.profile(G1), 2).onOneGpu());
    waiting("memory", "memory");
    waiting("pair", "pair");

    assertThat(pending().answers()).allMatch(PodAnswer.Fits.class::isInstance).hasSize(2);
  }

  @Test
  void claimThatCannotBePlannedFor_saysWhy() {
    node("a", WHOLE);
    String profile = """
        , "selectors": [{"cel": {"expression": "device.attributes['gpu.nvidia.com'].profile == '1g.23gb'"}}]
        """;
    Map<String, String> reasons = new HashMap<>();
    claim("memory", MigClaim.of(MigSelector.memoryMib(20 * 1024), 1));
    reasons.put(
        "memory",
        "claim ml/memory: it selects by memory, for which no GPU is cut; select by profile and productName only");
    claim("any", MigClaim.of(MigSelector.any(), 1));
    reasons.put(
        "any",
        "claim ml/any: its selectors do not say one profile; select by one, such as device.attributes['gpu.nvidia.com'].profile == '1g.23gb'");
    claim(
        "pinned",
        request(
            "mig.nvidia.com",
            profile.replace(
                "1g.23gb'", "1g.23gb' && device.attributes['gpu.nvidia.com'].uuid == 'MIG-1'")));
    reasons.put(
        "pinned",
        "claim ml/pinned: it selects by uuid, for which no GPU is cut; select by profile and productName only");
    claim("all", request("mig.nvidia.com", profile + ", \"allocationMode\": \"All\""));
    reasons.put(
        "all",
        "claim ml/all: it requests all devices that there are, for which no GPU is cut; request a count");
    claim("pair", MigClaim.of(MigSelector.profile(G1), 2).onOneGpu());
    reasons.put(
        "pair",
        "claim ml/pair: its devices must have something in common, such as the GPU, for which nothing is planned; claim one larger device, or remove the constraint");
    claim("admin", request("mig.nvidia.com", profile + ", \"adminAccess\": true"));
    reasons.put(
        "admin",
        "claim ml/admin: it requests admin access, which takes no device; see 'kubectl describe pod'");
    claim("none", request("absent", ""));
    reasons.put("none", "claim ml/none: DeviceClass absent does not exist; create it");
    claim(
        "unread",
        request(
            "mig.nvidia.com", ", \"selectors\": [{\"cel\": {\"expression\": \"device.shiny\"}}]"));
    reasons.put(
        "unread",
        "claim ml/unread: the selector 'device.shiny' is not read; join conditions on driver, attributes and capacity by &&, such as device.attributes['gpu.nvidia.com'].profile == '1g.23gb'");
    claim(
        "both",
        request("mig.nvidia.com", profile)
            + ", {\"name\": \"fpga\", \"exactly\": {\"deviceClassName\": \"fpga\"}}");
    reasons.put(
        "both", "its claims also request devices that are no MIG devices; request one kind");
    reasons.put("missing", "ResourceClaim ml/missing does not exist; create it");
    reasons.keySet().forEach(name -> waiting(name, name));

    assertThat(pending().answers()).hasSize(reasons.size()).allSatisfy(answer -> {
      String name = answer.pod().name();
      assertThat(answer.message())
          .isEqualTo(
              "%s: no node will serve it: %s", name, reasons.get(name.substring("ml/".length())));
      assertThat(((PodAnswer.Unserved) answer).reason()).isEqualTo(PodAnswer.Reason.NOT_READ);
    });
  }

  @Test
  void podWithoutItsClaimYet_orWithAnotherKindOfRequest_saysSo() {
    node("a", WHOLE);
    claim("shared", MigClaim.of(G1));
    claim("mixed", MigClaim.of(G1));
    waiting("a-first", "shared");
    waiting("b-second", "shared");
    Pod mixed = new PodBuilder(Nodes.pod("c-mixed", Map.of(G1, 1)))
        .editSpec()
        .addNewResourceClaim()
        .withName("mig")
        .withResourceClaimName("mixed")
        .endResourceClaim()
        .endSpec()
        .build();
    client.resource(mixed).create();
    client
        .resource(claiming("d-early")
            .editSpec()
            .addNewResourceClaim()
            .withName("mig")
            .withResourceClaimTemplateName("mig-1g")
            .endResourceClaim()
            .endSpec()
            .build())
        .create();

    assertThat(messages())
        .containsExactly(
            "ml/a-first: node a will serve it after a change of its layout",
            "ml/b-second: no node will serve it: it shares claim ml/shared with pod ml/a-first and can run where that pod runs; see the answer for that pod",
            "ml/c-mixed: no node will serve it: it requests MIG devices by resource names and by claims, and no node offers both; request them in one way",
            "ml/d-early: no node will serve it: its claim 'mig' is not created from its template mig-1g yet; see 'kubectl describe pod'");
  }

  @Test
  void podWhoseClaimsAreForOtherDevices_isNotOneThatWaitsForMigDevices() {
    node("a", WHOLE);
    client.resource(Nodes.object("plugin", Map.of(), (MigLayout) null)).create();
    claim("gpu", request("gpu.nvidia.com", ""));
    waiting("gpu", "gpu");
    String unread = ", \"selectors\": [{\"cel\": {\"expression\": \"device.rdma\"}}]";
    claim("fpga", request("fpga", unread + ", \"capacity\": {\"requests\": {\"luts\": \"1k\"}}"));
    waiting("fpga", "fpga");
    claim("nic", request("absent", unread));
    client
        .resource(new PodBuilder(Nodes.pod("beside", Map.of(G1, 1)))
            .editSpec()
            .addNewResourceClaim()
            .withName("nic")
            .withResourceClaimName("nic")
            .endResourceClaim()
            .endSpec()
            .build())
        .create();

    assertThat(messages())
        .containsExactly("ml/beside: node plugin will serve it after a change of its layout");
  }

  @Test
  void podWithAClaimThatIsAllocated_saysThatItIsBound() {
    node("a", MigLayout.on(B200).add(G1, 1).build());
    node("b", WHOLE);
    claim("bound", MigClaim.of(G1));
    driver.schedule();
    claim("open", MigClaim.of(G1));
    waiting("train", "bound", "open");
    waiting("whole", "bound");

    assertThat(messages())
        .containsExactly(
            "ml/train: no node will serve it: its claim ml/bound is allocated, which binds it to a node where it does not get the others; release that claim");
  }

  @Test
  void nodeOfWhichASliceIsMissing_isKept() {
    node("a", WHOLE);
    client
        .resources(ResourceSlice.class)
        .list()
        .getItems()
        .forEach(slice -> client
            .resource(new ResourceSliceBuilder(slice)
                .editSpec()
                .editPool()
                .withResourceSliceCount(2L)
                .endPool()
                .endSpec()
                .build())
            .update());
    claim("train", MigClaim.of(G1));
    waiting("train", "train");

    assertThat(messages())
        .containsExactly(
            "ml/train: no node will serve it: node a: a model, a PCI address or a layout of its GPUs is unknown, or a ResourceSlice is missing; see 'kubectl get resourceslices -o yaml'");
  }

  @Test
  void withoutADraDriver_thePodSaysSo() {
    client.resource(Nodes.object("plugin", Map.of(), (MigLayout) null)).create();
    claim("train", MigClaim.of(G1));
    waiting("train", "train");

    assertThat(messages())
        .containsExactly(
            "ml/train: no node will serve it: no node has devices of NVIDIA's DRA driver; install it, or request nvidia.com/mig-1g.23gb");
  }

  @Test
  void nodeWhereTheOperatorRunsNoMigManager_isKept() {
    node("a", Map.of("nvidia.com/gpu-operator.resource-allocation.mode", "dra"));
    driver.publishStatic("a", List.of(WHOLE));
    claim("train", MigClaim.of(G1));
    waiting("train", "train");
    client.resource(Nodes.pod("x-by-resource", Map.of(G1, 1))).create();

    assertThat(messages())
        .containsExactly(
            "ml/train: no node will serve it: node a: no MIG manager runs there because of its label nvidia.com/gpu-operator.resource-allocation.mode=dra; change its GPUs by hand",
            "ml/x-by-resource: no node will serve it: no GPU of these nodes has 1g.23gb; see the profiles of their models");
  }

  @Test
  void claimsAndClasses_areListedOnce_andOnlyIfAPodThatWaitsHasClaims() {
    node("a", WHOLE);
    claim("one", MigClaim.of(G1));
    claim("two", MigClaim.of(G1));
    Claims.serve(server);
    RecordedRequests requests = new RecordedRequests();
    try (KubernetesClient recorded = requests.client(client.getConfiguration())) {
      client.resource(Nodes.pod("by-resource", Map.of(G1, 1))).create();
      MigClient.of(recorded).pendingPods();
      assertThat(dra(requests)).isEmpty();

      waiting("one", "one");
      waiting("two", "two");
      MigClient.of(recorded).pendingPods();

      assertThat(dra(requests))
          .containsExactly(
              "GET /apis/resource.k8s.io/v1/resourceclaims",
              "GET /apis/resource.k8s.io/v1/deviceclasses",
              "GET /apis/resource.k8s.io/v1/resourceslices");
    }
  }

  /** So a pod that starts meanwhile does not both wait and use a GPU. */
  @Test
  void pods_areListedOnce() {
    node("a", WHOLE);
    client.resource(Nodes.pod("by-resource", Map.of(G1, 1))).create();
    RecordedRequests requests = new RecordedRequests();
    try (KubernetesClient recorded = requests.client(client.getConfiguration())) {
      MigClient.of(recorded).pendingPods();

      assertThat(requests.all()).containsOnlyOnce("GET /api/v1/pods");
    }
  }

  /** No policy verifies a change of such a node, and the answer of a reconciler says so. */
  @Test
  void reconciler_answersForThePodToo_andKeepsTheNode() {
    Claims.serve(server);
    node("a", WHOLE, MigLayout.on(B200).add(G1, 1).build());
    claim("one", MigClaim.of(G1));
    claim("two", MigClaim.of(G1));
    waiting("one", "one");
    waiting("two", "two");
    MigPolicy demand = MigPolicy.builder()
        .name("demand")
        .nodes(PolicyNodes.named("a"))
        .putGpus(
            "b200-180gb",
            new PolicyTarget.ForDemand(
                Collections.emptySortedMap(),
                PolicyTarget.ForDemand.Pods.SERVED,
                OptionalInt.empty()))
        .build();
    try (Reconciler.Running running =
        MigClient.of(client).reconciler(List.of(demand)).start()) {
      ClusterUser.eventually(() -> running.answers().size() == 2);

      assertThat(running.answers())
          .extracting(PodAnswer::message)
          .containsExactlyInAnyOrder(
              "ml/one: node a has its devices free, so it waits for something else; see 'kubectl describe pod'",
              "ml/two: no node will serve it: node a: its devices are published by NVIDIA's DRA driver, where no policy verifies a change; change its layout, and restart the driver's pod there");
    }
  }

  @Test
  void reconciler_listsClaimsAgain_onlyIfPodsWithOtherClaimsWait() {
    Claims.serve(server);
    node("a", WHOLE);
    claim("one", MigClaim.of(G1));
    claim("two", MigClaim.of(G1));
    waiting("one", "one");
    MigPolicy demand = MigPolicy.builder()
        .name("demand")
        .nodes(PolicyNodes.named("a"))
        .putGpus(
            "b200-180gb",
            new PolicyTarget.ForDemand(
                Collections.emptySortedMap(),
                PolicyTarget.ForDemand.Pods.SERVED,
                OptionalInt.empty()))
        .build();
    RecordedRequests requests = new RecordedRequests();
    try (KubernetesClient recorded = requests.client(client.getConfiguration());
        Reconciler.Running running =
            MigClient.of(recorded).reconciler(List.of(demand)).start()) {
      ClusterUser.eventually(() -> running.answers().size() == 1);
      client.resource(Nodes.pod("by-resource", Map.of(G1, 1))).create();
      ClusterUser.eventually(() -> running.answers().size() == 2);
      assertThat(classLists(requests)).isEqualTo(1);

      waiting("two", "two");
      ClusterUser.eventually(() -> running.answers().size() == 3);
      assertThat(classLists(requests)).isEqualTo(2);
    }
  }

  private static long classLists(RecordedRequests requests) {
    return dra(requests).stream()
        .filter(request -> request.endsWith("/deviceclasses"))
        .count();
  }

  private static List<String> dra(RecordedRequests requests) {
    return requests.all().stream()
        .filter(request -> request.matches("GET /apis/resource.k8s.io/v1/.*"))
        .toList();
  }

  /** Rights that do not suffice are the answer of the pods with claims; the others have theirs. */
  @Test
  void withoutThePermissionToListClaims_thePodSaysSo() {
    client.resource(Nodes.object("plugin", Map.of(), (MigLayout) null)).create();
    claim("train", MigClaim.of(G1));
    waiting("by-claim", "train");
    client.resource(Nodes.pod("by-resource", Map.of(G1, 1))).create();
    Claims.serve(server);
    faults.enforce(MigRole.READ_ONLY);
    try (KubernetesClient reading = new KubernetesClientBuilder()
        .withConfig(ApiFaults.victim(client.getConfiguration()))
        .build()) {
      assertThat(MigClient.of(reading).pendingPods().answers())
          .extracting(PodAnswer::message)
          .containsExactly(
              "ml/by-claim: no node will serve it: its claims cannot be read, because this client is not allowed to list resourceclaims; grant it the permissions of ClusterRole mig4j-pending",
              "ml/by-resource: node plugin will serve it after a change of its layout");
    }
  }

  /** A failure for claims is the answer of the pods with claims; the others have theirs. */
  @Test
  void whereTheApiServerFailsForClaims_thePodSaysSo() {
    client.resource(Nodes.object("plugin", Map.of(), (MigLayout) null)).create();
    claim("train", MigClaim.of(G1));
    waiting("by-claim", "train");
    client.resource(Nodes.pod("by-resource", Map.of(G1, 1))).create();
    Claims.serve(server);
    faults.fail(100, "GET /apis/resource.k8s.io/v1/deviceclasses.*", 500);
    try (KubernetesClient failing = new KubernetesClientBuilder()
        .withConfig(new ConfigBuilder(ApiFaults.victim(client.getConfiguration()))
            .withRequestRetryBackoffLimit(0)
            .build())
        .build()) {
      assertThat(MigClient.of(failing).pendingPods().answers())
          .extracting(PodAnswer::message)
          .containsExactly(
              "ml/by-claim: no node will serve it: its claims cannot be read: The API server answered 500 to: list deviceclasses (injected)",
              "ml/by-resource: node plugin will serve it after a change of its layout");
    }
  }

  private static final String OF_G1 = """
      , "selectors": [{"cel": {"expression": "device.attributes['gpu.nvidia.com'].profile == '1g.23gb'"}}]
      """;

  @Test
  void claimWithAConstraintOnAnAttributeThatNoDeviceHas_isNotRead() {
    node("a", MigLayout.on(B200).add(G1, 1).build());
    claim(
        "train",
        request("mig.nvidia.com", OF_G1)
            + "], \"constraints\": [{\"matchAttribute\": \"gpu.nvidia.com/parentUuid\"}");
    waiting("train", "train");

    assertThat(unserved().reason()).isEqualTo(PodAnswer.Reason.NOT_READ);
    assertThat(messages())
        .containsExactly(
            "ml/train: no node will serve it: claim ml/train: its devices must have the same gpu.nvidia.com/parentUuid, which no device publishes; correct matchAttribute, such as gpu.nvidia.com/parentUUID");
  }

  /** Devices that are created when they are claimed have no UUID before. */
  @Test
  void pod_thatTheSchedulerRefuses_doesNotFitByTheCountOfFreeDevices() {
    node("a", Map.of());
    driver.publishPartitionable("a", List.of(B200));
    node("b", MigLayout.on(B200).add(G3, 1).build());
    claim(
        "train",
        request("mig.nvidia.com", OF_G1)
            + "], \"constraints\": [{\"matchAttribute\": \"gpu.nvidia.com/uuid\"}");
    waiting("train", "train");

    assertThat(messages())
        .containsExactly("ml/train: node b will serve it after a change of its layout");
  }

  /** As long as no MIG device exists, nothing publishes its attributes. */
  @Test
  void claimWithAConstraintOnTheGpu_isServedByAWholeGpu() {
    node("a", WHOLE);
    claim(
        "train",
        request("mig.nvidia.com", OF_G1)
            + "], \"constraints\": [{\"matchAttribute\": \"gpu.nvidia.com/parentUUID\"}");
    waiting("train", "train");

    assertThat(messages())
        .containsExactly("ml/train: node a will serve it after a change of its layout");
  }

  @Test
  void podWhoseAffinityIsNotRead_fitsNowhere() {
    node("a", MigLayout.on(B200).add(G1, 1).build());
    claim("train", MigClaim.of(G1));
    client
        .resource(claiming("train", "train")
            .editSpec()
            .withNewAffinity()
            .withNewNodeAffinity()
            .withNewRequiredDuringSchedulingIgnoredDuringExecution()
            .addNewNodeSelectorTerm()
            .addNewMatchExpression()
            .withKey("zone")
            .withOperator("Near")
            .withValues("a")
            .endMatchExpression()
            .addNewMatchExpression()
            .withKey("nvidia.com/gpu.product")
            .withOperator("Exists")
            .endMatchExpression()
            .endNodeSelectorTerm()
            .endRequiredDuringSchedulingIgnoredDuringExecution()
            .endNodeAffinity()
            .endAffinity()
            .endSpec()
            .build())
        .create();

    assertThat(messages())
        .containsExactly(
            "ml/train: no node will serve it: its required node affinity has the operator 'Near', which is not known; choose nodes by a nodeSelector");
  }

  @Test
  void nodeWhereAPodUsesAGpuOfTheDevicePlugin_isNotCut() {
    node("a", WHOLE);
    client
        .resource(new PodBuilder(Nodes.pod("busy", Map.of()))
            .editSpec()
            .withNodeName("a")
            .addNewContainer()
            .withName("cuda")
            .withNewResources()
            .addToLimits("nvidia.com/gpu", new Quantity("1"))
            .endResources()
            .endContainer()
            .endSpec()
            .build())
        .create();
    claim("train", MigClaim.of(G1));
    waiting("train", "train");

    assertThat(messages())
        .containsExactly("ml/train: no node will serve it: node a: pods use its GPUs");
  }

  @Test
  void podThatNamesAClaimTwice_needsItsDevicesOnce() {
    node("a", MigLayout.on(B200).add(G1, 1).build());
    claim("train", MigClaim.of(G1));
    client
        .resource(claiming("train", "train")
            .editSpec()
            .addNewResourceClaim()
            .withName("again")
            .withResourceClaimName("train")
            .endResourceClaim()
            .endSpec()
            .build())
        .create();

    assertThat(messages())
        .containsExactly(
            "ml/train: node a has its devices free, so it waits for something else; see 'kubectl describe pod'");
  }

  @Test
  void nodeWithGpusOfTwoProducts_isKept() {
    node("a", WHOLE, MigLayout.on(H100).build());
    claim("any", MigClaim.of(G1));
    claim("h100", MigClaim.of(MigSelector.profile(MigProfile.parse("1g.10gb")).on(H100), 1));
    waiting("any", "any");
    waiting("h100", "h100");

    assertThat(messages())
        .containsExactly(
            "ml/any: no node will serve it: node a: its GPUs have several products, so none is cut; change its GPUs by hand",
            "ml/h100: no node will serve it: node a: its GPUs have several products, so none is cut; change its GPUs by hand");
    assertThat(unserved().reason()).isEqualTo(PodAnswer.Reason.NODES_KEPT);
  }

  @Test
  void nodeWithoutALabelOfTheGpuOperator_isKept() {
    client
        .resource(
            new NodeBuilder().withNewMetadata().withName("a").endMetadata().build())
        .create();
    driver.publishStatic("a", List.of(WHOLE));
    claim("any", MigClaim.of(G1));
    claim("b200", MigClaim.of(MigSelector.profile(G1).on(B200), 1));
    waiting("any", "any");
    waiting("b200", "b200");

    assertThat(messages())
        .containsExactly(
            "ml/any: no node will serve it: node a: it has no label of the GPU Operator, so no MIG manager runs there; change its GPUs by hand",
            "ml/b200: no node will serve it: node a: it has no label of the GPU Operator, so no MIG manager runs there; change its GPUs by hand");
    assertThat(unserved().reason()).isEqualTo(PodAnswer.Reason.NODES_KEPT);
  }

  /** On the first node there are too many ways to choose devices of which no two are on one GPU. */
  @Test
  void claimWhoseSearchOnANodeIsGivenUp_isTriedOnTheNextNode() {
    node(
        "a",
        Collections.nCopies(40, MigLayout.on(B200).add(G1, 1).build()).toArray(MigLayout[]::new));
    claim(
        "train",
        List.of("one", "two", "three").stream()
                .map(name -> request("mig.nvidia.com", OF_G1).replace("\"mig\"", '"' + name + '"'))
                .collect(Collectors.joining(","))
            + "], \"constraints\": [{\"requests\": [\"two\", \"three\"], \"matchAttribute\": \"gpu.nvidia.com/parentUUID\"}");
    waiting("train", "train");

    assertThat(messages())
        .containsExactly(
            "ml/train: no node will serve it: claim ml/train: its devices were not found after 20000 steps; request fewer in one claim");
    node("b", MigLayout.on(B200).add(G1, 3).build());
    assertThat(messages())
        .containsExactly(
            "ml/train: node b has its devices free, so it waits for something else; see 'kubectl describe pod'");
  }
}
