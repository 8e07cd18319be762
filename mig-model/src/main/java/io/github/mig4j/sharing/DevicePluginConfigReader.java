package io.github.mig4j.sharing;

import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.sharing.DevicePluginFlags.DeviceListStrategy;
import io.github.mig4j.text.GoScalar;
import io.github.mig4j.text.GoYaml;
import io.github.mig4j.text.Position;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.Spot;
import io.github.mig4j.text.YamlPath;
import io.github.mig4j.text.YamlText;
import io.github.mig4j.text.YamlValue;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.yaml.snakeyaml.nodes.Node;

/**
 * Reads the file by the rules of the device plugin's own reader (api/config/v1), tells what that one
 * passes over in silence, and goes on where it stops.
 */
final class DevicePluginConfigReader {

  private final SharingFindings findings = new SharingFindings();
  private final Optional<NodeDevices> node;
  private final DevicePluginConfig.Builder config = DevicePluginConfig.builder();
  private final DevicePluginFlags.Builder flags = DevicePluginFlags.builder();
  private Optional<MigStrategy> strategy = Optional.empty();

  private DevicePluginConfigReader(Optional<NodeDevices> node) {
    this.node = node;
  }

  /**
   * What came of reading a file.
   *
   * @param config present if the plugin accepts the file
   */
  record Reading(List<SharingFinding> findings, Optional<DevicePluginConfig> config) {}

  static Reading read(String text, Position.Origin origin, Optional<NodeDevices> node) {
    DevicePluginConfigReader reader = new DevicePluginConfigReader(node);
    reader.read(YamlText.parse(text, origin, reader.findings), origin);
    return new Reading(
        reader.findings.sorted(),
        reader.findings.hasErrors()
            ? Optional.empty()
            : Optional.of(reader.config.flags(reader.flags.build()).build()));
  }

  private void read(YamlText yaml, Position.Origin origin) {
    if (yaml.documents().isEmpty()) {
      yaml.fault().ifPresentOrElse(this::report, () -> reportEmpty(origin.of(Position.START)));
      return;
    }
    Node root = yaml.documents().get(0);
    if (yaml.documents().size() > 1 || yaml.fault().isPresent()) {
      Position second = yaml.documents().size() > 1
          ? GoYaml.position(yaml.documents().get(1), origin)
          : yaml.fault().get().at();
      findings.add(
          SharingFindingCode.EXTRA_DOCUMENT,
          YamlPath.ROOT.at(second),
          "A second YAML document begins here or above, which the device plugin does not read; give"
              + " each configuration a key of its own in the ConfigMap");
    }
    GoYaml.convert(root, origin, findings).ifPresent(this::root);
  }

  private void report(YamlText.Fault fault) {
    findings.report(fault.problem(), YamlPath.ROOT.at(fault.at()), fault.message());
  }

  private void reportEmpty(Position at) {
    findings.add(
        SharingFindingCode.EMPTY_DOCUMENT,
        YamlPath.ROOT.at(at),
        "The configuration is empty, so nothing is shared and every flag has its default; write"
            + " 'version: v1' to say so");
  }

  private void root(YamlValue root) {
    if (root instanceof YamlValue.Null) {
      reportEmpty(root.at());
      return;
    }
    Fields fields = fields(root, YamlPath.ROOT, "The file", KnownKeys.ROOT);
    if (fields.isMap) {
      version(fields);
    }
    fields.get("flags").ifPresent(this::flags);
    fields.get("resources").ifPresent(this::ignoredResources);
    fields.get("sharing").ifPresent(this::sharing);
    fields.get("imex").ifPresent(this::imex);
  }

  private void version(Fields root) {
    Optional<Field> version = root.get("version");
    String text = version.flatMap(field -> text(field, "version")).orElse("");
    if (version.isEmpty() || version.get().value instanceof YamlValue.Null) {
      findings.add(
          SharingFindingCode.MISSING_VERSION,
          root.path.at(root.at),
          "The version is missing, which the device plugin takes for v1; begin with 'version: v1'");
    } else if (!text.isEmpty() && !text.equals("v1")) {
      version
          .get()
          .report(
              SharingFindingCode.UNKNOWN_VERSION,
              "Unknown version %s; there is only v1".formatted(Quoted.of(text)));
    }
  }

