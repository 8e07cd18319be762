package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.github.mig4j.JsonForm;
import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.NodeCapacity;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.plan.Demand;
import io.github.mig4j.plan.DemandItem;
import io.github.mig4j.plan.FleetPlan;
import io.github.mig4j.plan.PlanGpu;
import io.github.mig4j.plan.PlanNode;
import io.github.mig4j.plan.PlanShortfall;
import io.github.mig4j.plan.Planner;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.GpuSharing;
import io.github.mig4j.sharing.SharedResource;
import io.github.mig4j.sharing.SharingAdvice;
import io.github.mig4j.sharing.SharingKind;
import io.github.mig4j.sharing.SharingNeed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The JSON Schema that mig-k8s contains accepts the library's own values, and refuses others. */
class JsonSchemaTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");
  private static final List<GpuModel> MIG_MODELS =
      GpuCatalog.bundled().models().stream().filter(GpuModel::supportsMig).toList();
  /** Fields that a model can be without. */
  private static final Set<String> OPTIONAL = Set.of(
      "chip",
      "computeCapability",
      "memorySlices",
      "memoryMib",
      "marketedMemoryGb",
      "minimumDriver",
      "driverFrom",
      "driverBefore");

  private static final ShippedSchema SCHEMA = schema();

  private static ShippedSchema schema() {
    try {
      return new ShippedSchema();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void assertAccepted(Stream<?> values) throws IOException {
    var refused = new TreeMap<String, String>();
    for (Object value : values.toList()) {
      SCHEMA.refusal(value).ifPresent(reason -> refused.put(value.toString(), reason));
    }
    assertThat(refused).isEmpty();
  }

  @Test
  void schema_ofEveryModelOfTheCatalogue_acceptsIt() throws IOException {
    assertAccepted(GpuCatalog.bundled().models().stream()
        .flatMap(
            model -> Stream.of(Stream.of(model), model.profiles().stream(), model.boards().stream())
                .flatMap(part -> part)));
  }

  @Test
  void schema_ofPlansOfEachKind_acceptsThem() throws IOException {
    PlanGpu pinned = PlanGpu.of(MigLayout.on(H100).add("3g.40gb", 1).build()).pinned();
    PlanNode node = PlanNode.named("a").label("zone", "a").gpu(PlanGpu.of(H100)).gpu(pinned);
    Demand everything = Demand.of(
        DemandItem.of("1g.10gb", 9).onNodesWith("zone", "a"),
        DemandItem.of("9g.10gb", 1),
        DemandItem.of("1g.10gb", 1).onNodesWith("zone", "b"));
    List<FleetPlan> plans = List.of(
        Planner.of(node).plan(everything),
        Planner.of(node).plan(Demand.of(DemandItem.of("1g.10gb", 2))),
        Planner.of(PlanNode.named("b").gpu(pinned)).plan(Demand.of(DemandItem.of("7g.80gb", 1))),
        Planner.of(PlanNode.named("b").gpus(H100, 40)).effort(1).plan(everything),
        Planner.of(List.of()).plan(everything),
        Planner.fewest(H100, Demand.of(DemandItem.of("2g.20gb", 5))));
    Set<String> reasons = plans.stream()
        .flatMap(plan -> plan.unmet().stream())
        .map(unmet -> unmet.reason().code())
        .collect(Collectors.toCollection(TreeSet::new));

    assertThat(reasons).contains("all-pinned", "no-node", "no-profile", "no-room");
    assertAccepted(plans.stream());
    assertAccepted(plans.stream().flatMap(plan -> plan.unmet().stream()));
    assertAccepted(
        plans.stream().flatMap(plan -> plan.unmet().stream()).map(PlanShortfall::reason));
    assertAccepted(Stream.of(
        Planner.of(node).defragment(Demand.of(DemandItem.of("7g.80gb", 3))),
        Planner.of(node).defragment(Demand.of(DemandItem.of("1g.10gb", 1)))));
  }

  /** What NVIDIA's device plugin and feature discovery set on nodes. */
  @Test
  void schema_ofCapturedNodes_acceptsTheirStatusAndCapacity() throws IOException {
    List<MigNodeStatus> statuses = new ArrayList<>();
    for (String line : Files.readAllLines(
        Path.of("../mig-k8s/src/test/resources/io/github/mig4j/k8s/simulator/nvidia-offers.txt"))) {
      if (line.matches("(none|single|mixed) \\| .*")) {
        Node node = node(line.split(" \\| ", -1));
        statuses.add(MigNodeStatus.of(node));
        assertAccepted(
            Stream.of(NodeCapacity.of(node, List.of(), Optional.empty(), MigSettings.defaults())));
      }
    }

    assertThat(statuses).hasSizeGreaterThan(100);
    assertThat(statuses.stream().filter(each -> each.replicas().isPresent())).isNotEmpty();
    assertAccepted(statuses.stream());
  }

  private static Node node(String[] columns) {
    var resources = new TreeMap<String, Quantity>();
    for (String resource :
        columns[2].matches("[-{}]+|exits") ? new String[0] : columns[2].split(" ")) {
      String[] parts = resource.split("=");
      resources.put("nvidia.com/" + parts[0], new Quantity(parts[1]));
    }
    var labels = new TreeMap<>(Map.of(
        "nvidia.com/mig.strategy", columns[0],
        "nvidia.com/mig.config", "small",
        "nvidia.com/mig.config.state", "success",
        "nvidia.com/device-plugin.config", "shared"));
    for (String label : columns[4].split("; ")) {
      String[] words = label.split(" ");
      if (words.length == 6) {
        String of = "nvidia.com/" + words[0];
        labels.put(of + ".count", words[1]);
        labels.put(of + ".product", words[2]);
        labels.put(of + ".replicas", words[3]);
        labels.put(of + ".sharing-strategy", words[4]);
      }
    }
    return new NodeBuilder()
        .withNewMetadata()
        .withName("gpu-node")
        .withLabels(labels)
        .endMetadata()
        .withNewStatus()
        .withAllocatable(resources)
        .withCapacity(resources)
        .endStatus()
        .build();
  }

  @Test
  void schema_ofTheFindingsOfEveryConformanceCase_acceptsThem() throws IOException {
    List<Map<String, Object>> cases = JSON.readValue(
        Path.of("../mig-model/src/test/resources/io/github/mig4j/config/mig-parted-verdicts.json")
            .toFile(),
        new TypeReference<>() {});
    List<MigConfigFile> files = cases.stream()
        .filter(each -> each.containsKey("text"))
        .map(each -> MigConfigFile.read((String) each.get("text")))
        .toList();
    Set<Code> codes = files.stream()
        .flatMap(file -> file.findings().stream())
        .map(Finding::code)
        .collect(Collectors.toSet());

    assertThat(codes).hasSizeGreaterThan(10);
    assertAccepted(files.stream());
    assertAccepted(files.stream().flatMap(file -> file.findings().stream()));
  }

  @Provide
  Arbitrary<List<Object>> values() {
    return Arbitraries.randomValue(JsonSchemaTest::values);
  }

  /** A layout and what is made of it: each is valid by construction. */
  private static List<Object> values(Random random) {
    GpuModel model = MIG_MODELS.get(random.nextInt(MIG_MODELS.size()));
    MigLayout.Builder builder = MigLayout.on(model);
    Map<String, Integer> wanted = new TreeMap<>();
    for (int i = random.nextInt(4); i >= 0; i--) {
      List<GpuInstanceProfile> profiles = model.profiles();
      String profile = profiles.get(random.nextInt(profiles.size())).profile().toString();
      wanted.merge(profile, 1, Integer::sum);
      builder.add(profile, 1);
    }
    List<Object> values = new ArrayList<>(List.of(builder.place()));
    Demand demand = new Demand(wanted.entrySet().stream()
        .map(each -> DemandItem.of(each.getKey(), each.getValue() * (1 + random.nextInt(20)))
            .priority(random.nextInt(3)))
        .toList());
    values.add(demand);
    PlanGpu gpu = PlanGpu.of(model);
    if (values.get(0) instanceof PlacementResult.Placed placed) {
      MigLayout layout = placed.layout();
      gpu = PlanGpu.of(layout);
      MigConfigSpec spec = random.nextBoolean()
          ? MigConfigSpec.allDevices(layout)
          : MigConfigSpec.builder()
              .devices(DeviceSelector.of(0, random.nextInt(8)))
              .migEnabled(random.nextBoolean())
              .build();
      MigConfig config = MigConfig.of(spec);
      values.addAll(List.of(layout, spec, config, MigConfigDocument.empty().with("small", config)));
    }
    Planner planner = Planner.of(PlanNode.named("node")
            .gpu(random.nextBoolean() ? gpu : gpu.pinned())
            .gpus(model, 1 + random.nextInt(3)))
        .effort(1 + random.nextInt(2000));
    values.add(planner.plan(demand));
    values.add(planner.defragment(demand));
    GpuSharing sharing = GpuSharing.builder()
        .kind(SharingKind.values()[random.nextInt(2)])
        .addResources(SharedResource.gpu(2 + random.nextInt(40)))
        .failRequestsGreaterThanOne(random.nextBoolean())
        .build();
    values.addAll(List.of(sharing, DevicePluginConfig.of(sharing)));
    values.add(SharingAdvice.of(
        model,
        new SharingNeed(
            1 + random.nextInt(10),
            1 + random.nextInt(40),
            SharingNeed.Isolation.values()[random.nextInt(3)])));
    return values;
  }

  @Property(tries = 150)
  void schema_ofWhatTheLibraryMakes_acceptsIt(@ForAll("values") List<Object> values)
      throws IOException {
    assertAccepted(values.stream());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      Placement     | {"profile":"1g.10gb","start":0}              | $: required property 'size' not found
      Placement     | {"profile":"1g.10gb","start":"0","size":1}   | $.start: string found, integer expected
      Placement     | {"profile":"1g.10gb","start":0.5,"size":1}   | $.start: number found, integer expected
      Placement     | {"profile":"1g.10gb","start":0,"size":1,"x":1} | $: property 'x' is not defined in the schema and the schema does not allow additional properties
      Severity      | "fatal"                                      | $: does not have a value in the enumeration ["error", "warning", "note"]
      Demand        | {}                                           | $: object found, array expected
      Demand        | [{"profile":"1g.10gb"}]                      | $[0]: required property 'count' not found
      NodeStanding.Waiting | {"standing":"waits","cause":"pods","message":"m"} | $.standing: does not have a value in the enumeration ["waiting"]
      """)
  void schema_ofWhatTheLibraryDoesNotWrite_refusesIt(String type, String json, String reason)
      throws IOException {
    assertThat(SCHEMA.refusal(type, json)).contains(reason);
  }

  @Test
  void schema_ofAnObjectWithoutARequiredField_refusesIt() throws IOException {
    MigLayout layout = MigLayout.on(H100).add("3g.40gb", 1).build();
    FleetPlan plan =
        Planner.of(PlanNode.named("a").gpus(H100, 1)).plan(Demand.of(DemandItem.of("1g.10gb", 9)));
    for (JsonForm value : List.of(H100, layout, plan, plan.unmet().get(0))) {
      for (String field : value.toJson().keySet()) {
        Map<String, Object> less = new TreeMap<>(value.toJson());
        less.remove(field);
        boolean isOptional = value instanceof GpuModel && OPTIONAL.contains(field);

        assertThat(SCHEMA.refusal(JsonForms.name(value.getClass()), JSON.writeValueAsString(less)))
            .isEqualTo(
                isOptional
                    ? Optional.empty()
                    : Optional.of("$: required property '%s' not found".formatted(field)));
      }
    }
  }
}
