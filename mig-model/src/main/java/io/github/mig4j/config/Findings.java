package io.github.mig4j.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Collects what is found while a file is read; not thread-safe. */
final class Findings {
  /** Enough for a reader, and a bound for hostile input. */
  private static final int MOST = 1000;

  /** Not twice what stands behind an anchor that is used twice. */
  private final Set<Finding> listed = new LinkedHashSet<>();

  private int dropped;
  private Severity worst = Severity.NOTE;
  private Severity worstDropped = Severity.NOTE;

  void error(FindingCode code, Place place, String message) {
    add(new Finding(Severity.ERROR, code, message, place));
  }

  void warning(FindingCode code, Place place, String message) {
    add(new Finding(Severity.WARNING, code, message, place));
  }

  void add(Finding finding) {
    worst = worse(worst, finding.severity());
    if (listed.size() < MOST) {
      listed.add(finding);
    } else if (!listed.contains(finding)) {
      dropped++;
      worstDropped = worse(worstDropped, finding.severity());
    }
  }

  boolean hasErrors() {
    return worst == Severity.ERROR;
  }

  /** In the order of the file. */
  List<Finding> sorted() {
    List<Finding> all = new ArrayList<>(listed);
    all.sort(Comparator.comparingInt((Finding f) -> f.place().line())
        .thenComparingInt(f -> f.place().column())
        .thenComparing(Finding::severity)
        .thenComparing(Finding::code));
    if (dropped > 0) {
      Finding last = all.get(all.size() - 1);
      all.add(new Finding(
          worstDropped,
          FindingCode.MORE_FINDINGS,
          "%d more findings are not listed; settle these first".formatted(dropped),
          last.place()));
    }
    return List.copyOf(all);
  }

  private static Severity worse(Severity a, Severity b) {
    return a.compareTo(b) <= 0 ? a : b;
  }
}
