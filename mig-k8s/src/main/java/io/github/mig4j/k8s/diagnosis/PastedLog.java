package io.github.mig4j.k8s.diagnosis;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.mig4j.text.Quoted;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The records of a log as their components wrote them, oldest first: without what log stores,
 * terminals, editors and web pages add, and in which order they print them.
 */
final class PastedLog {

  /** More than a long run prints on a machine with many GPUs. */
  private static final int LINES = 10_000;

  /** A record of the MIG manager is much shorter. */
  private static final int SEARCHED = 8_000;

  /** Fewer may be the end of a year, which is not in the times of klog, or a clock that was set. */
  private static final int STEPS_BACK = 3;

  private static final ObjectMapper JSON = new ObjectMapper();

  /** The fields in which Docker, Loki, Google Cloud or Splunk store a line. */
  private static final Set<String> STORED = Set.of("log", "line", "textPayload", "_raw");

  /** The fields in which CloudWatch, Elasticsearch or journald store a line, and some components a text. */
  private static final Set<String> MESSAGE = Set.of("message", "@message", "MESSAGE", "body");

  private static final Pattern JSON_TEXT = Pattern.compile("[{\"]|\\[\\s*[{\\[\"]");

  /** The time before a line in an answer of Loki, in nanoseconds. */
  private static final Pattern NANOSECONDS = Pattern.compile("[0-9]{16,20}");

  private static final Pattern ERROR_LEVEL =
      Pattern.compile("\"level\" ?: ?\"(?:error|fatal|panic)\"");
  private static final Pattern RECORD =
      Pattern.compile("time=\"|level=[a-z]|[A-Z]{4}\\[[0-9]|\\b[IWEF][0-9]{4} [0-9]{2}:[0-9]{2}:");
  private static final String LOGRUS = "time=\"";

  private static final Pattern COLOUR = Pattern.compile("\\x1B\\[[0-9;]{0,20}[A-Za-z]");
  private static final Pattern INVISIBLE = Pattern.compile("\\p{Cf}");
  private static final Pattern BLANK = Pattern.compile("[\\p{Cc}\\p{Z}&&[^\\t]]");
  private static final Pattern QUOTES = Pattern.compile("[\u201C\u201D\u201E]");
  private static final Pattern APOSTROPHES = Pattern.compile("[\u2018\u2019]");

  /** A fence around a quoted log, a prompt after it, or what is around the lines in JSON. */
  private static final Pattern FRAME =
      Pattern.compile("(?:```|~~~)\\S*|[]\\[{},]+|(?:\\[[^]]{1,100}]|\\S{0,100})[$#%>]");

  private static final Pattern TIME = Pattern.compile(
      "(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ](?<time>[0-9]{2}:[0-9]{2}:[0-9]{2})|\\b[IWEF](?<klog>[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2})");

  /** The manager's pod before a line, as kubectl logs --prefix and other tools print it. */
  private static final Pattern MANAGER =
      Pattern.compile("^\\[?(?:pod/)?(nvidia-mig-manager-[a-z0-9-]+)[]/ ]");

  private static final String MANAGER_NAME = "nvidia-mig-manager-";

  /** More characters than are before the name of a pod, with colours. */
  private static final int PREFIX = 100;

  /** More characters than a pod's name has, which are at most 253. */
  private static final int POD_NAME = 300;

  private PastedLog() {}

  /** At most the last 10,000 records, and of each at most 8,000 characters. */
  private static List<String> lines(List<String> log) {
    List<String> first = records(log.subList(0, Math.min(LINES, log.size())));
    if (isNewestFirst(first)) {
      return reversed(first.subList(0, Math.min(LINES, first.size())));
    }
    List<String> last =
        log.size() <= LINES ? first : records(log.subList(log.size() - LINES, log.size()));
    return last.subList(Math.max(0, last.size() - LINES), last.size());
  }

  /**
   * Divides a log of several pods of the MIG manager, if it shows which line is of which pod. A line
   * without a pod is in each part; of such lines all parts together have at most 10,000, the last ones.
   *
   * @return at most the last 10,000 records of each pod by its name, in the order of their last lines;
   *     without a pod's name if there are not several
   */
  static Map<String, List<String>> byManager(List<String> log) {
    Map<String, List<String>> parts = divided(log);
    if (parts.size() < 2) {
      return divided(lines(log));
    }
    if (isNewestFirst(log.subList(0, Math.min(LINES, log.size())))) {
      parts = divided(reversed(log));
    }
    parts.replaceAll((pod, part) -> lines(part));
    return parts;
  }

  private static Map<String, List<String>> divided(List<String> records) {
    List<String> pods = records.stream().map(PastedLog::manager).toList();
    Set<String> byLastLine = new LinkedHashSet<>();
    pods.stream().filter(pod -> !pod.isEmpty()).forEach(pod -> {
      byLastLine.remove(pod);
      byLastLine.add(pod);
    });
    if (byLastLine.size() < 2) {
      return Map.of("", records);
    }
    Map<String, List<String>> parts = new LinkedHashMap<>();
    byLastLine.forEach(pod -> parts.put(pod, new ArrayList<>()));
    int unshared = Collections.frequency(pods, "") - LINES / parts.size();
    for (int i = 0; i < pods.size(); i++) {
      String record = records.get(i);
      List<String> part = parts.get(pods.get(i));
      if (part != null) {
        part.add(record);
      } else if (--unshared < 0) {
        parts.values().forEach(each -> each.add(record));
      }
    }
    return parts;
  }

