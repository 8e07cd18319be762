package io.github.mig4j.gpu;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads listings line by line. The heading of the table defines the columns, so their width does
 * not matter and unknown columns are ignored.
 */
final class ListingReader {

  static final Provenance READ =
      new Provenance("nvidia-smi mig -lgip and -lgipp on the GPU itself", Confidence.HARDWARE);

  private static final Pattern PLACEMENTS = Pattern.compile(
      "GPU\\s+(\\d+)\\s+Profile ID\\s+(\\d+)\\s+Placements?\\s*:\\s*\\{([\\d,\\s]*)}\\s*:\\s*(\\d+)");
  private static final Pattern TITLE = Pattern.compile("\\|?\\s*GPU instance profiles:\\s*\\|?");
  private static final Pattern RULE = Pattern.compile("[+|]?[-=+]{3,}[+|]?");
  private static final Pattern ELLIPSIS = Pattern.compile("\\.{3,}|…");
  private static final Pattern COMMAND =
      Pattern.compile("(?:.*[#$>]\\s*)?(?:sudo\\s+)?nvidia-smi\\s.*");
  private static final Pattern WORD = Pattern.compile("\\S+");
  private static final Pattern PROFILE_ROW = Pattern.compile("\\d+\\s+(?:MIG\\s+)?\\S*g\\.\\S+.*");
  private static final List<String> SUBHEADINGS = List.of("Free/Total", "GiB", "MiB");
  private static final Map<String, Budget> ENGINES = Map.of(
      "CE", Budget.COPY_ENGINES,
      "DEC", Budget.DECODERS,
      "ENC", Budget.ENCODERS,
      "JPEG", Budget.JPEG_ENGINES,
      "OFA", Budget.OFA_ENGINES,
      "SM", Budget.SMS);
  private static final int MEMORY_UNIT_MIB = 64;
  private static final int MAX_GPUS = 1024;

  private record Column(String name, int center) {}

  private record Row(
      MigProfile profile, int free, int total, int memoryMib, Map<Budget, Integer> amounts) {}

  private record Starts(List<Integer> starts, int size, int line) {}

  private final SortedMap<Integer, Map<Integer, Row>> rows = new TreeMap<>();
  private final SortedMap<Integer, Map<Integer, Starts>> starts = new TreeMap<>();
  private List<Column> upper = List.of();
  private List<Column> lower = List.of();
  private @Nullable Map<Budget, Integer> unfinished;
  private int line;

  void read(String text) {
    line = 0;
    upper = List.of();
    lower = List.of();
    unfinished = null;
    for (String each : text.split("\\R", -1)) {
      line++;
      readLine(each);
    }
  }

  private void readLine(String text) {
    String trimmed = text.strip();
    if (trimmed.isEmpty()
        || TITLE.matcher(trimmed).matches()
        || RULE.matcher(trimmed).matches()
        || ELLIPSIS.matcher(trimmed).matches()
        || COMMAND.matcher(trimmed).matches()) {
      unfinished = null;
      return;
    }
    Matcher placements = PLACEMENTS.matcher(trimmed);
    if (placements.matches()) {
      readPlacements(placements);
      return;
    }
    String cells = text.replace('|', ' ');
    if (trimmed.startsWith("No MIG")) {
      throw problem("nvidia-smi lists no profiles: '%s'. Enable MIG mode first".formatted(trimmed));
    }
    if (!trimmed.startsWith("|")) {
      throw problem(
          "'%s' is neither a table row nor a line with placements".formatted(shown(trimmed)));
    }
    List<Column> words = words(cells);
    List<String> names = words.stream().map(Column::name).toList();
    if (names.contains("Name") && names.contains("Instances")) {
      upper = words;
      lower = List.of();
    } else if (SUBHEADINGS.stream().anyMatch(names::contains)) {
      lower = words.stream().filter(word -> !SUBHEADINGS.contains(word.name())).toList();
      requireGib(names);
    } else if (upper.isEmpty()) {
      throw problem("'%s' precedes the heading with the columns 'GPU', 'Name', 'ID'"
          .formatted(shown(trimmed)));
    } else if (PROFILE_ROW.matcher(cells.strip()).matches()) {
      readProfile(words);
    } else if (unfinished != null) {
      readEngines(words);
    } else {
      throw problem("'%s' is not a profile row".formatted(shown(trimmed)));
    }
  }

