package io.github.mig4j.text;

/** A value's way from the root of its document, and where it stands in the file. */
public record Spot(YamlPath path, Position position) {}
