package io.github.mig4j.k8s.diagnosis;

import io.github.mig4j.k8s.diagnosis.FailureCatalogue.Mark;
import io.github.mig4j.k8s.diagnosis.FailureCatalogue.Sign;
import io.github.mig4j.k8s.diagnosis.FailureCatalogue.Step;
import io.github.mig4j.k8s.diagnosis.FailureCatalogue.Weight;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a log says about the last run of the MIG manager, and about other components whose lines it
 * contains.
 *
 * <p>A run begins at the line in which the manager names its configuration; earlier runs are ignored.
 * Of the lines with a cause the last ones decide, because mig-parted continues with the next order and
 * does not return to a finished GPU. Of several lines of one kind about one GPU the first decides,
 * because the others repeat it in more general words. Lines before a success are not causes. If no line
 * has a known phrase, the last error decides that is not a general consequence. The GPU of a failure is
 * the one that mig-parted names behind it, or else the one that it printed last.
 *
 * <p>The component of a line is the container that is printed before it, or follows from its words;
 * a line that shows neither belongs to the component of the last line of the same format.
 */
final class LogReading {

  private static final int SHOWN_LENGTH = 1_000;
  private static final int SHOWN_LINES = 20;
  private static final int SHOWN_BEFORE = 5;
  private static final int QUOTE = 250;
  private static final int WORD = 40;

  private static final Pattern GPU = Pattern.compile("\\bGPU ([0-9]{1,3}): 0x[0-9A-Fa-f]{8}");
  private static final Pattern GPU_OF_ERROR =
      Pattern.compile("MIG config on GPU ([0-9]{1,3}), erroneous");
  private static final Pattern HEADER = Pattern.compile(
      "(?<logrus>time=|level=[a-z]|(?:DEBU|INFO|WARN|ERRO|FATA|PANI)\\[[0-9])|\\b[IWEF][0-9]{4} [0-9]{2}:[0-9]{2}:");
  private static final Pattern ERROR = Pattern.compile(
      "level=(?:error|fatal|panic)\\b|(?:ERRO|FATA|PANI)\\[[0-9]|\\b[EF][0-9]{4} [0-9]{2}:[0-9]{2}:|\"level\": ?\"(?:error|fatal|panic)\"|^ {0,8}(?:[a-z-]{3,40}: )?(?:[0-9/]{10} [0-9:]{8} )?(?i:error[: ]|panic: |fatal|failed to )|(?:^|\\s)Warning(?:\\s{2,20}|\\s(?=[A-Z][a-z]{1,20}[A-Z]))[A-Z][A-Za-z]{1,60}\\s");
  private static final Pattern BY_MIG_PARTED =
      Pattern.compile("level=(?:debug|fatal|panic)|[A-Z]{4}\\[[0-9]");

  /** Time and process of a record, by which repeated records differ. */
  private static final Pattern TIME = Pattern.compile(
      "time=\"?[0-9TZ:.+-]+\"?|\\b([IWEF])[0-9]{4} [0-9:.]+ +[0-9]+|^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+Z?|\\[[0-9]{4}]");

  private enum Format {
    LOGRUS,
    KLOG,
    PLAIN
  }

  /** A phrase that was found, its place in the log, and the GPU that the run was changing. */
  record Found(Sign sign, int index, Optional<String> gpu) {
    boolean isLike(Found other) {
      return sign.code() == other.sign.code() && gpu.equals(other.gpu);
    }

    Found about(String other) {
      return new Found(sign, index, gpu.or(() -> Optional.of(other)));
    }
  }

  /** Lines that differ only in their times, one after the other. */
  private record Repeated(int first, int count) {}

  private final List<String> lines;
  private final Map<Weight, Found> found = new EnumMap<>(Weight.class);
  private Optional<String> run = Optional.empty();
  private Optional<String> gpu = Optional.empty();
  private Optional<String> pod = Optional.empty();
  private Optional<Integer> success = Optional.empty();
  private Optional<Mark> last = Optional.empty();
  private Optional<Integer> error = Optional.empty();
  private Optional<Integer> consequence = Optional.empty();
  private final List<Optional<LogComponent>> speakers = new ArrayList<>();
  private final Map<Format, LogComponent> speaking = new EnumMap<>(Format.class);
  private final Set<String> updated = new LinkedHashSet<>();
  private int begin;

  private LogReading(List<String> lines) {
    this.lines = lines;
  }

