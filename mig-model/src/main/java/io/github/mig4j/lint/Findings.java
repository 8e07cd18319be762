package io.github.mig4j.lint;

import io.github.mig4j.text.YamlLocation;
import io.github.mig4j.text.YamlPath;
import io.github.mig4j.text.YamlProblems;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Collects the findings of one file: without duplicates, in the order of the file, and at most 1000
 * of them. Not API: its methods take types of a package that is not exported. Not thread-safe.
 */
public final class Findings implements YamlProblems {

  /** Enough for a reader, and a bound for hostile input. */
  private static final int MAX_FINDINGS = 1000;

  private static final YamlPath CONFIGS = YamlPath.ROOT.key("mig-configs");

  private static final Comparator<Finding> IN_THE_FILE = Comparator.comparing(
          Findings::locationOf,
          Comparator.comparingInt(SourceLocation::line).thenComparingInt(SourceLocation::column))
      .thenComparing(Finding::severity);

  private final String program;

  /** An anchor that is used twice would otherwise be reported twice. */
  private final Set<Finding> listed = new LinkedHashSet<>();

  private int dropped;
  private int errors;
  private Severity worstDropped = Severity.NOTE;

  /** Starts the findings of a file for a program, e.g. {@code mig-parted}, for messages. */
  public Findings(String program) {
    this.program = program;
  }

  /** Adds an error. */
  public void error(Code code, YamlLocation where, String message, String remedy) {
    add(Severity.ERROR, code, location(where), message, remedy);
  }

  /** Adds a warning. */
  public void warning(Code code, YamlLocation where, String message, String remedy) {
    add(Severity.WARNING, code, location(where), message, remedy);
  }

  /** Adds a note. */
  public void note(Code code, YamlLocation where, String message, String remedy) {
    add(Severity.NOTE, code, location(where), message, remedy);
  }

  /** Adds a finding of any severity at a location. */
  public void add(
      Severity severity, Code code, SourceLocation location, String message, String remedy) {
    add(Finding.builder()
        .severity(severity)
        .code(code)
        .location(location)
        .subject(subject(location))
        .message(message)
        .remedy(remedy)
        .build());
  }

  private static String subject(SourceLocation location) {
    return location
        .config()
        .map("config '%s'"::formatted)
        .orElse(location.path().isEmpty() ? "the file" : location.path());
  }

  @Override
  public void report(
      YamlProblems.Problem problem, YamlLocation where, String message, String remedy) {
    Severity severity = problem.isError() ? Severity.ERROR : Severity.WARNING;
    add(severity, TextCode.valueOf(problem.name()), location(where), message, remedy);
  }

  @Override
  public String program() {
    return program;
  }

  /** Where a value is, with its path as a text. */
  public static SourceLocation location(YamlLocation where) {
    return new SourceLocation(
        where.at().line(),
        where.at().column(),
        where.path().toString(),
        where.path().keyBelow(CONFIGS));
  }

  /** Adds a finding. */
  public void add(Finding finding) {
    errors += finding.isError() ? 1 : 0;
    if (!isFull()) {
      listed.add(finding);
    } else if (!listed.contains(finding)) {
      dropped++;
      boolean isWorse = finding.severity().compareTo(worstDropped) < 0;
      worstDropped = isWorse ? finding.severity() : worstDropped;
    }
  }

  /** Whether further findings are counted only, so that their messages need no effort. */
  public boolean isFull() {
    return listed.size() >= MAX_FINDINGS;
  }

  /** How many errors were added, those that are not listed included. */
  public int errors() {
    return errors;
  }

  /** Whether any finding is an error. */
  public boolean hasErrors() {
    return errors > 0;
  }

  /** The findings in the order of the file. */
  public List<Finding> sorted() {
    List<Finding> all = new ArrayList<>(listed);
    all.sort(IN_THE_FILE);
    if (dropped > 0) {
      Optional<SourceLocation> last = all.get(all.size() - 1).location();
      all.add(Finding.builder()
          .severity(worstDropped)
          .code(TextCode.MORE_FINDINGS)
          .location(last)
          .subject("the file")
          .message("%d more findings are not listed".formatted(dropped))
          .remedy("fix these first")
          .build());
    }
    return List.copyOf(all);
  }

  private static SourceLocation locationOf(Finding finding) {
    return finding.location().orElse(SourceLocation.START);
  }
}
