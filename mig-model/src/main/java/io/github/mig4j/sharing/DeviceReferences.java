package io.github.mig4j.sharing;

import io.github.mig4j.text.YamlValue;
import java.math.BigInteger;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** What the plugin reads for a selection of devices (api/config/v1/replicas.go), to ignore it. */
final class DeviceReferences {
  private static final String UUID = "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}";
  private static final String ANY_UUID =
      "(?:%s|\\{%s\\}|(?i:urn:uuid:)%s|[0-9A-Fa-f]{32})".formatted(UUID, UUID, UUID);
  private static final Pattern REFERENCE = Pattern.compile(
      "[0-9]+(?::[0-9]+)?|(?:GPU|MIG)-%s|MIG-GPU-%s/[0-9]+/[0-9]+".formatted(ANY_UUID, ANY_UUID));
  private static final Pattern NUMBER = Pattern.compile("[0-9]{20,}");

  private DeviceReferences() {}

  /** Whether it is a count or a list of devices. */
  static boolean isSelection(YamlValue value) {
    if (value instanceof YamlValue.Sequence list) {
      return list.items().stream().allMatch(DeviceReferences::isReference);
    }
    OptionalLong count = value.asInt64();
    return count.isPresent() && count.getAsLong() > 0;
  }

  private static boolean isReference(YamlValue value) {
    if (value instanceof YamlValue.Text text) {
      return REFERENCE.matcher(text.value()).matches() && hasOnlyInt64s(text.value());
    }
    // Go's reader makes index 0 of null.
    OptionalLong index = value.asInt64();
    return value instanceof YamlValue.Null || (index.isPresent() && index.getAsLong() >= 0);
  }

  private static boolean hasOnlyInt64s(String text) {
    return text.startsWith("GPU-")
        || NUMBER
            .matcher(text)
            .results()
            .allMatch(number -> new BigInteger(number.group()).bitLength() <= Long.SIZE);
  }
}
