package io.github.mig4j.examples.migctl.console;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.gpu.MigProfile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
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
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where a subcommand writes, and whether as text or JSON. */
public final class Output {

  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  @Option(names = "--json", description = "Print JSON only; docs/migctl.md lists the fields.")
  private boolean json;

  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec command;

  public boolean isJson() {
    return json;
  }

  public PrintWriter out() {
    return commandLine().getOut();
  }

  public PrintWriter err() {
    return commandLine().getErr();
  }

  public CommandLine commandLine() {
    return Objects.requireNonNull(command).commandLine();
  }

  /** Prints the answer: a value in its JSON form if that is asked for, otherwise what writes a text. */
  public void answer(Object value, Runnable text) {
    if (json) {
      print(MAPPER.valueToTree(value));
    } else {
      text.run();
    }
  }

  /** The refusal of the command line. */
  public ParameterException usage(String message) {
    return new ParameterException(commandLine(), message);
  }

  /** A value of the command line, which is refused if the library refuses the value. */
  public <T> T valid(Supplier<T> value) {
    try {
      return value.get();
    } catch (IllegalArgumentException e) {
      throw usage(String.valueOf(e.getMessage()));
    }
  }

  /** Whether the answer is read by a person at a terminal, who has not switched colours off. */
  public static boolean isTerminal() {
    return CommandLine.Help.Ansi.AUTO.enabled();
  }

  /** Text with picocli's markup, such as {@code @|bold id|@}, in colour only on a terminal. */
  public String styled(String markup) {
    return CommandLine.Help.Ansi.AUTO.string(markup);
  }

  public void print(JsonNode node) {
    out().println(text(node));
  }

  /** Whether a path stands for the standard output. */
  public static boolean isStandardOutput(Path file) {
    return file.toString().equals("-");
  }

  /** Writes a requested file, or to the standard output; call it after the answer is printed. */
  public void write(Path file, String content) throws UnusableFileException {
    if (isStandardOutput(file)) {
      out().print(content);
      return;
    }
    try {
      Files.writeString(file, content);
    } catch (IOException e) {
      throw new UnusableFileException("Cannot write %s: %s".formatted(file, reason(file, e)));
    }
  }

  /** Creates a file that is written later, if it does not exist. */
  public static void requireWritable(Path file) throws UnusableFileException {
    try (OutputStream unused =
        Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      // Nothing is written.
    } catch (IOException e) {
      throw new UnusableFileException("Cannot write %s: %s".formatted(file, reason(file, e)));
    }
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

  public static String text(JsonNode node) {
    try {
      return MAPPER.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A tree can always be written", e);
    }
  }

  public static ObjectNode object() {
    return NODES.objectNode();
  }

  public static ArrayNode array() {
    return NODES.arrayNode();
  }

  /** A value of the library in its own form. */
  public static ObjectNode json(Object value) {
    return MAPPER.valueToTree(value);
  }

  /** Values of the library in their own forms. */
  public static ArrayNode list(Iterable<?> values) {
    ArrayNode list = array();
    values.forEach(value -> list.add(MAPPER.<JsonNode>valueToTree(value)));
    return list;
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
