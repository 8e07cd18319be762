package io.github.mig4j.sharing;

import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.sharing.DevicePluginFlags.DeviceListStrategy;
import io.github.mig4j.text.GoDuration;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.Spelling;
import io.github.mig4j.text.YamlValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Reads the section {@code flags}. */
final class FlagRules {

  private final Optional<NodeDevices> node;
  /** The flags that the plugin does not know. */
  final List<UnknownKey> unknown = new ArrayList<>();

  private final DevicePluginFlags.Builder flags = DevicePluginFlags.builder();
  private Optional<MigStrategy> strategy = Optional.empty();

  FlagRules(Optional<NodeDevices> node) {
    this.node = node;
  }

  DevicePluginFlags flags() {
    return flags.build();
  }

  /** The MIG strategy that the file sets. */
  Optional<MigStrategy> strategy() {
    return strategy;
  }

  void read(Field field) {
    Fields common = Fields.of(field, "flags", KnownKeys.FLAGS);
    set(common, KnownKeys.FLAGS);
    common
        .get("plugin")
        .ifPresent(f -> set(Fields.of(f, "flags.plugin", KnownKeys.PLUGIN), KnownKeys.PLUGIN));
    common.get("gfd").ifPresent(f -> set(Fields.of(f, "flags.gfd", KnownKeys.GFD), KnownKeys.GFD));
  }

  private void set(Fields fields, KnownKeys scope) {
    UnknownKey.of(scope.location(), fields).forEach(unknown::add);
    List<String> keys = scope.keys();
    for (Flag flag : Flag.ALL) {
      if (keys.contains(flag.key())) {
        fields.nonNull(flag.key()).ifPresent(field -> set(flag, field));
      }
    }
  }

  private void set(Flag flag, Field field) {
    if (flag instanceof Flag.Text text) {
      field.text(flag.key()).ifPresent(value -> text.set().accept(flags, value));
    } else if (flag instanceof Flag.Truth truth) {
      field.bool(flag.key()).ifPresent(value -> truth.set().accept(flags, value));
    } else if (flag instanceof Flag.Choice<?> choice) {
      field.text(flag.key()).ifPresent(word -> choose(choice, word, field));
    } else if (flag instanceof Flag.ListStrategy) {
      readListStrategy(field);
    } else {
      readDuration(field);
    }
  }

  private void choose(Flag.Choice<?> choice, String word, Field field) {
    if (!choice.accept(word, flags)) {
      field.report(
          SharingCode.INVALID_FLAG,
          "Unknown %s %s".formatted(choice.key(), Quoted.of(word)),
          "expected %s".formatted(Spelling.or(choice.words())));
    } else if (choice.key().equals("migStrategy")) {
      strategy = MigStrategy.parse(word);
      node.map(NodeDevices::strategy)
          .filter(s -> strategy.get() != s)
          .ifPresent(own -> field.report(
              SharingCode.STRATEGY_OVERRIDDEN,
              "migStrategy is %s, but the node's strategy is %s, which wins".formatted(word, own),
              "remove it, or change mig.strategy of the GPU Operator"));
    }
  }

  private void readListStrategy(Field field) {
    List<Field> items =
        field.value() instanceof YamlValue.Sequence ? field.items() : List.of(field);
    if (items.isEmpty()) {
      field.report(
          SharingCode.INVALID_FLAG,
          "deviceListStrategy is an empty list, but the device plugin requires at least one of %s"
              .formatted(Spelling.or(List.of(DeviceListStrategy.values()))),
          "remove it for the default");
    }
    items.forEach(this::readListStrategyItem);
  }

  private void readListStrategyItem(Field item) {
    if (!(item.value() instanceof YamlValue.Text) && !item.isNull()) {
      item.wrongType("deviceListStrategy", "a text or a list of texts");
      return;
    }
    String word = item.value() instanceof YamlValue.Text text ? text.value() : "";
    JsonFields.constant(DeviceListStrategy.class, word)
        .ifPresentOrElse(
            flags::addDeviceListStrategy,
            () -> item.report(
                SharingCode.INVALID_FLAG,
                "Unknown deviceListStrategy %s".formatted(Quoted.of(word)),
                "expected %s%s"
                    .formatted(
                        Spelling.or(List.of(DeviceListStrategy.values())),
                        word.contains(",") ? ", and several as a list" : "")));
  }

  private void readDuration(Field field) {
    if (field.value() instanceof YamlValue.Text text) {
      if (GoDuration.isDuration(text.value())) {
        flags.sleepInterval(text.value());
      } else {
        field.report(SharingCode.INVALID_DURATION, explainInterval(text.value()), "");
      }
      return;
    }
    OptionalLong nanoseconds = field.value().asInt64();
    if (nanoseconds.isPresent()) {
      flags.sleepInterval(nanoseconds.getAsLong() + "ns");
      field.report(
          SharingCode.NANOSECONDS,
          "sleepInterval is %d nanoseconds, since it has no unit"
              .formatted(nanoseconds.getAsLong()),
          "write e.g. '%ds'".formatted(nanoseconds.getAsLong()));
    } else {
      field.wrongType("sleepInterval", "a duration such as 60s");
    }
  }

  static String explainInterval(String text) {
    return "sleepInterval must be a duration such as 60s or 1m30s, but was " + Quoted.of(text);
  }
}
