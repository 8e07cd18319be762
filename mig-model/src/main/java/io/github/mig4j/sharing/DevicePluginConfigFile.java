package io.github.mig4j.sharing;

import io.github.mig4j.JsonForm;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.InvalidFileException;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.Wrapping;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

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
public final class DevicePluginConfigFile implements JsonForm {

  /** What is wrong with the file around the configuration. */
  private final List<Finding> outside;

  private final DevicePluginConfigReader.Reading reading;

  private DevicePluginConfigFile(List<Finding> outside, DevicePluginConfigReader.Reading reading) {
    this.outside = outside;
    this.reading = reading;
  }

  /**
   * Reads one configuration: the YAML or JSON under one key of the ConfigMap. Whatever the text,
   * this throws nothing.
   */
  public static DevicePluginConfigFile read(String text) {
    Objects.requireNonNull(text, "text");
    return read(text, Embedding.NONE, List.of());
  }

  private static DevicePluginConfigFile read(
      String text, Embedding embedding, List<Finding> outside) {
    return new DevicePluginConfigFile(
        outside, DevicePluginConfigReader.read(text, embedding, Optional.empty()));
  }

  /**
   * Reads the named configurations of a file, at least one: of a ConfigMap, also in a List, in a
   * Template or as one of several documents; of the values of the device plugin's or the GPU
   * Operator's chart, also below the key of another chart or inside an Argo CD or Flux object; or
   * of a Kustomization with literals or patches. A configuration itself is read as one without a
   * name. Findings have the lines of the whole file.
   */
  public static Map<String, DevicePluginConfigFile> readAll(String text) {
    Objects.requireNonNull(text, "text");
    Map<String, DevicePluginConfigFile> files = new LinkedHashMap<>();
    Optional<NamedConfigs> named = NamedConfigs.in(text);
    if (named.isEmpty()) {
      files.put("", read(text));
      return files;
    }
    List<Finding> outside = named.get().outside().sorted();
    for (Wrapping.Entry entry : named.get().entries()) {
      String name = files.containsKey(entry.key()) ? entry.map() + "/" + entry.key() : entry.key();
      Wrapping.Content content = entry.content().orElseThrow();
      files.put(
          name, read(content.text(), content.embedding(), files.isEmpty() ? outside : List.of()));
    }
    if (files.isEmpty()) {
      DevicePluginConfigReader.Reading nothing =
          new DevicePluginConfigReader.Reading(text, Embedding.NONE, List.of(), Optional.empty());
      files.put("", new DevicePluginConfigFile(outside, nothing));
    }
    return files;
  }

  /**
   * {@return the findings that hold on every node, in the order of the file: everything that
   * prevents the plugin, feature discovery or the MPS daemon from starting, and what they accept
   * silently although it is probably a mistake}
   */
  public List<Finding> findings() {
    return around(reading.findings());
  }

  private List<Finding> around(List<Finding> inside) {
    return Stream.concat(outside.stream(), inside.stream()).toList();
  }

  /**
   * {@return the findings of this configuration on a node, whose own MIG strategy wins over the
   * file's, in the order of the file; do not apply it if one is an error}
   */
  public List<Finding> lint(NodeDevices node) {
    Objects.requireNonNull(node, "node");
    return around(
        DevicePluginConfigReader.read(reading.text(), reading.embedding(), Optional.of(node))
            .findings());
  }

  /** {@return what the file says, or empty if the plugin would refuse the file} */
  public Optional<DevicePluginConfig> config() {
    return reading.config();
  }

  /**
   * {@return what the file says}
   *
   * @throws InvalidFileException with every error, if the plugin would refuse the file
   */
  public DevicePluginConfig orElseThrow() {
    return config()
        .orElseThrow(() -> new InvalidFileException("device plugin configuration", findings()));
  }

  /** The number of findings, e.g. {@code device plugin file with 2 findings}. */
  @Override
  public String toString() {
    return "device plugin file with %d findings".formatted(findings().size());
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("config", config()).and("findings", findings()).map();
  }
}
