package io.github.mig4j.sharing;

import io.github.mig4j.text.Position;
import io.github.mig4j.text.YamlPath;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The text of a device plugin's configuration, and all there is to say about it.
 *
 * <pre>{@code
 * DevicePluginConfigFile file = DevicePluginConfigFile.read(yaml);
 * file.findings().forEach(System.out::println);    // 6:17: error: nvidia.com/gpu has 1 replicas, …
 * DevicePluginConfig config = file.orElseThrow();
 * }</pre>
 *
 * <p>Accepts what the plugin accepts. The plugin passes over in silence what it does not know; this
 * tells.
 */
public final class DevicePluginConfigFile {

  private final String text;
  private final Position.Origin origin;
  private final DevicePluginConfigReader.Reading reading;

  private DevicePluginConfigFile(
      String text, Position.Origin origin, DevicePluginConfigReader.Reading reading) {
    this.text = text;
    this.origin = origin;
    this.reading = reading;
  }

  /**
   * Reads one configuration: the value under one key of the ConfigMap. Whatever the text, the
   * outcome is a value.
   *
   * @param text YAML or JSON
   * @return the file and its findings
   */
  public static DevicePluginConfigFile read(String text) {
    Objects.requireNonNull(text, "text");
    return read(text, Position.Origin.FILE);
  }

  private static DevicePluginConfigFile read(String text, Position.Origin origin) {
    return new DevicePluginConfigFile(
        text, origin, DevicePluginConfigReader.read(text, origin, Optional.empty()));
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
      SharingFindings findings = new SharingFindings();
      findings.add(
          SharingFindingCode.NO_CONFIGURATION,
          YamlPath.ROOT.at(Position.START),
          "No configuration of the device plugin is found in this file; give it as a ConfigMap's"
              + " data, one key for each");
      files.put(
          "",
          new DevicePluginConfigFile(
              text,
              Position.Origin.FILE,
              new DevicePluginConfigReader.Reading(findings.sorted(), Optional.empty())));
    } else {
      named.get().forEach(each -> files.put(each.name(), read(each.text(), each.origin())));
    }
    return files;
  }

  /**
   * What can be said without knowing the node: everything that keeps the plugin, feature discovery
   * or the MPS daemon from starting, and what they accept in silence although it hardly can be meant.
   *
   * @return findings in the order of the file
   */
  public List<SharingFinding> findings() {
    return reading.findings();
  }

  /**
   * All there is to say about this configuration on a node, whose own MIG strategy wins over the
   * file's.
   *
   * @param node the node's devices
   * @return findings in the order of the file; apply nothing if one is an error
   */
  public List<SharingFinding> lint(NodeDevices node) {
    Objects.requireNonNull(node, "node");
    return DevicePluginConfigReader.read(text, origin, Optional.of(node)).findings();
  }

  /**
   * What the file says.
   *
   * @return the configuration, or empty if the plugin would refuse the file
   */
  public Optional<DevicePluginConfig> config() {
    return reading.config();
  }

  /**
   * What the file says, where it must be right.
   *
   * @return the configuration
   * @throws DevicePluginSyntaxException with every error, if the plugin would refuse the file
   */
  public DevicePluginConfig orElseThrow() {
    return config()
        .orElseThrow(() -> new DevicePluginSyntaxException(
            findings().stream().filter(SharingFinding::isError).toList()));
  }

  /** The number of findings, e.g. {@code device plugin file with 2 findings}. */
  @Override
  public String toString() {
    return "device plugin file with %d findings".formatted(findings().size());
  }
}