  // Flags

  private void flags(Field field) {
    Fields common = fields(field, "flags", KnownKeys.FLAGS);
    set(common, KnownKeys.FLAGS);
    common
        .get("plugin")
        .ifPresent(f -> set(fields(f, "flags.plugin", KnownKeys.PLUGIN), KnownKeys.PLUGIN));
    common.get("gfd").ifPresent(f -> set(fields(f, "flags.gfd", KnownKeys.GFD), KnownKeys.GFD));
  }

  private void set(Fields fields, KnownKeys scope) {
    for (Flag flag : Flag.ALL) {
      if (flag.scope() == scope) {
        fields
            .get(flag.key())
            .filter(field -> !(field.value instanceof YamlValue.Null))
            .ifPresent(field -> set(flag, field));
      }
    }
  }

  private void set(Flag flag, Field field) {
    if (flag instanceof Flag.Text text) {
      text(field, flag.key()).ifPresent(value -> text.set().accept(flags, value));
    } else if (flag instanceof Flag.Truth truth) {
      truth(field, flag.key()).ifPresent(value -> truth.set().accept(flags, value));
    } else if (flag instanceof Flag.Choice<?> choice) {
      text(field, flag.key()).ifPresent(word -> choose(choice, word, field));
    } else if (flag instanceof Flag.ListStrategy) {
      listStrategy(field);
    } else {
      duration(field);
    }
  }

  private void choose(Flag.Choice<?> choice, String word, Field field) {
    if (!choice.accept(word, flags)) {
      field.report(
          SharingFindingCode.INVALID_FLAG,
          "Unknown %s %s; expected %s"
              .formatted(choice.key(), Quoted.of(word), or(choice.words())));
    } else if (choice.key().equals("migStrategy")) {
      strategy =
          Stream.of(MigStrategy.values()).filter(s -> s.toString().equals(word)).findFirst();
      node.map(NodeDevices::strategy)
          .filter(s -> strategy.get() != s)
          .ifPresent(inForce -> field.report(
              SharingFindingCode.STRATEGY_OVERRIDDEN,
              ("migStrategy is %s, but the node's strategy is %s, which wins; leave it out, or change"
                      + " mig.strategy of the GPU Operator")
                  .formatted(word, inForce)));
    }
  }

  private void listStrategy(Field field) {
    List<Field> items = field.value instanceof YamlValue.Sequence ? field.items() : List.of(field);
    if (items.isEmpty()) {
      field.report(
          SharingFindingCode.INVALID_FLAG,
          ("deviceListStrategy is an empty list, and the device plugin wants at least one of %s;"
                  + " leave it out for the default")
              .formatted(or(List.of(DeviceListStrategy.values()))));
    }
    for (Field item : items) {
      if (!(item.value instanceof YamlValue.Text) && !(item.value instanceof YamlValue.Null)) {
        item.mismatch("deviceListStrategy", "a text or a list of texts");
        continue;
      }
      String word = item.value instanceof YamlValue.Text text ? text.value() : "";
      Optional<DeviceListStrategy> known = Stream.of(DeviceListStrategy.values())
          .filter(way -> way.toString().equals(word))
          .findFirst();
      known.ifPresentOrElse(
          flags::addDeviceListStrategy,
          () -> item.report(
              SharingFindingCode.INVALID_FLAG,
              "Unknown deviceListStrategy %s; expected %s"
                      .formatted(Quoted.of(word), or(List.of(DeviceListStrategy.values())))
                  + (word.contains(",") ? ", and several as a list" : "")));
    }
  }

