package io.github.mig4j.examples.migctl.console;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.gpu.MigProfile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import picocli.CommandLine;

/** What subcommands write. */
public final class Output {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private Output() {}

  /** Whether the answer is read by a person at a terminal, who has not switched colours off. */
  public static boolean isTerminal() {
    return CommandLine.Help.Ansi.AUTO.enabled();
  }

  /** Whether a path means the standard output. */
  public static boolean isStandardOutput(Path file) {
    return file.toString().equals("-");
  }

  /** Creates a file that is written later, if it does not exist. */
  public static void requireWritable(Path file) throws UnusableFileException {
    try (OutputStream unused =
        Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      // Nothing is written.
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }

  static UnusableFileException unwritable(Path file, IOException e) {
    return new UnusableFileException("Cannot write %s: %s".formatted(file, reason(file, e)));
  }

  /** The messages of file systems contain only the path. */
  private static String reason(Path file, IOException e) {
    Path folder = file.getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      return "directory %s does not exist".formatted(folder);
    }
    if (Files.isDirectory(file)) {
      return "it is a directory";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    return e instanceof FileSystemException ? e.toString() : String.valueOf(e.getMessage());
  }

  public static ObjectNode object() {
    return NODES.objectNode();
  }

  public static ArrayNode array() {
    return NODES.arrayNode();
  }

  /** A value of the library, or several, in their own form. */
  public static JsonNode tree(Object value) {
    return MAPPER.valueToTree(value);
  }

  /** A value of the library in its own form. */
  public static ObjectNode json(Object value) {
    return MAPPER.valueToTree(value);
  }

  public static String orUnknown(OptionalInt value) {
    return value.isPresent() ? String.valueOf(value.getAsInt()) : "?";
  }

  public static String row(String form, Object... cells) {
    return String.format(Locale.ROOT, form, cells).stripTrailing();
  }

  /** Devices as {@code migctl place} takes them. */
  public static String joined(Map<MigProfile, Integer> devices) {
    return devices.entrySet().stream()
        .map(device -> device.getKey() + ":" + device.getValue())
        .collect(Collectors.joining(" "));
  }

  /** The version of migctl, which the build writes into a resource. */
  public static String version() {
    try (InputStream in = Output.class.getResourceAsStream("version.txt")) {
      return new String(
              Objects.requireNonNull(in, "version.txt").readAllBytes(), StandardCharsets.UTF_8)
          .strip();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the version of migctl", e);
    }
  }
}
