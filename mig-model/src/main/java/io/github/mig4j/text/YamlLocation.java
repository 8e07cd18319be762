package io.github.mig4j.text;

/** Where a YAML value is: its path from the document's root, and its line and column in the file. */
public record YamlLocation(YamlPath path, LineColumn at) {}
