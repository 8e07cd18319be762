package io.github.mig4j.config;

import io.github.mig4j.gpu.PciDeviceId;
import java.math.BigInteger;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which kind of GPU an entry is for; {@code device-filter} in the file.
 *
 * <p>The text is kept as written, because mig-parted accepts any: one that is no device id, such
 * as a product name, matches no GPU and is reported as a finding.
 *
 * @param text device and vendor in hexadecimal, e.g. {@code 0x290110DE}, optionally followed by a
 *     colon and the subsystem in the same form
 */
public record DeviceFilter(String text) {

  private static final Pattern NUMBER =
      Pattern.compile("0[xX]_?([0-9A-Fa-f]+(?:_[0-9A-Fa-f]+)*)|0[bB]_?([01]+(?:_[01]+)*)"
          + "|0[oO]?_?([0-7]+(?:_[0-7]+)*)|(0|[1-9][0-9]*(?:_[0-9]+)*)");
  private static final int[] RADIXES = {16, 2, 8, 10};

  public DeviceFilter {
    Quoted.requireUnicode("Device filter", text);
  }

  /**
   * The filter that matches one PCI device id, whatever its subsystem.
   *
   * @param id the id
   * @return a filter without subsystem
   */
  public static DeviceFilter of(PciDeviceId id) {
    return new DeviceFilter(id.deviceFilter());
  }

  /**
   * Whether mig-parted can read the text as a device id, by the rules of Go's {@code ParseUint}:
   * hexadecimal, octal, binary or decimal, with underscores between digits. A filter that is none
   * matches no GPU.
   *
   * @return true if some GPU could match
   */
  public boolean isDeviceId() {
    return device().isPresent();
  }

  /**
   * Whether a GPU is of this kind.
   *
   * @param id the GPU's PCI device id
   * @param subsystem the GPU's subsystem device and vendor as one number of 32 bits, as {@code
   *     nvidia-smi --query-gpu=pci.sub_device_id} prints it, e.g. 0x16C010DE; if it is not known,
   *     mig-parted takes 0
   * @return true if device and vendor are equal, and the subsystem too where the filter has one
   */
  public boolean matches(PciDeviceId id, OptionalLong subsystem) {
    return device().equals(Optional.of(Long.decode(id.deviceFilter())))
        && subsystem().map(wanted -> wanted == subsystem.orElse(0)).orElse(true);
  }

  /** Device and vendor as one number of 32 bits; empty if any part of the text is malformed. */
  Optional<Long> device() {
    String[] parts = text.split(":", -1);
    boolean readable =
        parts.length == 1 || (parts.length == 2 && number(parts[1]).isPresent());
    return readable ? number(parts[0]) : Optional.empty();
  }

  /** Subsystem device and vendor as one number; empty if the filter names none. */
  Optional<Long> subsystem() {
    int colon = text.indexOf(':');
    return colon < 0 ? Optional.empty() : number(text.substring(colon + 1));
  }

  /** Go's ParseUint with base 0 and 32 bits. */
  private static Optional<Long> number(String digits) {
    Matcher form = NUMBER.matcher(digits);
    if (digits.length() > 80 || !form.matches()) {
      return Optional.empty();
    }
    for (int group = 1; group <= 4; group++) {
      String some = form.group(group);
      if (some != null) {
        return inRange(some.replace("_", ""), RADIXES[group - 1]);
      }
    }
    return Optional.empty();
  }

  private static Optional<Long> inRange(String digits, int radix) {
    var value = new BigInteger(digits, radix);
    return value.bitLength() <= Integer.SIZE ? Optional.of(value.longValue()) : Optional.empty();
  }

  /** The text. */
  @Override
  public String toString() {
    return text;
  }
}
