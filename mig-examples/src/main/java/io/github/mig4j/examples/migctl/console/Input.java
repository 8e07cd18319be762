package io.github.mig4j.examples.migctl.console;

import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.node.NodeGpu;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What subcommands read. */
public final class Input {

  /** More than any cluster has, and still planned in seconds. */
  public static final int MAX_PLANNED_GPUS = 1_000_000;

  /** More than any node has. */
  private static final int MAX_GPUS = 256;

  private static final Pattern COUNTED = Pattern.compile("(.+?)\\s*:\\s*([0-9]{1,9})");
  private static final Pattern RESOURCE =
      Pattern.compile("(?:(?:nvidia\\.com/)?mig-)?([0-9a-z.]*?[0-9]+gb)(.*)");
  /** A label of feature discovery, such as {@code nvidia.com/mig-1g.5gb.count}. */
  private static final Pattern LABEL = Pattern.compile(
      "((?:nvidia\\.com/)?mig-.*gb.*?)\\.(?:count|product|memory|multiprocessors|replicas|strategy"
          + "|sharing-strategy|slices\\.(?:ci|gi)|engines\\.[a-z]+)");
  /** The value of a product label, such as {@code NVIDIA-B200-MIG-1g.23gb}. */
  private static final Pattern PRODUCT = Pattern.compile(".*-MIG-([0-9].*)");

  private static final Pattern ZERO = Pattern.compile("\\b0+(?:c|g|gb)\\b");

  private Input() {}

  static boolean isStandardInput(Path file) {
    return file.toString().equals("-");
  }

  /** The name of a file in messages. */
  public static String name(Path file) {
    return isStandardInput(file) ? "<stdin>" : file.toString();
  }

  /** GPUs in their order; {@code ID:COUNT} is several GPUs. */
  public static List<GpuModel> models(List<String> ids) {
    List<GpuModel> models = new ArrayList<>();
    for (String id : ids) {
      Matcher form = COUNTED.matcher(id.strip());
      if (!form.matches()) {
        models.add(GpuCatalog.bundled().require(id.strip()));
        continue;
      }
      int count = Integer.parseInt(form.group(2));
      if (count < 1 || count > MAX_GPUS) {
        throw new IllegalArgumentException(
            "Not GPUs: '%s'. Expected ID or ID:COUNT with a count from 1 to %d"
                .formatted(id.strip(), MAX_GPUS));
      }
      models.addAll(Collections.nCopies(count, GpuCatalog.bundled().require(form.group(1))));
    }
    return models;
  }

  /** One GPU each, with indexes from 0. */
  public static List<NodeGpu> gpus(List<GpuModel> models) {
    List<NodeGpu> gpus = new ArrayList<>();
    models.forEach(model -> gpus.add(NodeGpu.of(gpus.size(), model)));
    return gpus;
  }

  /**
   * A profile, also in the form in which pods request it, with {@code .} for {@code +}, or in a label of
   * a node; any other text is not changed.
   *
   * @throws IllegalArgumentException for the name of a device without compute slices or memory
   */
  public static String profile(String name) {
    String stripped =
        PRODUCT.matcher(LABEL.matcher(name.strip()).replaceFirst("$1")).replaceFirst("$1");
    Matcher resource = RESOURCE.matcher(stripped);
    if (!resource.matches()) {
      return stripped;
    }
    if (ZERO.matcher(resource.group(1)).find()) {
      throw new IllegalArgumentException(
          "Not a profile of any GPU: '%s'. A MIG device has at least 1 compute slice and 1 GB, e.g. '1g.10gb'"
              .formatted(name.strip()));
    }
    String suffix = resource.group(2);
    return resource.group(1)
        + (suffix.startsWith(".") ? suffix.replace('.', '+').replace("+all", ".all") : suffix);
  }

  /** Returns a file without errors, or refuses it with all of its errors. */
  public static MigConfigFile valid(Path file) throws IOException {
    MigConfigFile read = MigConfigFile.read(TextFile.bytes(file));
    if (read.document().isEmpty()) {
      throw refusal(file, read.findings());
    }
    return read;
  }

  /** The refusal of a file with all of its errors. */
  public static NegativeAnswerException refusal(Path file, List<Finding> findings) {
    return new NegativeAnswerException(findings.stream()
        .filter(Finding::isError)
        .map(error -> line(file, error))
        .collect(Collectors.joining(System.lineSeparator())));
  }

  /** A finding as compilers print it. */
  public static String line(Path file, Finding finding) {
    return name(file) + ":" + finding;
  }

  public static String absent(MigConfigDocument document, String config) {
    return "The file has no config %s; it has %s".formatted(quoted(config), present(document));
  }

  /** The names of a file's configurations. */
  public static String present(MigConfigDocument document) {
    String names = names(document.configs().keySet());
    return names.isEmpty() ? "none" : names;
  }

  public static String names(Collection<String> configs) {
    return configs.stream().map(Input::quoted).collect(Collectors.joining(", "));
  }

  /** Quotes a name, which can be any text, but must not control a terminal. */
  public static String quoted(String name) {
    return "'" + name.replaceAll("\\p{C}", "?") + "'";
  }
}
