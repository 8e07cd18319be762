package io.github.mig4j.gpu;

import static io.github.mig4j.gpu.ListingFindings.shown;

import io.github.mig4j.gpu.NvidiaSmi.ComputeInstanceRow;
import io.github.mig4j.gpu.NvidiaSmi.ComputeProfileRow;
import io.github.mig4j.gpu.NvidiaSmi.InstanceRow;
import io.github.mig4j.gpu.NvidiaSmi.Listing;
import io.github.mig4j.gpu.NvidiaSmi.ListingCode;
import io.github.mig4j.gpu.NvidiaSmi.PlacementRow;
import io.github.mig4j.gpu.NvidiaSmi.ProfileRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads listings line by line.
 *
 * <p>A row says by its form to which listing it belongs: {@code gpu MIG name id free/total} to
 * {@code -lgip}, {@code gpu MIG name id instance start:size} to {@code -lgi}, and with the number of
 * a GPU instance before the name to {@code -lcip} and {@code -lci}. So a table that lost its heading
 * can be read too. The figures of {@code -lgip} are found by the table's own heading, so that their
 * width does not matter and a column that is not known is passed over.
 */
final class ListingReader {

  private static final Pattern LINE_END = Pattern.compile("\r\n|\n|\r");
  private static final Pattern PLACEMENTS = Pattern.compile(
      "GPU\\s+(\\d+)\\s+Profile ID\\s+(\\d+)\\s+Placements?\\s*:\\s*\\{([\\d,\\s]*)}\\s*:\\s*(\\d+)(?!\\d)(.*)");
  private static final Pattern PLACEMENTS_FRONT =
      Pattern.compile("GPU\\s+(\\d+)\\s+Profile(?:\\s+ID(?:\\s+(\\d+))?)?.*");
  private static final Pattern PLACEMENTS_CUT = Pattern.compile("GPU?(?:\\s+\\d*\\s*P?[rofile]*)?");
  private static final Pattern TITLE = Pattern.compile(
      "(GPU instance profiles|GPU instances|Compute instance profiles|Compute instances):");
  private static final Pattern RULE = Pattern.compile("[-=+|_ ]+");
  private static final Pattern FENCE = Pattern.compile("(?:```|~~~).*");
  private static final Pattern HEADING = Pattern.compile("#{1,6} .*");
  private static final Pattern CUT = Pattern.compile("(?:\\.{2,}|…|\\[\\.{3}]|\\[…]| )+");
  private static final Pattern COMMAND = Pattern.compile("(?:.*[^\\w-])?nvidia-smi(?:\\s.*)?");
  private static final Pattern PROMPT = Pattern.compile("\\S{0,200}[#$%>]");
  private static final Pattern ROW =
      Pattern.compile("(\\d+)\\s+(?:(\\d+)\\s+)?(?:MIG\\s+(\\S+)|(\\S*\\dg\\.\\S*))(?:\\s+(.*))?");
  private static final Pattern ROW_FRONT = Pattern.compile("\\d+(?:\\s+\\d+)?(?:\\s+MIG?)?");
  private static final Pattern FIGURES = Pattern.compile("\\d\\S*(?:\\s+\\S+)*");
  private static final Pattern NUMBERS = Pattern.compile("[\\d\\s]+");
  private static final Pattern START_AND_SIZE = Pattern.compile("(\\d+):(\\d+)");
  private static final Pattern WORD = Pattern.compile("\\S+");
  private static final List<String> SUBHEADINGS =
      List.of("Free/Total", "GiB", "MiB", "ID", "Start:Size", "Instance");
  private static final List<String> NOT_ENGINES = List.of("Free/Total", "ID");
  private static final Pattern UNIT = Pattern.compile("[KMGT]i?B");
  private static final Map<String, Budget> ENGINES = Map.of(
      "CE", Budget.COPY_ENGINES,
      "DEC", Budget.DECODERS,
      "ENC", Budget.ENCODERS,
      "JPEG", Budget.JPEG_ENGINES,
      "OFA", Budget.OFA_ENGINES,
      "SM", Budget.SMS);
  private static final int MEMORY_UNIT_MIB = 64;
  private static final int MAX_GPUS = 1024;
  private static final int MAX_ENGINES = 1 << 20;

  private record Column(String name, int center) {}

  static final String PASTE_AGAIN = "paste the whole output of 'nvidia-smi mig %s'";

  private final ListingFindings findings = new ListingFindings();
  private final ListingRows rows = new ListingRows(findings);
  private @Nullable String nothingListed;
  private int nothingLine;

