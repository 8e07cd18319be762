package io.github.mig4j.examples.migctl.offline;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.NegativeAnswerException;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.examples.migctl.console.UnusableFileException;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.layout.LayoutDiagram;
import io.github.mig4j.layout.PlacementResult.Placed;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.node.MigSetting;
import io.github.mig4j.node.NodeEffect;
import io.github.mig4j.node.NodeEffect.Change;
import io.github.mig4j.node.NodeEffect.GpuEffect;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeLint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "explain",
    description =
        "Prints what applying a configuration does to each GPU of a node, with a drawing.",
    footer = {
      "",
      "Which devices are lost depends on the current layout: --from names the",
      "configuration of the file that is in force now. MIG is off on a GPU that it",
      "does not select.",
      "",
      "Examples:",
      "  migctl explain mig-config.yaml --config small --gpu b200-180gb,b200-180gb",
      "  migctl explain mig-config.yaml --config small --from large --gpu b200-180gb",
      "",
      "Exit code 0: it can be applied. 1: errors (on stderr), or the configuration",
      "does not exist."
    })
public final class ExplainCommand extends AnswerCommand {

  @Parameters(paramLabel = "FILE", description = "The file or a manifest; '-' for stdin.")
  private Path file = Path.of("");

  @Option(
      names = "--config",
      required = true,
      paramLabel = "NAME",
      description = "The configuration to be applied.")
  private String config = "";

  @Option(names = "--from", paramLabel = "NAME", description = "The one in force now.")
  private @Nullable String from;

  @Option(
      names = {"--gpu", "--gpus"},
      required = true,
      split = ",",
      paramLabel = "ID",
      completionCandidates = Candidates.Gpus.class,
      description = "The node's GPUs in the order of their indexes, separated by commas: ids or"
          + " products; repeated, or as ID:COUNT, for several of one model.")
  private List<String> gpus = List.of();

  @Option(names = "--svg", paramLabel = "FILE", description = "Write a picture of the new layouts.")
  private @Nullable Path svg;

  @Override
  public Integer call() throws IOException {
    List<NodeGpu> node = Input.gpus(Input.models(gpus));
    MigConfigFile read = Input.valid(file);
    MigConfigDocument document = read.orElseThrow();
    MigConfig wanted = require(document, config);
    NodeEffect effect = from == null
        ? NodeEffect.of(wanted, node)
        : NodeEffect.of(wanted, settings(require(document, from), node));
    answer(Output.object().put("config", config).setAll(Output.json(effect)), () -> {
      print(effect.gpus());
      out().println("node: " + sentence(effect));
    });
    draw(effect);
    MigStrategy strategy = read.strategy().orElse(MigStrategy.MIXED);
    List<Finding> errors = NodeLint.of(read, node, strategy, config).stream()
        .filter(Finding::isError)
        .toList();
    errors.forEach(error -> err().println(Input.line(file, error)));
    return errors.isEmpty() && !fails(effect) ? ExitCode.YES : ExitCode.NO;
  }

  private void draw(NodeEffect effect) throws UnusableFileException {
    if (svg == null) {
      return;
    }
    LayoutDiagram.Builder picture = LayoutDiagram.node();
    effect.gpus().forEach(gpu -> add(gpu, picture));
    write(svg, picture.build().toSvg());
  }

  private static void add(GpuEffect effect, LayoutDiagram.Builder picture) {
    GpuModel gpu = effect.gpu().model();
    if (effect.after().filter(after -> !after.migEnabled()).isPresent()) {
      picture.addWhole(gpu);
    } else if (effect.placement().orElse(null) instanceof Placed placed) {
      picture.add(placed.layout());
    } else {
      picture.addUnknown(gpu);
    }
  }

  private static boolean fails(NodeEffect effect) {
    return effect.gpus().stream().anyMatch(gpu -> gpu.change() == Change.FAILS);
  }

  private static MigConfig require(MigConfigDocument document, String name) {
    return document
        .config(name)
        .orElseThrow(() -> new NegativeAnswerException(Input.absent(document, name)));
  }

  private static Map<NodeGpu, MigSetting> settings(MigConfig config, List<NodeGpu> node) {
    Map<NodeGpu, MigSetting> settings = new LinkedHashMap<>();
    NodeEffect.of(config, node)
        .gpus()
        .forEach(gpu -> settings.put(gpu.gpu(), gpu.after().orElse(MigSetting.OFF)));
    return settings;
  }

  /** GPUs in their order; a picture is drawn once for all GPUs in a row that look the same. */
  private void print(List<GpuEffect> effects) {
    String drawn = "";
    for (GpuEffect effect : effects) {
      String picture = placed(effect)
          .map(placed -> LayoutDiagram.of(placed.layout()).toText())
          .orElse("");
      if (!picture.equals(drawn)) {
        out().print(drawn);
      }
      drawn = picture;
      printLine(effect);
    }
    out().print(drawn);
  }

  private void printLine(GpuEffect effect) {
    String from = effect.before().map(before -> "from " + text(before) + " ").orElse("");
    String to = effect.after().map(after -> "to " + text(after)).orElse("not changed");
    out().println("%s: %s%s; %s".formatted(effect.gpu(), from, to, sentence(effect)));
  }

  /** Draws nothing for an empty GPU. */
  private static Optional<Placed> placed(GpuEffect effect) {
    return effect
        .placement()
        .filter(Placed.class::isInstance)
        .map(Placed.class::cast)
        .filter(placed -> !placed.layout().placements().isEmpty());
  }

  private static String text(MigSetting setting) {
    return setting.devices().isEmpty() ? "MIG " + setting : Output.joined(setting.devices());
  }

  private static String sentence(GpuEffect effect) {
    boolean loses = effect.gpu().model().supportsMig()
        && effect.before().map(before -> !before.devices().isEmpty()).orElse(true);
    return switch (effect.change()) {
      case UNTOUCHED -> "nothing changes";
      case REBUILT -> loses ? "all its devices are destroyed and recreated" : "devices are created";
      case CLEARED ->
        loses ? "all its devices are destroyed, none is created" : "no device is created";
      case FAILS ->
        loses
            ? "the MIG manager fails here, after it has destroyed all devices"
            : "the MIG manager fails here";
      case UNKNOWN ->
        effect.after().isEmpty()
            ? "its devices stay unless a change of MIG mode resets all GPUs; --from shows that"
            : "its devices stay only if it already has this layout; --from shows that";
    };
  }

  private static String sentence(NodeEffect effect) {
    if (effect.isApplied()) {
      return "already in force, nothing is done";
    }
    String pause =
        "the device plugin and other clients of all its GPUs are stopped during the change";
    return switch (effect.modeChange()) {
      case NONE -> pause;
      case WITHOUT_RESET -> pause + "; MIG mode changes, without a reset";
      case RESETS_ALL_GPUS -> pause + "; MIG mode changes, and all its GPUs are reset";
      case UNKNOWN -> fails(effect) ? pause : pause + ", unless it is already in force";
    };
  }
}
