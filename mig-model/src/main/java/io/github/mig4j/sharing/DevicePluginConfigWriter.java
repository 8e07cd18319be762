package io.github.mig4j.sharing;

/** The file's text form. */
final class DevicePluginConfigWriter {
  private final StringBuilder yaml = new StringBuilder();

  private DevicePluginConfigWriter() {}

  static String write(DevicePluginConfig config) {
    DevicePluginConfigWriter writer = new DevicePluginConfigWriter();
    writer.line(0, "version: v1");
    writer.flags(config.flags());
    config.sharing().ifPresent(writer::sharing);
    writer.imex(config.imexChannel());
    return writer.yaml.toString();
  }

  private void flags(DevicePluginFlags flags) {
    KnownKeys open = KnownKeys.ROOT;
    for (Flag flag : Flag.ALL) {
      String value = flag.written(flags).orElse("");
      if (value.isEmpty()) {
        continue;
      }
      if (open == KnownKeys.ROOT) {
        line(0, "flags:");
      }
      if (open != flag.scope() && flag.scope() != KnownKeys.FLAGS) {
        line(1, flag.scope() == KnownKeys.PLUGIN ? "plugin:" : "gfd:");
      }
      open = flag.scope();
      line(open == KnownKeys.FLAGS ? 1 : 2, flag.key() + ": " + value);
    }
  }

  private void sharing(GpuSharing sharing) {
    line(0, "sharing:");
    line(1, sharing.kind().section() + ":");
    if (sharing.renameByDefault()) {
      line(2, "renameByDefault: true");
    }
    if (sharing.failRequestsGreaterThanOne() != (sharing.kind() == SharingKind.MPS)) {
      line(2, "failRequestsGreaterThanOne: " + sharing.failRequestsGreaterThanOne());
    }
    line(2, "resources:");
    for (SharedResource resource : sharing.resources()) {
      line(3, "- name: " + resource.name());
      line(4, "replicas: " + resource.replicas());
    }
  }

  private void imex(ImexChannel channel) {
    if (channel != ImexChannel.NONE) {
      line(0, "imex:");
      line(1, "channelIDs: [0]");
    }
    if (channel == ImexChannel.REQUIRED) {
      line(1, "required: true");
    }
  }

  private void line(int level, String text) {
    yaml.append("  ".repeat(level)).append(text).append('\n');
  }
}