  /** What is known of the table that is being read. */
  private @Nullable Listing section;

  private List<Column> upper = List.of();
  private List<Column> lower = List.of();
  private boolean inGib;
  private boolean anyClosed;
  private boolean anyRule;
  private boolean afterRule;
  private boolean cutReported;
  private int rowsRead;
  private @Nullable String openRow;

  /** Whether figures belong to a row that needs them no more, or was refused. */
  private boolean insideRow;

  /** A row of -lgip of which the second line is still to come. */
  private @Nullable ProfileRow unfinished;

  private int unfinishedLine;

  void read(int text, String content) {
    rows.moveTo(text);
    String[] lines = LINE_END.split(content, -1);
    for (int i = 0; i < lines.length; i++) {
      findings.moveTo(text, i + 1);
      boolean wrapped = i + 1 < lines.length
          && lines[i + 1].length() < 9
          && lines[i + 1].strip().equals("|");
      readLine(wrapped && lines[i].strip().startsWith("|") ? lines[i] + "|" : lines[i]);
    }
    endTable();
    findings.endRemark();
  }

  private void readLine(String raw) {
    if (raw.length() > PastedLine.MAX_LENGTH) {
      findings.remark(raw.substring(0, PastedLine.MAX_LENGTH));
      return;
    }
    PastedLine line = PastedLine.of(raw);
    String trimmed = line.trimmed();
    anyClosed |= line.opened() && line.closed();
    if (trimmed.isEmpty() && line.behind().isEmpty()) {
      return;
    }
    if (RULE.matcher(trimmed).matches()) {
      readRule(trimmed);
      afterRule = true;
      return;
    }
    readText(raw, line, trimmed);
    afterRule = false;
  }

  private void readText(String raw, PastedLine line, String trimmed) {
    if (FENCE.matcher(trimmed).matches() || PROMPT.matcher(trimmed).matches()) {
      endTable();
    } else if (readListing(line, trimmed)) {
      findings.endRemark();
      readBehind(line);
    } else if (COMMAND.matcher(trimmed).matches()) {
      endTable();
    } else if (CUT.matcher(trimmed).matches()) {
      finishRow();
      cutReported = true;
      missing("'%s' says that rows are left out, and more may be missing".formatted(trimmed));
    } else if (!HEADING.matcher(trimmed).matches()) {
      findings.remark(raw);
    }
  }

  private void readRule(String rule) {
    if (rule.startsWith("+") || openRow != null) {
      anyRule = true;
    }
    boolean cut = rule.startsWith("+") && !rule.endsWith("+");
    if (!cut && (rule.endsWith("+") || rule.indexOf('-') >= 0)) {
      openRow = null;
      insideRow = false;
      finishRow();
    }
  }

  /** Whether the line is part of a listing. */
  private boolean readListing(PastedLine line, String trimmed) {
    Matcher title = TITLE.matcher(trimmed);
    if (title.matches()) {
      endTable();
      section = listing(title.group(1));
      anyClosed = line.closed();
      anyRule = afterRule;
      return true;
    }
    if (readAnswer(trimmed) || readPlacements(trimmed)) {
      return true;
    }
    Matcher row = ROW.matcher(trimmed);
    if (row.matches()) {
      readRow(line, row);
      return true;
    }
    if (isCut(line) && unfinished == null && ROW_FRONT.matcher(trimmed).matches()) {
      cut("the row '%s'".formatted(shown(trimmed)));
      return true;
    }
    return readHeading(line) || readSecondLine(line, trimmed);
  }

  private static Listing listing(String title) {
    return Arrays.stream(Listing.values())
        .filter(listing -> listing.title().equalsIgnoreCase(title))
        .findFirst()
        .orElseThrow();
  }

  /** What nvidia-smi says where it has nothing to list, or fails. */
  private boolean readAnswer(String trimmed) {
    for (Listing listing : List.of(Listing.GPU_INSTANCES, Listing.COMPUTE_INSTANCES)) {
      if (trimmed.startsWith("No %s found".formatted(listing.title()))) {
        endTable();
        rows.none(listing);
        return true;
      }
    }
    Optional<SmiAnswer> answer = SmiAnswer.of(trimmed);
    answer.ifPresent(some -> {
      endTable();
      String problem = "%s: '%s'".formatted(some.meaning(), shown(trimmed));
      nothingListed = problem + "; " + some.remedy();
      nothingLine = findings.line();
      findings.add(ListingCode.NOTHING_LISTED, problem, some.remedy());
    });
    return answer.isPresent();
  }

