package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.k8s.config.MigRole;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints the permissions that a client needs. */
@Command(
    name = "role",
    mixinStandardHelpOptions = true,
    description = "Prints the RBAC manifest with the permissions that a use of this tool needs.",
    footer = {
      "",
      "Examples:",
      "  migctl role apply | kubectl apply -f -",
      "  migctl role read-only --namespace nvidia"
    })
public final class RoleCommand implements Callable<Integer> {

  @Spec
  private @Nullable CommandSpec command;

  @Parameters(
      paramLabel = "USE",
      converter = RoleConverter.class,
      completionCandidates = RoleConverter.Names.class,
      description = "One of: ${COMPLETION-CANDIDATES}.")
  private MigRole role = MigRole.READ_ONLY;

  @Option(
      names = "--namespace",
      paramLabel = "NAME",
      defaultValue = "gpu-operator",
      description = "The GPU Operator's namespace; ${DEFAULT-VALUE} by default.")
  private String namespace = "gpu-operator";

  @Override
  public Integer call() {
    Objects.requireNonNull(command).commandLine().getOut().print(role.manifest(namespace));
    return ExitCode.YES;
  }
}
