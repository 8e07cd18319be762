package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.config.MigConfigMap;
import io.github.mig4j.k8s.config.OperatorSettings;
import io.github.mig4j.k8s.config.PublishedConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "publish",
    description =
        "Merges the configurations of a file into a ConfigMap in the GPU Operator's namespace,"
            + " each under its name and under a name with the hash of its content. Other entries"
            + " of the map stay; no node changes.",
    footer = {
      "",
      "Examples:",
      "  migctl publish mig-config.yaml",
      "  migctl publish mig-config.yaml --dry-run",
      "  migctl publish mig-config.yaml --map mig-config --setup mixed",
      "",
      "--setup is needed once for a cluster. If Helm installed the operator, set the",
      "same values there, because the next 'helm upgrade' resets them."
    })
public final class PublishCommand extends ClusterCommand {

  @Parameters(paramLabel = "FILE", description = "The file or a manifest; '-' for stdin.")
  private Path file = Path.of("");

  @Option(
      names = "--map",
      paramLabel = "NAME",
      defaultValue = "mig-config",
      description = "The ConfigMap; ${DEFAULT-VALUE} by default.")
  private String map = "mig-config";

  @Option(
      names = "--setup",
      paramLabel = "STRATEGY",
      converter = SetupStrategyConverter.class,
      completionCandidates = SetupStrategyConverter.class,
      description = "Also point the GPU Operator at the map, with this strategy: single or mixed.")
  private @Nullable MigStrategy setup;

  @Option(names = "--dry-run", description = "Print what would be published; write nothing.")
  private boolean dryRun;

  private Map<String, MigConfig> configs = Map.of();
  private @Nullable OperatorSettings settings;

  @Override
  public Integer call() throws IOException {
    configs = Input.valid(file).orElseThrow().configs();
    settings = setup == null ? null : new OperatorSettings(setup, map);
    configs.keySet().forEach(ConfigNameConverter::requireName);
    return super.call();
  }

  @Override
  protected int call(MigClient mig) {
    MigConfigMap target = mig.configMap(map);
    List<PublishedConfig> published = dryRun ? target.preview(configs) : target.mergeAll(configs);
    for (PublishedConfig merged : published) {
      print("%s as %s%s"
          .formatted(
              merged.name(),
              merged.contentName(),
              merged.changed() ? dryRun ? ", not written" : "" : ", unchanged"));
    }
    if (settings != null) {
      if (!dryRun) {
        mig.operator().use(settings);
      }
      print("the GPU Operator %s %s, strategy %s; the same for Helm:"
          .formatted(dryRun ? "would read" : "reads", map, settings.strategy()));
      settings.helmUpgrade().lines().forEach(line -> print("  " + line));
    }
    if (isJson()) {
      print(Output.object().set("published", Output.tree(published)));
    }
    return ExitCode.YES;
  }

  private void print(String line) {
    if (!isJson()) {
      out().println(line);
    }
  }
}
