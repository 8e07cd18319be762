package io.github.mig4j.config;

import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.gpu.PciDeviceId;
import io.github.mig4j.text.Quoted;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

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

  private static final int NVIDIA = 0x10DE;
  private static final long MAX = 0xFFFF_FFFFL;

  public DeviceFilter {
    Objects.requireNonNull(text, "text");
    Quoted.requireUnicode("Device filter", text);
  }

  /** {@return the filter that matches one PCI device id, whatever its subsystem} */
  public static DeviceFilter of(PciDeviceId id) {
    Objects.requireNonNull(id, "id");
    return new DeviceFilter(id.deviceFilter());
  }

  /**
   * {@return whether mig-parted can read the text as a device id, by the rules of Go's {@code
   * ParseUint}: hexadecimal, octal, binary or decimal, with underscores between digits} Any other
   * filter matches no GPU.
   */
  public boolean isDeviceId() {
    return device().isPresent();
  }

  /**
   * {@return whether a GPU is of this kind: device and vendor are equal, and the subsystem too
   * where the filter has one}
   *
   * @param subsystem the GPU's subsystem device and vendor as one number of 32 bits, as {@code
   *     nvidia-smi --query-gpu=pci.sub_device_id} prints it, e.g. 0x16C010DE; if it is not known,
   *     mig-parted takes 0
   */
  public boolean matches(PciDeviceId id, OptionalLong subsystem) {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(subsystem, "subsystem");
    long gpu = (long) id.device() << Short.SIZE | NVIDIA;
    return device().filter(wanted -> wanted == gpu).isPresent()
        && subsystem().map(wanted -> wanted == subsystem.orElse(0)).orElse(true);
  }

  /** Whether the vendor is NVIDIA; any other filter that can be read matches no GPU either. */
  boolean isOfNvidia() {
    return device().filter(number -> (number & 0xFFFF) == NVIDIA).isPresent();
  }

  /** What a writer probably meant who left the vendor out, or put it first. */
  String withVendorBehind() {
    long number = device().orElse(0L);
    boolean isDigits = text.matches("[0-9]{4}");
    String device = isDigits
        ? text
        : number >>> Short.SIZE == NVIDIA || number <= 0xFFFF
            ? "%04X".formatted(number & 0xFFFF)
            : "%04X".formatted(number >>> Short.SIZE);
    return "0x" + device + "10DE";
  }

  /** Device and vendor as one number of 32 bits; empty if any part of the text is malformed. */
  Optional<Long> device() {
    int colon = text.indexOf(':');
    if (colon < 0) {
      return number(text);
    }
    return subsystem().isPresent() ? number(text.substring(0, colon)) : Optional.empty();
  }

  /** Subsystem device and vendor as one number; empty if the filter names none. */
  Optional<Long> subsystem() {
    int colon = text.indexOf(':');
    return colon < 0 ? Optional.empty() : number(text.substring(colon + 1));
  }

  /** Go's ParseUint with base 0 and 32 bits: underscores may stand behind a prefix or a digit. */
  private static Optional<Long> number(String digits) {
    int prefix = prefixLength(digits);
    int radix = radix(digits, prefix);
    boolean behindDigit = prefix > 0;
    long value = 0;
    for (int i = prefix; i < digits.length(); i++) {
      char c = digits.charAt(i);
      int digit = c < 0x80 ? Character.digit(c, radix) : -1;
      if (digit < 0 && (c != '_' || !behindDigit)) {
        return Optional.empty();
      }
      behindDigit = digit >= 0;
      value = behindDigit ? value * radix + digit : value;
      if (value > MAX) {
        return Optional.empty();
      }
    }
    return behindDigit ? Optional.of(value) : Optional.empty();
  }

  private static int prefixLength(String digits) {
    if (digits.length() < 2 || digits.charAt(0) != '0') {
      return 0;
    }
    return digits.length() > 2 && "xXbBoO".indexOf(digits.charAt(1)) >= 0 ? 2 : 1;
  }

  private static int radix(String digits, int prefix) {
    if (prefix == 0) {
      return 10;
    }
    return switch (prefix == 1 ? 'o' : digits.charAt(1)) {
      case 'x', 'X' -> 16;
      case 'b', 'B' -> 2;
      default -> 8;
    };
  }

  /** The text. */
  @Override
  public String toString() {
    return text;
  }

  /** {@return the value in JSON: its text} */
  @JsonValue
  public String toJson() {
    return text;
  }
}
