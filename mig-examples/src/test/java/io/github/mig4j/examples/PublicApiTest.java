package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.JsonForm;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.gpu.NvidiaSmi;
import io.github.mig4j.gpu.ProfileNeed;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyRequest;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.dra.MigClaim;
import io.github.mig4j.k8s.reconcile.MigPolicyFile;
import io.github.mig4j.k8s.reconcile.NodeStanding;
import io.github.mig4j.k8s.reconcile.NodeTemplate;
import io.github.mig4j.k8s.reconcile.PendingPods;
import io.github.mig4j.k8s.reconcile.PodAnswer;
import io.github.mig4j.k8s.reconcile.PolicyTarget;
import io.github.mig4j.k8s.reconcile.Reconciler;
import io.github.mig4j.k8s.reconcile.WaitingPod;
import io.github.mig4j.k8s.rollout.Rollout;
import io.github.mig4j.k8s.simulator.EmbeddedCluster;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.SimulatedDraDriver;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.plan.Demand;
import io.github.mig4j.plan.DemandItem;
import io.github.mig4j.plan.PlanGpu;
import io.github.mig4j.plan.PlanNode;
import io.github.mig4j.plan.Planner;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What holds for every public type, on values that the catalogue and a simulated node give. */
class PublicApiTest {

  private static final int MAX_LENGTH = 300;
  private static final Pattern OBJECT_HASH = Pattern.compile("[A-Za-z_$][\\w$]*@[0-9a-f]{5,8}\\b");
  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");

  private static final EmbeddedCluster CLUSTER = new EmbeddedCluster();
  private static final Path SCHEMA =
      Path.of("../mig-k8s/src/main/resources/io/github/mig4j/k8s/json-schema.json");
  private static PublicApi api;
  private static JsonForms forms;
  private static GpuOperatorSimulator simulator;
  private static Reconciler.Running running;

  @BeforeAll
  static void explore() throws IOException {
    api = new PublicApi(notApi());
    forms = JsonForms.of(api.types());
    texts();
    cluster(CLUSTER.client());
    api.explore();
  }

  /** The rows of ARCHITECTURE.md whose types are public for Java alone. */
  private static List<String> notApi() throws IOException {
    List<String> names = new ArrayList<>();
    String current = "";
    for (String line : Files.readAllLines(Path.of("../ARCHITECTURE.md"))) {
      var words = Pattern.compile("`([A-Za-z0-9.]+)`").matcher(line);
      if (line.startsWith("| `") && words.find()) {
        current = words.group(1);
      }
      if (line.startsWith("| | | not API")) {
        while (words.find()) {
          names.add("io.github.mig4j." + current + "." + words.group(1));
        }
      }
    }
    return names;
  }

  private static void texts() throws IOException {
    String config = """
        version: v1
        mig-configs:
          small:
            - devices: all
              mig-enabled: true
              mig-devices:
                1g.23gb: 7
        """;
    String sharing = """
        version: v1
        sharing:
          timeSlicing:
            resources:
            - name: nvidia.com/gpu
              replicas: 4
        """;
    List.of("small", "1g.23gb", "b200-180gb", "gpu-node", "0x2901", "v1", "5", "nvidia.com/gpu")
        .forEach(api::add);
    MigPolicyFile.read(policy()).policies().forEach(api::add);
    List.of(Instant.EPOCH, LocalTime.NOON, ZoneOffset.UTC, Set.of(DayOfWeek.SUNDAY))
        .forEach(api::add);
    String listing = """
        +-------------------------------------------------------+
        | GPU instances:                                        |
        | GPU   Name             Profile  Instance   Placement  |
        |                          ID       ID       Start:Size |
        |=======================================================|
        |   0  MIG 3g.20gb          9        1          4:4     |
        +-------------------------------------------------------+
        """;
    List.of(config, sharing).forEach(api::addText);
    api.add(config.getBytes(StandardCharsets.UTF_8));
    api.add(MigProfile.parse("1g.23gb"));
    api.add(GpuCatalog.bundled());
    api.add(NvidiaSmi.read(listing));
    api.add(B200);
    api.add(MigLayout.on(B200).add("1c.3g.90gb", 2).build());
    MigLayout scattered = MigLayout.on(B200).add("1g.23gb", 1).build();
    Planner planner =
        Planner.of(PlanNode.named("node").gpus(PlanGpu.of(scattered), 2).gpus(B200, 1));
    api.add(planner.plan(Demand.of(
        DemandItem.of("2g.45gb", 20),
        DemandItem.of(ProfileNeed.anything().memoryGib(40), 1).priority(1))));
    api.add(planner.defragment(Demand.of(DemandItem.of("7g.180gb", 3))));
    api.add(NvidiaSmi.read(Files.readString(
        Path.of("../mig-model/src/test/resources/io/github/mig4j/gpu/lgi-fragmented.txt"))));
    api.add(new SimpleMeterRegistry());
    api.add(new IllegalStateException("cause"));
  }

