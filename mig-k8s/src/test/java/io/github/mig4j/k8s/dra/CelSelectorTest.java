package io.github.mig4j.k8s.dra;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.GpuProduct;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.dra.CelSelector.Fails;
import io.github.mig4j.k8s.dra.CelSelector.NotRead;
import io.github.mig4j.k8s.dra.CelSelector.Read;
import io.github.mig4j.k8s.dra.CelSelector.Selection;
import io.github.mig4j.k8s.dra.CelSelector.Verdict;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.simulator.SimulatedDraDriver;
import io.github.mig4j.layout.Layouts;
import io.github.mig4j.layout.MigLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The selectors of claims and classes, evaluated without CEL. */
@ExtendWith(MockApiServer.class)
class CelSelectorTest {

  private static final PublishedDevice DEVICE = device("""
      {"name": "gpu-0-mig-1g10gb-19-2", "attributes": {
         "type": {"string": "mig"}, "profile": {"string": "1g.10gb"}, "note": {"string": "it's a \\\\ \\""},
         "productName": {"string": "NVIDIA H100 80GB HBM3"}, "driverVersion": {"version": "580.159.4"},
         "healthy": {"bool": true}, "index": {"int": 3},
         "resource.kubernetes.io/pciBusID": {"string": "0000:53:00.0"}},
       "capacity": {"memory": {"value": "9984Mi"}, "decoders": {"value": "1"}}}
      """);

  KubernetesClient client;

