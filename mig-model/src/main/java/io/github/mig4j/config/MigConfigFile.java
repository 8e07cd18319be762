package io.github.mig4j.config;

import io.github.mig4j.lint.Finding;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The text of a mig-parted file, or of a Kubernetes manifest that holds one, and all there is to
 * say about it.
 *
 * <pre>{@code
 * MigConfigFile file = MigConfigFile.read(yaml);
 * file.findings().forEach(System.out::println);    // 7:5: error: mig-enabled is missing; …
 * MigConfigDocument document = file.orElseThrow();
 * }</pre>
 *
 * <p>Read as strictly as mig-parted does, but to the end: one fault does not hide the next.
 */
public final class MigConfigFile {

  private final MigConfigReader.Reading reading;

  private MigConfigFile(MigConfigReader.Reading reading) {
    this.reading = reading;
  }

  /**
   * Reads a file: {@code config.yaml} itself, or a manifest with a ConfigMap, also in a List or as
   * one of several documents. Whatever the text, the outcome is a value.
   *
   * @param text YAML or JSON
   * @return the file and its findings
   */
  public static MigConfigFile read(String text) {
    Objects.requireNonNull(text, "text");
    return new MigConfigFile(MigConfigReader.read(text));
  }

  /**
   * Reads a file that may not even be text.
   *
   * @param utf8 the bytes of a file
   * @return the file and its findings
   */
  public static MigConfigFile read(byte[] utf8) {
    Objects.requireNonNull(utf8, "utf8");
    return new MigConfigFile(MigConfigReader.read(utf8));
  }

  /**
   * What can be said without knowing the node: everything that makes the MIG manager refuse the
   * file, and what it accepts in silence although it hardly can be meant.
   *
   * @return findings in the order of the file
   */
  public List<Finding> findings() {
    return reading.findings();
  }

  /**
   * What was read, for the rules that compare it with a node. Not API.
   *
   * @return the reading
   */
  public MigConfigReader.Reading reading() {
    return reading;
  }

  /**
   * What the file says.
   *
   * @return the document, or empty if the MIG manager would refuse the file
   */
  public Optional<MigConfigDocument> document() {
    return reading.document();
  }

  /**
   * What the file says, where it must be right.
   *
   * @return the document
   * @throws MigConfigSyntaxException with every error, if the MIG manager would refuse the file
   */
  public MigConfigDocument orElseThrow() {
    return document()
        .orElseThrow(() -> new MigConfigSyntaxException(
            findings().stream().filter(Finding::isError).toList()));
  }

  /**
   * The file with one configuration added, or in place of the one of that name. What else stands in
   * the file stays, comments and manifest included.
   *
   * @param name the name
   * @param config the configuration
   * @return the edited text, or what it would lose
   * @throws MigConfigSyntaxException if the MIG manager would refuse the file as it is: a merge would
   *     not help
   */
  public ConfigEdit merge(String name, MigConfig config) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(config, "config");
    return ConfigEditor.merge(reading, orElseThrow(), name, config);
  }

  /**
   * The file without one configuration; unchanged if it has none of that name.
   *
   * @param name the name
   * @return the edited text, or what it would lose
   * @throws MigConfigSyntaxException if the MIG manager would refuse the file as it is
   */
  public ConfigEdit remove(String name) {
    Objects.requireNonNull(name, "name");
    return ConfigEditor.remove(reading, orElseThrow(), name);
  }

  /**
   * The configuration as {@link MigConfigDocument#toYaml} writes it.
   *
   * @return the canonical text, and what the file has beside it: comments, a manifest
   * @throws MigConfigSyntaxException if the MIG manager would refuse the file as it is
   */
  public ConfigEdit canonical() {
    return ConfigEditor.canonical(reading, orElseThrow());
  }

  /** How many findings there are, and whether the file can be used. */
  @Override
  public String toString() {
    return "MigConfigFile[%s, %d findings]"
        .formatted(
            document().map(MigConfigDocument::toString).orElse("refused"),
            findings().size());
  }
}