  private static PolicyTarget.ForDemand demand() {
    return new PolicyTarget.ForDemand(
        new TreeMap<>(), PolicyTarget.ForDemand.Pods.SERVED, OptionalInt.empty());
  }

  private static Pod waitingPod() {
    return new PodBuilder()
        .withNewMetadata()
        .withNamespace("ml")
        .withName("train-0")
        .endMetadata()
        .withNewSpec()
        .addNewContainer()
        .withNewResources()
        .addToLimits("nvidia.com/mig-1g.23gb", new Quantity("1"))
        .endResources()
        .endContainer()
        .endSpec()
        .withNewStatus()
        .addNewCondition()
        .withType("PodScheduled")
        .withStatus("False")
        .withReason("Unschedulable")
        .endCondition()
        .endStatus()
        .build();
  }

  private static String policy() {
    return """
        policies:
        - name: inference
          nodes: {labels: {pool: inference}}
          gpus: {b200-180gb: {layout: {1g.23gb: 7}}, h100-sxm-80gb: {config: small}, a30-24gb: {whole: true}}
          pace: {windows: [{from: "22:00", to: "04:00"}]}
        - name: pods
          nodes: {labels: {pool: pods}}
          gpus: {b200-180gb: {demand: {maxGpus: 8}}, l40s: {timeSlicing: 4}, l4: {sharing: four}}
        """;
  }