  /** Reads the records of one manager. */
  static LogReading of(List<String> lines) {
    LogReading reading = new LogReading(lines);
    for (int i = 0; i < lines.size(); i++) {
      reading.read(i, lines.get(i));
    }
    return reading;
  }

  private void read(int index, String line) {
    speakers.add(speaker(line));
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
    Matcher failed = GPU_OF_ERROR.matcher(line);
    if (failed.find()) {
      int latest = found.values().stream().mapToInt(Found::index).max().orElse(index);
      found.replaceAll((weight, each) -> each.index == latest
          ? new Found(each.sign, each.index, Optional.of(failed.group(1)))
          : each.about(failed.group(1)));
    }
    Optional<Sign> sign = FailureCatalogue.bundled().sign(line, isCut(line));
    if (sign.isPresent()) {
      success = Optional.empty();
      Found now = new Found(sign.get(), index, gpu);
      found.merge(
          sign.get().weight(), now, (before, after) -> after.isLike(before) ? before : after);
    } else if (ERROR.matcher(line).find()) {
      if (FailureCatalogue.bundled().isConsequence(line)) {
        consequence = Optional.of(index);
      } else {
        error = Optional.of(index);
      }
    }
  }

  private Optional<LogComponent> speaker(String line) {
    Matcher header = HEADER.matcher(line);
    boolean isRecord = header.find();
    Format format =
        !isRecord ? Format.PLAIN : header.group("logrus") != null ? Format.LOGRUS : Format.KLOG;
    String prefix = isRecord ? line.substring(0, header.start()) : "";
    Optional<LogComponent> said = FailureCatalogue.bundled().speaker(prefix, line);
    said.ifPresent(component -> speaking.put(format, component));
    LogComponent before = speaking.get(format);
    if (said.isEmpty() && format == Format.LOGRUS && (before == null || before.isOfManager())) {
      return Optional.of(
          BY_MIG_PARTED.matcher(line).find() ? LogComponent.MIG_PARTED : LogComponent.MIG_MANAGER);
    }
    return said.or(() -> Optional.ofNullable(before));
  }

  private void advance(Step step, int index) {
    switch (step.mark()) {
      case BEGINS -> {
        begin = index;
        run = Optional.ofNullable(step.values().get("config"));
        success = Optional.empty();
        gpu = Optional.empty();
        pod = Optional.empty();
        updated.clear();
        forgetFailures();
      }
      case WAITS_FOR_PODS ->
        pod = Optional.ofNullable(step.values().get("pod")).map(LogReading::withoutArticle);
      case UPDATES_GPU -> gpu.ifPresent(updated::add);
      case SUCCEEDS -> {
        success = Optional.of(index);
        forgetFailures();
      }
      case SERVES -> {
        found.values().removeIf(each -> speaker(each.index).equals(speaker(index)));
        error = error.filter(each -> !speaker(each).equals(speaker(index)));
      }
      case WAITS_FOR_LABEL -> {}
    }
  }

  private void forgetFailures() {
    found.clear();
    error = Optional.empty();
    consequence = Optional.empty();
  }

  private static String withoutArticle(String pod) {
    return pod.startsWith("the ") ? pod.substring(4) : pod;
  }

  Optional<Found> found(Weight weight) {
    return Optional.ofNullable(found.get(weight));
  }

  /** The last error of the last run that no phrase matches. */
  Optional<Integer> unknownError() {
    return error.or(() -> consequence);
  }

  /** The component that wrote a line, if it is known. */
  Optional<LogComponent> speaker(int index) {
    return speakers.get(index);
  }

  /** The GPUs that the last run had changed before it began with this one. */
  List<String> updatedBefore(String failed) {
    return updated.contains(failed)
        ? updated.stream().takeWhile(each -> !each.equals(failed)).toList()
        : List.of();
  }

  /** The configuration of the last run. */
  Optional<String> run() {
    return run;
  }

  /** The pods that the last run waited for last. */
  Optional<String> pod() {
    return pod;
  }

  /** Whether the last line reports this step. */
  boolean endsWith(Mark step) {
    return last.equals(Optional.of(step));
  }

  /** The last line that reports a success of the last run, unless a failure follows. */
  Optional<Integer> success() {
    return success;
  }

