package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.fail;

import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.gpu.DriverVersion;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.ListingSyntaxException;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.gpu.NvidiaSmi;
import io.github.mig4j.gpu.PciDeviceId;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.dra.DraInventory;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.layout.RunningInstances;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeLint;
import io.github.mig4j.sharing.DevicePluginConfigFile;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Mutated texts for every reader: only the exceptions that a reader documents come out. {@code
 * -Dmig4j.fuzz=1000000} sets the number of texts of each reader, and {@code -Dmig4j.fuzz.seed=N} begins
 * with other ones.
 */
class ReaderFuzzTest {

  private static final int TEXTS = Integer.getInteger("mig4j.fuzz", 10_000);
  private static final long SEED = Long.getLong("mig4j.fuzz.seed", 1);
  private static final int MAX_LENGTH = 8_000;
  private static final GpuCatalog CATALOG = GpuCatalog.bundled();
  private static final List<NodeGpu> NODE = NodeGpu.several(CATALOG.require("h100-sxm-80gb"), 2);

  private static final List<String> FRAGMENTS = List.of(
      "\0",
      "\t",
      "\r\n",
      "\r",
      "\u0085",
      "\u2028",
      "\uFEFF",
      "\uD800",
      "\uDC00",
      "\uD83D\uDE00",
      "\"\\u",
      "\"\\x",
      "\"\\UFFFFFFFF\"",
      "'",
      "\"",
      "\\",
      "{",
      "}",
      "[",
      "]",
      "&a ",
      "*a",
      "<<: *a",
      "!!int ",
      "!!binary ",
      "? ",
      "- ",
      ": ",
      "|",
      ">-",
      "---\n",
      "...\n",
      "%YAML 1.2\n",
      "#",
      "99999999999999999999",
      "-1",
      "2147483648",
      "1e999",
      ".nan",
      "0x",
      "08",
      "null",
      "~",
      "{{ .Values.x }}",
      "{% if x %}",
      "${X}",
      "1g.10gb",
      "0g.0gb",
      "1c.0g.5gb+me.all",
      "kind: ConfigMap\n",
      "kind: List\nitems:\n",
      "data:\n",
      "config.yaml: |\n",
      "mig-configs:\n",
      "sharing:\n",
      "migManager:\n",
      "devicePlugin:\n",
      "patches:\n",
      "+-----+\n",
      "| 0 MIG ",
      "```\n",
      "level=fatal msg=\"",
      "ERROR_IN_USE",
      "GPU ",
      ": ");

  private static final String CONFIG = """
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: team, namespace: gpu-operator}
      data:
        config.yaml: |
          version: v1
          mig-configs:
            all-disabled: &off
            - devices: all
              mig-enabled: false
            small:
            - device-filter: ["0x233010DE"]
              devices: [0, 1]
              mig-enabled: true
              mig-devices: {"1g.10gb": 7}
      """;

  private static final String SHARING = """
      gpu-operator:
        devicePlugin:
          config:
            data:
              four: |
                version: v1
                flags: {migStrategy: mixed, plugin: {passDeviceSpecs: true}}
                sharing:
                  timeSlicing:
                    resources:
                    - {name: nvidia.com/gpu, replicas: 4}
      """;

  private static final String LISTING = """
      +-----------------------------------------------------------------------------+
      | GPU instance profiles:                                                      |
      | GPU   Name             ID    Instances   Memory     P2P    SM    DEC   ENC  |
      |                              Free/Total   GiB              CE    JPEG  OFA  |
      |=============================================================================|
      |   0  MIG 1g.10gb       19     7/7        9.75       No     16     1     0   |
      |                                                             1     1     0   |
      +-----------------------------------------------------------------------------+
      GPU  0 Profile ID 19 Placements: {0,1,2,3,4,5,6}:1
      | GPU instances:                                                               |
      |   0  MIG 1g.10gb         19        7          4:1      |
      """;

  private static final String SLICE = """
      apiVersion: v1
      kind: List
      items:
      - apiVersion: resource.k8s.io/v1
        kind: ResourceSlice
        metadata: {name: s1}
        spec:
          driver: gpu.nvidia.com
          nodeName: gpu-node
          pool: {name: gpu-node, generation: 1, resourceSliceCount: 1}
          devices:
          - name: gpu-0
            attributes:
              type: {string: gpu}
              productName: {string: NVIDIA H100 80GB HBM3}
            capacity:
              memory: {value: 81559Mi}
      """;

