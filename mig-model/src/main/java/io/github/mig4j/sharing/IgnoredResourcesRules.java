package io.github.mig4j.sharing;

import io.github.mig4j.text.YamlValue;
import java.util.List;

/** Checks the section {@code resources}, which the plugin requires to be valid and then ignores. */
final class IgnoredResourcesRules {

  private IgnoredResourcesRules() {}

  static void check(Field field) {
    if (field.value() instanceof YamlValue.Sequence) {
      field.wrongType(
          "resources at the root",
          "a map",
          "what is shared belongs into sharing.timeSlicing or sharing.mps");
      return;
    }
    Fields patterns = Fields.of(field, "resources", KnownKeys.RESOURCES);
    boolean any = false;
    for (String kind : KnownKeys.RESOURCES.keys()) {
      List<Field> items =
          patterns.get(kind).map(f -> f.list("resources." + kind)).orElse(List.of());
      any |= !items.isEmpty();
      items.forEach(IgnoredResourcesRules::checkPattern);
    }
    if (any) {
      field.reportKey(
          SharingCode.IGNORED_RESOURCES,
          "The device plugin reads the section resources and ignores it",
          "remove it");
    }
  }

  private static void checkPattern(Field item) {
    if (item.isNull()) {
      item.wrongType("An entry of resources", "a map with pattern and name");
      return;
    }
    Fields fields = Fields.of(item, "An entry of resources", KnownKeys.PATTERN);
    for (String key : KnownKeys.PATTERN.keys()) {
      if (fields.isMap() && fields.get(key).isEmpty()) {
        item.wrongType("An entry of resources", "a map with pattern and name");
      }
    }
    fields
        .nonNull("pattern")
        .filter(field -> !(field.value() instanceof YamlValue.Text))
        .ifPresent(field -> field.wrongType("pattern", "a text"));
    fields.get("name").ifPresent(field -> SharedResourceRules.name(field, "name"));
  }
}
