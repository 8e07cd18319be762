package io.github.mig4j.text;

/**
 * Where a YAML value is.
 *
 * @param path the path from the root of its document
 * @param at the line and column in the file
 */
public record YamlLocation(YamlPath path, LineColumn at) {}
