package io.github.mig4j.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.NvidiaSmi.ComputeInstanceRow;
import io.github.mig4j.gpu.NvidiaSmi.ComputeProfileRow;
import io.github.mig4j.gpu.NvidiaSmi.InstanceRow;
import io.github.mig4j.gpu.NvidiaSmi.Listing;
import io.github.mig4j.gpu.NvidiaSmi.PlacementRow;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Listings as people paste them: into issues, mails and chats, in part and with remarks. */
class ListingPastesTest {

  private static final String LGI = "lgi-fragmented.txt";

  /** Each listing, and the last line of one of its rows but the last. */
  private enum Sample {
    LGIP("h100-lgip.txt", 14),
    LGIPP("h100-lgipp.txt", 3),
    LGI("lgi-fragmented.txt", 8),
    LCIP("a100-lcip.txt", 11),
    LCI("a100-lci.txt", 10);

    final String file;
    final int row;

    Sample(String file, int row) {
      this.file = file;
      this.row = row;
    }

    String text() {
      return resource(file);
    }

    String option() {
      return "-" + name().toLowerCase(java.util.Locale.ROOT);
    }

    /** Lines from 1, up to and with the last. */
    String lines(int first, int last) {
      return text().lines().toList().subList(first - 1, last).stream()
          .collect(Collectors.joining("\n", "", "\n"));
    }

    int length() {
      return (int) text().lines().count();
    }
  }

  /** What makes no difference. */
  private enum Look implements UnaryOperator<String> {
    FENCED(text -> "```text\n" + text + "```\n"),
    AFTER_A_PROMPT(text -> "root@node:~# nvidia-smi mig -x\n" + text + "root@node:~#\n"),
    AFTER_KUBECTL(text -> "$ kubectl exec -it driver -- nvidia-smi mig -x\n\n" + text),
    UNDER_A_HEADING(text -> "## GPU node\n\n" + text),
    QUOTED(text -> each(text, line -> "> " + line)),
    COMMENTED(text -> each(text, line -> "# " + line)),
    INDENTED(text -> each(text, line -> "      " + line)),
    NUMBERED(text -> numbered(text)),
    WITH_TIMES(text -> each(text, line -> "2026-05-02T08:00:00.123456789Z " + line)),
    WITH_PODS(text -> each(text, line -> "[pod/nvidia-driver-abcde/driver] " + line)),
    WINDOWS(text -> text.replace("\n", "\r\n")),
    COLOURED(text -> each(text, line -> "\u001B[0;32m" + line + "\u001B[0m\u001B[K")),
    BLANKS_BEHIND(text -> each(text, line -> line + "  ")),
    BLANK_LINES(text -> text.replace("\n", "\n\n")),
    NO_BREAK_SPACES(text -> text.replace("  ", " \u00A0")),
    TWO_BARS(text -> each(text, line -> line.startsWith("|") ? "|" + line : line)),
    DRAWN_BARS(text -> text.replace('|', '\u2502').replace("---", "\u2500\u2500\u2500")),
    SQUEEZED(text -> text.replaceAll(" +", " ")),
    WRAPPED(text -> each(
        text, line -> line.endsWith("|") ? line.substring(0, line.length() - 1) + "\n|" : line)),
    WITHOUT_BARS_BEHIND(text -> text.replaceAll("\\|\n", "\n"));

    private final UnaryOperator<String> change;

    Look(UnaryOperator<String> change) {
      this.change = change;
    }

    @Override
    public String apply(String text) {
      return change.apply(text);
    }

    private static String each(String text, UnaryOperator<String> change) {
      return text.lines().map(change).collect(Collectors.joining("\n", "", "\n"));
    }

    private static String numbered(String text) {
      AtomicInteger line = new AtomicInteger();
      return each(text, each -> "%4d  %s".formatted(line.incrementAndGet(), each));
    }
  }

  static Stream<Arguments> looks() {
    return Stream.of(Sample.values())
        .flatMap(sample -> Stream.of(Look.values()).map(look -> Arguments.of(sample, look)));
  }