  private void duration(Field field) {
    if (field.value instanceof YamlValue.Text text) {
      if (GoDuration.isDuration(text.value())) {
        flags.sleepInterval(text.value());
      } else {
        field.report(SharingFindingCode.INVALID_DURATION, GoDuration.explain(text.value()));
      }
      return;
    }
    OptionalLong nanoseconds = field.value.asInt64();
    if (nanoseconds.isPresent()) {
      flags.sleepInterval(nanoseconds.getAsLong() + "ns");
      field.report(
          SharingFindingCode.NANOSECONDS,
          "sleepInterval is %d nanoseconds, since it has no unit; write e.g. '%ds'"
              .formatted(nanoseconds.getAsLong(), nanoseconds.getAsLong()));
    } else {
      field.mismatch("sleepInterval", "a duration such as 60s");
    }
  }

  // The section resources, which names devices and is ignored, but not before it was read

  private void ignoredResources(Field field) {
    if (field.value instanceof YamlValue.Sequence) {
      field.mismatch(
          "resources at the root",
          "a map; what is shared belongs below sharing.timeSlicing or sharing.mps");
      return;
    }
    Fields patterns = fields(field, "resources", KnownKeys.RESOURCES);
    boolean any = false;
    for (String kind : KnownKeys.RESOURCES.keys()) {
      for (Field item :
          patterns.get(kind).map(f -> list(f, "resources." + kind)).orElse(List.of())) {
        any = true;
        pattern(item);
      }
    }
    if (any) {
      findings.add(
          SharingFindingCode.IGNORED_RESOURCES,
          field.path.at(field.keyAt),
          "The device plugin reads the section resources and ignores it; leave it out");
    }
  }

  private void pattern(Field item) {
    Fields fields = fields(item, "An entry of resources", KnownKeys.PATTERN);
    for (String key : KnownKeys.PATTERN.keys()) {
      if (fields.isMap && fields.get(key).isEmpty()) {
        item.mismatch("An entry of resources", "a map with pattern and name");
      }
    }
    fields
        .get("pattern")
        .filter(field -> !(field.value instanceof YamlValue.Null))
        .filter(field -> !(field.value instanceof YamlValue.Text))
        .ifPresent(field -> field.mismatch("pattern", "a text"));
    fields.get("name").ifPresent(field -> name(field, "name"));
  }

  // Sharing

  private void sharing(Field field) {
    Fields kinds = fields(field, "sharing", KnownKeys.SHARING);
    Optional<SharingSection> slicing =
        kinds.get("timeSlicing").flatMap(f -> section(f, SharingKind.TIME_SLICING));
    Optional<SharingSection> mps = kinds.get("mps").flatMap(f -> section(f, SharingKind.MPS));
    if (slicing.isPresent() && mps.isPresent()) {
      findings.add(
          SharingFindingCode.BOTH_KINDS,
          slicing.get().spot(),
          "sharing has both timeSlicing and mps, and the device plugin ignores timeSlicing; remove"
              + " one");
    }
    mps.or(() -> slicing).ifPresent(section -> {
      section.check(findings, node, node.map(NodeDevices::strategy).or(() -> strategy));
      if (!findings.hasErrors()) {
        config.sharing(section.sharing());
      }
    });
  }

  private Optional<SharingSection> section(Field field, SharingKind kind) {
    String subject = "sharing." + kind.section();
    if (field.value instanceof YamlValue.Null && kind == SharingKind.MPS) {
      return Optional.empty();
    }
    if (field.value instanceof YamlValue.Null) {
      reportNoResources(field, subject);
      return Optional.empty();
    }
    Fields fields = fields(field, subject, KnownKeys.KIND);
    if (!fields.isMap) {
      return Optional.empty();
    }
    Optional<Boolean> rename = setting(fields, "renameByDefault");
    Optional<Boolean> fail = setting(fields, "failRequestsGreaterThanOne");
    SharingSection section = new SharingSection(kind, field.path.at(field.keyAt), rename, fail);
    Optional<Field> resources =
        fields.get("resources").filter(f -> !(f.value instanceof YamlValue.Null));
    if (resources.isEmpty()) {
      reportNoResources(field, subject);
      return Optional.of(section);
    }
    List<Field> entries = list(resources.get(), subject + ".resources");
    if (entries.isEmpty() && resources.get().value instanceof YamlValue.Sequence) {
      reportNoResources(field, subject);
    }
    entries.forEach(entry -> entry(entry, section));
    return Optional.of(section);
  }

