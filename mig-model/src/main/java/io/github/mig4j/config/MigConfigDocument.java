package io.github.mig4j.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.lint.InvalidFileException;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.YamlOutput;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A mig-parted file: configurations by name.
 *
 * <pre>{@code
 * MigConfigDocument document = MigConfigDocument.empty()
 *     .with("all-disabled", MigConfig.of(MigConfigSpec.allDisabled()))
 *     .with("small", MigConfig.of(MigConfigSpec.allDevices(small)));
 * String yaml = document.toYaml();
 * MigConfigDocument.parse(yaml).equals(document);     // true
 * }</pre>
 *
 * @param configs the configurations by name, in the order of the file
 */
public record MigConfigDocument(Map<String, MigConfig> configs) implements JsonForm {

  private static final MigConfigDocument EMPTY = new MigConfigDocument(Map.of());

  /**
   * Checks the names.
   *
   * @throws IllegalArgumentException if a name is no well-formed Unicode
   */
  public MigConfigDocument {
    Objects.requireNonNull(configs, "configs");
    configs.forEach((name, config) -> {
      Quoted.requireUnicode("Config name", Objects.requireNonNull(name, "name"));
      Objects.requireNonNull(config, "config");
    });
    configs = Collections.unmodifiableMap(new LinkedHashMap<>(configs));
  }

  /**
   * {@return a document without configurations; the MIG manager reads its file form, but finds
   * nothing to apply in it}
   */
  public static MigConfigDocument empty() {
    return EMPTY;
  }

  /**
   * {@return the configurations that NVIDIA's MIG manager generates for a node when it is given no
   * file, in alphabetical order: {@code all-disabled}, {@code all-enabled}, {@code all-balanced},
   * and for each profile one that fills the GPUs with it, such as {@code all-1g.23gb}} A file of
   * one's own hides those; this has them again, to add one's own to.
   *
   * <p>Device filters appear only where several of the models have MIG. Of models that share a PCI
   * device id, {@code all-balanced} knows the first.
   *
   * @param models what GPUs there are, in any order; those without MIG are passed over
   * @throws IllegalArgumentException if several models have MIG, and one has no PCI device id for a
   *     filter
   */
  public static MigConfigDocument generatedFor(Collection<GpuModel> models) {
    Objects.requireNonNull(models, "models");
    return new ConfigGenerator(List.copyOf(models)).generate();
  }

  /**
   * Reads the text of a {@code config.yaml} strictly, as the MIG manager does; {@link
   * MigConfigFile#read} returns findings instead of an exception.
   *
   * @throws InvalidFileException naming every fault with its place, if the MIG manager would
   *     refuse the file
   */
  public static MigConfigDocument parse(String yaml) {
    Objects.requireNonNull(yaml, "yaml");
    return MigConfigFile.read(yaml).orElseThrow();
  }

  /**
   * This document with one more configuration, which takes the place of one with the same name.
   *
   * @param name the name; any text, but only a label value can be asked for on a node
   * @throws IllegalArgumentException if the name is no well-formed Unicode
   */
  public MigConfigDocument with(String name, MigConfig config) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(config, "config");
    Map<String, MigConfig> more = new LinkedHashMap<>(configs);
    more.put(name, config);
    return new MigConfigDocument(more);
  }

  /**
   * {@return this document without a configuration, or itself if there is no such configuration}
   */
  public MigConfigDocument without(String name) {
    Objects.requireNonNull(name, "name");
    if (!configs.containsKey(name)) {
      return this;
    }
    Map<String, MigConfig> fewer = new LinkedHashMap<>(configs);
    fewer.remove(name);
    return new MigConfigDocument(fewer);
  }

  /** {@return the only version of the format there is, {@code v1}} */
  public String version() {
    return "v1";
  }

  /** {@return the configuration of a name, or empty if the file does not have it} */
  public Optional<MigConfig> config(String name) {
    Objects.requireNonNull(name, "name");
    return Optional.ofNullable(configs.get(name));
  }

  /**
   * {@return the file, which mig-parted accepts and {@link #parse} reads back: canonical profile
   * names, quoted filters, entries as they are ordered} Equal documents in equal order give equal
   * text.
   */
  public String toYaml() {
    return MigConfigWriter.write(this);
  }

  @Override
  public String toString() {
    return "MigConfigDocument" + configs.keySet();
  }

  @Override
  public Map<String, Object> toJson() {
    Map<String, List<MigConfigSpec>> entries = new LinkedHashMap<>();
    configs.forEach((name, config) -> entries.put(name, config.entries()));
    return JsonFields.of("version", version())
        .and("mig-configs", entries.isEmpty() ? null : entries)
        .map();
  }

  /**
   * Reads a value from its JSON form, the inverse of {@link #toJson()}.
   *
   * @throws IllegalArgumentException as {@link #parse} does
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static MigConfigDocument ofJson(Map<String, Object> json) {
    Objects.requireNonNull(json, "json");
    return parse(YamlOutput.json(json));
  }
}
