package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.examples.migctl.console.TextFile;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.reconcile.MigPolicy;
import io.github.mig4j.k8s.reconcile.MigPolicyFile;
import io.github.mig4j.k8s.reconcile.ReconcileOutcome;
import io.github.mig4j.k8s.reconcile.Reconciler;
import io.github.mig4j.lint.Finding;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "reconcile",
    description = "Keeps nodes as a file of policies declares them, and prints each node whose"
        + " standing changes; with --check it only checks the file, without a cluster.",
    footer = {
      "",
      "docs/reconcile.md describes the file. Of several processes one works.",
      "",
      "Examples:",
      "  migctl reconcile --check --policy policies.yaml",
      "  migctl reconcile --policy policies.yaml",
      "",
      "Exit code of --check 0: no errors, at most warnings. 1: errors."
    })
public final class ReconcileCommand extends ClusterCommand {

  @Option(
      names = "--policy",
      required = true,
      paramLabel = "FILE",
      description = "The file of policies; '-' for stdin.")
  private Path policy = Path.of("");

  @Option(names = "--check", description = "Print the findings of the file, without a cluster.")
  private boolean check;

  @Option(
      names = "--for",
      paramLabel = "DURATION",
      description = "End after this time; by default when the process is stopped.")
  private @Nullable Duration time;

  private List<MigPolicy> policies = List.of();

  @Override
  public Integer call() throws IOException {
    MigPolicyFile file = MigPolicyFile.read(TextFile.text(policy));
    if (check) {
      return check(file);
    }
    if (!isValid(file)) {
      throw Input.refusal(policy, file.findings());
    }
    policies = file.policies();
    return super.call();
  }

  @Override
  protected int call(MigClient mig) {
    try (Reconciler.Running running =
        mig.reconciler(policies).onOutcome(this::print).start()) {
      running.awaitEnd(time == null ? Duration.ofDays(365_000) : time);
      return ExitCode.YES;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException(
          "Interrupted; changes in progress are continued by the next run");
    }
  }

  private static boolean isValid(MigPolicyFile file) {
    return file.findings().stream().noneMatch(Finding::isError);
  }

  private int check(MigPolicyFile file) {
    boolean valid = isValid(file);
    answer(
        Output.object()
            .put("file", Input.name(policy))
            .put("valid", valid)
            .set("findings", Output.tree(file.findings())),
        () -> file.findings().forEach(finding -> out().println(Input.line(policy, finding))));
    return valid ? ExitCode.YES : ExitCode.NO;
  }

  private void print(ReconcileOutcome outcome) {
    answer(outcome, () -> out().println(outcome));
  }
}
