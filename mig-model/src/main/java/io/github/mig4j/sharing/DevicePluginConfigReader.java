package io.github.mig4j.sharing;

import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.lint.WrappingFindings;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.GoScalar;
import io.github.mig4j.text.GoYaml;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.Template;
import io.github.mig4j.text.YamlOutput;
import io.github.mig4j.text.YamlPath;
import io.github.mig4j.text.YamlText;
import java.util.List;
import java.util.Optional;

/**
 * Reads a file by the rules of the device plugin's own reader (api/config/v1), reports what that one
 * ignores silently, and continues where it stops. Each section has a class of its own.
 */
final class DevicePluginConfigReader {

  static final String PROGRAM = "the device plugin";

  private final Findings findings = new Findings(PROGRAM);
  private final Optional<NodeDevices> node;
  private final DevicePluginConfig.Builder config = DevicePluginConfig.builder();

  private DevicePluginConfigReader(Optional<NodeDevices> node) {
    this.node = node;
  }

  /**
   * What a text contains.
   *
   * @param config present if the plugin accepts the text
   */
  record Reading(
      String text,
      Embedding embedding,
      List<Finding> findings,
      Optional<DevicePluginConfig> config) {}

  static Reading read(String text, Embedding embedding, Optional<NodeDevices> node) {
    DevicePluginConfigReader reader = new DevicePluginConfigReader(node);
    YamlText yaml = YamlText.parse(text, embedding, reader.findings);
    reader.read(yaml, embedding);
    boolean isWholeFileNoYaml = embedding == Embedding.NONE && yaml.fault().isPresent();
    boolean canBeTemplate = reader.findings.hasErrors() || Template.isReadAsMap(yaml.documents());
    Optional<Template> template = isWholeFileNoYaml
        ? Template.causing(yaml.fault().get(), text)
        : canBeTemplate ? Template.in(text) : Optional.empty();
    if (template.isPresent()) {
      Findings findings = new Findings(PROGRAM);
      WrappingFindings.report(template.get(), embedding, findings);
      return new Reading(text, embedding, findings.sorted(), Optional.empty());
    }
    return new Reading(
        text,
        embedding,
        reader.findings.sorted(),
        reader.findings.hasErrors() ? Optional.empty() : Optional.of(reader.config.build()));
  }

  private void read(YamlText yaml, Embedding embedding) {
    if (yaml.documents().isEmpty()) {
      yaml.fault()
          .ifPresentOrElse(
              fault -> fault.report(findings),
              () -> reportEmpty(embedding.inFile(LineColumn.START)));
      return;
    }
    if (SharingFragments.report(yaml.documents().get(0), embedding, findings)) {
      return;
    }
    yaml.afterFirst(embedding)
        .ifPresent(second -> findings.warning(
            TextCode.EXTRA_DOCUMENT,
            YamlPath.ROOT.at(second),
            "A second YAML document begins here or above, which the device plugin does not read",
            "give each configuration a key of its own in the ConfigMap"));
    GoYaml.convert(yaml.documents().get(0), embedding, findings)
        .ifPresent(root -> root(new Field(findings, YamlPath.ROOT, root.at(), root)));
  }

  private void reportEmpty(LineColumn at) {
    findings.note(
        TextCode.EMPTY_DOCUMENT,
        YamlPath.ROOT.at(at),
        "The configuration is empty, so nothing is shared and every flag has its default",
        "write 'version: v1' to show that this is intended");
  }

  private void root(Field root) {
    if (root.isNull()) {
      reportEmpty(root.keyAt());
      return;
    }
    Fields fields = Fields.of(root, "The file", KnownKeys.ROOT);
    if (fields.isMap()) {
      checkVersion(root, fields);
    }
    FlagRules flags = new FlagRules(node);
    fields.get("flags").ifPresent(flags::read);
    fields.get("resources").ifPresent(IgnoredResourcesRules::check);
    SharingRules rules = new SharingRules(node, flags.strategy());
    Optional<SharingSection> sharing = fields.get("sharing").flatMap(rules::read);
    Optional<Fields> imex =
        fields.get("imex").map(field -> Fields.of(field, "imex", KnownKeys.IMEX));
    Optional<ImexChannel> channel = imex.map(ImexRules::read);
    if (!findings.hasErrors()) {
      config.flags(flags.flags());
      sharing.map(SharingSection::sharing).ifPresent(config::sharing);
      channel.ifPresent(config::imexChannel);
      imex.stream()
          .flatMap(each -> UnknownKey.of(KnownKeys.IMEX.location(), each))
          .forEach(config::addUnknownKeys);
      UnknownKey.of("", fields).forEach(config::addUnknownKeys);
      fields
          .get("resources")
          .map(ignored -> new UnknownKey("", "resources", YamlOutput.json(ignored.value())))
          .ifPresent(config::addUnknownKeys);
      config.addAllUnknownKeys(flags.unknown);
      config.addAllUnknownKeys(rules.unknown);
    }
  }

  private static void checkVersion(Field root, Fields fields) {
    Optional<Field> version = fields.nonNull("version");
    if (version.isEmpty()) {
      root.report(
          SharingCode.MISSING_VERSION,
          "The version is missing, which the device plugin reads as v1",
          "begin with 'version: v1'");
      return;
    }
    Optional<String> text = GoScalar.key(version.get().value());
    if (text.isEmpty()) {
      version.get().wrongType("version", "the text v1");
    } else if (!text.get().isEmpty() && !text.get().equals("v1")) {
      version
          .get()
          .report(
              SharingCode.UNKNOWN_VERSION,
              "Unknown version %s".formatted(Quoted.of(text.get())),
              "the only version is v1");
    }
  }
}