  private void requireGib(List<String> names) {
    if (!names.contains("GiB")) {
      throw problem("the memory must be in GiB, but was in %s".formatted(String.join(", ", names)));
    }
  }

  private void readProfile(List<Column> words) {
    List<Column> values = new ArrayList<>(words);
    values.removeIf(word -> word.name().equals("MIG"));
    Map<String, String> cells = byColumn(upper, values);
    int gpu = number(cells, "GPU", MAX_GPUS);
    int id = number(cells, "ID", Integer.MAX_VALUE);
    String[] instances = cell(cells, "Instances").split("/", -1);
    if (instances.length != 2) {
      throw problem("column 'Instances' must be free/total, but was '%s'"
          .formatted(cell(cells, "Instances")));
    }
    Map<Budget, Integer> amounts = new EnumMap<>(Budget.class);
    int memory = mib(cell(cells, "Memory"));
    amounts.put(Budget.MEMORY_MIB, memory);
    Row row = new Row(
        profile(cell(cells, "Name")),
        number("Instances", instances[0], GpuModel.MAX_MEMORY_SLICES),
        number("Instances", instances[1], GpuModel.MAX_MEMORY_SLICES),
        memory,
        amounts);
    if (row.total < 1) {
      throw problem("%s must have at least one instance, but free/total was %s"
          .formatted(row.profile, cell(cells, "Instances")));
    }
    if (rows.computeIfAbsent(gpu, any -> new LinkedHashMap<>()).putIfAbsent(id, row) != null) {
      throw problem("profile ID %d of GPU %d is listed twice".formatted(id, gpu));
    }
    readAmounts(cells, amounts);
    unfinished = amounts;
  }

  private void readEngines(List<Column> words) {
    readAmounts(byColumn(lower, words), Objects.requireNonNull(unfinished));
    unfinished = null;
  }

  private void readAmounts(Map<String, String> cells, Map<Budget, Integer> amounts) {
    ENGINES.forEach((column, budget) -> {
      String value = cells.get(column);
      if (value != null) {
        amounts.put(budget, number(column, value, 1 << 20));
      }
    });
  }

  private void readPlacements(Matcher line) {
    List<Integer> indexes = Stream.of(line.group(3).split(","))
        .map(String::strip)
        .filter(text -> !text.isEmpty())
        .map(text -> number("Placements", text, GpuModel.MAX_MEMORY_SLICES))
        .sorted()
        .toList();
    int gpu = number("GPU", line.group(1), MAX_GPUS);
    int id = number("Profile ID", line.group(2), Integer.MAX_VALUE);
    int size = number("Placements", line.group(4), GpuModel.MAX_MEMORY_SLICES);
    Starts read = new Starts(indexes, size, this.line);
    if (starts.computeIfAbsent(gpu, any -> new LinkedHashMap<>()).putIfAbsent(id, read) != null) {
      throw problem(
          "the placements of profile ID %d of GPU %d are listed twice".formatted(id, gpu));
    }
  }

  /**
   * Assigns values by order if each column has a value, otherwise by their position in the line.
   */
  private Map<String, String> byColumn(List<Column> columns, List<Column> values) {
    Map<String, String> cells = new LinkedHashMap<>();
    for (int i = 0; i < values.size(); i++) {
      Column value = values.get(i);
      String name = columns.size() == values.size()
          ? columns.get(i).name()
          : nearest(columns, value.center());
      if (cells.put(name, value.name()) != null) {
        throw problem("%d values do not match the columns %s"
            .formatted(values.size(), columns.stream().map(Column::name).toList()));
      }
    }
    return cells;
  }

