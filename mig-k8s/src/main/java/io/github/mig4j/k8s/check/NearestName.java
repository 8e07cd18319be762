package io.github.mig4j.k8s.check;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds the configuration that a mistyped name probably means. */
final class NearestName {

  private NearestName() {}

  /** The names that there are, and the one that was probably meant. */
  static String among(Collection<String> names, String typed) {
    return "it has %s%s"
        .formatted(names, to(typed, names).map(" (did you mean %s?)"::formatted).orElse(""));
  }

  /** The one from which at most a third of the name, or two characters, differ. */
  static Optional<String> to(String typed, Collection<String> names) {
    return names.stream()
        .filter(name -> distance(typed, name) <= Math.max(2, typed.length() / 3))
        .min(Comparator.comparingInt((String name) -> distance(typed, name))
            .thenComparing(Comparator.naturalOrder()));
  }

  /** How many characters have to be put in, taken out or changed. */
  private static int distance(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int changed = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[to.length()];
  }
}
