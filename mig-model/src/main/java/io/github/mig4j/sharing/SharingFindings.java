package io.github.mig4j.sharing;

import io.github.mig4j.text.Spot;
import io.github.mig4j.text.YamlProblem;
import io.github.mig4j.text.YamlProblems;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Collects what is found while a file is read; not thread-safe. */
final class SharingFindings implements YamlProblems {

  /** Not twice what stands behind an anchor that is used twice. */
  private final Set<SharingFinding> found = new LinkedHashSet<>();

  void add(SharingFindingCode code, Spot spot, String message) {
    found.add(new SharingFinding(
        code,
        message,
        new SharingFinding.Place(
            spot.position().line(), spot.position().column(), spot.path().toString())));
  }

  @Override
  public void report(YamlProblem problem, Spot spot, String message) {
    add(SharingFindingCode.valueOf(problem.name()), spot, message);
  }

  @Override
  public String program() {
    return "the device plugin";
  }

  boolean hasErrors() {
    return found.stream().anyMatch(SharingFinding::isError);
  }

  /** In the order of the file. */
  List<SharingFinding> sorted() {
    return found.stream()
        .sorted(Comparator.comparingInt((SharingFinding f) -> f.place().line())
            .thenComparingInt(f -> f.place().column())
            .thenComparing(SharingFinding::code))
        .toList();
  }
}