  /** Whether no line belongs to a run. */
  boolean saysNothing() {
    return run.isEmpty()
        && success.isEmpty()
        && found.isEmpty()
        && unknownError().isEmpty();
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

  /** The message of the record in which a phrase was found; of a long one the part around it. */
  String quote(Found found) {
    return quote(found.index, found.sign.match().start());
  }

  /** The message of a record, or the whole line; of a long one its beginning and its end. */
  String quote(int index) {
    String line = lines.get(index);
    Part message = message(line, Math.max(line.indexOf("msg=\""), 0) + "msg=\"".length());
    if (message.to - message.from <= QUOTE) {
      return plain(line, message.from, message.to);
    }
    return plain(line, message.from, wordBefore(line, message.from + QUOTE / 2))
        + " … "
        + plain(line, wordAfter(line, message.to - QUOTE / 2), message.to);
  }

  private String quote(int index, int place) {
    String line = lines.get(index);
    Part message = message(line, place);
    int start = Math.max(message.from, Math.min(place - QUOTE / 2, message.to - QUOTE));
    int end = Math.min(message.to, start + QUOTE);
    boolean isCutBefore = start > message.from;
    boolean isCutBehind = end < message.to;
    return (isCutBefore ? "…" : "")
        + plain(
            line,
            isCutBefore ? wordAfter(line, start) : start,
            isCutBehind ? wordBefore(line, end) : end)
        + (isCutBehind ? "…" : "");
  }

  /** A part of a line, up to an index that is not in it. */
  private record Part(int from, int to) {}

  /** What a record says, without its fields around a place; or the whole line. */
  private static Part message(String line, int place) {
    int open = Math.max(line.lastIndexOf("msg=\"", place), line.lastIndexOf("err=\"", place));
    int from = open < 0 ? 0 : open + "msg=\"".length();
    return new Part(from, open < 0 ? line.length() : closingQuote(line, Math.max(from, place)));
  }

  private static String plain(String line, int from, int to) {
    return line.substring(from, to).replace("\\n", " ").replace("\\\"", "\"").strip();
  }

  /** Where the next word begins, if it is near. */
  private static int wordAfter(String line, int start) {
    int blank = line.indexOf(' ', start);
    return blank < 0 || blank > start + WORD ? start : blank + 1;
  }

  /** Where the last word ends, if that is near. */
  private static int wordBefore(String line, int end) {
    int blank = line.lastIndexOf(' ', end);
    return blank < end - WORD ? end : blank;
  }

  /** Whether the message of a record has no end, as where the log or a line of it is cut. */
  static boolean isCut(String line) {
    int open = line.indexOf("msg=\"");
    int from = open + "msg=\"".length();
    return open >= 0 && (from == line.length() || closingQuote(line, from) == line.length());
  }

  private static int closingQuote(String line, int from) {
    int quote = line.indexOf('"', from);
    while (quote > 0 && line.charAt(quote - 1) == '\\') {
      quote = line.indexOf('"', quote + 1);
    }
    return quote < 0 ? line.length() : quote;
  }

  /**
   * Some lines of the last run: its last ones, or those around the decisive one. Repeated lines are
   * shown once, with their number.
   */
  List<String> shown(Optional<Integer> around) {
    List<Repeated> all = repeated();
    int latest = Math.max(0, all.size() - SHOWN_LINES);
    int from = around
        .map(index -> (int) all.stream().filter(each -> each.first <= index).count() - 1)
        .map(group -> Math.max(0, Math.min(latest, group - SHOWN_BEFORE)))
        .orElse(latest);
    return all.stream()
        .skip(from)
        .limit(SHOWN_LINES)
        .map(each -> each.count == 1
            ? line(each.first)
            : "%s (%d times)".formatted(line(each.first), each.count))
        .toList();
  }

  private List<Repeated> repeated() {
    List<Repeated> all = new ArrayList<>();
    String previous = "";
    for (int i = begin; i < lines.size(); i++) {
      String timeless = TIME.matcher(lines.get(i)).replaceAll("$1");
      if (!all.isEmpty() && timeless.equals(previous)) {
        Repeated same = all.remove(all.size() - 1);
        all.add(new Repeated(same.first, same.count + 1));
      } else {
        all.add(new Repeated(i, 1));
      }
      previous = timeless;
    }
    return all;
  }

  private static String shown(String line) {
    return line.length() <= SHOWN_LENGTH ? line : line.substring(0, SHOWN_LENGTH) + "…";
  }
}
