package io.github.mig4j.config;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.FindingCode;
import io.github.mig4j.lint.Findings;
import io.github.mig4j.text.GoYaml;
import io.github.mig4j.text.Position;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.Spot;
import io.github.mig4j.text.YamlPath;
import io.github.mig4j.text.YamlText;
import io.github.mig4j.text.YamlValue;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.nodes.Node;

/**
 * Reads the file by the rules of mig-parted's own parser, and goes on where that one stops at the
 * first fault.
 */
public final class MigConfigReader {
  private static final String FORM =
      "expected [<c>c.]<g>g.<gb>gb[+attribute|-attribute], e.g. '1g.5gb' or '1g.5gb+me'";

  private static final Pattern INDENTED = Pattern.compile("(?m)^[ \\t]+[^ \\t\\r\\n#]");
  private static final Pattern UNINDENTED_CONFIGS =
      Pattern.compile("(?m)^mig-configs:[ \\t]*(?:#.*)?$");

  private final Findings findings;
  private final Map<String, ConfigPlaces> places = new LinkedHashMap<>();

  private MigConfigReader(Findings findings) {
    this.findings = findings;
  }

  /**
   * What came of reading a file.
   *
   * @param document present if mig-parted accepts the file
   * @param places where the entries of each configuration stand
   */
  public record Reading(
      List<Finding> findings,
      Optional<MigConfigDocument> document,
      Map<String, ConfigPlaces> places,
      Optional<Manifest.Embedded> embedded,
      String text) {}

  /** Where a configuration's name and entries stand. */
  public record ConfigPlaces(Position name, List<EntryPlaces> entries) {}

  /** Where the parts of an entry stand, for findings that come later. */
  public record EntryPlaces(
      Position entry, Map<String, Position> fields, Map<MigProfile, Position> profiles) {
    public Position of(String field) {
      return fields.getOrDefault(field, entry);
    }
  }

