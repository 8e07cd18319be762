package io.github.mig4j.sharing;

import io.github.mig4j.text.YamlOutput;
import java.util.List;

/** The file's text form. */
final class DevicePluginConfigWriter {
  private final StringBuilder yaml = new StringBuilder();

  private DevicePluginConfigWriter() {}

  static String write(DevicePluginConfig config) {
    DevicePluginConfigWriter writer = new DevicePluginConfigWriter();
    writer.line(0, "version: v1");
    writer.unknown(0, config, "");
    writer.flags(config);
    writer.section(0, "sharing:", () -> {
      config.sharing().ifPresent(sharing -> writer.sharing(config, sharing));
      writer.unknown(1, config, "sharing");
    });
    writer.imex(config);
    return writer.yaml.toString();
  }

  private void flags(DevicePluginConfig config) {
    section(0, "flags:", () -> {
      scope(1, config, KnownKeys.FLAGS);
      section(1, "plugin:", () -> scope(2, config, KnownKeys.PLUGIN));
      section(1, "gfd:", () -> scope(2, config, KnownKeys.GFD));
    });
  }

  /** A heading, unless nothing is written below it. */
  private void section(int level, String heading, Runnable content) {
    int before = yaml.length();
    line(level, heading);
    int begun = yaml.length();
    content.run();
    if (yaml.length() == begun) {
      yaml.setLength(before);
    }
  }

  private void scope(int level, DevicePluginConfig config, KnownKeys scope) {
    List<String> keys = scope.keys();
    Flag.ALL.stream()
        .filter(flag -> keys.contains(flag.key()))
        .forEach(flag -> flag.get()
            .apply(config.flags())
            .map(value -> value instanceof String text ? YamlOutput.text(text) : value)
            .ifPresent(value -> line(level, flag.key() + ": " + value)));
    unknown(level, config, scope.location());
  }

  private void unknown(int level, DevicePluginConfig config, String map) {
    config.unknownKeys().stream()
        .filter(unknown -> unknown.map().equals(map))
        .forEach(unknown ->
            line(level, YamlOutput.key(unknown.key(), "  ".repeat(level)) + " " + unknown.value()));
  }

  private void sharing(DevicePluginConfig config, GpuSharing sharing) {
    line(1, sharing.kind().section() + ":");
    if (sharing.renameByDefault()) {
      line(2, "renameByDefault: true");
    }
    if (sharing.failRequestsGreaterThanOne() != (sharing.kind() == SharingKind.MPS)) {
      line(2, "failRequestsGreaterThanOne: " + sharing.failRequestsGreaterThanOne());
    }
    unknown(2, config, "sharing." + sharing.kind().section());
    line(2, "resources:");
    for (SharedResource resource : sharing.resources()) {
      line(3, "- name: " + resource.name());
      line(4, "replicas: " + resource.replicas());
      unknown(4, config, UnknownKey.entry(sharing.kind(), resource.name()));
    }
  }

  private void imex(DevicePluginConfig config) {
    section(0, "imex:", () -> {
      if (config.imexChannel() != ImexChannel.NONE) {
        line(1, "channelIDs: [0]");
      }
      if (config.imexChannel() == ImexChannel.REQUIRED) {
        line(1, "required: true");
      }
      unknown(1, config, KnownKeys.IMEX.location());
    });
  }

  private void line(int level, String text) {
    yaml.append("  ".repeat(level)).append(text).append('\n');
  }
}