  private void reportNoResources(Field field, String subject) {
    findings.add(
        SharingFindingCode.NO_RESOURCES,
        field.path.at(field.keyAt),
        ("%s lists no resources, so the device plugin does not start; list some, or leave %s out"
                + " for no sharing")
            .formatted(subject, subject));
  }

  private Optional<Boolean> setting(Fields fields, String key) {
    Optional<Field> field = fields.get(key);
    if (field.isPresent() && field.get().value instanceof YamlValue.Null) {
      findings.add(
          SharingFindingCode.NULL_VALUE,
          field.get().path.at(field.get().keyAt),
          "%s has no value, which counts as absent; write true or false".formatted(key));
      return Optional.empty();
    }
    return field.flatMap(f -> truth(f, key));
  }

  private void entry(Field item, SharingSection section) {
    Fields fields = fields(item, "An entry of resources", KnownKeys.ENTRY);
    if (!fields.isMap) {
      if (item.value instanceof YamlValue.Null) {
        item.report(SharingFindingCode.MISSING_NAME, NAMELESS);
      }
      return;
    }
    Optional<Field> nameField = fields.get("name");
    if (nameField.isEmpty()) {
      item.report(SharingFindingCode.MISSING_NAME, NAMELESS);
    }
    Optional<String> name = nameField.flatMap(field -> name(field, "name"));
    fields.get("devices").ifPresent(this::devices);
    Optional<Integer> replicas = replicas(item, fields, name.orElse("An entry of resources"));
    fields.get("rename").ifPresent(field -> rename(field, name, section));
    if (name.isPresent() && replicas.isPresent()) {
      section.add(
          new SharedResource(name.get(), replicas.get()),
          nameField.get().spot(),
          fields.get("replicas").map(Field::spot).orElse(item.spot()));
    }
  }

  private static final String NAMELESS =
      "An entry of resources has no name; add e.g. 'name: nvidia.com/gpu'";

  private Optional<Integer> replicas(Field item, Fields fields, String subject) {
    Optional<Field> field = fields.get("replicas");
    if (field.isEmpty()) {
      item.report(
          SharingFindingCode.MISSING_REPLICAS,
          "%s has no replicas; add a number from 2, e.g. 'replicas: 4'".formatted(subject));
      return Optional.empty();
    }
    OptionalLong number = field.get().value instanceof YamlValue.Null
        ? OptionalLong.of(0)
        : field.get().value.asInt64();
    if (number.isEmpty()) {
      field.get().mismatch("replicas", "a whole number");
      return Optional.empty();
    }
    if (number.getAsLong() < 2) {
      field
          .get()
          .report(
              SharingFindingCode.TOO_FEW_REPLICAS,
              ("%s has replicas: %d, but the device plugin wants at least 2; for no sharing leave the"
                      + " entry out, or the whole section if it is the only one")
                  .formatted(subject, number.getAsLong()));
      return Optional.empty();
    }
    if (field.get().value.isOctalSurprise()) {
      field
          .get()
          .report(
              SharingFindingCode.OCTAL_NUMBER,
              "replicas begins with 0 and is read as octal, which is %d; write it without the 0"
                  .formatted(number.getAsLong()));
    }
    int nearest = (int) Math.min(number.getAsLong(), Integer.MAX_VALUE);
    if (nearest != number.getAsLong()) {
      field
          .get()
          .report(
              SharingFindingCode.HUGE_NUMBER,
              "%d replicas are beyond what any node can hold; they are taken as %d"
                  .formatted(number.getAsLong(), nearest));
    }
    return Optional.of(nearest);
  }

