package io.github.mig4j.gpu;

import io.github.mig4j.gpu.NvidiaSmi.InText;
import io.github.mig4j.gpu.NvidiaSmi.ListingCode;
import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.lint.SourceLocation;
import io.github.mig4j.lint.TextCode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Collects what is not understood while listings are read; not thread-safe. */
final class ListingFindings {

  /** Enough for a reader, and a bound for hostile input. */
  private static final int MAX_FINDINGS = 100;

  private static final int MAX_SHOWN = 60;
  private static final String EXPECTED =
      "expected what 'nvidia-smi mig -lgip', '-lgipp', '-lgi', '-lcip' or '-lci' prints";

  private record Found(int text, int line, Finding finding) {
    Severity severity() {
      return finding.severity();
    }
  }

  private final List<Found> found = new ArrayList<>();
  private Severity worstDropped = Severity.NOTE;
  private int dropped;
  private int text;
  private int line;
  private int remarkLine;
  private int remarkLines;
  private String remark = "";
  private @Nullable ListingSyntaxException firstRemark;

  void moveTo(int newText, int newLine) {
    text = newText;
    line = newLine;
  }

  int line() {
    return line;
  }

  void add(ListingCode code, String message) {
    add(code, message, "");
  }

  void add(ListingCode code, String message, String remedy) {
    add(code, text, line, message, remedy);
  }

  void add(ListingCode code, int inText, int atLine, String message, String remedy) {
    if (found.size() < MAX_FINDINGS) {
      found.add(new Found(
          inText, atLine, finding(code.severity(), code, inText, atLine, message, remedy)));
    } else {
      dropped++;
      if (code.severity().compareTo(worstDropped) < 0) {
        worstDropped = code.severity();
      }
    }
  }

  private static Finding finding(
      Severity severity, Code code, int inText, int atLine, String message, String remedy) {
    return Finding.builder()
        .severity(severity)
        .code(code)
        .location(new SourceLocation(atLine, 1, "", Optional.empty()))
        .subject("the listing")
        .message(message)
        .remedy(remedy)
        .facts(new InText(inText))
        .build();
  }

  /** A line that belongs to no listing; several without a row between them are one finding. */
  void remark(String words) {
    if (remarkLines == 0) {
      remarkLine = line;
      remark = words;
      if (firstRemark == null) {
        firstRemark = new ListingSyntaxException(
            line, "'%s' is not part of a listing; %s".formatted(shown(words), EXPECTED));
      }
    }
    remarkLines++;
  }

  void endRemark() {
    if (remarkLines == 1) {
      ignored("'%s' is not part of a listing and is ignored".formatted(shown(remark)));
    } else if (remarkLines > 1) {
      ignored("%d lines that begin with '%s' are not part of a listing and are ignored"
          .formatted(remarkLines, shown(remark)));
    }
    remarkLines = 0;
  }

  private void ignored(String message) {
    add(ListingCode.TEXT_IGNORED, text, remarkLine, message, "");
  }

  /** Why nothing can be used: the worst finding, or the first line that is not understood. */
  ListingSyntaxException refusal() {
    Optional<Found> worst = byLine().stream()
        .filter(one -> one.severity() != Severity.NOTE)
        .min(Comparator.comparing(Found::severity));
    if (worst.isPresent()) {
      return new ListingSyntaxException(
          worst.get().line(), worst.get().finding().sentence());
    }
    return firstRemark == null
        ? new ListingSyntaxException(1, "there is no row; " + EXPECTED)
        : firstRemark;
  }

  List<Finding> sorted() {
    List<Found> sorted = byLine();
    List<Finding> findings = new ArrayList<>(sorted.stream().map(Found::finding).toList());
    if (dropped > 0) {
      Found last = sorted.get(sorted.size() - 1);
      findings.add(finding(
          worstDropped,
          TextCode.MORE_FINDINGS,
          last.text(),
          last.line(),
          "%d more findings are not listed".formatted(dropped),
          "fix these first"));
    }
    return findings;
  }

  private List<Found> byLine() {
    return found.stream()
        .sorted(Comparator.comparingInt(Found::text)
            .thenComparingInt(Found::line)
            .thenComparing(Found::severity))
        .toList();
  }

  static String shown(String text) {
    String plain = text.strip().replaceAll(" {2,}", " ").replaceAll("\\p{C}", "?");
    return plain.length() <= MAX_SHOWN ? plain : plain.substring(0, MAX_SHOWN) + "…";
  }
}
