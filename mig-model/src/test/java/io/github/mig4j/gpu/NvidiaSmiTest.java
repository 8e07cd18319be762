package io.github.mig4j.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class NvidiaSmiTest {

  private static final String HEAD = """
      +-------------------------------------------------------------------------------+
      | GPU instance profiles:                                                        |
      | GPU   Name               ID    Instances   Memory     P2P    SM    DEC   ENC  |
      |                                Free/Total   GiB              CE    JPEG  OFA  |
      |===============================================================================|
      """;
  private static final String ROW = """
      |   0  MIG 1g.10gb         19     5/7        9.75       No     16     1     0   |
      |                                                               2     3     4   |
      +-------------------------------------------------------------------------------+
      """;
  private static final String WHERE = "GPU  0 Profile ID 19 Placements: {0,1,2,3,4,5,6}:1\n";

  /** Readings of the hardware, and what the catalogue says of it. */
  @ParameterizedTest
  @CsvSource({"h100, h100-sxm-80gb", "h200, h200-141gb"})
  void read_ownCaptures_areTheBundledModels_fieldByField(String capture, String id) {
    var bundled = GpuCatalog.bundled().require(id);

    var gpus = NvidiaSmi.read(resource(capture + "-lgip.txt"), resource(capture + "-lgipp.txt"))
        .gpus();

    assertThat(gpus).hasSize(1);
    var read = gpus.get(0).model();
    assertThat(read.computeSlices()).isEqualTo(bundled.computeSlices());
    assertThat(read.memorySlices()).isEqualTo(bundled.memorySlices());
    assertThat(read.profiles()).hasSameSizeAs(bundled.profiles());
    for (int i = 0; i < read.profiles().size(); i++) {
      var profile = read.profiles().get(i);
      var known = bundled.profiles().get(i);
      assertThat(profile.profile()).isEqualTo(known.profile());
      assertThat(profile.id()).isEqualTo(known.id());
      assertThat(profile.size()).isEqualTo(known.size());
      assertThat(profile.starts()).isEqualTo(known.starts());
      assertThat(profile.maxInstances()).isEqualTo(known.maxInstances());
      assertThat(profile.amounts()).isEqualTo(known.amounts());
      assertThat(profile.provenance().confidence()).isEqualTo(Confidence.HARDWARE);
      assertThat(gpus.get(0).free()).containsEntry(profile.profile(), profile.maxInstances());
    }
  }

  @Test
  void read_rowOfATable_fillsEveryField() {
    var gpus = NvidiaSmi.read(HEAD + ROW, WHERE).gpus();

    assertThat(gpus).hasSize(1);
    var gpu = gpus.get(0);
    assertThat(gpu.index()).isZero();
    assertThat(gpu.free()).hasToString("{1g.10gb=5}");
    assertThat(gpu.model().id()).isEqualTo("gpu-0");
    assertThat(gpu.model().architecture()).isEqualTo("unknown");
    assertThat(gpu.model().computeSlices()).isEqualTo(7);
    assertThat(gpu.model().memorySlices()).hasValue(7);
    assertThat(gpu.model().wholeGpu()).isEmpty();
    var profile = gpu.model().profiles().get(0);
    assertThat(profile.id()).hasValue(19);
    assertThat(profile.maxInstances()).isEqualTo(7);
    assertThat(profile.starts()).containsExactly(0, 1, 2, 3, 4, 5, 6);
    assertThat(profile.amounts())
        .hasToString("{MEMORY_MIB=9984, SMS=16, COPY_ENGINES=2, DECODERS=1, ENCODERS=0,"
            + " JPEG_ENGINES=3, OFA_ENGINES=4}");
  }

  @Test
  void read_withoutPlacements_leavesThemUnknown() {
    var model = NvidiaSmi.read(HEAD + ROW).gpus().get(0).model();

    assertThat(model.memorySlices()).isEmpty();
    assertThat(model.profiles()).noneMatch(GpuInstanceProfile::isPlaceable);
  }

  @Test
  void read_bothListingsInOneText_isTheSame() {
    assertThat(NvidiaSmi.read(HEAD + ROW + WHERE)).isEqualTo(NvidiaSmi.read(HEAD + ROW, WHERE));
  }

  @Test
  void named_carriesTheProductAndKeepsTheRest() {
    var gpu = NvidiaSmi.read(HEAD + ROW, WHERE).gpus().get(0);

    var named = gpu.named("NVIDIA X1 (SXM)");

    assertThat(named.id()).isEqualTo("nvidia-x1-sxm");
    assertThat(named.products()).extracting(GpuProduct::label).containsExactly("NVIDIA-X1-SXM");
    assertThat(named.profiles()).isEqualTo(gpu.model().profiles());
    assertThat(named.memorySlices()).isEqualTo(gpu.model().memorySlices());
    assertThat(named.computeSlices()).isEqualTo(7);
    assertThat(named.slicesProvenance()).isEqualTo(gpu.model().slicesProvenance());
    assertThat(GpuCatalog.bundled().with(named).require("NVIDIA-X1-SXM")).isEqualTo(named);
  }

  @Test
  void read_severalGpus_keepsThemApart() {
    String second = ROW.replace("|   0  MIG 1g.10gb", "|  11  MIG 2g.20gb");
    String places = WHERE + "GPU 11 Profile ID 19 Placement : {0}:2\n";

    var gpus = NvidiaSmi.read(HEAD + second + ROW, places).gpus();

    assertThat(gpus).extracting(NvidiaSmi.Gpu::index).containsExactly(0, 11);
    assertThat(gpus.get(1).model().id()).isEqualTo("gpu-11");
    assertThat(gpus.get(1).model().profiles().get(0).profile()).hasToString("2g.20gb");
    assertThat(gpus.get(1).model().profiles().get(0).starts()).containsExactly(0);
    assertThat(gpus.get(1).model().memorySlices()).hasValue(2);
  }

  static Stream<Arguments> sameMeaning() {
    return Stream.of(
        Arguments.of("indented", indent(HEAD + ROW)),
        Arguments.of("with trailing blanks", (HEAD + ROW).replace("|\n", "|   \n")),
        Arguments.of("with Windows line ends", (HEAD + ROW).replace("\n", "\r\n")),
        Arguments.of("after a prompt", "root@node:~# nvidia-smi mig -lgip\n\n" + HEAD + ROW),
        Arguments.of("with squeezed blanks", squeeze(HEAD + ROW)),
        Arguments.of("narrow", (HEAD + ROW).replaceAll(" {2}", " ").replaceAll("-{5}", "")),
        Arguments.of("without the word MIG", (HEAD + ROW).replace("MIG ", "    ")),
        Arguments.of("cut at the end", HEAD + ROW + "...\n"),
        Arguments.of("without a closing rule", (HEAD + ROW).replaceAll("\\+-+\\+\n$", "")),
        Arguments.of(
            "with a column that is new",
            HEAD.replace("ENC  |", "ENC   QPU  |") + ROW.replace("     0   |", "     0     9   |")),
        Arguments.of(
            "with a new column that has no value here",
            HEAD.replace("OFA  |", "OFA   QPU  |") + ROW),
        Arguments.of(
            "with a new column in the second line",
            HEAD.replace("OFA  |", "OFA   QPU  |") + ROW.replace("  4   |", "  4     9   |")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("sameMeaning")
  void read_otherLooks_meanTheSame(String look, String text) {
    assertThat(NvidiaSmi.read(text).gpus())
        .as(look)
        .isEqualTo(NvidiaSmi.read(HEAD + ROW).gpus());
  }

  @Test
  void read_rowCutInTheMiddle_leavesTheSecondHalfUnknown() {
    String cut = ROW.lines().findFirst().orElseThrow();

    var profile = NvidiaSmi.read(HEAD + cut).gpus().get(0).model().profiles().get(0);

    assertThat(profile.amounts()).hasToString("{MEMORY_MIB=9984, SMS=16, DECODERS=1, ENCODERS=0}");
  }

  static Stream<Arguments> nothing() {
    String expected =
        "expected what 'nvidia-smi mig -lgip', '-lgipp', '-lgi', '-lcip' or '-lci' prints";
    return Stream.of(
        Arguments.of("", 1, "there is no row; " + expected),
        Arguments.of("\n\n", 1, "there is no row; " + expected),
        Arguments.of("\nhello\n", 2, "'hello' is not part of a listing; " + expected),
        Arguments.of(
            "No MIG-enabled devices found.",
            1,
            "nvidia-smi found nothing to list: 'No MIG-enabled devices found.'; enable MIG mode"
                + " first"),
        Arguments.of(
            "No MIG-supported devices found.",
            1,
            "nvidia-smi found nothing to list: 'No MIG-supported devices found.'; run it on a"
                + " machine with a GPU that supports MIG"),
        Arguments.of(
            "No devices were found",
            1,
            "nvidia-smi found nothing to list: 'No devices were found'; run it on a machine whose"
                + " driver has a GPU"),
        Arguments.of(
            "$ nvidia-smi mig -lgi\nFailed to display GPU instances: Insufficient Permissions\n",
            2,
            "nvidia-smi failed: 'Failed to display GPU instances: Insufficient Permissions'; run it"
                + " as root, or in a privileged container"),
        Arguments.of(
            "bash: nvidia-smi: command not found\n",
            1,
            "nvidia-smi failed: 'bash: nvidia-smi: command not found'; run it on the machine or in"
                + " the pod that has the driver"),
        Arguments.of(
            "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 535.1\n",
            1,
            "nvidia-smi failed: 'Failed to initialize NVML: Driver/library version mismatch'; reload"
                + " the driver, or reboot the machine"),
        Arguments.of(
            "Failed to initialize NVML: Unknown Error\n",
            1,
            "nvidia-smi failed: 'Failed to initialize NVML: Unknown Error'; check the driver of the"
                + " machine"),
        Arguments.of(
            HEAD,
            6,
            "the table has no row, and more may be missing; paste the whole output of 'nvidia-smi"
                + " mig -lgip'"),
        Arguments.of(
            HEAD + ROW.replace("1g.10gb", "0g.10gb"),
            6,
            "the row of 0g.10gb is not used: an instance has at least one compute slice; print it"
                + " again with 'nvidia-smi mig -lgip'"));
  }

  @ParameterizedTest
  @MethodSource("nothing")
  void read_textWithoutAnyRow_isRefusedWithALine(String text, int line, String problem) {
    assertThatThrownBy(() -> NvidiaSmi.read(text))
        .isInstanceOf(ListingSyntaxException.class)
        .hasMessage("Not a listing of 'nvidia-smi mig': line " + line + ": " + problem)
        .satisfies(e -> assertThat(((ListingSyntaxException) e).line()).isEqualTo(line));
  }

  static Stream<Arguments> oneRowIsWrong() {
    String again = "; print it again with 'nvidia-smi mig -lgip'";
    String whole = "; paste the whole output of 'nvidia-smi mig -lgip'";
    String other = ROW.replace("1g.10gb", "2g.20gb").replace(" 19 ", " 14 ");
    return Stream.of(
        Arguments.of(
            other.replace("2g.20gb", "2g.20GB"),
            "9: error: the row of 2g.20GB is not used: Not a MIG profile: '2g.20GB'. Did you mean '2g.20gb'?"
                + again),
        Arguments.of(
            other.replace("2g.20gb", "0g.10gb"),
            "9: error: the row of 0g.10gb is not used: an instance has at least one compute slice"
                + again),
        Arguments.of(
            other.replace("2g.20gb", "1c.2g.20gb"),
            "9: error: the row of 1c.2g.20gb is not used: the number of its GPU instance is missing"
                + again),
        Arguments.of(
            other.replace(" 5/7", "   7"),
            "9: error: the row of 2g.20gb is not used: column 'Instances' must be free/total, but"
                + " was '7'"
                + again),
        Arguments.of(
            other.replace("5/7", "0/0"),
            "9: error: the row of 2g.20gb is not used: column 'Instances' must be a number from 1 to"
                + " 24, but was '0'"
                + again),
        Arguments.of(
            other.replace("9.75", "many"),
            "9: error: the row of 2g.20gb is not used: column 'Memory' must be GiB with two"
                + " decimals, but was 'many'"
                + again),
        Arguments.of(
            other.replace("  2     3     4 ", "  2     3     x "),
            "10: error: the row of 2g.20gb is not used: column 'OFA' must be a number from 0 to"
                + " 1048576, but was 'x'"
                + again),
        Arguments.of(
            other.replace("   0  MIG", "9999  MIG"),
            "9: error: the row of 2g.20gb is not used: column 'GPU' must be a number from 0 to 1024,"
                + " but was '9999'"
                + again),
        Arguments.of(
            other.replace("3     4   |", "3     4  5  6  7 |"),
            "10: error: the row of 2g.20gb is not used: 6 values do not match the columns [CE, JPEG,"
                + " OFA]"
                + again),
        Arguments.of(ROW, "9: note: 1g.10gb of GPU 0 is listed twice; the second row is ignored"),
        Arguments.of(
            ROW.replace("5/7", "6/7"),
            "9: error: 1g.10gb of GPU 0 is not used: it is listed with other values on line 6"),
        Arguments.of(
            WHERE + WHERE.replace("19", "99"),
            "10: warning: profile ID 99 of GPU 0 is not in the listing of -lgip, so that profile is"
                + " missing"
                + whole),
        Arguments.of(
            WHERE.replace("6}", "25}"),
            "9: error: the row of profile ID 19 of GPU 0 is not used: column 'Placements' must be a"
                + " number from 0 to 24, but was '25'"
                + again.replace("-lgip", "-lgipp")),
        Arguments.of(
            WHERE.replace(":1\n", ":0\n"),
            "9: error: the row of profile ID 19 of GPU 0 is not used: column 'Placements' must be a"
                + " number from 1 to 24, but was '0'"
                + again.replace("-lgip", "-lgipp")),
        Arguments.of(
            WHERE.replace("{", "["),
            "9: warning: the row of profile ID 19 of GPU 0 is cut off and is not used, and more may"
                + " be missing"
                + whole.replace("-lgip", "-lgipp")),
        Arguments.of("{}\n", "9: note: '{}' is not part of a listing and is ignored"));
  }

  @ParameterizedTest
  @MethodSource("oneRowIsWrong")
  void read_oneWrongRow_isOneFinding_andTheOthersAreRead(String wrong, String finding) {
    var listing = NvidiaSmi.read(HEAD + ROW + wrong);

    assertThat(listing.findings())
        .hasToString("[" + finding.replaceFirst(":", ":1:") + codeOf(finding) + "]");
    assertThat(listing.gpus()).hasSize(1);
    assertThat(listing.gpus().get(0).free()).hasToString("{1g.10gb=5}");
    assertThat(listing.isComplete()).isEqualTo(finding.contains(": note:"));
  }

  private static String codeOf(String finding) {
    return finding.contains(": error:")
        ? " [row-unusable]"
        : finding.contains(": note:") ? " [text-ignored]" : " [rows-missing]";
  }

  @ParameterizedTest
  @ValueSource(strings = {"MiB", "GB", "TiB"})
  void read_memoryInAnotherUnit_isNotRead(String unit) {
    var listing = NvidiaSmi.read(HEAD.replace("GiB", unit) + ROW);

    assertThat(listing.gpus().get(0).model().profiles().get(0).amounts())
        .doesNotContainKey(Budget.MEMORY_MIB);
    assertThat(listing.findings())
        .hasToString("[4:1: warning: the memory is in " + unit
            + ", not in GiB, and is not read [unit-unknown]]");
  }

  /** As on a page that shows the profiles of one GPU and the placements of another. */
  @Test
  void read_moreInstancesThanPlaces_isAWarning() {
    var listing = NvidiaSmi.read(HEAD + ROW + "\nGPU  0 Profile ID 19 Placements: {0,4}:4\n");

    assertThat(listing.gpus()).hasSize(1);
    assertThat(listing.findings())
        .hasToString("[10:1: warning: the listings of GPU 0 contradict each other: -lgip allows 7"
            + " of 1g.10gb, but -lgipp has room for 2; print both again on the same machine"
            + " [listings-differ]]");
  }

  @Test
  void read_contradictingListings_nameTheGpu() {
    var listing = NvidiaSmi.read(HEAD + ROW.replace("5/7", "5/24").replace("1g.10gb", "3g.40gb"));

    assertThat(listing.gpus()).isEmpty();
    assertThat(listing.findings())
        .hasToString(
            "[6:1: error: the listings of GPU 0 contradict each other: gpu-0: computeSlices"
                + " must be from 0 to 24, but was 72; print both again on the same machine"
                + " [row-unusable]]");
  }

  @Test
  void read_secondText_countsItsOwnLines() {
    var listing = NvidiaSmi.read(HEAD + ROW, WHERE + "what?");

    assertThat(listing.findings())
        .hasToString("[2:1: note: 'what?' is not part of a listing and is ignored [text-ignored]]")
        .extracting(found -> found.facts().orElseThrow())
        .containsExactly(new NvidiaSmi.InText(1));
  }

  @Test
  void read_withoutPlacements_theSourceSaysSo() {
    assertThat(NvidiaSmi.read(HEAD + ROW).gpus().get(0).model().slicesProvenance())
        .isEqualTo(new Provenance("nvidia-smi mig -lgip on the GPU itself", Confidence.HARDWARE));
    assertThat(NvidiaSmi.read(HEAD + ROW, WHERE).gpus().get(0).model().slicesProvenance())
        .isEqualTo(new Provenance(
            "nvidia-smi mig -lgip and -lgipp on the GPU itself", Confidence.HARDWARE));
  }

  private static String indent(String text) {
    return text.lines().map(line -> "    " + line).collect(Collectors.joining("\n"));
  }

  private static String squeeze(String text) {
    return Arrays.stream(text.split("\n"))
        .map(line -> line.replaceAll(" +", " "))
        .collect(Collectors.joining("\n"));
  }

  private static String resource(String name) {
    try (var in = NvidiaSmiTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