  private Optional<String> name(Field field, String subject) {
    if (!(field.value instanceof YamlValue.Text) && !(field.value instanceof YamlValue.Null)) {
      field.mismatch(subject, "a text such as nvidia.com/gpu");
      return Optional.empty();
    }
    String written = field.value instanceof YamlValue.Text text ? text.value() : "";
    String name = ResourceName.qualified(written);
    if (ResourceName.isTooLong(name)) {
      field.report(
          SharingFindingCode.RESOURCE_NAME_TOO_LONG,
          ("The resource name %s is longer than %d characters with its prefix; use a name that the"
                  + " plugin offers, e.g. 'nvidia.com/gpu'")
              .formatted(Quoted.of(name), ResourceName.MAX_LENGTH));
      return Optional.empty();
    }
    if (!ResourceName.isWellFormed(name)) {
      field.report(
          SharingFindingCode.INVALID_RESOURCE_NAME,
          "Not a resource name: %s; %s"
              .formatted(
                  Quoted.of(written),
                  ResourceName.meant(written)
                      .map(meant -> "did you mean '" + meant + "'?")
                      .orElse("behind 'nvidia.com/' stand lower-case letters, digits, '-' and '.',"
                          + " e.g. 'nvidia.com/gpu'")));
      return Optional.empty();
    }
    return Optional.of(name);
  }

  private void rename(Field field, Optional<String> name, SharingSection section) {
    Optional<String> rename = name(field, "rename");
    boolean isDefault = section.renameByDefault() && rename.equals(name.map(ResourceName::shared));
    if (rename.isPresent() && !isDefault) {
      field.report(
          SharingFindingCode.IGNORED_RENAME,
          ("The device plugin ignores rename; leave it out, or set renameByDefault beside resources"
                  + " for names such as %s")
              .formatted(ResourceName.shared(name.orElse(ResourceName.GPU))));
    }
  }

  private void devices(Field field) {
    if (field.value instanceof YamlValue.Text text && text.value().equals("all")) {
      return;
    }
    if (DeviceReferences.isSelection(field.value)) {
      field.report(
          SharingFindingCode.IGNORED_DEVICES,
          "The device plugin ignores devices and shares every device of the resource; leave it out");
    } else {
      field.report(
          SharingFindingCode.INVALID_DEVICES,
          ("devices must be 'all', a number from 1 or a list of indexes and UUIDs, but was %s;"
                  + " leave it out")
              .formatted(field.value.kind()));
    }
  }

  // IMEX

  private void imex(Field field) {
    Fields fields = fields(field, "imex", KnownKeys.IMEX);
    boolean required = setting(fields, "required").orElse(false);
    List<Field> channels = fields
        .get("channelIDs")
        .filter(f -> !(f.value instanceof YamlValue.Null))
        .map(f -> list(f, "imex.channelIDs"))
        .orElse(List.of());
    boolean zero = channels.stream()
        .allMatch(
            f -> f.value instanceof YamlValue.Null || f.value.asInt64().equals(OptionalLong.of(0)));
    if (!zero || channels.size() > 1) {
      fields
          .get("channelIDs")
          .get()
          .report(
              SharingFindingCode.INVALID_IMEX_CHANNELS,
              "imex.channelIDs must be [] or [0]; the device plugin knows no other channel");
    } else if (!channels.isEmpty()) {
      config.imexChannel(required ? ImexChannel.REQUIRED : ImexChannel.IF_PRESENT);
    }
  }

  // Values

  private Optional<String> text(Field field, String subject) {
    if (field.value instanceof YamlValue.Text text) {
      return Optional.of(text.value());
    }
    Optional<String> converted = GoScalar.key(field.value);
    if (converted.isPresent()) {
      field.report(
          SharingFindingCode.VALUE_NOT_TEXT,
          "%s is %s, which becomes the text %s; quote it"
              .formatted(subject, field.value.kind(), Quoted.of(converted.get())));
    } else if (!(field.value instanceof YamlValue.Null)) {
      field.mismatch(subject, "a text");
    }
    return converted;
  }

  private Optional<Boolean> truth(Field field, String subject) {
    if (field.value instanceof YamlValue.Bool bool) {
      return Optional.of(bool.value());
    }
    field.mismatch(subject, "true or false");
    return Optional.empty();
  }

  private List<Field> list(Field field, String subject) {
    if (field.value instanceof YamlValue.Sequence) {
      return field.items();
    }
    if (!(field.value instanceof YamlValue.Null)) {
      field.mismatch(subject, "a list, each entry beginning with '- '");
    }
    return List.of();
  }