  @ParameterizedTest
  @MethodSource("looks")
  void read_anotherLook_isTheSame(Sample sample, Look look) {
    assertThat(NvidiaSmi.read(look.apply(sample.text()))).isEqualTo(NvidiaSmi.read(sample.text()));
  }

  @ParameterizedTest
  @EnumSource(Sample.class)
  void read_remarkBetweenRows_isOneNote(Sample sample) {
    String text = sample.lines(1, sample.row)
        + "this one is of the training job\nand must stay\n"
        + sample.lines(sample.row + 1, sample.length());

    var listing = NvidiaSmi.read(text);

    assertThat(rows(listing)).isEqualTo(rows(NvidiaSmi.read(sample.text())));
    assertThat(listing.isComplete()).isTrue();
    assertThat(listing.findings())
        .hasToString("[" + (sample.row + 1)
            + ":1: note: 2 lines that begin with 'this one is of the training job' are not part of a"
            + " listing and are ignored [text-ignored]]");
  }

  @ParameterizedTest
  @EnumSource(Sample.class)
  void read_rowsLeftOut_areOneWarning(Sample sample) {
    var listing = NvidiaSmi.read(sample.lines(1, sample.row) + "...\n");

    assertThat(rows(NvidiaSmi.read(sample.text()))).containsAll(rows(listing)).isNotEmpty();
    assertThat(listing.findings())
        .hasToString("[" + (sample.row + 1)
            + ":1: warning: '...' says that rows are left out, and more may be missing; paste the"
            + " whole output of 'nvidia-smi mig " + sample.option() + "' [rows-missing]]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {
        "LGIP  ~ the row of 7g.80gb",
        "LGIPP ~ the row of profile ID 0 of GPU 0",
        "LGI   ~ the row of 1g.10gb",
        "LCIP  ~ the row of 3g.20gb",
        "LCI   ~ the row of 3g.20gb"
      })
  void read_lastRowCutOff_isOneWarning_andTheOthersAreRead(Sample sample, String row) {
    var lines = new ArrayList<>(sample.text().lines().toList());
    lines.removeIf(line -> line.startsWith("+") && lines.indexOf(line) > 0);
    while (!lines.get(lines.size() - 1).matches(".*(MIG|Profile).*")) {
      lines.remove(lines.size() - 1);
    }
    String last = lines.remove(lines.size() - 1);
    String cut = last.substring(0, last.length() * 5 / 8);

    var listing = NvidiaSmi.read(String.join("\n", lines) + "\n" + cut);

    List<Object> all = rows(NvidiaSmi.read(sample.text()));
    assertThat(rows(listing)).isEqualTo(all.subList(0, all.size() - 1));
    assertThat(listing.isComplete()).isFalse();
    assertThat(listing.findings())
        .hasToString("[%d:1: warning: %s is cut off and is not used, and more may be missing; paste"
                .formatted(lines.size() + 1, row)
            + " the whole output of 'nvidia-smi mig %s' [rows-missing]]"
                .formatted(sample.option()));
  }

  @ParameterizedTest
  @EnumSource(value = Sample.class, names = "LGIPP", mode = EnumSource.Mode.EXCLUDE)
  void read_tableCutAfterARow_isOneWarning(Sample sample) {
    var listing = NvidiaSmi.read(sample.lines(1, sample.length() - 1));
    var inTheLine = NvidiaSmi.read(sample.text().substring(0, sample.text().length() - 20));

    assertThat(inTheLine).isEqualTo(listing);

    assertThat(rows(listing)).isEqualTo(rows(NvidiaSmi.read(sample.text())));
    assertThat(listing.findings()).hasSize(1);
    assertThat(listing.findings().get(0).sentence())
        .startsWith("the table ends after the row of ")
        .endsWith(" without a closing line, and more may be missing; paste the whole output of"
            + " 'nvidia-smi mig " + sample.option() + "'");
  }

