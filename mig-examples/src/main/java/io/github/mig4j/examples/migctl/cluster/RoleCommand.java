package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Subcommand;
import io.github.mig4j.k8s.config.MigRole;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "role",
    description =
        "Prints the RBAC manifest with the permissions that a use of this tool needs, and gives them to a ServiceAccount.",
    footer = {
      "",
      "Examples:",
      "  migctl role apply | kubectl apply -f -",
      "  migctl role read-only --namespace nvidia --service-account platform:mig4j"
    })
public final class RoleCommand extends Subcommand {

  @Parameters(
      paramLabel = "USE",
      converter = RoleConverter.class,
      completionCandidates = RoleConverter.class,
      description = "One of: ${COMPLETION-CANDIDATES}.")
  private MigRole role = MigRole.READ_ONLY;

  @Option(
      names = "--namespace",
      paramLabel = "NAME",
      defaultValue = "gpu-operator",
      description = "The GPU Operator's namespace; ${DEFAULT-VALUE} by default.")
  private String namespace = "gpu-operator";

  @Option(
      names = "--service-account",
      paramLabel = "NAMESPACE:NAME",
      description =
          "The client's ServiceAccount; by default one with the name of the role, in the operator's namespace.")
  private String account = "";

  @Override
  public Integer call() {
    String of = account.isEmpty() ? namespace + ":" + role.roleName() : account;
    int colon = of.indexOf(':');
    if (colon < 0) {
      throw usage(
          "--service-account is NAMESPACE:NAME, e.g. platform:mig4j, but was '%s'".formatted(of));
    }
    try {
      out()
          .print(role.manifest(namespace)
              + role.bindings(namespace, of.substring(0, colon), of.substring(colon + 1)));
    } catch (IllegalArgumentException e) {
      throw usage("--service-account is NAMESPACE:NAME, e.g. platform:mig4j: " + e.getMessage());
    }
    return ExitCode.YES;
  }
}
