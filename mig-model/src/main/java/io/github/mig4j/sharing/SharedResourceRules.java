package io.github.mig4j.sharing;

import io.github.mig4j.text.GpuResource;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.YamlOutput;
import io.github.mig4j.text.YamlValue;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Reads one entry of {@code sharing.*.resources}: name, replicas, rename and devices. */
final class SharedResourceRules {

  private static final String SUBJECT = "An entry of resources";

  private final Field item;
  private final Fields fields;
  private final SharingSection section;
  private final SortedMap<String, String> ignored = new TreeMap<>();

  private SharedResourceRules(Field item, SharingSection section) {
    this.item = item;
    this.fields = Fields.of(item, SUBJECT, KnownKeys.ENTRY);
    this.section = section;
  }

  /** Adds the resource to the section if the plugin accepts the entry; returns what it ignores. */
  static List<UnknownKey> read(Field item, SharingSection section) {
    SharedResourceRules rules = new SharedResourceRules(item, section);
    if (rules.fields.isMap()) {
      return rules.read().map(rules::ignored).orElse(List.of());
    }
    if (item.isNull()) {
      rules.reportNameless();
    }
    return List.of();
  }

  /** The name of the resource. */
  private Optional<String> read() {
    Optional<Field> nameField = fields.get("name");
    if (nameField.isEmpty()) {
      reportNameless();
    }
    Optional<String> name = nameField.flatMap(field -> name(field, "name"));
    fields.get("devices").ifPresent(this::checkDevices);
    Optional<Integer> replicas = replicas(name.orElse(SUBJECT));
    fields.get("rename").ifPresent(field -> checkRename(field, name));
    if (name.isPresent() && replicas.isPresent()) {
      section.add(
          new SharedResource(name.get(), replicas.get()),
          nameField.get().location(),
          fields.get("replicas").map(Field::location).orElse(item.location()));
    }
    return name;
  }

  private List<UnknownKey> ignored(String name) {
    String map = UnknownKey.entry(section.kind, name);
    return Stream.concat(
            ignored.entrySet().stream()
                .map(entry -> new UnknownKey(map, entry.getKey(), entry.getValue())),
            UnknownKey.of(map, fields))
        .toList();
  }

  private void ignore(String key, Field field) {
    ignored.put(key, YamlOutput.json(field.value()));
  }

  private void reportNameless() {
    item.report(
        SharingCode.MISSING_NAME,
        "An entry of resources has no name",
        "add e.g. 'name: nvidia.com/gpu'");
  }

  private Optional<Integer> replicas(String subject) {
    Optional<Field> present = fields.get("replicas");
    if (present.isEmpty()) {
      item.report(
          SharingCode.MISSING_REPLICAS,
          "%s has no replicas".formatted(subject),
          "add a number from 2, e.g. 'replicas: 4'");
      return Optional.empty();
    }
    Field field = present.get();
    OptionalLong number = field.isNull() ? OptionalLong.of(0) : field.value().asInt64();
    if (number.isEmpty()) {
      field.wrongType("replicas", "a whole number");
      return Optional.empty();
    }
    long replicas = number.getAsLong();
    if (replicas < 2) {
      field.report(
          SharingCode.TOO_FEW_REPLICAS,
          "%s has replicas: %d, but the device plugin requires at least 2"
              .formatted(subject, replicas),
          "for no sharing remove the entry, or the whole section if it is the only one");
      return Optional.empty();
    }
    if (field.value().isOctalSurprise()) {
      field.report(
          SharingCode.OCTAL_NUMBER,
          "replicas begins with 0, so YAML reads it as octal, which is %d".formatted(replicas),
          "write it without the 0");
    }
    int nearest = (int) Math.min(replicas, Integer.MAX_VALUE);
    if (nearest != replicas) {
      field.report(
          SharingCode.HUGE_NUMBER,
          "%d replicas are more than any node can offer, and are read as %d"
              .formatted(replicas, nearest),
          "write a smaller number");
    }
    return Optional.of(nearest);
  }

  /** A resource's name with its prefix, or empty if the plugin refuses it. */
  static Optional<String> name(Field field, String subject) {
    if (!(field.value() instanceof YamlValue.Text) && !field.isNull()) {
      field.wrongType(subject, "a text such as nvidia.com/gpu");
      return Optional.empty();
    }
    String written = field.value() instanceof YamlValue.Text text ? text.value() : "";
    String name = ResourceName.qualified(written);
    if (ResourceName.isTooLong(name)) {
      field.report(
          SharingCode.RESOURCE_NAME_TOO_LONG,
          "The resource name %s is longer than %d characters with its prefix"
              .formatted(Quoted.of(name), ResourceName.MAX_LENGTH),
          "use a name that the plugin offers, e.g. 'nvidia.com/gpu'");
      return Optional.empty();
    }
    if (!ResourceName.isWellFormed(name)) {
      field.report(
          SharingCode.INVALID_RESOURCE_NAME,
          "Not a resource name: %s".formatted(Quoted.of(written)),
          ResourceName.meant(written)
              .map("did you mean '%s'?"::formatted)
              .orElse(
                  "use lower-case letters, digits, '-' and '.' after 'nvidia.com/', e.g. 'nvidia.com/gpu'"));
      return Optional.empty();
    }
    return Optional.of(name);
  }

  private void checkRename(Field field, Optional<String> name) {
    Optional<String> rename = name(field, "rename");
    boolean isDefault = section.renameByDefault() && rename.equals(name.map(ResourceName::shared));
    if (rename.isPresent() && !isDefault) {
      ignore("rename", field);
      field.report(
          SharingCode.IGNORED_RENAME,
          "The device plugin ignores rename",
          "remove it, or set renameByDefault beside resources for names such as %s"
              .formatted(ResourceName.shared(name.orElse(GpuResource.GPU))));
    }
  }

  private void checkDevices(Field field) {
    if (field.value() instanceof YamlValue.Text text && text.value().equals("all")) {
      return;
    }
    if (DeviceReferences.isSelection(field.value())) {
      ignore("devices", field);
      field.report(
          SharingCode.IGNORED_DEVICES,
          "The device plugin ignores devices and shares every device of the resource",
          "remove it");
    } else {
      field.report(
          SharingCode.INVALID_DEVICES,
          "devices must be 'all', a number from 1 or a list of indexes and UUIDs, but was %s"
              .formatted(field.value().kind()),
          "remove it");
    }
  }
}