  private boolean readPlacements(String trimmed) {
    Matcher front = PLACEMENTS_FRONT.matcher(trimmed);
    if (!front.matches()) {
      if (section == Listing.GPU_INSTANCE_PLACEMENTS
          && PLACEMENTS_CUT.matcher(trimmed).matches()) {
        cut("the row '%s'".formatted(shown(trimmed)));
        return true;
      }
      return false;
    }
    if (section != Listing.GPU_INSTANCE_PLACEMENTS) {
      endTable();
      section = Listing.GPU_INSTANCE_PLACEMENTS;
    }
    String name = front.group(2) == null
        ? "the row of GPU " + shown(front.group(1))
        : "the row of profile ID %s of GPU %s"
            .formatted(shown(front.group(2)), shown(front.group(1)));
    Matcher whole = PLACEMENTS.matcher(trimmed);
    try {
      if (whole.matches()) {
        rows.add(placements(whole), findings.line());
        noteBehind(whole.group(5).strip(), name);
      } else {
        cut(name);
      }
    } catch (IllegalArgumentException e) {
      unusable(name, e);
    }
    return true;
  }

  private static PlacementRow placements(Matcher row) {
    List<Integer> starts = new ArrayList<>();
    for (String start : row.group(3).split(",", -1)) {
      if (!start.isBlank()) {
        starts.add(number("Placements", start.strip(), 0, GpuModel.MAX_MEMORY_SLICES));
      }
    }
    return new PlacementRow(
        number("GPU", row.group(1), 0, MAX_GPUS),
        number("Profile ID", row.group(2), 0, Integer.MAX_VALUE),
        starts.stream().sorted().distinct().toList(),
        number("Placements", row.group(4), 1, GpuModel.MAX_MEMORY_SLICES));
  }

  private void readRow(PastedLine line, Matcher row) {
    finishRow();
    insideRow = true;
    String name = row.group(3) == null ? row.group(4) : row.group(3);
    String subject = "the row of " + shown(name);
    if (isCut(line)) {
      cut(subject);
      return;
    }
    try {
      readRow(line, row, MigProfile.parse(name));
      requireHeading(subject);
      openRow = subject;
      rowsRead++;
    } catch (IllegalArgumentException e) {
      unusable(subject, e);
    }
  }

  private void readRow(PastedLine line, Matcher row, MigProfile profile) {
    if (profile.gpuSlices() < 1 || profile.computeSlices() < 1) {
      throw new IllegalArgumentException("an instance has at least one compute slice");
    }
    int gpu = number("GPU", row.group(1), 0, MAX_GPUS);
    String rest = row.group(5) == null ? "" : row.group(5);
    List<String> cells = List.of(rest.strip().split("\\s+"));
    String second = cells.size() > 1 ? cells.get(1) : "";
    Matcher place = START_AND_SIZE.matcher(cells.size() > 2 ? cells.get(2) : "");
    int number = number("ID", cells.get(0).replaceFirst("\\*$", ""), 0, Integer.MAX_VALUE);
    boolean listsProfiles = second.contains("/")
        || section == Listing.GPU_INSTANCE_PROFILES
        || section == Listing.COMPUTE_INSTANCE_PROFILES;
    if (row.group(2) != null) {
      int gpuInstance = number("GPU Instance ID", row.group(2), 0, Integer.MAX_VALUE);
      readComputeRow(gpu, gpuInstance, profile, number, second, listsProfiles);
      return;
    }
    if (!profile.isWholeGpuInstance()) {
      throw new IllegalArgumentException("the number of its GPU instance is missing");
    }
    if (listsProfiles) {
      int[] counts = instances(second);
      unfinished = new ProfileRow(gpu, profile, number, counts[0], counts[1], Map.of());
      unfinishedLine = findings.line();
      readFigures(line, unfinished);
      return;
    }
    if (!place.matches()) {
      throw new IllegalArgumentException("column 'Placement' must be start:size, but was '%s'"
          .formatted(cells.size() > 2 ? shown(cells.get(2)) : ""));
    }
    rows.add(
        new InstanceRow(
            gpu,
            profile,
            number,
            number("Instance ID", second, 0, Integer.MAX_VALUE),
            number("Placement", place.group(1), 0, GpuModel.MAX_MEMORY_SLICES),
            number("Placement", place.group(2), 1, GpuModel.MAX_MEMORY_SLICES)),
        findings.line());
  }

