package io.github.mig4j.config;

import io.github.mig4j.lint.Findings;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.YamlPath;
import io.github.mig4j.text.YamlValue;
import java.util.ArrayList;
import java.util.List;

/** Reads {@code device-filter}: one text or a list of texts, each a PCI device id. */
final class DeviceFilterRules {

  private final Findings findings;

  DeviceFilterRules(Findings findings) {
    this.findings = findings;
  }

  List<DeviceFilter> read(YamlValue value, YamlPath path) {
    if (value instanceof YamlValue.Null) {
      return List.of();
    }
    if (value instanceof YamlValue.Text text) {
      return text.value().isEmpty() ? List.of() : List.of(filter(text, path));
    }
    if (isNumber(value)) {
      reportUnquoted(value, path);
      return List.of();
    }
    if (!(value instanceof YamlValue.Sequence list)) {
      ConfigValues.wrongType(
          findings, path, value, "device-filter", "a text or a list of texts, e.g. \"0x233010DE\"");
      return List.of();
    }
    List<DeviceFilter> filters = new ArrayList<>();
    for (int i = 0; i < list.items().size(); i++) {
      YamlValue element = list.items().get(i);
      if (element instanceof YamlValue.Text text) {
        filters.add(filter(text, path.item(i)));
      } else if (element instanceof YamlValue.Null) {
        filters.add(filter(new YamlValue.Text(element.at(), ""), path.item(i)));
      } else if (isNumber(element)) {
        reportUnquoted(element, path.item(i));
      } else {
        ConfigValues.wrongType(
            findings, path.item(i), element, "A device filter", "a text, e.g. \"0x233010DE\"");
      }
    }
    return filters;
  }

  private static boolean isNumber(YamlValue value) {
    return value instanceof YamlValue.Int || value instanceof YamlValue.Decimal;
  }

  private void reportUnquoted(YamlValue number, YamlPath path) {
    findings.error(
        ConfigCode.UNQUOTED_FILTER,
        path.at(number.at()),
        "A device filter must be a text, but YAML reads %s as a number"
            .formatted(ConfigValues.text(number)),
        "quote it");
  }

  private DeviceFilter filter(YamlValue.Text text, YamlPath path) {
    DeviceFilter filter = new DeviceFilter(text.value());
    if (!filter.isDeviceId()) {
      findings.warning(
          ConfigCode.FILTER_NOT_AN_ID,
          path.at(text.at()),
          "The filter %s is not a PCI device id, so it matches no GPU, and mig-parted does not report it"
              .formatted(Quoted.of(text.value())),
          "write device and vendor in hexadecimal, e.g. \"0x233010DE\"");
    } else if (!filter.isOfNvidia()) {
      findings.warning(
          ConfigCode.FILTER_NOT_AN_ID,
          path.at(text.at()),
          "The filter %s does not have NVIDIA's vendor 10DE behind the device, so it matches no GPU"
              .formatted(Quoted.of(text.value())),
          "write e.g. \"%s\"".formatted(filter.withVendorBehind()));
    }
    return filter;
  }
}