  private static List<String> reversed(List<String> lines) {
    List<String> reversed = new ArrayList<>(lines);
    Collections.reverse(reversed);
    return reversed;
  }

  private static String manager(String line) {
    int name = line.indexOf(MANAGER_NAME);
    if (name < 0 || name > PREFIX) {
      return "";
    }
    Matcher pod =
        MANAGER.matcher(clean(line.substring(0, Math.min(line.length(), name + POD_NAME))));
    return pod.find() ? pod.group(1) : "";
  }

  private static List<String> records(List<String> lines) {
    List<String> records = new ArrayList<>();
    for (String line : lines) {
      for (String stored : stored(unescaped(line))) {
        split(stored).stream()
            .map(PastedLog::clean)
            .filter(record -> !record.isBlank())
            .filter(record -> !FRAME.matcher(record.strip()).matches())
            .forEach(records::add);
      }
    }
    return records;
  }

  /**
   * The lines in the JSON of a log store, or the line itself; also where it is an error that its
   * component writes as JSON.
   */
  private static List<String> stored(String line) {
    String json = line.stripLeading();
    if (!JSON_TEXT.matcher(json).lookingAt()) {
      return List.of(line);
    }
    List<String> found = new ArrayList<>();
    boolean isErrorItself = ERROR_LEVEL.matcher(json).find();
    String before = "";
    int quote = json.indexOf('"');
    while (quote >= 0) {
      int end = endOfString(json, quote + 1);
      String text = json.substring(quote + 1, end);
      if (!isKey(json, end)
          && (STORED.contains(before)
              || MESSAGE.contains(before)
              || NANOSECONDS.matcher(before).matches()
              || RECORD.matcher(text).find())) {
        decoded(text).lines().forEach(found::add);
        isErrorItself &= MESSAGE.contains(before);
      }
      before = text;
      quote = json.indexOf('"', end + 1);
    }
    isErrorItself &= found.stream().noneMatch(each -> RECORD.matcher(each).find());
    return found.isEmpty() || isErrorItself ? List.of(line) : found;
  }

  /** The text of a line in the source of a web page, or in a table of comma-separated values. */
  private static String unescaped(String line) {
    if (line.contains("time=\"\"")) {
      return line.replace("\"\"", "\"");
    }
    if (!line.contains("&quot;") && !line.contains("&#34;") && !line.contains("&#39;")) {
      return line;
    }
    return line.replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
  }

  /** Whether a colon follows a text of JSON. */
  private static boolean isKey(String json, int end) {
    int next = end + 1;
    while (next < json.length() && Character.isWhitespace(json.charAt(next))) {
      next++;
    }
    return next < json.length() && json.charAt(next) == ':';
  }

  private static int endOfString(String json, int from) {
    int i = from;
    while (i < json.length() && json.charAt(i) != '"') {
      i += json.charAt(i) == '\\' ? 2 : 1;
    }
    return Math.min(i, json.length());
  }

  private static String decoded(String text) {
    try {
      return JSON.readValue('"' + text + '"', String.class);
    } catch (JsonProcessingException cut) {
      return text;
    }
  }

  /** Splits pasted logs, which have lost their line ends, where a logrus record begins. */
  private static List<String> split(String line) {
    List<String> records = new ArrayList<>();
    int from = 0;
    int first = line.indexOf(LOGRUS);
    int next = first < 0 ? -1 : line.indexOf(LOGRUS, first + 1);
    while (next >= 0) {
      records.add(line.substring(from, next));
      from = next;
      next = line.indexOf(LOGRUS, next + 1);
    }
    records.add(line.substring(from));
    return records;
  }

  /** A record that is shortened keeps the end of its message, if there is one. */
  private static String clean(String record) {
    if (record.length() <= SEARCHED) {
      return cleaned(record);
    }
    String text = cleaned(record.substring(0, SEARCHED));
    String rest = QUOTES.matcher(record.substring(SEARCHED)).replaceAll("\"");
    return LogReading.isCut(text) && !LogReading.isCut(text + rest) ? text + "…\"" : text;
  }

  private static String cleaned(String record) {
    if (Quoted.isPlain(record)) {
      return record.stripTrailing();
    }
    String text = COLOUR.matcher(record).replaceAll("");
    text = INVISIBLE.matcher(text).replaceAll("");
    text = BLANK.matcher(text).replaceAll(" ");
    text = QUOTES.matcher(text).replaceAll("\"");
    return APOSTROPHES.matcher(text).replaceAll("'").stripTrailing();
  }

  /**
   * Whether nearly all times are before that of the line above, as log stores print them. Between the
   * lines of several pods the times go back and forth.
   */
  private static boolean isNewestFirst(List<String> records) {
    int earlier = 0;
    int later = 0;
    String before = "";
    for (String record : records) {
      Matcher found = TIME.matcher(record);
      if (found.find()) {
        String klog = found.group("klog");
        String time = klog == null ? found.group("date") + " " + found.group("time") : klog;
        if (time.length() == before.length()) {
          earlier += time.compareTo(before) < 0 ? 1 : 0;
          later += time.compareTo(before) > 0 ? 1 : 0;
        }
        before = time;
      }
    }
    return earlier >= STEPS_BACK && earlier > 3 * later;
  }
}