  private void readComputeRow(
      int gpu,
      int gpuInstance,
      MigProfile profile,
      int number,
      String second,
      boolean listsProfiles) {
    if (listsProfiles) {
      int[] counts = instances(second);
      rows.add(
          new ComputeProfileRow(gpu, gpuInstance, profile, number, counts[0], counts[1]),
          findings.line());
    } else {
      int id = number("Instance ID", second, 0, Integer.MAX_VALUE);
      rows.add(new ComputeInstanceRow(gpu, gpuInstance, profile, number, id), findings.line());
    }
  }

  private static int[] instances(String text) {
    String[] counts = text.split("/", -1);
    if (counts.length != 2) {
      throw new IllegalArgumentException(
          "column 'Instances' must be free/total, but was '%s'".formatted(shown(text)));
    }
    int free = number("Instances", counts[0], 0, GpuModel.MAX_MEMORY_SLICES);
    int total = number("Instances", counts[1], 1, GpuModel.MAX_MEMORY_SLICES);
    return new int[] {free, total};
  }

  private void requireHeading(String row) {
    if (upper.isEmpty() && rowsRead == 0) {
      findings.add(
          ListingCode.ROWS_MISSING,
          "the heading above %s is missing, and more may be missing".formatted(row),
          "paste the whole output of 'nvidia-smi mig'");
    }
  }

  /** The figures of the first line, as far as the heading says what they are. */
  private void readFigures(PastedLine line, ProfileRow row) {
    if (upper.stream().noneMatch(column -> column.name().equals("Memory"))) {
      return;
    }
    List<Column> values = words(line.cells());
    values.removeIf(word -> word.name().equals("MIG"));
    Map<String, String> cells = byColumn(upper, values);
    Map<Budget, Integer> amounts = new EnumMap<>(Budget.class);
    String memory = cells.get("Memory");
    if (memory != null && inGib) {
      amounts.put(Budget.MEMORY_MIB, mib(memory));
    }
    unfinished = with(row, amounts, cells);
  }

  private static ProfileRow with(
      ProfileRow row, Map<Budget, Integer> amounts, Map<String, String> cells) {
    Map<Budget, Integer> all = new EnumMap<>(Budget.class);
    all.putAll(row.amounts());
    all.putAll(amounts);
    for (Map.Entry<String, Budget> engine : ENGINES.entrySet()) {
      String value = cells.get(engine.getKey());
      if (value != null) {
        all.put(engine.getValue(), number(engine.getKey(), value, 0, MAX_ENGINES));
      }
    }
    return new ProfileRow(row.gpu(), row.profile(), row.id(), row.free(), row.total(), all);
  }

  private boolean readHeading(PastedLine line) {
    List<Column> words = words(line.cells());
    List<String> names = words.stream().map(Column::name).toList();
    if (names.contains("GPU") && names.contains("Name")) {
      finishRow();
      upper = words;
      lower = List.of();
      inGib = false;
      return true;
    }
    if (SUBHEADINGS.stream().anyMatch(names::contains) && (line.opened() || !upper.isEmpty())) {
      lower = words.stream()
          .filter(word -> !NOT_ENGINES.contains(word.name()))
          .filter(word -> !UNIT.matcher(word.name()).matches())
          .toList();
      inGib |= names.contains("GiB");
      if (!inGib) {
        names.stream()
            .filter(name -> UNIT.matcher(name).matches())
            .findFirst()
            .ifPresent(unit -> findings.add(
                ListingCode.UNIT_UNKNOWN,
                "the memory is in %s, not in GiB, and is not read".formatted(unit)));
      }
      return true;
    }
    return false;
  }

  /** The second line of a row, which has figures only. */
  private boolean readSecondLine(PastedLine line, String trimmed) {
    Pattern form = line.opened() ? FIGURES : NUMBERS;
    if (!form.matcher(trimmed).matches()) {
      return false;
    }
    ProfileRow row = unfinished;
    if (row == null) {
      boolean known = insideRow;
      insideRow = false;
      return known;
    }
    insideRow = false;
    if (isCut(line)) {
      finishRow("the second line of the row of %s is cut off", true);
      return true;
    }
    unfinished = null;
    try {
      rows.add(
          lower.isEmpty() ? row : with(row, Map.of(), byColumn(lower, words(line.cells()))),
          unfinishedLine);
    } catch (IllegalArgumentException e) {
      unusable("the row of " + row.profile(), e);
    }
    return true;
  }

  /** A row without its second line is used as far as it was read. */
  private void finishRow() {
    finishRow("the row of %s has no second line", !lower.isEmpty() && !cutReported);
  }

