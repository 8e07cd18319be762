package io.github.mig4j.sharing;

import java.util.List;
import java.util.OptionalLong;

/** Reads the section {@code imex}. */
final class ImexRules {

  private ImexRules() {}

  static ImexChannel read(Fields fields) {
    boolean required =
        fields.get("required").flatMap(f -> f.boolOrNull("required")).orElse(false);
    List<Field> channels =
        fields.nonNull("channelIDs").map(f -> f.list("imex.channelIDs")).orElse(List.of());
    boolean zero = channels.stream()
        .allMatch(f -> f.isNull() || f.value().asInt64().equals(OptionalLong.of(0)));
    if (!zero || channels.size() > 1) {
      fields
          .get("channelIDs")
          .get()
          .report(
              SharingCode.INVALID_IMEX_CHANNELS,
              "imex.channelIDs must be [] or [0], since the device plugin knows no other channel",
              "write [0]");
      return ImexChannel.NONE;
    }
    if (channels.isEmpty()) {
      return ImexChannel.NONE;
    }
    return required ? ImexChannel.REQUIRED : ImexChannel.IF_PRESENT;
  }
}
