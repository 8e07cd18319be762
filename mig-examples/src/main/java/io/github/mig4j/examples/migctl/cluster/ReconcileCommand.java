package io.github.mig4j.examples.migctl.cluster;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.k8s.reconcile.MigPolicyFile;
import io.github.mig4j.lint.Finding;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Keeps nodes as a file declares them. */
@Command(
    name = "reconcile",
    mixinStandardHelpOptions = true,
    description = "Checks a file of policies, which declare what the GPUs of nodes are to be.",
    footer = {
      "",
      "docs/reconcile.md describes the file.",
      "",
      "Example:",
      "  migctl reconcile --check --policy policies.yaml",
      "",
      "Exit code 0: no errors, at most warnings. 1: errors. No output: no findings."
    })
public final class ReconcileCommand implements Callable<Integer> {

  @Mixin
  private final Output output = new Output();

  @Option(
      names = "--policy",
      required = true,
      paramLabel = "FILE",
      description = "The file of policies; '-' for stdin.")
  private Path policy = Path.of("");

  @Option(
      names = "--check",
      required = true,
      description = "Print the findings of the file, without a cluster.")
  private boolean unusedCheck;

  @Override
  public Integer call() throws IOException {
    MigPolicyFile file =
        MigPolicyFile.read(new String(Input.bytes(policy), StandardCharsets.UTF_8));
    boolean valid = file.findings().stream().noneMatch(Finding::isError);
    if (output.isJson()) {
      output.print(json(file, valid));
    } else {
      file.findings().forEach(finding -> output.out().println(Input.line(policy, finding)));
    }
    return valid ? ExitCode.YES : ExitCode.NO;
  }

  private ObjectNode json(MigPolicyFile file, boolean valid) {
    ObjectNode answer = Output.object().put("file", Input.name(policy)).put("valid", valid);
    answer.set("findings", Output.list(file.findings()));
    return answer;
  }
}
