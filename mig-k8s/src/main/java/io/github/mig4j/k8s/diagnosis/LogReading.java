package io.github.mig4j.k8s.diagnosis;

import io.github.mig4j.k8s.diagnosis.FailureCatalogue.Mark;
import io.github.mig4j.k8s.diagnosis.FailureCatalogue.Sign;
import io.github.mig4j.k8s.diagnosis.FailureCatalogue.Step;
import io.github.mig4j.k8s.diagnosis.FailureCatalogue.Weight;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a log of the MIG manager says about its last run.
 *
 * <p>A run begins at the line in which the manager names its configuration; earlier runs are ignored.
 * Of the lines with a cause the last ones decide, because mig-parted continues with the next order and
 * does not return to a finished GPU. Of several lines of one kind about one GPU the first decides,
 * because the others repeat it in more general words. Lines before a success are not causes.
 */
final class LogReading {

  /** More than a long run prints on a machine with many GPUs. */
  private static final int LINES = 10_000;

  /** A record of the MIG manager is much shorter. */
  private static final int SEARCHED = 8_000;

  private static final int SHOWN_LENGTH = 1_000;
  private static final int SHOWN_LINES = 20;
  private static final int SHOWN_BEFORE = 5;
  private static final int QUOTE = 250;

  private static final String RECORD = "time=\"";
  private static final Pattern GPU = Pattern.compile("\\bGPU ([0-9]{1,3}): 0x[0-9A-Fa-f]{8}");
  private static final Pattern COLOUR = Pattern.compile("\\x1B\\[[0-9;]{0,20}[A-Za-z]");
  private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}&&[^\\t]]");

  /** A phrase that was found, its place in the log, and the GPU that the run was changing. */
  record Found(Sign sign, int index, Optional<String> gpu) {
    boolean isLike(Found other) {
      return sign.code() == other.sign.code() && gpu.equals(other.gpu);
    }
  }

  private final List<String> lines;
  private final Map<Weight, Found> found = new EnumMap<>(Weight.class);
  private Optional<String> run = Optional.empty();
  private Optional<String> gpu = Optional.empty();
  private Optional<String> pod = Optional.empty();
  private Optional<Integer> success = Optional.empty();
  private Optional<Mark> last = Optional.empty();
  private int begin;

  private LogReading(List<String> lines) {
    this.lines = lines;
  }

  static LogReading of(List<String> log) {
    List<String> lines = log.subList(Math.max(0, log.size() - LINES), log.size()).stream()
        .flatMap(line -> records(line).stream())
        .map(LogReading::clean)
        .filter(line -> !line.isBlank())
        .toList();
    LogReading reading = new LogReading(lines);
    for (int i = 0; i < lines.size(); i++) {
      reading.read(i, lines.get(i));
    }
    return reading;
  }

  private void read(int index, String line) {
    Optional<Step> step = FailureCatalogue.bundled().step(line);
    last = step.map(Step::mark);
    if (step.isPresent()) {
      advance(step.get(), index);
      return;
    }
    Matcher about = GPU.matcher(line);
    if (about.find()) {
      gpu = Optional.of(about.group(1));
    }
    FailureCatalogue.bundled().sign(line).ifPresent(sign -> {
      success = Optional.empty();
      Found now = new Found(sign, index, gpu);
      found.merge(sign.weight(), now, (before, after) -> after.isLike(before) ? before : after);
    });
  }

  private void advance(Step step, int index) {
    switch (step.mark()) {
      case BEGINS -> {
        begin = index;
        run = Optional.ofNullable(step.values().get("config"));
        success = Optional.empty();
        gpu = Optional.empty();
        pod = Optional.empty();
        found.clear();
      }
      case WAITS_FOR_PODS ->
        pod = Optional.ofNullable(step.values().get("pod")).map(LogReading::withoutArticle);
      case SUCCEEDS -> {
        success = Optional.of(index);
        found.clear();
      }
      case WAITS_FOR_LABEL -> {}
    }
  }

  private static String withoutArticle(String pod) {
    return pod.startsWith("the ") ? pod.substring(4) : pod;
  }

  Optional<Found> found(Weight weight) {
    return Optional.ofNullable(found.get(weight));
  }

  /** The configuration of the last run. */
  Optional<String> run() {
    return run;
  }

  /** The pods that the last run waited for last. */
  Optional<String> pod() {
    return pod;
  }

  /** The step in the last line, if it reports one. */
  Optional<Mark> last() {
    return last;
  }

  /** The last line that reports a success of the last run, unless a failure follows. */
  Optional<Integer> success() {
    return success;
  }

  /** Whether no line belongs to a run. */
  boolean saysNothing() {
    return run.isEmpty() && success.isEmpty() && found.isEmpty();
  }

  boolean isEmpty() {
    return lines.isEmpty();
  }

  int lastIndex() {
    return lines.size() - 1;
  }

  /** A line as printed, shortened if it is too long. */
  String line(int index) {
    return shown(lines.get(index));
  }

  /** The message of a record, or the whole line; of a long one the part around the phrase. */
  String quote(Found found) {
    String line = lines.get(found.index);
    int place = found.sign.match().start();
    int open = line.lastIndexOf("msg=\"", place);
    int from = open < 0 ? 0 : open + "msg=\"".length();
    int to = open < 0 ? line.length() : closingQuote(line, place);
    int start = Math.max(from, Math.min(place - QUOTE / 2, to - QUOTE));
    return line.substring(start, Math.min(to, start + QUOTE))
        .replace("\\n", " ")
        .replace("\\\"", "\"")
        .strip();
  }

  private static int closingQuote(String line, int from) {
    int quote = line.indexOf('"', from);
    while (quote > 0 && line.charAt(quote - 1) == '\\') {
      quote = line.indexOf('"', quote + 1);
    }
    return quote < 0 ? line.length() : quote;
  }

  /** Some lines of the last run: its last ones, or those around the decisive one. */
  List<String> shown(Optional<Integer> around) {
    int latest = Math.max(begin, lines.size() - SHOWN_LINES);
    int from = around
        .map(index -> Math.max(begin, Math.min(latest, index - SHOWN_BEFORE)))
        .orElse(latest);
    return lines.subList(from, Math.min(lines.size(), from + SHOWN_LINES)).stream()
        .map(LogReading::shown)
        .toList();
  }

  /** Splits pasted logs, which have lost their line ends, where a logrus record begins. */
  private static List<String> records(String line) {
    List<String> records = new ArrayList<>();
    int from = 0;
    int first = line.indexOf(RECORD);
    int next = first < 0 ? -1 : line.indexOf(RECORD, first + 1);
    while (next >= 0) {
      records.add(line.substring(from, next));
      from = next;
      next = line.indexOf(RECORD, next + 1);
    }
    records.add(line.substring(from));
    return records;
  }

  private static String clean(String record) {
    String searched = record.length() <= SEARCHED ? record : record.substring(0, SEARCHED);
    return CONTROL
        .matcher(COLOUR.matcher(searched).replaceAll(""))
        .replaceAll(" ")
        .stripTrailing();
  }

  private static String shown(String line) {
    return line.length() <= SHOWN_LENGTH ? line : line.substring(0, SHOWN_LENGTH) + "…";
  }
}
