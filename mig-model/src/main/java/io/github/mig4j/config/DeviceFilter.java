package io.github.mig4j.config;

import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.gpu.PciDeviceId;

/**
 * Which kind of GPU an entry is for; {@code device-filter} in the file.
 *
 * <p>The text is kept as written, because mig-parted accepts any: one that is no device id, such
 * as a product name, matches no GPU and is reported by lint.
 *
 * @param text device and vendor in hexadecimal, e.g. {@code 0x290110DE}, optionally followed by a
 *     colon and the subsystem
 */
public record DeviceFilter(@JsonValue String text) {

  /**
   * The filter that matches one PCI device id.
   *
   * @param id the id
   * @return a filter without subsystem
   */
  public static DeviceFilter of(PciDeviceId id) {
    return new DeviceFilter(id.deviceFilter());
  }

  /** The text. */
  @Override
  public String toString() {
    return text;
  }
}
