package io.github.mig4j.gpu;

import io.github.mig4j.gpu.NvidiaSmi.Finding;
import io.github.mig4j.lint.Severity;
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

  private final List<Finding> found = new ArrayList<>();
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

  void error(String message) {
    add(Severity.ERROR, text, line, message);
  }

  void warning(String message) {
    add(Severity.WARNING, text, line, message);
  }

  void note(String message) {
    add(Severity.NOTE, text, line, message);
  }

  void add(Severity severity, int inText, int atLine, String message) {
    if (found.size() < MAX_FINDINGS) {
      found.add(new Finding(severity, inText, atLine, message));
    } else {
      dropped++;
      if (severity.compareTo(worstDropped) < 0) {
        worstDropped = severity;
      }
    }
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
      add(
          Severity.NOTE,
          text,
          remarkLine,
          "'%s' is not part of a listing and is ignored".formatted(shown(remark)));
    } else if (remarkLines > 1) {
      add(
          Severity.NOTE,
          text,
          remarkLine,
          "%d lines that begin with '%s' are not part of a listing and are ignored"
              .formatted(remarkLines, shown(remark)));
    }
    remarkLines = 0;
  }

  /** Why nothing can be used: the worst finding, or the first line that is not understood. */
  ListingSyntaxException refusal() {
    Optional<Finding> worst = sorted().stream()
        .filter(finding -> finding.severity() != Severity.NOTE)
        .min(Comparator.comparing(Finding::severity));
    if (worst.isPresent()) {
      return new ListingSyntaxException(worst.get().line(), worst.get().message());
    }
    return firstRemark == null
        ? new ListingSyntaxException(1, "there is no row; " + EXPECTED)
        : firstRemark;
  }

  List<Finding> sorted() {
    List<Finding> sorted = new ArrayList<>(found);
    sorted.sort(Comparator.comparingInt(Finding::text)
        .thenComparingInt(Finding::line)
        .thenComparing(Finding::severity));
    if (dropped > 0) {
      Finding last = sorted.get(sorted.size() - 1);
      sorted.add(new Finding(
          worstDropped,
          last.text(),
          last.line(),
          "%d more findings are not shown; correct these first".formatted(dropped)));
    }
    return sorted;
  }

  static String shown(String text) {
    String plain = text.strip().replaceAll(" {2,}", " ").replaceAll("\\p{C}", "?");
    return plain.length() <= MAX_SHOWN ? plain : plain.substring(0, MAX_SHOWN) + "…";
  }
}