  private static final String NODE_TEXT = """
      {"kind": "Node", "metadata": {"name": "gpu-node", "labels": {
        "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "nvidia.com/gpu.count": "2",
        "nvidia.com/gpu.memory": "81559", "nvidia.com/mig.capable": "true",
        "nvidia.com/mig.config": "small", "nvidia.com/mig.config.state": "success",
        "nvidia.com/mig.strategy": "mixed", "nvidia.com/mig-1g.10gb.count": "14"}},
       "status": {"allocatable": {"nvidia.com/gpu": "0", "nvidia.com/mig-1g.10gb": "14"}}}
      """;

  private static final MigNodeStatus FAILED_NODE =
      MigNodeStatus.parse(NODE_TEXT.replace("success", "failed")).orElseThrow();

  private static final String LOG = """
      time="2026-01-05T10:00:00Z" level=info msg="Updating to MIG config: small"
      Updating MIG config: map[1g.10gb:7]
      time="2026-01-05T10:00:09Z" level=error msg="\\nThe following GPUs could not be reset:\\n  GPU 0"
      time="2026-01-05T10:00:10Z" level=fatal msg="Error creating GPU instance for '3g.40gb': ERROR_IN_USE"
      """;

  private record Reader(
      String seed, Consumer<String> read, Set<Class<? extends RuntimeException>> documented) {}

  private static final Set<Class<? extends RuntimeException>> REFUSED =
      Set.of(IllegalArgumentException.class);

  private static final Map<String, Reader> READERS = Map.ofEntries(
      Map.entry("mig-parted file", new Reader(CONFIG, ReaderFuzzTest::readConfig, Set.of())),
      Map.entry(
          "device plugin's file",
          new Reader(
              SHARING,
              text -> DevicePluginConfigFile.readAll(text)
                  .values()
                  .forEach(file -> file.findings().toString()),
              Set.of())),
      Map.entry(
          "listing of nvidia-smi",
          new Reader(
              LISTING,
              text -> RunningInstances.in(NvidiaSmi.read(text)).toString(),
              Set.of(ListingSyntaxException.class))),
      Map.entry("profile", new Reader("1c.3g.20gb+me", MigProfile::parse, REFUSED)),
      Map.entry(
          "resource name",
          new Reader("nvidia.com/mig-1g.10gb.me.shared", MigProfile::ofResourceName, Set.of())),
      Map.entry("PCI device id", new Reader("0x233010DE", PciDeviceId::parse, REFUSED)),
      Map.entry("driver version", new Reader("580.82.07", DriverVersion::parse, Set.of())),
      Map.entry(
          "catalogue",
          new Reader(
              "{\"models\": [{\"id\": \"x\", \"profiles\": []}]}", GpuCatalog::parse, REFUSED)),
      Map.entry("slices", new Reader(SLICE, text -> DraInventory.parse(text, CATALOG), REFUSED)),
      Map.entry("node", new Reader(NODE_TEXT, MigNodeStatus::parse, REFUSED)),
      Map.entry(
          "log",
          new Reader(
              LOG, text -> Diagnosis.of(FAILED_NODE, text.lines().toList()).toString(), Set.of())));

  private static void readConfig(String text) {
    MigConfigFile file = MigConfigFile.read(text);
    NodeLint.of(file, NODE, MigStrategy.MIXED).toString();
  }

  @TestFactory
  Stream<DynamicTest> mutatedText_endsInAValueOrADocumentedException() {
    return READERS.entrySet().stream()
        .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> fuzz(each.getValue())));
  }

  private static void fuzz(Reader reader) {
    for (int i = 0; i < TEXTS; i++) {
      Random random = new Random(SEED * 1_000_003 + i);
      String text = mutated(reader.seed, random);
      try {
        reader.read.accept(text);
      } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
        if (!reader.documented.contains(e.getClass())) {
          fail("Text %d of seed %d: %s".formatted(i, SEED, text), e);
        }
      }
    }
  }

  private static String mutated(String seed, Random random) {
    StringBuilder text = new StringBuilder(seed);
    for (int edits = 1 + random.nextInt(6); edits > 0; edits--) {
      int at = random.nextInt(text.length() + 1);
      int end = Math.min(text.length(), at + 1 + random.nextInt(40));
      switch (random.nextInt(6)) {
        case 0 -> text.insert(at, FRAGMENTS.get(random.nextInt(FRAGMENTS.size())));
        case 1 -> text.delete(at, end);
        case 2 -> text.insert(random.nextInt(text.length() + 1), text.substring(at, end));
        case 3 ->
          text.replace(
              at, Math.min(text.length(), at + 1), String.valueOf((char) random.nextInt(0x180)));
        case 4 ->
          text.insert(
              at, FRAGMENTS.get(random.nextInt(FRAGMENTS.size())).repeat(1 + random.nextInt(80)));
        default -> text.setLength(at);
      }
      text.setLength(Math.min(text.length(), MAX_LENGTH));
    }
    return text.toString();
  }
}