  private Fields fields(Field field, String subject, KnownKeys scope) {
    return fields(field.value, field.path, subject, scope);
  }

  /** The known keys of a map, after a word about the others; none of null. */
  private Fields fields(YamlValue value, YamlPath path, String subject, KnownKeys scope) {
    Map<String, Field> known = new TreeMap<>();
    if (!(value instanceof YamlValue.Mapping map)) {
      if (!(value instanceof YamlValue.Null)) {
        new Field(path, value.at(), value).mismatch(subject, "a map");
      }
      return new Fields(path, value.at(), false, known);
    }
    // In this order Go's reader sees them, so that the last of several spellings counts.
    new TreeMap<>(map.entries()).forEach((key, entry) -> {
      Field field = new Field(path.key(key), entry.keyAt(), entry.value());
      Optional<String> meant = scope.known(key);
      if (meant.isEmpty()) {
        reportUnknown(key, field, scope);
        return;
      }
      if (!meant.get().equals(key)) {
        findings.add(
            SharingFindingCode.KEY_CASE,
            field.path.at(field.keyAt),
            "The device plugin takes %s for %s, but other readers do not; write %s"
                .formatted(Quoted.of(key), meant.get(), meant.get()));
      }
      Field previous = known.put(meant.get(), field);
      if (previous != null) {
        findings.add(
            SharingFindingCode.DUPLICATE_KEY,
            field.path.at(field.keyAt),
            "The key %s stands here and, in other letters, on line %d; remove one"
                .formatted(Quoted.of(key), previous.keyAt.line()));
      }
    });
    return new Fields(path, map.at(), true, known);
  }

  private void reportUnknown(String key, Field field, KnownKeys scope) {
    Optional<KnownKeys> elsewhere =
        scope.spelled(key).isPresent() ? Optional.empty() : KnownKeys.elsewhere(key);
    if (elsewhere.isPresent()) {
      findings.add(
          SharingFindingCode.MISPLACED_KEY,
          field.path.at(field.keyAt),
          "The device plugin ignores %s here; %s belongs into %s"
              .formatted(
                  Quoted.of(key),
                  elsewhere.get().spelled(key).get(),
                  elsewhere.get().place()));
      return;
    }
    String remedy = key.equals("mig-configs")
        ? "it belongs into the MIG manager's file"
        : scope
            .meant(key)
            .map(meant -> "did you mean " + meant + "?")
            .orElseGet(() -> "known are " + String.join(", ", scope.keys()));
    findings.add(
        SharingFindingCode.UNKNOWN_KEY,
        field.path.at(field.keyAt),
        "The device plugin does not know %s here and ignores it; %s"
            .formatted(Quoted.of(key), remedy));
  }

  private static String or(List<?> words) {
    return words.stream()
        .map(Object::toString)
        .collect(Collectors.joining(", "))
        .replaceFirst(", ([^,]*)$", " or $1");
  }

  /** The known keys of one map. */
  private record Fields(YamlPath path, Position at, boolean isMap, Map<String, Field> known) {
    Optional<Field> get(String key) {
      return Optional.ofNullable(known.get(key));
    }
  }

  /** A value, how one gets to it, and where its key stands. */
  private final class Field {
    private final YamlPath path;
    private final Position keyAt;
    private final YamlValue value;

    Field(YamlPath path, Position keyAt, YamlValue value) {
      this.path = path;
      this.keyAt = keyAt;
      this.value = value;
    }

    Spot spot() {
      return path.at(value.at());
    }

    /** The items of a list. */
    List<Field> items() {
      List<YamlValue> items = ((YamlValue.Sequence) value).items();
      return IntStream.range(0, items.size())
          .mapToObj(i -> new Field(path.item(i), items.get(i).at(), items.get(i)))
          .toList();
    }

    void report(SharingFindingCode code, String message) {
      findings.add(code, spot(), message);
    }

    void mismatch(String subject, String expected) {
      report(
          SharingFindingCode.WRONG_TYPE,
          "%s must be %s, but was %s".formatted(subject, expected, value.kind()));
    }
  }
}