  private static void cluster(KubernetesClient client) {
    client
        .resource(new ConfigMapBuilder()
            .withNewMetadata()
            .withName("mig-config")
            .withNamespace("gpu-operator")
            .endMetadata()
            .build())
        .create();
    simulator = GpuOperatorSimulator.on(client)
        .node("gpu-node", B200, 2)
        .strategy(MigStrategy.MIXED)
        .configMap("mig-config")
        .start()
        .awaitReady(Duration.ofMinutes(1));
    CLUSTER.showLogsOf(simulator);
    SimulatedDraDriver driver = SimulatedDraDriver.of(client);
    driver.publishStatic(
        "dra-node",
        List.of(MigLayout.on(B200).add("1g.23gb", 2).add("3g.90gb", 1).build()));
    MigClient mig = MigClient.of(client);
    mig.configMap("mig-config")
        .merge(
            "small",
            MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", 7).build()));
    ApplyTimings quick =
        ApplyTimings.builder().stability(Duration.ofMillis(100)).build();
    ApplyRequest request = mig.node("gpu-node").apply("small").timings(quick);
    mig.dra().apply(MigClaim.of(MigProfile.parse("1g.23gb")).claim("train").inNamespace("default"));
    api.add(waitingPod());
    WaitingPod waiting = WaitingPod.of(waitingPod()).orElseThrow();
    PendingPods pending = PendingPods.of(List.of(waiting), mig.fleet().nodes(), demand(), Map.of());
    try (Reconciler.Running running = mig.reconciler(List.of()).start()) {
      api.add(running);
    }
    api.add(new PodAnswer.Fits(waiting, "gpu-node"));
    api.add(new PodAnswer.Served(waiting, "gpu-node"));
    List.of(
            new NodeStanding.AsDeclared(),
            new NodeStanding.Changing("PAUSED"),
            new NodeStanding.Waiting(NodeStanding.Cause.PODS, "ml/train-0 uses its GPUs"),
            new NodeStanding.Drifted(NodeStanding.Drift.BLOCKED, "the MIG manager is not ready"),
            new NodeStanding.Failed("the GPU is in use", Optional.of(Duration.ofMinutes(1))))
        .forEach(api::add);
    api.add(new PodAnswer.Unserved(waiting, PodAnswer.Reason.NO_ROOM, "add GPUs"));
    running = mig.reconciler(List.of()).start();
    api.add(running);
    Rollout rollout =
        mig.rollout("week-48").nodes(List.of("gpu-node")).config("small").timings(quick);
    List.of(
            client,
            CLUSTER,
            client.nodes().withName("gpu-node").require(),
            simulator,
            driver,
            mig,
            mig.node("gpu-node"),
            mig.configMap("mig-config"),
            mig.operator(),
            mig.sharingMap("device-plugin-config"),
            mig.fleet(),
            mig.dra(),
            request,
            rollout,
            mig.node("gpu-node").apply("large").preflight(),
            request.onProgress(api::add).await(Duration.ofMinutes(1)),
            mig.node("gpu-node").diagnose(),
            mig.nodes(),
            mig.fleet().nodes(),
            mig.dra().inventory(),
            pending,
            mig.pendingPods(),
            mig.reconciler(MigPolicyFile.read(policy()).policies()),
            mig.reconciler(MigPolicyFile.read(policy()).policies()).reconcile("other"),
            NodeTemplate.of(B200, 8, PolicyTarget.Whole.WHOLE),
            rollout.dryRun(),
            rollout.onProgress(api::add).run())
        .forEach(api::add);
  }

  @AfterAll
  static void close() {
    running.close();
    simulator.close();
    CLUSTER.close();
  }

  @Test
  void toString_ofEveryType_isOneShortLine() {
    var unfit = new TreeMap<String, String>();
    api.values()
        .filter(value -> !value.getClass().isHidden())
        .filter(value -> !value.getClass().getSimpleName().equals("Builder"))
        .filter(value -> !isOneShortLine(value.toString()))
        .forEach(value -> unfit.put(value.getClass().getName(), value.toString()));

    assertThat(unfit).isEmpty();
  }

  private static boolean isOneShortLine(String text) {
    return text.length() <= MAX_LENGTH
        && text.lines().count() <= 1
        && !OBJECT_HASH.matcher(text).find();
  }

  /** Clients, engines and what a program configures them with: nothing that is sent or stored. */
  private static final Set<String> NO_VALUES = Set.of(
      "Criterion",
      "EmbeddedCluster",
      "FleetIndex",
      "MigListener",
      "MigMetrics",
      "SimulatedGpus",
      "DraClient",
      "DraObject",
      "DriverPrediction",
      "Fleet",
      "GpuOperatorSimulator",
      "GpuResources",
      "GpuStates",
      "HardwareEvidence",
      "Labels",
      "LayoutDiagram",
      "Layouts",
      "MigClaim",
      "MigClient",
      "MigConfigMap",
      "MigExtension",
      "MigNode",
      "MigOperator",
      "MigPolicyFile",
      "Reconciler",
      "MigSelector",
      "MigSettings",
      "NodeLint",
      "PlacementPolicy",
      "Planner",
      "PodClaims",
      "Rollout",
      "ApplyRequest",
      "SharedFleet",
      "SharingConfigMap",
      "SimulatedDraDriver",
      "SimulatorTimings");

  /** Their form is that of a file, NVIDIA's or the policies'. */
  private static final Set<String> OF_A_FILE = Set.of(
      "DevicePluginConfig",
      "DevicePluginFlags",
      "GpuSharing",
      "PolicyTarget.Config",
      "PolicyTarget.ForDemand",
      "PolicyTarget.Layout",
      "PolicyTarget.Shared",
      "PolicyTarget.SharingConfig",
      "PolicyTarget.Whole");

  private static List<Object> jsonValues() {
    return api.values()
        .filter(value -> !value.getClass().isHidden())
        .filter(value -> !(value instanceof Throwable))
        .filter(value -> !value.getClass().getName().contains(".internal."))
        .filter(value -> !value.getClass().getSimpleName().equals("Builder"))
        .filter(value -> !NO_VALUES.contains(JsonForms.name(value.getClass()).split("\\.")[0])
            || JsonForms.valueOf(value).isPresent())
        .toList();
  }

  @Test
  void everyValue_hasAFormInJson() {
    assertThat(jsonValues())
        .filteredOn(value -> JsonForms.valueOf(value).isEmpty())
        .extracting(value -> value.getClass().getName())
        .isEmpty();
  }

  @Test
  void json_ofEveryValue_isTheSameOnJackson2And3() throws IOException {
    var jackson2 = new com.fasterxml.jackson.databind.ObjectMapper();
    var jackson3 = new tools.jackson.databind.ObjectMapper();
    var differences = new TreeMap<String, String>();
    for (Object value : jsonValues()) {
      String by2 = jackson2.writeValueAsString(value);
      String by3 = jackson3.writeValueAsString(value);
      if (!by2.equals(by3) || by2.equals("{}") && !isEmpty(value)) {
        differences.put(value.getClass().getName(), by2 + " but " + by3);
      }
    }

    assertThat(differences).isEmpty();
  }

  /** A value all of whose fields are absent. */
  private static boolean isEmpty(Object value) {
    return JsonForms.valueOf(value).orElseThrow() instanceof Map<?, ?> map && map.isEmpty();
  }

  @Test
  void json_thatIsRead_isTheSameValue() throws IOException {
    var jackson2 = new com.fasterxml.jackson.databind.ObjectMapper();
    var jackson3 = new tools.jackson.databind.ObjectMapper();
    Set<String> read = new TreeSet<>();
    for (Object value : jsonValues()) {
      Optional<Class<?>> type = readable(value);
      if (type.isPresent() && !isOfAnUnknownGpu(value) && !hasUnknownKeys(value)) {
        String json = jackson2.writeValueAsString(value);
        assertThat(jackson2.readValue(json, type.get())).as(json).isEqualTo(value);
        assertThat((Object) jackson3.readValue(json, type.get())).as(json).isEqualTo(value);
        read.add(JsonForms.name(type.get()));
      }
    }

    assertThat(read)
        .contains(
            "GpuModel",
            "MigLayout",
            "MigConfigSpec",
            "MigConfig",
            "MigConfigDocument",
            "Demand",
            "DemandItem",
            "FleetPlan",
            "PlanShortfall",
            "PlanShortfall.Reason",
            "Defragmentation",
            "Placement",
            "ProfileNeed",
            "DevicePluginConfig",
            "DevicePluginFlags",
            "GpuSharing",
            "MigProfile",
            "PciDeviceId",
            "Amount");
  }

  private static Optional<Class<?>> readable(Object value) {
    return api.types().stream()
        .filter(type -> type.isInstance(value))
        .filter(type -> Stream.of(type.getDeclaredMethods())
            .anyMatch(method -> method.isAnnotationPresent(JsonCreator.class)))
        .findFirst();
  }

  /** A layout is read on a GPU of the catalogue. */
  private static boolean isOfAnUnknownGpu(Object value) {
    return value instanceof MigLayout layout
        && !GpuCatalog.bundled().models().contains(layout.gpu());
  }

  /** Unknown keys are kept as they were written, which their JSON need not be. */
  private static boolean hasUnknownKeys(Object value) {
    return value instanceof DevicePluginConfig config && !config.unknownKeys().isEmpty();
  }

  @Test
  void json_ofEveryType_isDocumented() throws IOException {
    Path page = Path.of("../docs/json.md");
    String text = Files.readString(page);
    int table = text.indexOf("| type | form |");
    if (System.getProperty("mig4j.docs", "").equals("write")) {
      Files.writeString(page, text.substring(0, table) + forms.toTable());
      Files.writeString(SCHEMA, forms.toSchema());
      return;
    }

    assertThat(text.substring(table)).isEqualTo(forms.toTable());
    assertThat(Files.readString(SCHEMA)).isEqualTo(forms.toSchema());
  }

  @Test
  void json_ofEveryValue_isValidByTheSchema() throws IOException {
    ShippedSchema schema = new ShippedSchema();
    var refused = new TreeMap<String, String>();
    for (Object value : jsonValues()) {
      schema.refusal(value).ifPresent(reason -> refused.put(value.getClass().getName(), reason));
    }

    assertThat(refused).isEmpty();
  }

  /** The object rows are those of files, which have schemas of their own. */
  @Test
  void json_ofEveryTypeButThoseOfAFile_hasItsFieldsDocumented() {
    Set<String> withoutFields = new TreeSet<>(forms.forms().keySet());
    withoutFields.removeIf(type -> forms.forms().get(type) != JsonKind.Plain.OBJECT);

    assertThat(withoutFields).isEqualTo(OF_A_FILE);
  }

  @Test
  void json_ofClientsAndEngines_isRefusedOrEmpty() {
    var jackson2 = new com.fasterxml.jackson.databind.ObjectMapper();
    var jackson3 = new tools.jackson.databind.ObjectMapper();
    Set<String> written = new TreeSet<>();
    api.values()
        .filter(value -> NO_VALUES.contains(JsonForms.name(value.getClass()).split("\\.")[0]))
        .filter(value -> !value.getClass().isHidden())
        .filter(value -> JsonForms.valueOf(value).isEmpty())
        .filter(value -> !isRefusedOrEmpty(() -> jackson2.writeValueAsString(value))
            || !isRefusedOrEmpty(() -> jackson3.writeValueAsString(value)))
        .forEach(value -> written.add(value.getClass().getName()));

    assertThat(written).isEmpty();
  }

  private static boolean isRefusedOrEmpty(Callable<String> write) {
    try {
      return write.call().equals("{}");
    } catch (Exception refused) {
      return true;
    }
  }

  @Test
  void toJson_ofEveryValue_isPlainAtEveryLevel() {
    assertThat(jsonValues())
        .filteredOn(value -> value instanceof JsonForm form && !isPlain(form.toJson()))
        .isEmpty();
  }

  private static boolean isPlain(Object json) {
    if (json instanceof Map<?, ?> map) {
      return map.keySet().stream().allMatch(String.class::isInstance)
          && map.values().stream().allMatch(PublicApiTest::isPlain);
    }
    return json instanceof Collection<?> list
        ? list.stream().allMatch(PublicApiTest::isPlain)
        : json instanceof String || json instanceof Number || json instanceof Boolean;
  }

  @Test
  void everyType_hasAValue() {
    assertThat(api.types())
        .filteredOn(PublicApiTest::hasInstances)
        .filteredOn(type -> !api.hasValue(type))
        .isEmpty();
  }

  /** Without exceptions, annotations, builders, and types that have static members only. */
  private static boolean hasInstances(Class<?> type) {
    return !Throwable.class.isAssignableFrom(type)
        && !type.isAnnotation()
        && !type.getSimpleName().equals("Builder")
        && PublicApi.executables(type).stream()
            .anyMatch(member -> !Modifier.isStatic(member.getModifiers()));
  }

  @Test
  void everyPublicMethod_refusesNullByTheParametersName() {
    List<String> accepted = new ArrayList<>();
    for (Class<?> type : api.types()) {
      for (Executable executable : PublicApi.executables(type)) {
        for (int i = 0; i < executable.getParameterCount(); i++) {
          if (!Modifier.isAbstract(executable.getModifiers())
              && !executable.getParameterTypes()[i].isPrimitive()
              && !PublicApi.isNullable(executable.getAnnotatedParameterTypes()[i])) {
            answerToNull(executable, i).ifPresent(accepted::add);
          }
        }
      }
    }

    assertThat(accepted).isEmpty();
  }

  /** Empty if the method refuses null in this place by the name of the parameter. */
  private static Optional<String> answerToNull(Executable executable, int place) {
    String name = executable.getParameters()[place].getName();
    String answer;
    var call = api.calls(executable).findFirst();
    if (call.isEmpty()) {
      answer = "no values to call it with";
    } else {
      try {
        call.get().with(place);
        answer = "accepted";
      } catch (InvocationTargetException e) {
        Throwable thrown = e.getCause();
        if (thrown instanceof NullPointerException && name.equals(thrown.getMessage())) {
          return Optional.empty();
        }
        answer = thrown.getClass().getSimpleName() + ": " + thrown.getMessage();
      }
    }
    return Optional.of("%s(%s): %s".formatted(executable.toGenericString(), name, answer));
  }
}
