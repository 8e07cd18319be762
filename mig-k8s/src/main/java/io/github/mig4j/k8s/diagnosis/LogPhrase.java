package io.github.mig4j.k8s.diagnosis;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A phrase in a line of a log, such as {@code selected mig-config not present: {config}}. The parts
 * between placeholders are searched one after the other, in time linear in the length of the line.
 *
 * <p>A placeholder at either end matches one word, but {@code detail} matches the rest of the line. A
 * placeholder between words matches as little as possible, and {@code gpu} only what can be an index or
 * an address on the PCI bus.
 */
record LogPhrase(
    String text,
    List<String> literals,
    List<String> between,
    Optional<String> before,
    Optional<String> after) {

  static final Pattern PLACEHOLDER = Pattern.compile("\\{([a-z]+)}");

  private static final String GPU = "gpu";

  /** One word that is not of letters alone; authors replace digits of an address by letters. */
  private static final Pattern INDEX_OR_ADDRESS = Pattern.compile("[A-Za-z]*[^A-Za-z\\s]\\S*");

  /** Longer values add no information. */
  private static final int VALUE = 200;

  /** Where the words of a phrase begin in a line, and the values of its placeholders. */
  record Match(int start, Map<String, String> values) {}

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static LogPhrase parse(String text) {
    List<String> literals = new ArrayList<>();
    List<String> names = new ArrayList<>();
    Matcher placeholder = PLACEHOLDER.matcher(text);
    int from = 0;
    while (placeholder.find()) {
      literals.add(lower(text.substring(from, placeholder.start())));
      names.add(placeholder.group(1));
      from = placeholder.end();
    }
    literals.add(lower(text.substring(from)));
    Optional<String> before = Optional.empty();
    Optional<String> after = Optional.empty();
    if (literals.get(0).isEmpty() && !names.isEmpty()) {
      literals.remove(0);
      before = Optional.of(names.remove(0));
    }
    if (literals.get(literals.size() - 1).isEmpty() && !names.isEmpty()) {
      literals.remove(literals.size() - 1);
      after = Optional.of(names.remove(names.size() - 1));
    }
    if (literals.isEmpty() || literals.contains("")) {
      throw new IllegalArgumentException(
          "A phrase needs words around its placeholders, but was '%s'".formatted(text));
    }
    return new LogPhrase(text, literals, names, before, after);
  }

  /** Whether the phrase matches any text up to the end of the record. */
  boolean endsInDetail() {
    return after.equals(Optional.of("detail"));
  }

  Optional<Match> find(String line) {
    return find(line, lower(line));
  }

  /** As {@link #find(String)}, for a line that was already converted to lower case. */
  Optional<Match> find(String line, String lowered) {
    int[] starts = new int[literals.size()];
    int end = 0;
    for (int i = 0; i < starts.length; i++) {
      starts[i] = lowered.indexOf(literals.get(i), end);
      if (starts[i] < 0) {
        return Optional.empty();
      }
      end = starts[i] + literals.get(i).length();
    }
    // A first word may also be elsewhere before the phrase: the nearest one begins it.
    for (int i = starts.length - 2; i >= 0; i--) {
      starts[i] =
          lowered.lastIndexOf(literals.get(i), starts[i + 1] - literals.get(i).length());
    }
    Map<String, String> values = new LinkedHashMap<>();
    for (int i = 1; i < starts.length; i++) {
      int from = starts[i - 1] + literals.get(i - 1).length();
      values.put(between.get(i - 1), cut(line.substring(from, starts[i])));
    }
    int afterWords = end;
    before.ifPresent(name -> values.put(name, cut(wordBefore(line, starts[0]))));
    after.ifPresent(name -> values.put(name, cut(valueAfter(line, afterWords, name))));
    String gpu = values.get(GPU);
    return gpu == null || INDEX_OR_ADDRESS.matcher(gpu).matches()
        ? Optional.of(new Match(starts[0], values))
        : Optional.empty();
  }

  private static String wordBefore(String line, int end) {
    int start = end;
    while (start > 0 && isOfWord(line.charAt(start - 1))) {
      start--;
    }
    return line.substring(start, end);
  }

  private static String valueAfter(String line, int start, String name) {
    int end = start;
    while (end < line.length()
        && (name.equals("detail") ? line.charAt(end) != '"' : isOfWord(line.charAt(end)))) {
      end++;
    }
    return line.substring(start, end);
  }

  private static boolean isOfWord(char c) {
    return c > ' ' && "'\"\\,;".indexOf(c) < 0;
  }

  /** A value without spaces and quotes around it. */
  private static String cut(String value) {
    int from = 0;
    int to = value.length();
    while (from < to && isAround(value.charAt(from))) {
      from++;
    }
    while (to > from && isAround(value.charAt(to - 1))) {
      to--;
    }
    return value.substring(from, Math.min(to, from + VALUE));
  }

  private static boolean isAround(char c) {
    return c == ' ' || c == '"' || c == '\\' || c == '\'';
  }

  @Override
  public String toString() {
    return text;
  }

  /** Converts only ASCII, so that the position of each character stays the same. */
  static String lower(String text) {
    char[] chars = text.toCharArray();
    for (int i = 0; i < chars.length; i++) {
      if (chars[i] >= 'A' && chars[i] <= 'Z') {
        chars[i] = (char) (chars[i] - 'A' + 'a');
      }
    }
    return new String(chars);
  }
}