  static Reading read(byte[] utf8) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    CharBuffer decoded = CharBuffer.allocate(utf8.length);
    ByteBuffer bytes = ByteBuffer.wrap(utf8);
    CoderResult result = decoder.decode(bytes, decoded, true);
    decoded.flip();
    if (!result.isError()) {
      return read(decoded.toString());
    }
    List<String> lines = Position.linesOf(decoded.toString());
    int column = lines.get(lines.size() - 1).length() + 1;
    Findings findings = new Findings();
    findings.error(
        FindingCode.INVALID_UTF8,
        YamlPath.ROOT.at(new Position(lines.size(), column)),
        "Not UTF-8: byte 0x%02X at offset %d; save the file as UTF-8"
            .formatted(utf8[bytes.position()], bytes.position()));
    return new Reading(
        findings.sorted(), Optional.empty(), Map.of(), Optional.empty(), decoded.toString());
  }

  static Reading read(String text) {
    Findings findings = new Findings();
    YamlText yaml = YamlText.parse(text, Position.Origin.FILE, findings);
    if (Manifest.isManifest(yaml.documents())
        && yaml.documents().stream().noneMatch(Manifest::lostIndentation)) {
      yaml.fault().ifPresent(fault -> report(fault, findings));
      Optional<Manifest.Embedded> embedded =
          Manifest.configuration(text, yaml.documents(), findings);
      if (embedded.isEmpty()) {
        return new Reading(findings.sorted(), Optional.empty(), Map.of(), embedded, text);
      }
      Manifest.Embedded inner = embedded.get();
      YamlText configuration = YamlText.parse(inner.text(), inner.origin(), findings);
      return read(configuration, inner.text(), inner.origin(), findings, embedded, text);
    }
    return read(yaml, text, Position.Origin.FILE, findings, Optional.empty(), text);
  }

  private static Reading read(
      YamlText yaml,
      String text,
      Position.Origin origin,
      Findings findings,
      Optional<Manifest.Embedded> embedded,
      String file) {
    MigConfigReader reader = new MigConfigReader(findings);
    Optional<MigConfigDocument> document = reader.document(yaml, text, origin);
    return new Reading(
        findings.sorted(),
        findings.hasErrors() ? Optional.empty() : document,
        reader.places,
        embedded,
        file);
  }

  private static void report(YamlText.Fault fault, Findings findings) {
    findings.report(fault.problem(), YamlPath.ROOT.at(fault.at()), fault.message());
  }

  private Optional<MigConfigDocument> document(YamlText yaml, String text, Position.Origin origin) {
    if (yaml.documents().isEmpty()) {
      yaml.fault()
          .ifPresentOrElse(
              fault -> {
                if (UNINDENTED_CONFIGS.matcher(text).find()
                    && !INDENTED.matcher(text).find()) {
                  reportLostIndentation(origin.of(Position.START));
                }
                report(fault, findings);
              },
              () -> reportEmpty(origin.of(Position.START)));
      return Optional.of(MigConfigDocument.empty());
    }
    Node root = yaml.documents().get(0);
    if (yaml.documents().size() > 1 || yaml.fault().isPresent()) {
      Position second = yaml.documents().size() > 1
          ? GoYaml.position(yaml.documents().get(1), origin)
          : yaml.fault().get().at();
      findings.warning(
          FindingCode.EXTRA_DOCUMENT,
          YamlPath.ROOT.at(second),
          "A second YAML document begins here or above, which mig-parted does not read; put all"
              + " configurations into the first");
    }
    if (Manifest.lostIndentation(root)) {
      reportLostIndentation(GoYaml.position(root, origin));
      return Optional.empty();
    }
    return GoYaml.convert(root, origin, findings).flatMap(this::document);
  }

  private void reportLostIndentation(Position at) {
    findings.error(
        FindingCode.INDENTATION_LOST,
        YamlPath.ROOT.at(at),
        "The lines have lost their indentation, probably in copying, so that inner keys stand beside"
            + " outer ones; indent each level by two blanks more than the one above");
  }

  private void reportEmpty(Position at) {
    findings.warning(
        FindingCode.EMPTY_DOCUMENT,
        YamlPath.ROOT.at(at),
        "The file is empty: mig-parted accepts it and then finds no configuration in it; add version"
            + " and mig-configs");
  }

  private Optional<MigConfigDocument> document(YamlValue root) {
    if (root instanceof YamlValue.Null) {
      reportEmpty(root.at());
      return Optional.of(MigConfigDocument.empty());
    }
    if (!(root instanceof YamlValue.Mapping map)) {
      findings.error(
          FindingCode.WRONG_TYPE,
          YamlPath.ROOT.at(root.at()),
          "The file must be a map with version and mig-configs, but is %s".formatted(root.kind()));
      return Optional.empty();
    }
    map.entries().forEach((key, entry) -> {
      if (!key.equals("version") && !key.equals("mig-configs")) {
        findings.error(
            FindingCode.UNEXPECTED_FIELD,
            YamlPath.ROOT.key(key).at(entry.keyAt()),
            "Unexpected field %s; the file has version and mig-configs alone"
                .formatted(Quoted.of(key)));
      }
    });
    checkVersion(map);
    YamlValue.Entry configs = map.entries().get("mig-configs");
    return configs == null ? Optional.of(MigConfigDocument.empty()) : Optional.of(configs(configs));
  }

  private void checkVersion(YamlValue.Mapping root) {
    YamlValue.Entry version = root.entries().get("version");
    YamlPath path = YamlPath.ROOT.key("version");
    if (version == null) {
      findings.error(
          FindingCode.MISSING_VERSION,
          YamlPath.ROOT.at(root.at()),
          "The version is missing; begin with 'version: v1'");
    } else if (version.value() instanceof YamlValue.Text
        || version.value() instanceof YamlValue.Null) {
      String text = version.value() instanceof YamlValue.Text some ? some.value() : "";
      if (!text.equals("v1")) {
        findings.error(
            FindingCode.UNKNOWN_VERSION,
            path.at(version.value().at()),
            "Unknown version %s; there is only v1".formatted(Quoted.of(text)));
      }
    } else {
      wrongType(path, version.value(), "version", "the text v1");
    }
  }

  private void wrongType(YamlPath path, YamlValue value, String subject, String expected) {
    findings.error(
        FindingCode.WRONG_TYPE,
        path.at(value.at()),
        "%s must be %s, but was %s".formatted(subject, expected, value.kind()));
  }

  private MigConfigDocument configs(YamlValue.Entry field) {
    YamlPath path = Findings.CONFIGS;
    Map<String, MigConfig> configs = new LinkedHashMap<>();
    if (field.value() instanceof YamlValue.Mapping map && !map.entries().isEmpty()) {
      for (Map.Entry<String, YamlValue.Entry> each : map.entries().entrySet()) {
        YamlPath inner = path.key(each.getKey());
        checkName(each.getKey(), inner.at(each.getValue().keyAt()));
        config(each.getKey(), each.getValue(), inner)
            .ifPresent(config -> configs.put(each.getKey(), config));
      }
    } else if (field.value() instanceof YamlValue.Mapping
        || field.value() instanceof YamlValue.Null) {
      findings.error(
          FindingCode.NO_ENTRIES,
          path.at(field.keyAt()),
          "mig-configs has no configuration; add one, e.g. all-disabled, or leave the key out");
    } else {
      wrongType(path, field.value(), "mig-configs", "a map of configurations by name");
    }
    return MigConfigDocument.of(configs);
  }

  private void checkName(String name, Spot spot) {
    if (!MigConfig.isLabelValue(name)) {
      findings.warning(
          FindingCode.NOT_A_LABEL_VALUE,
          spot,
          ("Config name %s is no label value, so no node can ask for it; use 1 to 63 letters,"
                  + " digits, '.', '_' and '-', beginning and ending with a letter or digit")
              .formatted(Quoted.of(name)));
    }
  }

  private Optional<MigConfig> config(String name, YamlValue.Entry field, YamlPath path) {
    if (field.value() instanceof YamlValue.Null
        || (field.value() instanceof YamlValue.Sequence list && list.items().isEmpty())) {
      findings.error(
          FindingCode.NO_ENTRIES,
          path.at(field.keyAt()),
          "Config %s has no entry; add one that begins with '- devices:'"
              .formatted(Quoted.of(name)));
      return Optional.empty();
    }
    if (!(field.value() instanceof YamlValue.Sequence list)) {
      wrongType(
          path,
          field.value(),
          "Config " + Quoted.of(name),
          "a list of entries, each beginning with '- '");
      return Optional.empty();
    }
    List<MigConfigSpec> entries = new ArrayList<>();
    List<EntryPlaces> entryPlaces = new ArrayList<>();
    for (YamlValue item : list.items()) {
      EntryReader reader = new EntryReader(item, path.item(entryPlaces.size()));
      reader.read().ifPresent(entries::add);
      entryPlaces.add(new EntryPlaces(item.at(), reader.fieldPlaces, reader.profilePlaces));
    }
    places.put(name, new ConfigPlaces(field.keyAt(), entryPlaces));
    return entries.isEmpty() ? Optional.empty() : Optional.of(new MigConfig(entries));
  }

  /** Reads one entry of a configuration. */
  private final class EntryReader {
    private final YamlValue item;
    private final YamlPath path;
    private final Map<String, Position> fieldPlaces = new LinkedHashMap<>();
    private final Map<MigProfile, Position> profilePlaces = new TreeMap<>();
    private boolean faulty;

    EntryReader(YamlValue item, YamlPath path) {
      this.item = item;
      this.path = path;
    }

    Optional<MigConfigSpec> read() {
      if (!(item instanceof YamlValue.Mapping map)) {
        faulty = true;
        wrongType(path, item, "An entry", "a map with devices and mig-enabled");
        return Optional.empty();
      }
      map.entries().forEach((key, entry) -> fieldPlaces.put(key, entry.keyAt()));
      reportUnexpected(map);
      List<DeviceFilter> filters = field(map, "device-filter", this::filters, List.of());
      DeviceSelector devices = required(map, "devices", this::devices, DeviceSelector.ALL);
      boolean enabled = required(map, "mig-enabled", this::enabled, false);
      Optional<Map<MigProfile, Integer>> migDevices =
          field(map, "mig-devices", this::migDevices, Optional.empty());
      if (faulty) {
        return Optional.empty();
      }
      if (enabled && migDevices.isEmpty()) {
        return fault(
            FindingCode.MISSING_FIELD,
            path.at(fieldPlaces.getOrDefault("mig-devices", item.at())),
            "mig-devices is missing, but mig-enabled is true; name the devices, or write"
                + " 'mig-devices: {}' for a GPU in MIG mode without any");
      }
      if (!enabled && !migDevices.orElse(Map.of()).isEmpty()) {
        return fault(
            FindingCode.DEVICES_WHILE_DISABLED,
            path.key("mig-devices").at(position("mig-devices")),
            "mig-enabled is false, so mig-devices must be empty, but was %s; switch MIG on or leave"
                    .formatted(migDevices.get())
                + " the devices out");
      }
      return Optional.of(MigConfigSpec.builder()
          .addAllDeviceFilters(filters)
          .devices(devices)
          .migEnabled(enabled)
          .putAllMigDevices(migDevices.orElse(Map.of()))
          .build());
    }

    private Position position(String field) {
      return fieldPlaces.getOrDefault(field, item.at());
    }

    private <T> Optional<T> fault(FindingCode code, Spot spot, String message) {
      faulty = true;
      findings.error(code, spot, message);
      return Optional.empty();
    }

    private void mismatch(YamlPath where, YamlValue value, String subject, String expected) {
      faulty = true;
      wrongType(where, value, subject, expected);
    }

    private void reportUnexpected(YamlValue.Mapping map) {
      map.entries().forEach((key, entry) -> {
        if (!FIELDS.contains(key)) {
          Optional<String> meant =
              FIELDS.stream().filter(field -> normal(field).equals(normal(key))).findFirst();
          fault(
              FindingCode.UNEXPECTED_FIELD,
              path.key(key).at(entry.keyAt()),
              "Unexpected field %s; %s"
                  .formatted(
                      Quoted.of(key),
                      meant
                          .map(field -> "write " + field)
                          .orElse("an entry has " + String.join(", ", FIELDS) + " alone")));
        }
      });
    }

    private static String normal(String key) {
      String letters = key.toLowerCase(Locale.ROOT).replaceAll("[^a-z]", "");
      return letters.endsWith("s") ? letters.substring(0, letters.length() - 1) : letters;
    }

    private <T> T field(
        YamlValue.Mapping map, String key, BiFunction<YamlValue, YamlPath, T> read, T absent) {
      YamlValue.Entry entry = map.entries().get(key);
      return entry == null ? absent : read.apply(entry.value(), path.key(key));
    }

    private <T> T required(
        YamlValue.Mapping map, String key, BiFunction<YamlValue, YamlPath, T> read, T fallback) {
      if (!map.entries().containsKey(key)) {
        fault(
            FindingCode.MISSING_FIELD,
            path.at(item.at()),
            "%s is missing; add '%s'"
                .formatted(key, key.equals("devices") ? "devices: all" : "mig-enabled: true"));
      }
      return field(map, key, read, fallback);
    }

    private List<DeviceFilter> filters(YamlValue value, YamlPath where) {
      if (value instanceof YamlValue.Null) {
        return List.of();
      }
      if (value instanceof YamlValue.Text text) {
        return text.value().isEmpty() ? List.of() : List.of(filter(text, where));
      }
      if (value instanceof YamlValue.Int || value instanceof YamlValue.Decimal) {
        unquoted(value, where);
        return List.of();
      }
      if (!(value instanceof YamlValue.Sequence list)) {
        mismatch(where, value, "device-filter", "a text or a list of texts, e.g. \"0x233010DE\"");
        return List.of();
      }
      List<DeviceFilter> filters = new ArrayList<>();
      for (int i = 0; i < list.items().size(); i++) {
        YamlValue element = list.items().get(i);
        if (element instanceof YamlValue.Text text) {
          filters.add(filter(text, where.item(i)));
        } else if (element instanceof YamlValue.Null) {
          filters.add(filter(new YamlValue.Text(element.at(), ""), where.item(i)));
        } else if (element instanceof YamlValue.Int || element instanceof YamlValue.Decimal) {
          unquoted(element, where.item(i));
        } else {
          mismatch(where.item(i), element, "A device filter", "a text, e.g. \"0x233010DE\"");
        }
      }
      return filters;
    }

    private void unquoted(YamlValue number, YamlPath where) {
      fault(
          FindingCode.UNQUOTED_FILTER,
          where.at(number.at()),
          "A device filter must be a text, but YAML reads %s as a number; quote it"
              .formatted(numberText(number)));
    }

    private DeviceFilter filter(YamlValue.Text text, YamlPath where) {
      DeviceFilter filter = new DeviceFilter(text.value());
      if (!filter.isDeviceId()) {
        findings.warning(
            FindingCode.FILTER_NOT_AN_ID,
            where.at(text.at()),
            "The filter %s is no PCI device id, so it matches no GPU, without a word from"
                    .formatted(Quoted.of(text.value()))
                + " mig-parted; write device and vendor in hexadecimal, e.g. \"0x233010DE\"");
      }
      return filter;
    }

    private DeviceSelector devices(YamlValue value, YamlPath where) {
      if (value instanceof YamlValue.Text text && text.value().equals("all")) {
        return DeviceSelector.ALL;
      }
      if (value instanceof YamlValue.Text || value instanceof YamlValue.Null) {
        String text = value instanceof YamlValue.Text some ? some.value() : "";
        fault(
            FindingCode.INVALID_DEVICES,
            where.at(value instanceof YamlValue.Null ? position("devices") : value.at()),
            "devices must be 'all' or a list of indexes such as [0, 1], but was %s"
                .formatted(Quoted.of(text)));
      } else if (value instanceof YamlValue.Sequence list) {
        return indexes(list, where);
      } else {
        mismatch(where, value, "devices", "'all' or a list of indexes such as [0, 1]");
      }
      return DeviceSelector.ALL;
    }

    private DeviceSelector indexes(YamlValue.Sequence list, YamlPath where) {
      List<Integer> indexes = new ArrayList<>();
      for (int i = 0; i < list.items().size(); i++) {
        YamlValue element = list.items().get(i);
        YamlPath inner = where.item(i);
        OptionalLong index = integer(element, inner, "An index");
        if (index.isPresent()) {
          indexes.add(clamp(index.getAsLong(), element, inner));
        }
      }
      reportOddIndexes(indexes, list, where);
      return new DeviceSelector.Indexes(indexes);
    }

    private void reportOddIndexes(List<Integer> indexes, YamlValue.Sequence list, YamlPath where) {
      if (list.items().isEmpty()) {
        findings.warning(
            FindingCode.NO_DEVICES,
            where.at(list.at()),
            "devices is an empty list, so the entry selects no GPU; write indexes or 'all'");
      }
      Set<Integer> seen = new HashSet<>();
      for (int i = 0; i < indexes.size() && indexes.size() == list.items().size(); i++) {
        int index = indexes.get(i);
        boolean repeated = !seen.add(index);
        if (index < 0 || repeated) {
          findings.warning(
              FindingCode.ODD_INDEX,
              where.item(i).at(list.items().get(i).at()),
              repeated
                  ? "The index %d stands twice; once is enough".formatted(index)
                  : "The index %d selects no GPU; indexes count from 0".formatted(index));
        }
      }
    }

    private boolean enabled(YamlValue value, YamlPath where) {
      if (value instanceof YamlValue.Bool bool) {
        return bool.value();
      }
      if (value instanceof YamlValue.Null) {
        findings.warning(
            FindingCode.NULL_VALUE,
            where.at(position("mig-enabled")),
            "mig-enabled has no value, which mig-parted reads as false; write true or false");
      } else {
        mismatch(where, value, "mig-enabled", "true or false");
      }
      return false;
    }

    private Optional<Map<MigProfile, Integer>> migDevices(YamlValue value, YamlPath where) {
      if (value instanceof YamlValue.Null) {
        return Optional.empty();
      }
      if (!(value instanceof YamlValue.Mapping map)) {
        mismatch(where, value, "mig-devices", "a map of counts by profile, e.g. {\"1g.5gb\": 7}");
        return Optional.empty();
      }
      Map<MigProfile, Integer> devices = new TreeMap<>();
      boolean allZero = !map.entries().isEmpty();
      for (Map.Entry<String, YamlValue.Entry> each : map.entries().entrySet()) {
        YamlPath inner = where.key(each.getKey());
        OptionalLong count = count(each.getValue(), inner);
        Optional<MigProfile> profile =
            profile(each.getKey(), inner.at(each.getValue().keyAt()));
        allZero &= count.isPresent() && count.getAsLong() == 0;
        if (profile.isPresent() && count.isPresent() && count.getAsLong() > 0) {
          int many = clamp(count.getAsLong(), each.getValue().value(), inner);
          devices.merge(profile.get(), many, (a, b) -> (int) Math.min((long) a + b, MAX));
          profilePlaces.put(profile.get(), each.getValue().keyAt());
        }
      }
      if (allZero) {
        fault(
            FindingCode.ALL_COUNTS_ZERO,
            where.at(position("mig-devices")),
            "All counts in mig-devices are 0; give one a count, or write 'mig-devices: {}'");
      } else {
        reportZeros(map, where);
      }
      return Optional.of(devices);
    }

    private void reportZeros(YamlValue.Mapping map, YamlPath where) {
      map.entries().forEach((key, entry) -> {
        OptionalLong count = entry.value().asInt64();
        if (entry.value() instanceof YamlValue.Null || count.equals(OptionalLong.of(0))) {
          findings.warning(
              FindingCode.ZERO_COUNT,
              where.key(key).at(entry.keyAt()),
              "The count of %s is 0, so mig-parted never recognises the layout as applied and makes"
                      .formatted(Quoted.of(key))
                  + " all devices anew in every run; leave the profile out");
        }
      });
    }

    private OptionalLong count(YamlValue.Entry entry, YamlPath where) {
      if (entry.value() instanceof YamlValue.Null) {
        return OptionalLong.of(0);
      }
      OptionalLong count = integer(entry.value(), where, "A count");
      if (count.isPresent() && count.getAsLong() < 0) {
        fault(
            FindingCode.NEGATIVE_COUNT,
            where.at(entry.value().at()),
            "A count must not be negative, but was %d; leave the profile out for none"
                .formatted(count.getAsLong()));
        return OptionalLong.empty();
      }
      return count;
    }

    private Optional<MigProfile> profile(String name, Spot spot) {
      Optional<MigProfile> profile = parsed(name);
      if (profile.isEmpty()) {
        return fault(
            FindingCode.INVALID_PROFILE,
            spot,
            "Not a MIG profile: %s; %s"
                .formatted(
                    Quoted.of(name),
                    meant(name).map(p -> "did you mean '" + p + "'?").orElse(FORM)));
      }
      String canonical = profile.get().toString();
      if (!canonical.equals(name)) {
        findings.warning(
            FindingCode.NON_CANONICAL_PROFILE,
            spot,
            "NVIDIA's tools call the profile %s %s, so mig-parted never recognises the layout as"
                    .formatted(Quoted.of(name), canonical)
                + " applied and makes all devices anew in every run; write '%s'"
                    .formatted(canonical));
      }
      return profile;
    }

    private OptionalLong integer(YamlValue value, YamlPath where, String subject) {
      if (value instanceof YamlValue.Null) {
        findings.warning(
            FindingCode.NULL_VALUE,
            where.at(value.at()),
            "%s has no value, which mig-parted reads as 0; write a number".formatted(subject));
        return OptionalLong.of(0);
      }
      OptionalLong number = value.asInt64();
      if (number.isEmpty()) {
        mismatch(where, value, subject, "a whole number");
      } else if (value.isOctalSurprise()) {
        findings.warning(
            FindingCode.OCTAL_NUMBER,
            where.at(value.at()),
            "%s begins with 0 and is read as octal, which is %d; write it without the 0"
                .formatted(numberText(value), number.getAsLong()));
      }
      return number;
    }

    private int clamp(long number, YamlValue value, YamlPath where) {
      int nearest = (int) Math.max(Integer.MIN_VALUE, Math.min(number, MAX));
      if (nearest != number) {
        findings.warning(
            FindingCode.HUGE_NUMBER,
            where.at(value.at()),
            "%d is beyond what any node has; it is taken as %d".formatted(number, nearest));
      }
      return nearest;
    }
  }

  private static final long MAX = Integer.MAX_VALUE;
  private static final List<String> FIELDS =
      List.of("device-filter", "devices", "mig-enabled", "mig-devices");

  private static String numberText(YamlValue number) {
    return number instanceof YamlValue.Int some
        ? some.text()
        : number instanceof YamlValue.Decimal some ? some.text() : number.kind();
  }

  private static Optional<MigProfile> parsed(String name) {
    try {
      return Optional.of(MigProfile.parse(name));
    } catch (IllegalArgumentException malformed) {
      return Optional.empty();
    }
  }

  /** What somebody probably meant who wrote a resource's or a configuration's name. */
  private static Optional<MigProfile> meant(String name) {
    if (name.length() > 80) {
      return Optional.empty();
    }
    String profile = name.toLowerCase(Locale.ROOT)
        .replaceAll("\\s", "")
        .replaceFirst("^(?:nvidia\\.com/)?(?:mig-|all-)?", "")
        .replaceFirst("gb\\.(?=[a-z])", "gb+")
        .replaceFirst("(?<=[0-9])g?b?$", "gb");
    return parsed(profile).filter(p -> !p.toString().equals(name));
  }
}
