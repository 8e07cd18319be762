package io.github.mig4j.sharing;

import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.text.YamlValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads the section {@code sharing}: which kind of sharing it has, and for which resources. */
final class SharingRules {

  private final Optional<NodeDevices> node;
  private final Optional<MigStrategy> strategy;
  /** The keys that the plugin does not know or ignores. */
  final List<UnknownKey> unknown = new ArrayList<>();

  /** The file's strategy counts only if the file is not read for a node. */
  SharingRules(Optional<NodeDevices> node, Optional<MigStrategy> strategy) {
    this.node = node;
    this.strategy = node.map(NodeDevices::strategy).or(() -> strategy);
  }

  /** What the section says; of no meaning if there are errors. */
  Optional<SharingSection> read(Field field) {
    Fields kinds = Fields.of(field, "sharing", KnownKeys.SHARING);
    UnknownKey.of("sharing", kinds).forEach(unknown::add);
    Optional<SharingSection> slicing =
        kinds.get("timeSlicing").flatMap(f -> section(f, SharingKind.TIME_SLICING));
    Optional<SharingSection> mps = kinds.get("mps").flatMap(f -> section(f, SharingKind.MPS));
    if (slicing.isPresent() && mps.isPresent()) {
      slicing
          .get()
          .report(
              SharingCode.BOTH_KINDS,
              "sharing has both timeSlicing and mps, and the device plugin ignores timeSlicing",
              "remove one");
    }
    Optional<SharingSection> used = mps.or(() -> slicing);
    used.ifPresent(section -> section.check(node, strategy));
    return used;
  }

  private Optional<SharingSection> section(Field field, SharingKind kind) {
    String subject = "sharing." + kind.section();
    if (field.isNull()) {
      if (kind != SharingKind.MPS) {
        reportNoResources(field, subject);
      }
      return Optional.empty();
    }
    Fields fields = Fields.of(field, subject, KnownKeys.KIND);
    if (!fields.isMap()) {
      return Optional.empty();
    }
    SharingSection section = new SharingSection(
        kind,
        field,
        fields.get("renameByDefault").flatMap(f -> f.boolOrNull("renameByDefault")),
        fields
            .get("failRequestsGreaterThanOne")
            .flatMap(f -> f.boolOrNull("failRequestsGreaterThanOne")));
    Optional<Field> resources = fields.nonNull("resources");
    List<Field> entries = resources.map(f -> f.list(subject + ".resources")).orElse(List.of());
    boolean isOther =
        resources.isPresent() && !(resources.get().value() instanceof YamlValue.Sequence);
    if (entries.isEmpty() && !isOther) {
      reportNoResources(field, subject);
    }
    UnknownKey.of(subject, fields).forEach(unknown::add);
    for (Field entry : entries) {
      SharedResourceRules.read(entry, section).stream()
          .filter(key -> unknown.stream().noneMatch(key::isSame))
          .forEach(unknown::add);
    }
    return Optional.of(section);
  }

  private static void reportNoResources(Field field, String subject) {
    field.reportKey(
        SharingCode.NO_RESOURCES,
        "%s lists no resources, so the device plugin does not start".formatted(subject),
        "add some, or remove %s for no sharing".formatted(subject));
  }
}
