package io.github.mig4j.config;

import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.InvalidFileException;
import io.github.mig4j.lint.SourceLocation;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.Quoted;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The text of a mig-parted file, or of a Kubernetes manifest that contains one, and its findings.
 *
 * <pre>{@code
 * MigConfigFile file = MigConfigFile.read(yaml);
 * file.findings().forEach(System.out::println);    // 7:5: error: mig-enabled is missing; …
 * MigConfigDocument document = file.orElseThrow();
 * }</pre>
 *
 * <p>It is read as strictly as mig-parted reads it, but to the end: one error does not hide the next.
 */
public final class MigConfigFile implements JsonForm {

  private final MigConfigReader.Reading reading;

  private MigConfigFile(MigConfigReader.Reading reading) {
    this.reading = reading;
  }

  /**
   * Reads a file: {@code config.yaml} itself, or what contains it, as YAML or JSON. That is a
   * manifest with a ConfigMap, also in a List, in a Template or as one of several documents; the
   * values of the GPU Operator's chart, also below the key of another chart or inside an Argo CD or
   * Flux object; or a Kustomization with literals or patches. Findings have the lines of the whole
   * file. Whatever the text, this throws nothing.
   */
  public static MigConfigFile read(String text) {
    Objects.requireNonNull(text, "text");
    return new MigConfigFile(MigConfigReader.read(text));
  }

  /** Reads the bytes of a file that may not even be text. */
  public static MigConfigFile read(byte[] utf8) {
    Objects.requireNonNull(utf8, "utf8");
    return new MigConfigFile(MigConfigReader.read(utf8));
  }

  /**
   * {@return the findings that hold on every node, in the order of the file: everything that makes
   * the MIG manager refuse the file, and what it accepts silently although it is probably a
   * mistake}
   */
  public List<Finding> findings() {
    return reading.findings();
  }

  /**
   * {@return the whole text that was read; if it is not UTF-8, what precedes the first byte that is
   * not}
   */
  public String text() {
    return reading.text();
  }

  /**
   * {@return where the name of a configuration is}
   *
   * @throws IllegalArgumentException if the file has no such configuration
   */
  public SourceLocation locationOf(String config) {
    Objects.requireNonNull(config, "config");
    return Findings.location(locations(config).name());
  }

  /**
   * {@return where a field of an entry is, or where the entry is if it does not have the field}
   *
   * @param entry the index of the entry in the configuration, from 0
   * @param field the key, e.g. {@code devices}
   * @throws IllegalArgumentException if the file has no such entry
   */
  public SourceLocation locationOf(String config, int entry, String field) {
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(field, "field");
    return Findings.location(entry(config, entry).field(field));
  }

  /**
   * {@return where a profile of an entry is; without it, where {@code mig-devices} or the entry is}
   *
   * @param entry the index of the entry in the configuration, from 0
   * @throws IllegalArgumentException if the file has no such entry
   */
  public SourceLocation locationOf(String config, int entry, MigProfile profile) {
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(profile, "profile");
    return Findings.location(entry(config, entry).profile(profile));
  }

  private ConfigLocations locations(String config) {
    ConfigLocations locations = reading.locations().get(config);
    if (locations == null) {
      throw new IllegalArgumentException("The file has no config %s".formatted(Quoted.of(config)));
    }
    return locations;
  }

  private ConfigLocations.Entry entry(String config, int entry) {
    List<ConfigLocations.Entry> entries = locations(config).entries();
    if (entry < 0 || entry >= entries.size()) {
      throw new IllegalArgumentException(
          "Config %s has %d entries, so entry must be from 0 to %d, but was %d"
              .formatted(Quoted.of(config), entries.size(), entries.size() - 1, entry));
    }
    return entries.get(entry);
  }

  /** {@return what the file says, or empty if the MIG manager would refuse the file} */
  public Optional<MigConfigDocument> document() {
    return reading.document();
  }

  /**
   * {@return what the configuration contains, even if the MIG manager does not find it in the file,
   * such as under another key of its ConfigMap, which is an error of the file; empty if the
   * configuration itself has errors}
   */
  public Optional<MigConfigDocument> content() {
    return reading.content();
  }

  /**
   * {@return the MIG strategy that the file sets for the GPU Operator, as Helm values do; empty if
   * it sets none that the operator knows}
   */
  public Optional<MigStrategy> strategy() {
    return reading.strategy().flatMap(MigStrategy::parse);
  }

  /**
   * {@return which configuration the file makes the one of nodes that request none, as Helm values
   * do; {@code ""} for none, empty if the file does not say it}
   */
  public Optional<String> defaultConfig() {
    return reading.defaultConfig();
  }

  /**
   * {@return what the file says}
   *
   * @throws InvalidFileException with every error, if the MIG manager would refuse the file
   */
  public MigConfigDocument orElseThrow() {
    return document()
        .orElseThrow(() -> new InvalidFileException("MIG configuration file", findings()));
  }

  /**
   * Adds a configuration to the file, or replaces the one of that name; returns the edited text, or
   * what it would lose. The rest of the file stays, comments and manifest included.
   *
   * @throws InvalidFileException if the MIG manager would refuse the file as it is: a merge would
   *     not help
   */
  public ConfigEdit merge(String name, MigConfig config) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(config, "config");
    return ConfigEditor.merge(reading, orElseThrow(), name, config);
  }

  /**
   * Removes a configuration from the file, which is unchanged without one of that name; returns the
   * edited text, or what it would lose.
   *
   * @throws InvalidFileException if the MIG manager would refuse the file as it is
   */
  public ConfigEdit remove(String name) {
    Objects.requireNonNull(name, "name");
    return ConfigEditor.remove(reading, orElseThrow(), name);
  }

  /**
   * {@return the text that {@link MigConfigDocument#toYaml} writes, and what of the file it lacks:
   * comments, a manifest}
   *
   * @throws InvalidFileException if the MIG manager would refuse the file as it is
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

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("document", document())
        .and("strategy", strategy())
        .and("defaultConfig", defaultConfig())
        .and("findings", findings())
        .map();
  }
}
