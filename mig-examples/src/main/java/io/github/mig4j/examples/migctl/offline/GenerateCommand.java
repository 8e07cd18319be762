package io.github.mig4j.examples.migctl.offline;

import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ConfigForm;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.NegativeAnswerException;
import io.github.mig4j.examples.migctl.console.Subcommand;
import io.github.mig4j.gpu.GpuModel;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "generate",
    description =
        "Prints the configurations that the MIG manager generates for a node that is given"
            + " no file: all-disabled, all-enabled, all-balanced, and one for each profile.",
    footer = {
      "",
      "Examples:",
      "  migctl generate --gpu b200-180gb > config.yaml",
      "  migctl generate --gpu b200-180gb -o configmap | kubectl apply -f -",
      "  migctl generate --gpu a100-40gb,h100-sxm-80gb      with device filters"
    })
public final class GenerateCommand extends Subcommand {

  @Option(
      names = {"--gpu", "--gpus"},
      required = true,
      split = ",",
      paramLabel = "ID",
      completionCandidates = Candidates.Gpus.class,
      description = "Ids or products, separated by commas.")
  private List<String> gpus = List.of();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORM",
      defaultValue = "yaml",
      description = "How to print them, ${DEFAULT-VALUE} by default: " + ConfigForm.CHOICES)
  private ConfigForm form = ConfigForm.YAML;

  @Override
  public Integer call() {
    List<GpuModel> models = Input.models(gpus);
    if (models.stream().noneMatch(GpuModel::supportsMig)) {
      throw new NegativeAnswerException("%s has no MIG; share it by time-slicing or MPS instead"
          .formatted(
              models.stream().map(GpuModel::id).distinct().collect(Collectors.joining(", "))));
    }
    out().print(form.of(MigConfigDocument.generatedFor(models), Map.of()));
    return ExitCode.YES;
  }
}
