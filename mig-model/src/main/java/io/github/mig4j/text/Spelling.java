package io.github.mig4j.text;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Finds the known names that a misspelled name probably means, and lists choices. */
public final class Spelling {

  private static final int MAX_LENGTH = 80;

  private Spelling() {}

  /** At most three of the known names, the nearest first; empty if no name is near. */
  public static List<String> nearest(String typed, Collection<String> known) {
    String wanted = typed.toLowerCase(Locale.ROOT);
    record Candidate(String name, int distance) {}
    return known.stream()
        .distinct()
        .map(name -> new Candidate(name, distance(wanted, name.toLowerCase(Locale.ROOT))))
        .filter(c -> isNear(c.distance, Math.min(wanted.length(), c.name.length())))
        .sorted(Comparator.comparingInt(Candidate::distance).thenComparing(Candidate::name))
        .limit(3)
        .map(Candidate::name)
        .toList();
  }

  /** The known key that differs from a key only in case, punctuation and a plural's s. */
  public static Optional<String> sameLetters(String key, Collection<String> known) {
    String letters = letters(key);
    return known.stream().filter(each -> letters(each).equals(letters)).findFirst();
  }

  /** Joins choices for a sentence: {@code 0}, {@code 0 or 4}, {@code 0, 2 or 4}. */
  public static String or(List<?> choices) {
    String all = choices.stream().map(String::valueOf).collect(Collectors.joining(", "));
    int last = all.lastIndexOf(", ");
    return last < 0 ? all : all.substring(0, last) + " or " + all.substring(last + 2);
  }

  private static String letters(String key) {
    String letters = key.substring(0, Math.min(key.length(), MAX_LENGTH))
        .toLowerCase(Locale.ROOT)
        .replaceAll("[^a-z]", "");
    return letters.endsWith("s") ? letters.substring(0, letters.length() - 1) : letters;
  }

  /** A third of the shorter name may differ, or two characters, but never all of it. */
  private static boolean isNear(int distance, int length) {
    return distance <= Math.max(2, length / 3) && distance < length;
  }

  /** The Levenshtein distance of the first 80 characters. */
  private static int distance(String a, String b) {
    String s = a.substring(0, Math.min(a.length(), MAX_LENGTH));
    String t = b.substring(0, Math.min(b.length(), MAX_LENGTH));
    int[] row = new int[t.length() + 1];
    for (int j = 0; j <= t.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= s.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= t.length(); j++) {
        int substituted = diagonal + (s.charAt(i - 1) == t.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[t.length()];
  }
}