  private void finishRow(String problem, boolean isNew) {
    ProfileRow row = unfinished;
    unfinished = null;
    if (row != null) {
      rows.add(row, unfinishedLine);
    }
    if (row != null && isNew) {
      cutReported = true;
      findings.add(
          ListingCode.ROWS_MISSING,
          problem.formatted(row.profile())
              + ", so that some of its engines are not known, and more may be missing",
          PASTE_AGAIN.formatted(Listing.GPU_INSTANCE_PROFILES));
    }
  }

  private void endTable() {
    finishRow();
    if (!cutReported && openRow != null && anyRule) {
      missing("the table ends after %s without a closing line, and more may be missing"
          .formatted(openRow));
    } else if (!cutReported && section != null && rowsRead == 0 && !upper.isEmpty()) {
      missing("the table has no row, and more may be missing");
    }
    section = null;
    upper = List.of();
    lower = List.of();
    inGib = false;
    anyClosed = false;
    anyRule = false;
    cutReported = false;
    rowsRead = 0;
    openRow = null;
    insideRow = false;
    rows.nextTable();
  }

  private boolean isCut(PastedLine line) {
    return line.opened() && !line.closed() && anyClosed;
  }

  private void cut(String subject) {
    cutReported = true;
    rowsRead++;
    missing("%s is cut off and is not used, and more may be missing".formatted(subject));
  }

  private void missing(String problem) {
    findings.add(ListingCode.ROWS_MISSING, problem, PASTE_AGAIN.formatted(option()));
  }

  private void unusable(String subject, IllegalArgumentException reason) {
    rowsRead++;
    unfinished = null;
    findings.add(
        ListingCode.ROW_UNUSABLE,
        "%s is not used: %s".formatted(subject, reason.getMessage()),
        "print it again with 'nvidia-smi mig %s'".formatted(option()));
  }

  private String option() {
    return section == null ? "-lgip" : section.option();
  }

  private void readBehind(PastedLine line) {
    if (line.closed()) {
      noteBehind(line.behind(), "the row");
    }
  }

  private void noteBehind(String words, String subject) {
    if (!words.isEmpty()) {
      findings.add(
          ListingCode.TEXT_IGNORED, "'%s' behind %s is ignored".formatted(shown(words), subject));
    }
  }

  /** By order if there is a value for each column, otherwise by place. */
  private static Map<String, String> byColumn(List<Column> columns, List<Column> values) {
    Map<String, String> cells = new LinkedHashMap<>();
    for (int i = 0; i < values.size(); i++) {
      Column value = values.get(i);
      String name = columns.size() == values.size()
          ? columns.get(i).name()
          : nearest(columns, value.center());
      if (cells.put(name, value.name()) != null) {
        throw new IllegalArgumentException("%d values do not match the columns %s"
            .formatted(values.size(), columns.stream().map(Column::name).toList()));
      }
    }
    return cells;
  }

  private static String nearest(List<Column> columns, int center) {
    return columns.stream()
        .min(Comparator.comparingInt(column -> Math.abs(column.center() - center)))
        .map(Column::name)
        .orElseThrow();
  }

  private static List<Column> words(String cells) {
    List<Column> words = new ArrayList<>();
    Matcher word = WORD.matcher(cells);
    while (word.find()) {
      words.add(new Column(word.group(), (word.start() + word.end()) / 2));
    }
    return words;
  }

  /** The driver counts in units of 64 MiB, of which nvidia-smi prints two decimals in GiB. */
  private static int mib(String gib) {
    if (!gib.matches("\\d{1,5}(\\.\\d{1,3})?")) {
      throw new IllegalArgumentException(
          "column 'Memory' must be GiB with two decimals, but was '%s'".formatted(shown(gib)));
    }
    double mib = Double.parseDouble(gib) * 1024;
    return (int) Math.round(mib / MEMORY_UNIT_MIB) * MEMORY_UNIT_MIB;
  }

  private static int number(String column, String text, int min, int max) {
    if (text.matches("[0-9]{1,9}")) {
      int number = Integer.parseInt(text);
      if (number >= min && number <= max) {
        return number;
      }
    }
    throw new IllegalArgumentException(
        max == Integer.MAX_VALUE
            ? "column '%s' must be a number, but was '%s'".formatted(column, shown(text))
            : "column '%s' must be a number from %d to %d, but was '%s'"
                .formatted(column, min, max, shown(text)));
  }

  /** {@return what was read} Throws a {@link ListingSyntaxException} if that is nothing. */
  NvidiaSmi result() {
    NvidiaSmi result = rows.result();
    if (!rows.isEmpty()) {
      return result;
    }
    if (nothingListed != null) {
      throw new ListingSyntaxException(nothingLine, nothingListed);
    }
    throw findings.refusal();
  }
}
