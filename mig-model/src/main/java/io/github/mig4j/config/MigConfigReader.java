package io.github.mig4j.config;

import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.lint.WrappingFindings;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.GoYaml;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.Lines;
import io.github.mig4j.text.Template;
import io.github.mig4j.text.Wrapping;
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
   * @param content what the configuration contains, present if mig-parted accepts that, even if it
   *     does not find it where it is
   * @param embedded the configuration, if the file is a manifest that contains one
   */
  record Reading(
      List<Finding> findings,
      Optional<MigConfigDocument> document,
      Optional<MigConfigDocument> content,
      Map<String, ConfigLocations> locations,
      Optional<Wrapping.Content> embedded,
      Optional<String> strategy,
      Optional<String> defaultConfig,
      String text) {

    static Reading refused(Findings findings, String text) {
      return new Reading(
          findings.sorted(),
          Optional.empty(),
          Optional.empty(),
          Map.of(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          text);
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
    String last = lines.get(lines.size() - 1);
    int column = last.codePointCount(0, last.length()) + 1;
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
    Optional<Template> template = Template.isReadAsMap(yaml.documents())
        ? Template.in(text)
        : yaml.fault().flatMap(fault -> Template.causing(fault, text));
    if (template.isPresent()) {
      return template(template.get(), Embedding.NONE, text);
    }
    Wrapping wrapping = Wrapping.of(yaml, text);
    boolean manifest = Manifest.isManifest(yaml.documents(), wrapping)
        && yaml.documents().stream().noneMatch(OtherKinds::lostIndentation);
    if (!manifest) {
      return new MigConfigReader(findings, Embedding.NONE)
          .read(yaml, Source.whole(text), List.of());
    }
    yaml.fault().ifPresent(fault -> fault.report(findings));
    Manifest.Configurations configurations =
        Manifest.configurations(wrapping, yaml.documents(), text, findings);
    configurations.others().stream()
        .flatMap(other -> inside(other, Source.whole(other.text()), List.of()).findings().stream())
        .forEach(findings::add);
    if (configurations.first().isEmpty()) {
      return Reading.refused(findings, text);
    }
    Wrapping.Content inner = configurations.first().get();
    return inside(
        inner,
        new Source(text, inner.text(), configurations.first(), Optional.of(wrapping)),
        findings.sorted());
  }

  private static Reading inside(Wrapping.Content content, Source source, List<Finding> outside) {
    Findings findings = new Findings(PROGRAM);
    YamlText yaml = YamlText.parse(content.text(), content.embedding(), findings);
    return new MigConfigReader(findings, content.embedding()).read(yaml, source, outside);
  }

  private static Reading template(Template template, Embedding embedding, String file) {
    Findings findings = new Findings(PROGRAM);
    WrappingFindings.report(template, embedding, findings);
    return Reading.refused(findings, file);
  }

  /**
   * What is read.
   *
   * @param configuration the text of the configuration in it
   * @param embedded the same, if the file is not the configuration itself
   * @param wrapping what the file sets beside it
   */
  private record Source(
      String file,
      String configuration,
      Optional<Wrapping.Content> embedded,
      Optional<Wrapping> wrapping) {

    static Source whole(String text) {
      return new Source(text, text, Optional.empty(), Optional.empty());
    }
  }

  private Reading read(YamlText yaml, Source source, List<Finding> outside) {
    Optional<MigConfigDocument> read = document(yaml, source.configuration);
    Optional<MigConfigDocument> content = findings.hasErrors() ? Optional.empty() : read;
    boolean isWholeFileNoYaml = source.embedded.isEmpty() && yaml.fault().isPresent();
    if (!isWholeFileNoYaml && (content.isEmpty() || hasPlaceholder(content.get()))) {
      Optional<Template> template = Template.in(source.configuration);
      if (template.isPresent()) {
        return template(template.get(), embedding, source.file);
      }
    }
    outside.forEach(findings::add);
    return new Reading(
        findings.sorted(),
        findings.hasErrors() ? Optional.empty() : content,
        content,
        rules.locations,
        source.embedded,
        source.wrapping.flatMap(Wrapping::strategy),
        source.wrapping.flatMap(Wrapping::defaultConfig),
        source.file);
  }

  /** Whether a name is one that a template engine has yet to fill in, which YAML reads if quoted. */
  private static boolean hasPlaceholder(MigConfigDocument document) {
    return document.configs().keySet().stream()
        .anyMatch(name -> Template.in(name).isPresent());
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
    if (OtherKinds.report(root, embedding, findings)) {
      return Optional.empty();
    }
    yaml.afterFirst(embedding)
        .ifPresent(second -> findings.warning(
            TextCode.EXTRA_DOCUMENT,
            YamlPath.ROOT.at(second),
            "A second YAML document begins here or above, which mig-parted does not read",
            "put all configurations into the first"));
    if (OtherKinds.lostIndentation(root)) {
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
