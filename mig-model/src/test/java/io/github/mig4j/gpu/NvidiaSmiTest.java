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

  /** Listings of real hardware, and the model in the catalogue. */
  @ParameterizedTest
  @CsvSource({"h100, h100-sxm-80gb", "h200, h200-141gb"})
  void read_ownCaptures_areTheBundledModels_fieldByField(String capture, String id) {
    var bundled = GpuCatalog.bundled().require(id);

    var gpus = NvidiaSmi.read(resource(capture + "-lgip.txt"), resource(capture + "-lgipp.txt"));

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
    var gpus = NvidiaSmi.read(HEAD + ROW, WHERE);

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
    var model = NvidiaSmi.read(HEAD + ROW).get(0).model();

    assertThat(model.memorySlices()).isEmpty();
    assertThat(model.profiles()).noneMatch(GpuInstanceProfile::isPlaceable);
  }

  @Test
  void read_bothListingsInOneText_isTheSame() {
    assertThat(NvidiaSmi.read(HEAD + ROW + WHERE)).isEqualTo(NvidiaSmi.read(HEAD + ROW, WHERE));
  }

  @Test
  void named_carriesTheProductAndKeepsTheRest() {
    var gpu = NvidiaSmi.read(HEAD + ROW, WHERE).get(0);

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

    var gpus = NvidiaSmi.read(HEAD + second + ROW, places);

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
  void read_otherTableStyles_giveTheSame(String look, String text) {
    assertThat(NvidiaSmi.read(text)).as(look).isEqualTo(NvidiaSmi.read(HEAD + ROW));
  }

  @Test
  void read_rowCutInTheMiddle_leavesTheSecondHalfUnknown() {
    String cut = ROW.lines().findFirst().orElseThrow();

    var profile = NvidiaSmi.read(HEAD + cut).get(0).model().profiles().get(0);

    assertThat(profile.amounts()).hasToString("{MEMORY_MIB=9984, SMS=16, DECODERS=1, ENCODERS=0}");
  }

  static Stream<Arguments> garbage() {
    return Stream.of(
        Arguments.of("", 1, "the text has no table of GPU instance profiles"),
        Arguments.of("\n\n", 3, "the text has no table of GPU instance profiles"),
        Arguments.of(HEAD, 6, "the text has no table of GPU instance profiles"),
        Arguments.of(WHERE, 2, "the text has no table of GPU instance profiles"),
        Arguments.of("hello\n", 1, "'hello' is neither a table row nor a line with placements"),
        Arguments.of(
            "No MIG-enabled devices found.",
            1,
            "nvidia-smi lists no profiles: 'No MIG-enabled devices found.'. Enable MIG mode first"),
        Arguments.of(
            ROW,
            1,
            "'|   0  MIG 1g.10gb         19     5/7        9.75       No  …' precedes the heading"
                + " with the columns 'GPU', 'Name', 'ID'"),
        Arguments.of(HEAD + "| GPU instances: |\n", 6, "'| GPU instances: |' is not a profile row"),
        Arguments.of(HEAD + "{}", 6, "'{}' is neither a table row nor a line with placements"),
        Arguments.of(
            HEAD.replace("GiB", "MiB"),
            4,
            "the memory must be in GiB, but was in Free/Total, MiB, CE, JPEG, OFA"),
        Arguments.of(
            HEAD + ROW.replace("1g.10gb", "1g.10GB"),
            6,
            "Not a MIG profile: '1g.10GB'. Expected [<c>c.]<g>g.<gb>gb[+attribute|-attribute],"
                + " e.g. '1g.5gb' or '1g.5gb+me'"),
        Arguments.of(
            HEAD + ROW.replace(" 5/7", "   7"),
            6,
            "column 'Instances' must be free/total, but was '7'"),
        Arguments.of(
            HEAD + ROW.replace("5/7", "0/0"),
            6,
            "1g.10gb must have at least one instance, but" + " free/total was 0/0"),
        Arguments.of(
            HEAD + ROW.replace("5/7", "5/x"),
            6,
            "column 'Instances' must be a number from 0 to 24, but was 'x'"),
        Arguments.of(
            HEAD + ROW.replace("9.75", "many"),
            6,
            "column 'Memory' must be GiB with two decimals, but was 'many'"),
        Arguments.of(
            HEAD + ROW.replace("  2     3     4 ", "  2     3     x "),
            7,
            "column 'OFA' must be a number from 0 to 1048576, but was 'x'"),
        Arguments.of(
            HEAD + ROW.replace("   0  MIG", "9999  MIG"),
            6,
            "column 'GPU' must be a number from 0 to 1024, but was '9999'"),
        Arguments.of(
            HEAD + ROW.replace("     19     5/7        9.75       No     16     1     0   |", "|"),
            6,
            "column 'ID' has no value"),
        Arguments.of(
            HEAD + ROW.replace("3     4   |", "3     4  5  6  7 |"),
            7,
            "6 values do not match the columns [CE, JPEG, OFA]"),
        Arguments.of(HEAD + ROW + ROW, 9, "profile ID 19 of GPU 0 is listed twice"),
        Arguments.of(
            HEAD + ROW + WHERE + WHERE,
            10,
            "the placements of profile ID 19 of GPU 0 are listed twice"),
        Arguments.of(
            HEAD + ROW + WHERE + WHERE.replace("19", "99"),
            10,
            "profile ID 99 of GPU 0 is not in the listing of -lgip"),
        Arguments.of(
            HEAD + ROW + WHERE.replace("6}", "25}"),
            9,
            "column 'Placements' must be a number from 0 to 24, but was '25'"),
        Arguments.of(
            HEAD + ROW + WHERE.replace("{", "["),
            9,
            "'GPU  0 Profile ID 19 Placements: [0,1,2,3,4,5,6}:1' is neither a table row nor a"
                + " line with placements"),
        Arguments.of(
            HEAD + ROW + WHERE.replace(":1\n", ":0\n"),
            10,
            "the rows of GPU 0 contradict each other: 1g.10gb: size must be at least 1, but was 0"));
  }

  @ParameterizedTest
  @MethodSource("garbage")
  void read_garbage_isRefusedWithItsLine(String text, int line, String problem) {
    assertThatThrownBy(() -> NvidiaSmi.read(text))
        .isInstanceOf(ListingSyntaxException.class)
        .hasMessage(
            "Not a listing of 'nvidia-smi mig -lgip' or '-lgipp': line " + line + ": " + problem)
        .satisfies(e -> assertThat(((ListingSyntaxException) e).line()).isEqualTo(line));
  }

  @Test
  void read_garbageInTheSecondListing_countsItsOwnLines() {
    assertThatThrownBy(() -> NvidiaSmi.read(HEAD + ROW, WHERE + "what?"))
        .hasMessage("Not a listing of 'nvidia-smi mig -lgip' or '-lgipp': line 2: 'what?' is"
            + " neither a table row nor a line with placements");
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
