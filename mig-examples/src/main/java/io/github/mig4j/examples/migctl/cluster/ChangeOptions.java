package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.k8s.change.ApplyOutcome;
import io.github.mig4j.k8s.change.ApplyRequest;
import io.github.mig4j.k8s.check.PreflightCode;
import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Severity;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How long a change may take, and how it is reported. */
final class ChangeOptions {

  /** Warnings about a state that a verified change has ended. */
  private static final Set<Code> ENDED_BY_SUCCESS =
      Set.of(PreflightCode.CHANGE_IN_PROGRESS, PreflightCode.FAILED_BEFORE, PreflightCode.PAUSED);

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "30m",
      description = "How long the whole change may take, such as 90s, 10m or 1h; ${DEFAULT-VALUE}"
          + " by default.")
  private Duration timeout = Duration.ofMinutes(30);

  @Mixin
  private final StabilityOption stability = new StabilityOption();

  @Mixin
  private final GpuOptions gpus = new GpuOptions();

  int run(ApplyRequest request, AnswerCommand command) {
    ApplyRequest configured = gpus.on(request.timings(stability.timings()));
    report(await(configured, timeout, command), command);
    return ExitCode.YES;
  }

  /** Waits and reports the steps. */
  static ApplyOutcome await(ApplyRequest request, Duration timeout, AnswerCommand command) {
    try (ProgressPrinter progress = ProgressPrinter.on(command.err())) {
      return request.onProgress(progress).await(timeout);
    } catch (CancellationException e) {
      throw new CancellationException(
          "Interrupted; a change that was requested continues, and the same command waits for it");
    }
  }

  static void report(ApplyOutcome outcome, AnswerCommand command) {
    command.answer(outcome, () -> print(outcome, command.out()));
  }

  private static void print(ApplyOutcome outcome, PrintWriter out) {
    out.println("%s %s as %s"
        .formatted(
            outcome.status().node(),
            outcome instanceof ApplyOutcome.Verified ? "verified" : "verified by state only",
            outcome.config().isEmpty() ? "the operator's default" : outcome.config()));
    if (outcome instanceof ApplyOutcome.VerifiedByStateOnly byState) {
      out.println("  because " + byState.reason());
    }
    outcome.allocatable().forEach((resource, count) -> out.println("  " + resource + ": " + count));
    outcome.findings().stream()
        .filter(finding -> finding.severity() == Severity.WARNING)
        .filter(finding -> !ENDED_BY_SUCCESS.contains(finding.code()))
        .forEach(finding -> out.println("  " + finding));
  }
}
