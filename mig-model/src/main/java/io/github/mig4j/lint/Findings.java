package io.github.mig4j.lint;

import io.github.mig4j.text.Spot;
import io.github.mig4j.text.YamlPath;
import io.github.mig4j.text.YamlProblem;
import io.github.mig4j.text.YamlProblems;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Collects what is found while a file is read; not thread-safe. */
public final class Findings implements YamlProblems {
  /** Enough for a reader, and a bound for hostile input. */
  private static final int MOST = 1000;

  /** Where configurations stand under their names. */
  public static final YamlPath CONFIGS = YamlPath.ROOT.key("mig-configs");

  /** Not twice what stands behind an anchor that is used twice. */
  private final Set<Finding> listed = new LinkedHashSet<>();

  /** No findings yet. */
  public Findings() {}

  private int dropped;
  private Severity worst = Severity.NOTE;
  private Severity worstDropped = Severity.NOTE;

  public void error(FindingCode code, Spot spot, String message) {
    add(Severity.ERROR, code, spot, message);
  }

  public void warning(FindingCode code, Spot spot, String message) {
    add(Severity.WARNING, code, spot, message);
  }

  public void add(Severity severity, FindingCode code, Spot spot, String message) {
    add(new Finding(severity, code, message, place(spot)));
  }

  @Override
  public void report(YamlProblem problem, Spot spot, String message) {
    Severity severity = problem.isError() ? Severity.ERROR : Severity.WARNING;
    add(severity, FindingCode.valueOf(problem.name()), spot, message);
  }

  @Override
  public String program() {
    return "mig-parted";
  }

  private static SourceLocation place(Spot spot) {
    return new SourceLocation(
        spot.position().line(),
        spot.position().column(),
        spot.path().toString(),
        spot.path().keyBelow(CONFIGS));
  }

  public void add(Finding finding) {
    worst = worse(worst, finding.severity());
    if (listed.size() < MOST) {
      listed.add(finding);
    } else if (!listed.contains(finding)) {
      dropped++;
      worstDropped = worse(worstDropped, finding.severity());
    }
  }

  public boolean hasErrors() {
    return worst == Severity.ERROR;
  }

  /** In the order of the file. */
  public List<Finding> sorted() {
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
