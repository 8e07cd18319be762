package io.github.mig4j.config;

import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.GoYaml;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.Lines;
import io.github.mig4j.text.YamlPath;
import io.github.mig4j.text.YamlText;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.nodes.Node;

/**
 * Reads a file by the rules of mig-parted's own parser, but continues where that one stops at the
 * first error. This class finds the document in the file; {@link DocumentRules} reads it.
 */
final class MigConfigReader {

  static final String PROGRAM = "mig-parted";

  private static final Pattern INDENTED = Pattern.compile("(?m)^[ \\t]+[^ \\t\\r\\n#]");
  private static final Pattern UNINDENTED_CONFIGS =
      Pattern.compile("(?m)^mig-configs:[ \\t]*(?:#.*)?$");

  private final Findings findings;
  private final Embedding embedding;
  private final DocumentRules rules;

  private MigConfigReader(Findings findings, Embedding embedding) {
    this.findings = findings;
    this.embedding = embedding;
    this.rules = new DocumentRules(findings);
  }

  /**
   * What a file contains.
   *
   * @param document present if mig-parted accepts the file
   * @param locations where each configuration is
   * @param embedded the configuration, if the file is a manifest that contains one
   * @param text the whole file
   */
  record Reading(
      List<Finding> findings,
      Optional<MigConfigDocument> document,
      Map<String, ConfigLocations> locations,
      Optional<Manifest.Embedded> embedded,
      String text) {

    static Reading refused(Findings findings, String text) {
      return new Reading(findings.sorted(), Optional.empty(), Map.of(), Optional.empty(), text);
    }
  }

  static Reading read(byte[] utf8) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    CharBuffer decoded = CharBuffer.allocate(utf8.length);
    ByteBuffer bytes = ByteBuffer.wrap(utf8);
    CoderResult result = decoder.decode(bytes, decoded, true);
    decoded.flip();
    if (!result.isError()) {
      return read(decoded.toString());
    }
    List<String> lines = Lines.of(decoded.toString());
    int column = lines.get(lines.size() - 1).length() + 1;
    Findings findings = new Findings(PROGRAM);
    findings.error(
        ConfigCode.INVALID_UTF8,
        YamlPath.ROOT.at(new LineColumn(lines.size(), column)),
        "Not UTF-8: byte 0x%02X at offset %d".formatted(utf8[bytes.position()], bytes.position()),
        "save the file as UTF-8");
    return Reading.refused(findings, decoded.toString());
  }

  static Reading read(String text) {
    Findings findings = new Findings(PROGRAM);
    YamlText yaml = YamlText.parse(text, Embedding.NONE, findings);
    boolean manifest = Manifest.isManifest(yaml.documents())
        && yaml.documents().stream().noneMatch(Manifest::lostIndentation);
    if (!manifest) {
      return new MigConfigReader(findings, Embedding.NONE).read(yaml, text, Optional.empty(), text);
    }
    yaml.fault().ifPresent(fault -> fault.report(findings));
    Optional<Manifest.Embedded> embedded = Manifest.configuration(text, yaml.documents(), findings);
    if (embedded.isEmpty()) {
      return Reading.refused(findings, text);
    }
    Manifest.Embedded inner = embedded.get();
    YamlText configuration = YamlText.parse(inner.text(), inner.embedding(), findings);
    return new MigConfigReader(findings, inner.embedding())
        .read(configuration, inner.text(), embedded, text);
  }

  private Reading read(
      YamlText yaml, String configuration, Optional<Manifest.Embedded> embedded, String file) {
    Optional<MigConfigDocument> document = document(yaml, configuration);
    return new Reading(
        findings.sorted(),
        findings.hasErrors() ? Optional.empty() : document,
        rules.locations(),
        embedded,
        file);
  }

  private Optional<MigConfigDocument> document(YamlText yaml, String text) {
    if (yaml.documents().isEmpty()) {
      LineColumn start = embedding.inFile(LineColumn.START);
      if (yaml.fault().isEmpty()) {
        rules.reportEmpty(start);
      } else if (UNINDENTED_CONFIGS.matcher(text).find()
          && !INDENTED.matcher(text).find()) {
        reportLostIndentation(start);
      }
      yaml.fault().ifPresent(fault -> fault.report(findings));
      return Optional.of(MigConfigDocument.empty());
    }
    Node root = yaml.documents().get(0);
    yaml.afterFirst(embedding)
        .ifPresent(second -> findings.warning(
            TextCode.EXTRA_DOCUMENT,
            YamlPath.ROOT.at(second),
            "A second YAML document begins here or above, which mig-parted does not read",
            "put all configurations into the first"));
    if (Manifest.lostIndentation(root)) {
      reportLostIndentation(GoYaml.position(root, embedding));
      return Optional.empty();
    }
    return GoYaml.convert(root, embedding, findings).flatMap(rules::read);
  }

  private void reportLostIndentation(LineColumn at) {
    findings.error(
        ConfigCode.INDENTATION_LOST,
        YamlPath.ROOT.at(at),
        "The lines have lost their indentation, probably in copying, so that inner keys are beside outer ones",
        "indent each level by two blanks more than the one above");
  }
}