  private String nearest(List<Column> columns, int center) {
    return columns.stream()
        .min(Comparator.comparingInt(column -> Math.abs(column.center() - center)))
        .map(Column::name)
        .orElseThrow(() -> problem("the values have no heading"));
  }

  private static List<Column> words(String cells) {
    List<Column> words = new ArrayList<>();
    Matcher word = WORD.matcher(cells);
    while (word.find()) {
      words.add(new Column(word.group(), (word.start() + word.end()) / 2));
    }
    return words;
  }

  private MigProfile profile(String name) {
    try {
      return MigProfile.parse(name);
    } catch (IllegalArgumentException e) {
      throw problem(String.valueOf(e.getMessage()));
    }
  }

  /** Rounds to the driver's units of 64 MiB: nvidia-smi prints GiB with two decimals. */
  private int mib(String gib) {
    if (!gib.matches("\\d{1,5}(\\.\\d{1,3})?")) {
      throw problem("column 'Memory' must be GiB with two decimals, but was '%s'".formatted(gib));
    }
    double mib = Double.parseDouble(gib) * 1024;
    return (int) Math.round(mib / MEMORY_UNIT_MIB) * MEMORY_UNIT_MIB;
  }

  private String cell(Map<String, String> cells, String column) {
    String value = cells.get(column);
    if (value == null) {
      throw problem("column '%s' has no value".formatted(column));
    }
    return value;
  }

  private int number(Map<String, String> cells, String column, int max) {
    return number(column, cell(cells, column), max);
  }

  private int number(String column, String text, int max) {
    if (text.matches("\\d{1,9}") && Integer.parseInt(text) <= max) {
      return Integer.parseInt(text);
    }
    throw problem(
        "column '%s' must be a number from 0 to %d, but was '%s'".formatted(column, max, text));
  }

  private ListingSyntaxException problem(String problem) {
    return new ListingSyntaxException(line, problem);
  }

  private static String shown(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "…";
  }

  List<NvidiaSmi.Gpu> gpus() {
    if (rows.isEmpty()) {
      throw problem("the text has no table of GPU instance profiles");
    }
    starts.forEach((gpu, byId) -> byId.forEach((id, read) -> {
      if (!rows.getOrDefault(gpu, Map.of()).containsKey(id)) {
        line = read.line();
        throw problem("profile ID %d of GPU %d is not in the listing of -lgip".formatted(id, gpu));
      }
    }));
    List<NvidiaSmi.Gpu> gpus = new ArrayList<>();
    rows.forEach((gpu, byId) -> {
      try {
        gpus.add(gpu(gpu, byId, starts.getOrDefault(gpu, Map.of())));
      } catch (IllegalArgumentException e) {
        throw problem(
            "the rows of GPU %d contradict each other: %s".formatted(gpu, e.getMessage()));
      }
    });
    return gpus;
  }

  private NvidiaSmi.Gpu gpu(int index, Map<Integer, Row> byId, Map<Integer, Starts> placements) {
    GpuModel.Builder model = GpuModel.builder()
        .id("gpu-" + index)
        .architecture("unknown")
        .slicesProvenance(READ)
        .computeSlices(byId.values().stream()
            .mapToInt(row -> row.profile.gpuSlices() * row.total)
            .max()
            .orElse(0));
    placements.values().stream()
        .flatMapToInt(s -> s.starts.stream().mapToInt(start -> start + s.size))
        .max()
        .ifPresent(model::memorySlices);
    SortedMap<MigProfile, Integer> free = new TreeMap<>();
    byId.forEach((id, row) -> {
      GpuInstanceProfile.Builder profile = GpuInstanceProfile.builder()
          .profile(row.profile)
          .id(id)
          .maxInstances(row.total)
          .putAllAmounts(row.amounts)
          .provenance(READ);
      Starts known = placements.get(id);
      if (known != null) {
        profile.size(known.size).addAllStarts(known.starts);
      }
      model.addProfiles(profile.build());
      free.put(row.profile, row.free);
    });
    return new NvidiaSmi.Gpu(index, model.build(), free);
  }
}