  @ParameterizedTest
  @EnumSource(value = Sample.class, names = "LGIPP", mode = EnumSource.Mode.EXCLUDE)
  void read_tableWithoutItsHeading_isReadWithAWarning(Sample sample) {
    String headless = sample.text().substring(sample.text().indexOf("|\n|   0 ") + 2);

    var listing = NvidiaSmi.read(headless);

    assertThat(listing.listings()).isEqualTo(NvidiaSmi.read(sample.text()).listings());
    assertThat(rows(listing)).hasSameSizeAs(rows(NvidiaSmi.read(sample.text())));
    assertThat(listing.findings()).hasSize(1);
    assertThat(listing.findings().get(0).toString())
        .startsWith("1:1: warning: the heading above the row of ")
        .endsWith(" is missing, and more may be missing; paste the whole output of 'nvidia-smi mig'"
            + " [rows-missing]");
  }

  @Test
  void read_cutOffListing_namesTheRow() {
    var listing = NvidiaSmi.read(resource("lgip-cut-off.txt"));

    assertThat(listing.gpus()).hasSize(1);
    assertThat(listing.gpus().get(0).free()).hasToString("{1g.10gb=7}");
    assertThat(listing.findings())
        .hasToString(
            "[11:1: warning: the row of 1g.10gb+me is cut off and is not used, and more may"
                + " be missing; paste the whole output of 'nvidia-smi mig -lgip' [rows-missing]]");
  }

  @Test
  void read_remarkBehindARow_isANote() {
    var listing = NvidiaSmi.read(resource("lgipp-with-remark.txt"));

    assertThat(listing.placements())
        .containsExactly(
            new PlacementRow(0, 19, List.of(0, 1, 2, 3, 4, 5, 6), 1),
            new PlacementRow(0, 15, List.of(0, 2, 4, 6), 2),
            new PlacementRow(0, 14, List.of(0, 2, 4), 2));
    assertThat(listing.findings())
        .hasToString("[2:1: note: '<- double memory' behind the row of profile ID 15 of GPU 0 is"
            + " ignored [text-ignored]]");
  }

  @Test
  void read_instances_areRows() {
    var listing = NvidiaSmi.read(resource(LGI));

    assertThat(listing.listings()).containsExactly(Listing.GPU_INSTANCES);
    assertThat(listing.instances())
        .containsExactly(
            new InstanceRow(0, MigProfile.parse("1g.10gb"), 19, 7, 0, 1),
            new InstanceRow(0, MigProfile.parse("1g.10gb"), 19, 8, 1, 1),
            new InstanceRow(0, MigProfile.parse("1g.10gb"), 19, 12, 5, 1));
    assertThat(listing)
        .hasToString("[-lgi]: 0 GPUs, 0 profiles, 0 placements, 3 instances, 0 compute profiles,"
            + " 0 compute instances");
  }

  @Test
  void read_computeInstances_areRows_alsoOfDriversThatPrintNoPlacement() {
    String text = resource("a100-lci.txt");
    String older = text.replace("   Placement  |", "|")
        .replace("      Start:Size |", "|")
        .replaceAll(" {10}\\d:\\d {5}\\|", "     |");

    assertThat(NvidiaSmi.read(older)).isEqualTo(NvidiaSmi.read(text));
    assertThat(NvidiaSmi.read(text).computeInstances())
        .contains(new ComputeInstanceRow(0, 1, MigProfile.parse("1c.3g.20gb"), 0, 2))
        .hasSize(4);
    assertThat(NvidiaSmi.read(resource("a100-lcip.txt")).computeProfiles())
        .containsExactly(
            new ComputeProfileRow(0, 1, MigProfile.parse("1c.3g.20gb"), 0, 0, 3),
            new ComputeProfileRow(0, 1, MigProfile.parse("2c.3g.20gb"), 1, 0, 1),
            new ComputeProfileRow(0, 1, MigProfile.parse("3g.20gb"), 2, 0, 1));
  }

