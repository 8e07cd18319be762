package io.github.mig4j.examples.migctl.console;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.Confidence;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuInstanceProfile.Field;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.lint.Finding;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Where a subcommand writes, and whether as text or JSON. */
public final class Output {

  /** The version of migctl. */
  public static final String VERSION = "0.1.0-SNAPSHOT";

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

  /** The messages of file systems contain only the path. */
  private static String reason(Path file, IOException e) {
    Path folder = file.getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      return "directory %s does not exist".formatted(folder);
    }
    if (Files.isDirectory(file)) {
      return "it is a directory";
    }
    return e instanceof AccessDeniedException ? "permission denied" : e.toString();
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

  /** The fields of a finding that all commands share. */
  public static ObjectNode finding(Finding finding) {
    return object()
        .put("severity", finding.severity().toString())
        .put("code", finding.code().toString())
        .put("subject", finding.subject())
        .put("message", finding.message())
        .put("remedy", finding.remedy());
  }

  public static ArrayNode placements(MigLayout layout) {
    return placements(layout.placements());
  }

  public static ArrayNode placements(List<Placement> list) {
    ArrayNode placements = array();
    for (Placement p : list) {
      placements
          .addObject()
          .put("profile", p.profile().toString())
          .put("start", p.start())
          .put("size", p.size());
    }
    return placements;
  }

  /** The fields of a model that all commands share. */
  public static ObjectNode model(GpuModel gpu) {
    ObjectNode node = object().put("id", gpu.id()).put("architecture", gpu.architecture());
    node.put("chip", gpu.chip().orElse(null));
    node.put("computeCapability", gpu.computeCapability().orElse(null));
    node.put("mig", gpu.supportsMig());
    node.put("computeSlices", gpu.computeSlices());
    put(node, "memorySlices", gpu.memorySlices());
    put(node, "memoryMib", gpu.totalMemoryMib());
    node.put("confidence", confidence(gpu).toString());
    ArrayNode products = node.putArray("products");
    gpu.products().forEach(p -> products.addObject().put("name", p.name()).put("label", p.label()));
    ArrayNode boards = node.putArray("boards");
    gpu.boards()
        .forEach(b -> boards.addObject().put("pci", b.id().toString()).put("name", b.name()));
    ArrayNode profiles = node.putArray("profiles");
    gpu.profiles().forEach(p -> profiles.add(profile(p)));
    return node;
  }

  private static ObjectNode profile(GpuInstanceProfile p) {
    ObjectNode node = object().put("name", p.profile().toString());
    put(node, "id", p.id());
    put(node, "size", p.size());
    ArrayNode starts = node.putArray("starts");
    p.starts().forEach(starts::add);
    node.put("maxInstances", p.maxInstances());
    put(node, "memoryMib", p.amount(Budget.MEMORY_MIB));
    put(node, "sms", p.amount(Budget.SMS));
    put(node, "copyEngines", p.amount(Budget.COPY_ENGINES));
    put(node, "decoders", p.amount(Budget.DECODERS));
    put(node, "encoders", p.amount(Budget.ENCODERS));
    put(node, "jpegEngines", p.amount(Budget.JPEG_ENGINES));
    put(node, "ofaEngines", p.amount(Budget.OFA_ENGINES));
    node.put("resource", p.profile().resourceName());
    node.put("source", p.provenance().source());
    node.put("confidence", p.provenance().confidence().toString());
    return node;
  }

  private static void put(ObjectNode node, String field, OptionalInt value) {
    if (value.isPresent()) {
      node.put(field, value.getAsInt());
    } else {
      node.putNull(field);
    }
  }

  /** How certain the layouts of this GPU are; unknown if the placements are not known. */
  public static Confidence confidence(GpuModel gpu) {
    Confidence weakest = gpu.slicesProvenance().confidence();
    for (GpuInstanceProfile p : gpu.profiles()) {
      if (!p.isPlaceable()) {
        return Confidence.UNKNOWN;
      }
      for (Field field : new Field[] {Field.NAME, Field.SIZE, Field.STARTS, Field.MAX_INSTANCES}) {
        weakest = weakest.weaker(p.provenance(field).confidence());
      }
    }
    return weakest;
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
}