  private static PublishedDevice device(String json) {
    try {
      return new PublishedDevice(new ObjectMapper().readTree(json));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Verdict evaluate(String expression, PublishedDevice device) {
    return read(expression).of(device);
  }

  private static CelSelector read(String expression) {
    CelSelector.Reading reading = CelSelector.read(expression);
    assertThat(reading).isInstanceOf(Read.class);
    return ((Read) reading).selector();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      device.driver == 'gpu.nvidia.com'                                                        | SELECTED
      device.driver == "dra.net"                                                               | NOT_SELECTED
      device.driver in ['dra.net', 'gpu.nvidia.com']                                           | SELECTED
      device.driver in []                                                                      | NOT_SELECTED
      device.attributes['gpu.nvidia.com'].profile == '1g.10gb'                                 | SELECTED
      device.attributes["gpu.nvidia.com"].profile=="1g.20gb"                                   | NOT_SELECTED
      device.attributes['gpu.nvidia.com'].profile in ['1g.20gb', "1g.10gb"]                    | SELECTED
      device.attributes['gpu.nvidia.com'].note == 'it\\'s a \\\\ "'                            | SELECTED
      device.attributes['resource.kubernetes.io'].pciBusID == '0000:53:00.0'                   | SELECTED
      device.attributes['gpu.nvidia.com'].healthy == 'true'                                    | NOT_SELECTED
      device.attributes['gpu.nvidia.com'].index == '3'                                         | NOT_SELECTED
      device.attributes['gpu.nvidia.com'].driverVersion in ['580.159.4']                       | NOT_SELECTED
      device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('9984Mi')) >= 0              | SELECTED
      device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('9984Mi')) > 0               | NOT_SELECTED
      device.capacity['gpu.nvidia.com'].memory.compareTo(quantity("10468982784")) == 0         | SELECTED
      device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('10Gi')) < 0                 | SELECTED
      device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('9.5Gi')) <= 0               | NOT_SELECTED
      device.capacity['gpu.nvidia.com'].memory.isGreaterThan(quantity("10Gi"))                 | NOT_SELECTED
      device.capacity['gpu.nvidia.com'].memory.isGreaterThan(quantity("9Gi"))                  | SELECTED
      device.capacity[ 'gpu.nvidia.com' ] . decoders.isLessThan( quantity ( '2' ) )            | SELECTED
      device.driver == 'gpu.nvidia.com' && device.attributes['gpu.nvidia.com'].type == 'mig'   | SELECTED
      device.driver=='gpu.nvidia.com'&&device.attributes['gpu.nvidia.com'].type=='gpu'         | NOT_SELECTED
      """)
  void of_aDevice_isWhatTheSchedulerDecides(String expression, Selection expected) {
    assertThat(evaluate(expression, DEVICE)).isEqualTo(expected);
  }

  @Test
  void of_aDeviceWithoutTheAttribute_fails_unlessAnotherConditionIsFalse() {
    String uuid = "device.attributes['gpu.nvidia.com'].uuid == 'MIG-1'";
    String isGpu = "device.attributes['gpu.nvidia.com'].type == 'gpu'";
    String isMig = "device.attributes['gpu.nvidia.com'].type == 'mig'";
    Fails missing = new Fails("device gpu-0-mig-1g10gb-19-2 has no attribute gpu.nvidia.com/uuid");

    assertThat(evaluate(uuid, DEVICE)).isEqualTo(missing);
    assertThat(evaluate(uuid + "\n && " + isMig, DEVICE)).isEqualTo(missing);
    assertThat(evaluate(uuid + " && " + isGpu, DEVICE)).isEqualTo(Selection.NOT_SELECTED);
    assertThat(evaluate("device.capacity['dra.net'].memory.isGreaterThan(quantity('1'))", DEVICE))
        .isEqualTo(new Fails("device gpu-0-mig-1g10gb-19-2 has no capacity dra.net/memory"));
    assertThat(evaluate("device.attributes['gpu.nvidia.com'].driverVersion == '580.159.4'", DEVICE))
        .isEqualTo(
            new Fails(
                "attribute gpu.nvidia.com/driverVersion of device gpu-0-mig-1g10gb-19-2 is a version, which == cannot compare with a text"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "true",
        "device.driver == 'a' || device.driver == 'b'",
        "!(device.driver == 'a')",
        "device.driver != 'a'",
        "device.driver == 'a' &&",
        "&& device.driver == 'a'",
        "device.driver == 'a' device.driver == 'a'",
        "device.driver == '''a'''",
        "device.driver == r'a'",
        "device.driver == 'a\\n'",
        "device.driver == 'a",
        "device.dri ver == 'a'",
        "'a' == device.driver",
        "device.driver.startsWith('gpu')",
        "device.attributes['gpu.nvidia.com'].profile.matches('1g.*')",
        "device.attributes['gpu.nvidia.com'].profile == \"1g\" + '.10gb'",
        "device.attributes['gpu.nvidia.com'].healthy == true",
        "device.attributes['gpu.nvidia.com'].healthy",
        "device.attributes.profile == '1g.10gb'",
        "has(device.attributes['gpu.nvidia.com'].profile)",
        "device.attributes['gpu.nvidia.com'].driverVersion.isGreaterThan(semver('580.0.0'))",
        "device.capacity['gpu.nvidia.com'].memory == quantity('10Gi')",
        "device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('10Gi')) >= 1",
        "device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('ten')) >= 0",
        "device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('0.5')) >= 0",
        "device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('99999999999Ei')) >= 0",
        "device.allowMultipleAllocations"
      })
  void read_anotherExpression_isNotRead(String expression) {
    assertThat(CelSelector.read(expression)).isInstanceOf(NotRead.class);
  }

  @Test
  void read_anotherExpression_namesItWithTheRemedy() {
    assertThat(CelSelector.read("device.driver != 'a'"))
        .isEqualTo(
            new NotRead(
                "the selector 'device.driver != 'a'' is not read; join conditions on driver, attributes and capacity by &&, such as device.attributes['gpu.nvidia.com'].profile == '1g.23gb'"));
  }

  @Test
  void read_aLongExpression_endsInTime() {
    String escapes = "device.driver == '" + "\\'".repeat(5000) + "'";
    String list = "device.driver in [" + "'a',".repeat(2400) + "'a']";

    assertThat(CelSelector.read(escapes)).isInstanceOf(Read.class);
    assertThat(CelSelector.read(list)).isInstanceOf(Read.class);
    assertThat(CelSelector.read("device.driver == '" + "a".repeat(20_000) + "'"))
        .isInstanceOf(NotRead.class);
  }

  static Stream<GpuModel> models() {
    return GpuCatalog.bundled().models().stream()
        .filter(GpuModel::supportsMig)
        .filter(model -> !model.products().isEmpty())
        .filter(model -> model.profiles().stream().allMatch(GpuInstanceProfile::isPlaceable));
  }

  /** One whole GPU, and one GPU for each profile that is full of it. */
  private static List<MigLayout> layouts(GpuModel model) {
    List<MigLayout> layouts = new ArrayList<>();
    layouts.add(MigLayout.on(model).build());
    model
        .profiles()
        .forEach(profile -> layouts.add(Layouts.of(model)
            .over(profile.profile().toString())
            .maximalStates()
            .findFirst()
            .orElseThrow()));
    return layouts;
  }

  /** Every selector that can be written for the devices of an inventory, with what it means. */
  private static Map<MigSelector, Predicate<DraDevice>> selectors(
      GpuModel model, DraNode node, boolean isStatic) {
    Map<MigSelector, Predicate<DraDevice>> all = new HashMap<>();
    all.put(MigSelector.any(), any -> true);
    all.put(MigSelector.any().on(model), any -> true);
    all.put(MigSelector.any().on(otherThan(model)), any -> false);
    for (GpuInstanceProfile instance : model.profiles()) {
      MigProfile profile = instance.profile();
      Predicate<DraDevice> hasProfile = device -> device.profile().orElseThrow().equals(profile);
      all.put(MigSelector.profile(profile), hasProfile);
      all.put(MigSelector.profile(profile).on(model), hasProfile);
    }
    // The memory of some models' devices is not known, and is then not published.
    boolean hasMemory = node.gpus().stream()
        .flatMap(gpu -> gpu.devices().stream())
        .filter(device -> device.kind() == DraDevice.Kind.MIG)
        .allMatch(device -> device.memoryMib().isPresent());
    for (DraGpu gpu : node.gpus()) {
      for (DraDevice device : gpu.devices()) {
        device.memoryMib().stream().filter(any -> hasMemory).forEach(mib -> {
          for (int least : new int[] {(int) mib - 1, (int) mib, (int) mib + 1}) {
            all.put(MigSelector.memoryMib(least), each -> each.memoryMib().orElseThrow() >= least);
          }
        });
        device
            .placement()
            .ifPresent(place -> all.put(
                MigSelector.at(gpu, place),
                each -> isStatic
                    ? each.equals(device)
                    : gpu.devices().contains(each)
                        && each.profile().orElseThrow().equals(place.profile())));
      }
    }
    return all;
  }

  private static GpuModel otherThan(GpuModel model) {
    List<String> own = model.products().stream().map(GpuProduct::name).toList();
    return models()
        .filter(
            other -> other.products().stream().noneMatch(product -> own.contains(product.name())))
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @MethodSource("models")
  void everySelectorThatIsWritten_selectsExactlyTheDevicesThatItMeans(GpuModel model) {
    SimulatedDraDriver driver = SimulatedDraDriver.of(client);
    driver.publishStatic("node", layouts(model));
    assertAgreement(model, true);

    driver.publishPartitionable("node", List.of(model, model));
    assertAgreement(model, false);
  }

  private void assertAgreement(GpuModel model, boolean isStatic) {
    List<ResourceSlice> slices = client.resources(ResourceSlice.class).list().getItems();
    DraNode node = DraInventory.of(slices, GpuCatalog.bundled()).node("node").orElseThrow();
    Map<String, DraDevice> inventory = new HashMap<>();
    node.gpus().forEach(gpu -> gpu.devices().forEach(each -> inventory.put(each.name(), each)));
    List<PublishedDevice> published = slices.stream()
        .flatMap(slice -> new Slice(ObjectTexts.tree(client.getKubernetesSerialization(), slice))
            .devices().stream())
        .toList();
    assertThat(published).hasSameSizeAs(inventory.values());
    Map<MigSelector, Predicate<DraDevice>> selectors = selectors(model, node, isStatic);
    assertThat(selectors).hasSizeGreaterThan(3 * model.profiles().size());
    selectors.forEach((selector, means) -> {
      List<String> meant = published.stream()
          .map(PublishedDevice::name)
          .filter(name -> isMig(inventory.get(name)) && means.test(inventory.get(name)))
          .toList();
      assertThat(selected(List.of(selector.celOnEveryDevice()), published))
          .as(selector.toString())
          .isEqualTo(meant);
      assertThat(selected(
              selector.conditions(),
              published.stream()
                  .filter(each -> isMig(inventory.get(each.name())))
                  .toList()))
          .as(selector.toString())
          .isEqualTo(meant);
    });
  }

  private static boolean isMig(DraDevice device) {
    return device.kind() == DraDevice.Kind.MIG;
  }

  /** The names of the devices that all expressions select, none of which fails. */
  private static List<String> selected(List<String> expressions, List<PublishedDevice> devices) {
    List<CelSelector> read = expressions.stream().map(CelSelectorTest::read).toList();
    return devices.stream()
        .filter(device -> read.stream().allMatch(selector -> {
          Verdict verdict = selector.of(device);
          assertThat(verdict instanceof Selection).isTrue();
          return verdict == Selection.SELECTED;
        }))
        .map(PublishedDevice::name)
        .toList();
  }
}
