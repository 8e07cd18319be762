package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.PciDeviceId;
import io.github.mig4j.lint.Finding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What mig-parted accepts and refuses, and what it reads; each verdict is that of its own code. */
class MigPartedVerdictsTest {

  @TestFactory
  Stream<DynamicTest> read_acceptsAndRefuses_asMigPartedDoes() throws IOException {
    JsonNode cases =
        new ObjectMapper().readTree(getClass().getResourceAsStream("mig-parted-verdicts.json"));

    return StreamSupport.stream(cases.spliterator(), false)
        .map(c -> DynamicTest.dynamicTest(
            c.get("kind").asText() + ": " + c.get("case").asText(), () -> check(c)));
  }

  private static void check(JsonNode c) {
    switch (c.get("kind").asText()) {
      case "file" -> checkFile(c, c.get("text").asText());
      case "entry" -> checkFile(c, inFile("  - ", c.get("text").asText()));
      case "profile" -> checkProfile(c);
      case "device-id" -> checkDeviceId(c);
      case "filter" -> checkFilter(c);
      default -> throw new AssertionError(c);
    }
  }

  private static String inFile(String lead, String entry) {
    return "version: v1\nmig-configs:\n  c:\n" + lead + entry.strip().replace("\n", "\n    ")
        + "\n";
  }

  private static void checkFile(JsonNode c, String text) {
    MigConfigFile file = MigConfigFile.read(text);

    boolean accepted = c.get("go").asText().equals("accepts");
    assertThat(file.document().isPresent()).as("%s", file.findings()).isEqualTo(accepted);
    assertThat(file.findings().stream().anyMatch(Finding::isError)).isNotEqualTo(accepted);
    if (c.has("means")) {
      assertThat(meaning(file.orElseThrow())).isEqualTo(normal(c.get("means")));
    }
  }

  private static void checkProfile(JsonNode c) {
    String name = c.get("text").asText();
    ObjectNode entry = JsonNodeFactory.instance.objectNode();
    entry
        .put("devices", "all")
        .put("mig-enabled", true)
        .putObject("mig-devices")
        .put(name, 1);
    boolean accepted = c.get("go").asText().equals("accepts");

    MigConfigFile file = MigConfigFile.read(inFile("  - ", entry.toString()));

    assertThat(file.document().isPresent()).as("%s", file.findings()).isEqualTo(accepted);
    if (accepted) {
      MigConfigSpec read = file.orElseThrow().configs().get("c").entries().get(0);
      assertThat(read.migDevices().firstKey()).hasToString(c.get("means").asText());
      assertThat(MigProfile.parse(name)).isEqualTo(read.migDevices().firstKey());
    } else {
      assertThat(file.findings()).extracting(Finding::code).contains(ConfigCode.INVALID_PROFILE);
    }
  }

  private static void checkDeviceId(JsonNode c) {
    DeviceFilter filter = new DeviceFilter(c.get("text").asText());

    boolean accepted = c.get("go").asText().equals("accepts");
    assertThat(filter.isDeviceId()).isEqualTo(accepted);
    if (accepted) {
      String read = "0x%08X".formatted(filter.device().orElseThrow())
          + filter.subsystem().map(":0x%08X"::formatted).orElse("");
      assertThat(read).isEqualTo(c.get("means").asText());
    }
  }

  private static void checkFilter(JsonNode c) {
    String[] gpu = c.get("gpu").asText().split(":", -1);
    PciDeviceId id = PciDeviceId.parse(gpu[0]);
    OptionalLong subsystem = OptionalLong.of(Long.decode(gpu[1]));
    List<DeviceFilter> filters = new ArrayList<>();
    c.get("filters").forEach(filter -> filters.add(new DeviceFilter(filter.asText())));

    boolean matches = filters.isEmpty() || filters.stream().anyMatch(f -> f.matches(id, subsystem));

    assertThat(matches).isEqualTo(c.get("go").asText().equals("matches"));
  }

  private static JsonNode meaning(MigConfigDocument document) {
    ObjectNode configs = JsonNodeFactory.instance.objectNode();
    document.configs().forEach((name, config) -> {
      var entries = configs.putArray(name);
      for (MigConfigSpec entry : config.entries()) {
        ObjectNode json = entries.addObject();
        var filters = json.putArray("device-filter");
        entry.deviceFilters().forEach(filter -> filters.add(filter.text()));
        json.put("devices", entry.devices().toString());
        json.put("mig-enabled", entry.migEnabled());
        ObjectNode devices = json.putObject("mig-devices");
        entry.migDevices().forEach((profile, count) -> devices.put(profile.toString(), count));
      }
    });
    return configs;
  }

  /** In one form what has several: a filter or a list of them, devices absent, null or zero. */
  private static JsonNode normal(JsonNode means) {
    ObjectNode configs = means.deepCopy();
    configs.forEach(entries -> entries.forEach(each -> {
      ObjectNode entry = (ObjectNode) each;
      JsonNode filter = Optional.ofNullable(entry.remove("device-filter"))
          .orElse(JsonNodeFactory.instance.arrayNode());
      JsonNode devices = entry.remove("devices");
      boolean enabled = entry.remove("mig-enabled").asBoolean();
      JsonNode migDevices = entry.remove("mig-devices");
      var filters = entry.putArray("device-filter");
      if (filter.isArray()) {
        filter.forEach(filters::add);
      } else if (!filter.asText().isEmpty()) {
        filters.add(filter);
      }
      entry.put("devices", devices.isTextual() ? devices.asText() : listed(devices));
      entry.put("mig-enabled", enabled);
      ObjectNode counts = entry.putObject("mig-devices");
      migDevices.fields().forEachRemaining(count -> {
        if (count.getValue().asInt() > 0) {
          counts.set(count.getKey(), count.getValue());
        }
      });
    }));
    return configs;
  }

  private static String listed(JsonNode indexes) {
    List<Integer> list = new ArrayList<>();
    indexes.forEach(index -> list.add(index.asInt()));
    return list.toString();
  }
}