  @Test
  void read_allListingsInOneText_areAllRead() {
    String text = Stream.of(Sample.values()).map(Sample::text).collect(Collectors.joining());

    var listing = NvidiaSmi.read(text);

    assertThat(listing.listings()).containsExactly(Listing.values());
    assertThat(rows(listing))
        .hasSize(Stream.of(Sample.values())
            .mapToInt(sample -> rows(NvidiaSmi.read(sample.text())).size())
            .sum());
  }

  @Test
  void read_sessionThatListsTwice_isAsTheLastListingSays() {
    String after = resource(LGI).replace("          5:1 ", "          6:1 ");

    var listing = NvidiaSmi.read(resource(LGI) + "$ nvidia-smi mig -lgi\n" + after);

    assertThat(listing.instances()).isEqualTo(NvidiaSmi.read(after).instances());
    assertThat(listing.findings())
        .hasToString("[18:1: note: GPU 0 is listed by -lgi again; the rows from line 6 on are"
            + " replaced [text-ignored]]");
  }

  @Test
  void read_noInstances_isAnAnswer() {
    var listing = NvidiaSmi.read("$ nvidia-smi mig -lgi\nNo GPU instances found: Not Found\n");

    assertThat(listing.listings()).containsExactly(Listing.GPU_INSTANCES);
    assertThat(listing.instances()).isEmpty();
    assertThat(listing.findings()).isEmpty();
    assertThat(
            NvidiaSmi.read(resource(LGI) + "No GPU instances found: Not Found").instances())
        .isEmpty();
    assertThat(NvidiaSmi.read("No compute instances found: Not Found").listings())
        .containsExactly(Listing.COMPUTE_INSTANCES);
  }

  @Test
  void read_computeInstanceOfAnUnlistedInstance_isAWarning() {
    var listing = NvidiaSmi.read(resource(LGI), resource("a100-lci.txt"));

    assertThat(listing.findings()).hasSize(2);
    assertThat(listing.findings().get(0))
        .hasToString("7:1: warning: GPU instance 1 of GPU 0 is not in the listing of -lgi, so that"
            + " instance is missing; paste the whole output of 'nvidia-smi mig -lgi'"
            + " [rows-missing]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {
        "5:1 ~ x:1 ~ column 'Placement' must be start:size, but was 'x:1'",
        "5:1 ~ 5:0 ~ column 'Placement' must be a number from 1 to 24, but was '0'",
        "5:1 ~ 25:1 ~ column 'Placement' must be a number from 0 to 24, but was '25'",
        " 12  ~  ab  ~ column 'Instance ID' must be a number, but was 'ab'"
      })
  void read_wrongInstance_isAnError(String text, String replacement, String problem) {
    var listing = NvidiaSmi.read(resource(LGI).replace(text, replacement));

    assertThat(listing.instances()).hasSize(2);
    assertThat(listing.findings())
        .hasToString("[10:1: error: the row of 1g.10gb is not used: " + problem
            + "; print it again with 'nvidia-smi mig -lgi' [row-unusable]]");
  }

  @Test
  void read_endlessText_isBounded() {
    String row = "|   0  MIG 1g.10gb           19        %d          0:1     |\n";
    String many =
        Stream.iterate(0, i -> i + 1).limit(2000).map(row::formatted).collect(Collectors.joining());

    var listing = NvidiaSmi.read(many + "|".repeat(100_000));

    assertThat(listing.instances()).hasSize(256);
    assertThat(listing.findings()).hasSize(101);
    assertThat(listing.findings().get(100).sentence())
        .isEqualTo("1646 more findings are not listed; fix these first");
    assertThatThrownBy(() -> NvidiaSmi.read("|".repeat(100_000)))
        .isInstanceOf(ListingSyntaxException.class);
  }

  private static List<Object> rows(NvidiaSmi listing) {
    return Stream.of(
            listing.profiles(),
            listing.placements(),
            listing.instances(),
            listing.computeProfiles(),
            listing.computeInstances())
        .<Object>flatMap(List::stream)
        .toList();
  }

  static String resource(String name) {
    try (var in = ListingPastesTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
