package io.github.mig4j.sharing;

import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Findings;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.YamlPath;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The text of a device plugin's configuration, and its findings.
 *
 * <pre>{@code
 * DevicePluginConfigFile file = DevicePluginConfigFile.read(yaml);
 * file.findings().forEach(System.out::println);    // 6:17: error: nvidia.com/gpu has 1 replicas, …
 * DevicePluginConfig config = file.orElseThrow();
 * }</pre>
 *
 * <p>It accepts what the plugin accepts, and reports what the plugin ignores silently.
 */
public final class DevicePluginConfigFile {

  private final String text;
  private final Embedding embedding;
  private final DevicePluginConfigReader.Reading reading;

  private DevicePluginConfigFile(
      String text, Embedding embedding, DevicePluginConfigReader.Reading reading) {
    this.text = text;
    this.embedding = embedding;
    this.reading = reading;
  }

  /**
   * Reads one configuration: the value under one key of the ConfigMap. Whatever the text, this
   * throws nothing.
   *
   * @param text YAML or JSON
   * @return the file and its findings
   */
  public static DevicePluginConfigFile read(String text) {
    Objects.requireNonNull(text, "text");
    return read(text, Embedding.NONE);
  }

  private static DevicePluginConfigFile read(String text, Embedding embedding) {
    return new DevicePluginConfigFile(
        text, embedding, DevicePluginConfigReader.read(text, embedding, Optional.empty()));
  }

  /**
   * Reads the named configurations of a file: of a ConfigMap, also in a List or as one of several
   * documents; of Helm values of the device plugin or of the GPU Operator; or of a Kustomization that
   * patches a ConfigMap. Findings have the lines of the whole file.
   *
   * @param text YAML or JSON; a configuration itself is read as one without a name
   * @return at least one, by name in the order of the file
   */
  public static Map<String, DevicePluginConfigFile> readAll(String text) {
    Objects.requireNonNull(text, "text");
    Map<String, DevicePluginConfigFile> files = new LinkedHashMap<>();
    Optional<List<NamedConfigs.Named>> named = NamedConfigs.in(text);
    if (named.isEmpty()) {
      files.put("", read(text));
    } else if (named.get().isEmpty()) {
      Findings findings = new Findings(DevicePluginConfigReader.PROGRAM);
      findings.error(
          SharingCode.NO_CONFIGURATION,
          YamlPath.ROOT.at(LineColumn.START),
          "The file contains no configuration of the device plugin",
          "put it into the data of a ConfigMap, one key for each");
      files.put(
          "",
          new DevicePluginConfigFile(
              text,
              Embedding.NONE,
              new DevicePluginConfigReader.Reading(findings.sorted(), Optional.empty())));
    } else {
      named.get().forEach(each -> files.put(each.name(), read(each.text(), each.embedding())));
    }
    return files;
  }

  /**
   * Returns the findings that hold on every node: everything that prevents the plugin, feature
   * discovery or the MPS daemon from starting, and what they accept silently although it is probably
   * a mistake.
   *
   * @return findings in the order of the file
   */
  public List<Finding> findings() {
    return reading.findings();
  }

  /**
   * Returns the findings of this configuration on a node, whose own MIG strategy wins over the
   * file's.
   *
   * @param node the node's devices
   * @return findings in the order of the file; do not apply it if one is an error
   */
  public List<Finding> lint(NodeDevices node) {
    Objects.requireNonNull(node, "node");
    return DevicePluginConfigReader.read(text, embedding, Optional.of(node)).findings();
  }

  /**
   * Returns what the file says.
   *
   * @return the configuration, or empty if the plugin would refuse the file
   */
  public Optional<DevicePluginConfig> config() {
    return reading.config();
  }

  /**
   * Returns what the file says, or throws if it has errors.
   *
   * @return the configuration
   * @throws DevicePluginSyntaxException with every error, if the plugin would refuse the file
   */
  public DevicePluginConfig orElseThrow() {
    return config()
        .orElseThrow(() -> new DevicePluginSyntaxException(
            findings().stream().filter(Finding::isError).toList()));
  }

  /** The number of findings, e.g. {@code device plugin file with 2 findings}. */
  @Override
  public String toString() {
    return "device plugin file with %d findings".formatted(findings().size());
  }
}
