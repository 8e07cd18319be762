package io.github.mig4j.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.layout.RunningInstances;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.statistics.Statistics;

/** Whatever the text, reading a listing ends in rows and findings, or in the one exception. */
class ListingPropertiesTest {

  private static final List<String> LINES = Stream.of(
          "h100-lgip.txt",
          "h200-lgip.txt",
          "h200-lgipp.txt",
          "a100-lgi.txt",
          "lgi-fragmented.txt",
          "a100-lci.txt",
          "a100-lcip.txt",
          "lgip-cut-off.txt",
          "lgipp-with-remark.txt")
      .flatMap(file -> ListingPastesTest.resource(file).lines())
      .toList();

  private static final GpuModel A100 = GpuCatalog.bundled().require("a100-40gb");

  @Property(tries = 2000)
  void read_shuffledCaptures_endInFindingsOrTheOneException(@ForAll("texts") String text) {
    boolean read = true;
    try {
      NvidiaSmi listing = NvidiaSmi.read(text);

      int lines = (int) text.lines().count() + 1;
      assertThat(listing.findings()).hasSizeLessThanOrEqualTo(101).allSatisfy(found -> {
        assertThat(found.location().orElseThrow().line()).isBetween(1, lines);
        assertThat(found.message()).doesNotContainPattern("\\p{Cc}");
      });
      RunningInstances.in(listing)
          .forEach(running -> assertThat(running.on(A100)).isNotNull());
    } catch (ListingSyntaxException e) {
      read = false;
    }
    Statistics.label("read").collect(read).coverage(coverage -> {
      coverage.check(true).percentage(percent -> percent > 30);
      coverage.check(false).count(n -> n > 0);
    });
  }

  /** Runs of lines of the captures, with lines cut, doubled, left out and put elsewhere. */
  @Provide
  Arbitrary<String> texts() {
    Arbitrary<List<String>> runs = Arbitraries.integers()
        .between(0, LINES.size() - 1)
        .flatMap(first -> Arbitraries.integers()
            .between(1, 12)
            .map(length -> LINES.subList(first, Math.min(LINES.size(), first + length))));
    Arbitrary<List<String>> single = Arbitraries.of(LINES)
        .flatMap(line -> Arbitraries.integers()
            .between(0, line.length())
            .map(end -> List.of(line.substring(0, end))));
    Arbitrary<List<String>> damaged = Arbitraries.of(LINES)
        .flatMap(line -> Arbitraries.integers()
            .between(0, line.length())
            .flatMap(at -> Arbitraries.strings()
                .withChars("|+-=0123456789g.:/{}, \t\u001B[m\u0085MIG\u2502")
                .ofMaxLength(6)
                .map(noise -> List.of(line.substring(0, at) + noise + line.substring(at)))));
    return Arbitraries.frequencyOf(Tuple.of(4, runs), Tuple.of(2, single), Tuple.of(2, damaged))
        .list()
        .ofMinSize(0)
        .ofMaxSize(8)
        .flatMap(parts -> Arbitraries.of("\n", "\r\n", "\r").map(end -> {
          List<String> lines = new ArrayList<>();
          parts.forEach(lines::addAll);
          return String.join(end, lines);
        }));
  }

  @Property(tries = 500)
  void read_anyText_endsInFindingsOrTheOneException(@ForAll String text) {
    assertThat(outcome(text)).isIn("read", "refused");
  }

  private static String outcome(String text) {
    try {
      NvidiaSmi.read(text);
      return "read";
    } catch (ListingSyntaxException e) {
      return "refused";
    }
  }
}
