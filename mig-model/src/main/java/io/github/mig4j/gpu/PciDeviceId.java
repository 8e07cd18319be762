package io.github.mig4j.gpu;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The PCI device id of an NVIDIA GPU, e.g. {@code 0x2901} of a B200.
 *
 * @param device the device part, from 0 to 0xFFFF; the vendor is always NVIDIA's, 0x10DE
 */
public record PciDeviceId(int device) implements Comparable<PciDeviceId> {

  private static final int NVIDIA = 0x10DE;
  private static final Pattern FORM = Pattern.compile("0[xX]([0-9A-Fa-f]{4})(?:10[dD][eE])?");

  public PciDeviceId {
    if (device < 0 || device > 0xFFFF) {
      throw new IllegalArgumentException(
          "A PCI device id must be from 0x0000 to 0xFFFF, but was 0x%X".formatted(device));
    }
  }

  /**
   * Parses {@code "0x2901"}, or {@code "0x290110DE"} as mig-parted's device filters spell it.
   *
   * @throws IllegalArgumentException if the text has another form
   */
  @JsonCreator
  public static PciDeviceId parse(String text) {
    Objects.requireNonNull(text, "text");
    return tryParse(text)
        .orElseThrow(() -> new IllegalArgumentException(
            "Not a PCI device id of an NVIDIA GPU: '%s'. Expected e.g. '0x2901' or '0x290110DE'"
                .formatted(text)));
  }

  static Optional<PciDeviceId> tryParse(String text) {
    var form = FORM.matcher(text);
    return form.matches()
        ? Optional.of(new PciDeviceId(Integer.parseInt(form.group(1), 16)))
        : Optional.empty();
  }

  /** {@return the id in mig-parted's {@code device-filter}, with vendor: {@code 0x290110DE}} */
  public String deviceFilter() {
    return String.format(Locale.ROOT, "0x%04X%04X", device, NVIDIA);
  }

  /** Orders by number. */
  @Override
  public int compareTo(PciDeviceId other) {
    Objects.requireNonNull(other, "other");
    return Integer.compare(device, other.device);
  }

  /** The id as in PCI lists, e.g. {@code 0x2901}; the inverse of {@link #parse}. */
  @Override
  @JsonValue
  public String toString() {
    return String.format(Locale.ROOT, "0x%04X", device);
  }
}
