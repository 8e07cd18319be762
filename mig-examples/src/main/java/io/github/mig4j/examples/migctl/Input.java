package io.github.mig4j.examples.migctl;

import io.github.mig4j.config.Finding;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.config.NodeGpu;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What subcommands read. */
final class Input {

  private static final Pattern RESOURCE =
      Pattern.compile("(?:(?:nvidia\\.com/)?mig-)?([0-9a-z.]*?[0-9]+gb)(.*)");

  private Input() {}

  private static boolean isStandardInput(Path file) {
    return file.toString().equals("-");
  }

  static byte[] bytes(Path file) throws IOException {
    return isStandardInput(file) ? System.in.readAllBytes() : Files.readAllBytes(file);
  }

  /** The name of a file in messages. */
  static String name(Path file) {
    return isStandardInput(file) ? "<stdin>" : file.toString();
  }

  static List<GpuModel> models(List<String> ids) {
    return ids.stream().map(GpuCatalog.bundled()::require).toList();
  }

  /** One GPU each, with indexes from 0. */
  static List<NodeGpu> gpus(List<String> ids) {
    List<NodeGpu> gpus = new ArrayList<>();
    models(ids).forEach(model -> gpus.add(NodeGpu.of(gpus.size(), model)));
    return gpus;
  }

  /**
   * A profile that may be spelt as pods ask for it, with {@code .} for {@code +}; what is no such
   * name stays as it is.
   */
  static String profile(String name) {
    Matcher resource = RESOURCE.matcher(name.strip());
    if (!resource.matches()) {
      return name.strip();
    }
    String suffix = resource.group(2);
    return resource.group(1)
        + (suffix.startsWith(".") ? suffix.replace('.', '+').replace("+all", ".all") : suffix);
  }

  /** A file without errors; refused with all of them otherwise. */
  static MigConfigFile valid(Path file) throws IOException {
    MigConfigFile read = MigConfigFile.read(bytes(file));
    if (read.document().isEmpty()) {
      throw new Refusal(read.findings().stream()
          .filter(Finding::isError)
          .map(error -> line(file, error))
          .collect(Collectors.joining(System.lineSeparator())));
    }
    return read;
  }

  /** A finding as compilers print it. */
  static String line(Path file, Finding finding) {
    return name(file) + ":" + finding;
  }

  static String absent(MigConfigDocument document, String config) {
    String names = names(document.configs().keySet());
    return "The file has no config %s; it has %s"
        .formatted(quoted(config), names.isEmpty() ? "none" : names);
  }

  static String names(Set<String> configs) {
    return configs.stream().map(Input::quoted).collect(Collectors.joining(", "));
  }

  /** Names are any text, which must not steer a terminal. */
  private static String quoted(String name) {
    return "'" + name.replaceAll("\\p{C}", "?") + "'";
  }
}
