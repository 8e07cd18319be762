package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.NegativeAnswerException;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.rollout.Amount;
import io.github.mig4j.k8s.rollout.Canary;
import io.github.mig4j.k8s.rollout.RollBack;
import io.github.mig4j.k8s.rollout.Rollout;
import io.github.mig4j.k8s.rollout.RolloutEvent;
import io.github.mig4j.k8s.rollout.RolloutPlan;
import io.github.mig4j.k8s.rollout.RolloutStatus;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "rollout",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Applies a configuration to many nodes, a few at a time. A rollout has a name, by"
        + " which any process can show, pause, resume, abort or continue it.",
    subcommands = {
      RolloutCommand.Run.class,
      RolloutCommand.Status.class,
      RolloutCommand.Pause.class,
      RolloutCommand.Resume.class,
      RolloutCommand.Abort.class,
      RolloutCommand.Forget.class
    },
    footer = {
      "",
      "Examples:",
      "  migctl rollout run small b200-split-small --nodes node-1,node-2 --dry-run",
      "  migctl rollout run small b200-split-small --max-unavailable 10%% --drain \\",
      "      --selector nvidia.com/gpu.product=NVIDIA-B200 --canary 2 --stop-after 3",
      "  migctl rollout status small",
      "  migctl rollout resume small"
    })
public final class RolloutCommand {

  @Command(
      name = "run",
      description =
          "Starts a rollout, or continues the rollout of this name. Ctrl-C ends the wait; the"
              + " same command continues.",
      footer = {
        "",
        "Exit code 0: in force on every node; with --dry-run: no node would be skipped.",
        "1: refused, or nodes were skipped, failed or not reached.",
        "3: the cluster failed."
      })
  static final class Run extends ClusterCommand {

    @Parameters(index = "0", paramLabel = "NAME", description = "The rollout's name.")
    private String name = "";

    @Parameters(
        index = "1",
        paramLabel = "CONFIG",
        completionCandidates = Candidates.Configs.class,
        converter = ConfigNameConverter.class,
        description = "A configuration of the ConfigMap that the GPU Operator is pointed at.")
    private String config = "";

    @Option(
        names = {"-l", "--selector"},
        paramLabel = "LABELS",
        description = "The nodes with these labels, as kubectl takes them.")
    private @Nullable String selector;

    @Option(
        names = "--nodes",
        paramLabel = "NODE",
        completionCandidates = Candidates.Nodes.class,
        split = ",",
        description = "These nodes.")
    private @Nullable List<String> nodes;

    @Option(names = "--dry-run", description = "Print what would happen; write nothing.")
    private boolean dryRun;

    @Option(
        names = "--max-unavailable",
        paramLabel = "AMOUNT",
        defaultValue = "1",
        description =
            "Nodes that change at the same time, such as 5 or 10%%; ${DEFAULT-VALUE} by default.")
    private Amount maxUnavailable = Amount.nodes(1);

    @Option(
        names = "--canary",
        paramLabel = "COUNT",
        description = "Change this number of nodes first, then wait for 'migctl rollout resume'.")
    private @Nullable Integer canaries;

    @Option(
        names = "--canary-pause",
        paramLabel = "DURATION",
        description = "Continue without an approval after this time, such as 30m.")
    private @Nullable Duration canaryPause;

    @Option(
        names = "--stop-after",
        paramLabel = "FAILURES",
        defaultValue = "1",
        description =
            "The number of failed nodes that stops the rollout; ${DEFAULT-VALUE} by default.")
    private int stopAfter = 1;

    @Option(
        names = "--on-failure",
        paramLabel = "none|failed|all",
        defaultValue = "none",
        description =
            "Which nodes return to the previous configuration; ${DEFAULT-VALUE} by default.")
    private RollBack onFailure = RollBack.NONE;

    @Option(names = "--cordon", description = "Keep new pods away from a node while it changes.")
    private boolean cordon;

    @Option(
        names = "--drain",
        description = "Cordon, and evict the pods that use a node's GPUs, within their disruption"
            + " budgets. Without it a node whose GPUs are in use is skipped.")
    private boolean drain;

    @Option(
        names = "--node-timeout",
        paramLabel = "DURATION",
        defaultValue = "1h",
        description = "How long one node may take; ${DEFAULT-VALUE} by default.")
    private Duration nodeTimeout = Duration.ofHours(1);

    @Mixin
    private final StabilityOption stability = new StabilityOption();

    @Option(names = "--verbose", description = "Print each step of each node.")
    private boolean verbose;

    @Override
    protected int call(MigClient mig) {
      Rollout rollout = chosen(mig.rollout(name))
          .config(config)
          .maxUnavailable(maxUnavailable)
          .stopAfterFailures(stopAfter)
          .onFailure(onFailure)
          .disruption(drain ? Disruption.DRAIN : cordon ? Disruption.CORDON : Disruption.NONE)
          .nodeDeadline(nodeTimeout)
          .timings(stability.timings())
          .onProgress(this::print);
      if (canaries == null && canaryPause != null) {
        throw usage("--canary-pause needs --canary, the number of nodes before the pause");
      }
      if (canaries != null) {
        rollout = rollout.canary(
            canaries, canaryPause == null ? Canary.awaitApproval() : Canary.pause(canaryPause));
      }
      return dryRun ? showPlan(rollout.dryRun()) : show(rollout.run(), this);
    }

    private Rollout chosen(Rollout rollout) {
      if (selector == null && nodes == null) {
        throw usage("Choose nodes by --selector or by --nodes");
      }
      if (selector != null && nodes != null) {
        throw usage("Choose nodes by --selector or by --nodes, not both");
      }
      return selector != null
          ? rollout.nodes(selector)
          : rollout.nodes(Objects.requireNonNull(nodes));
    }

    private void print(RolloutEvent event) {
      if (verbose || !(event instanceof RolloutEvent.NodeStep)) {
        err().println(event);
      }
    }

    private int showPlan(RolloutPlan plan) {
      answer(plan, () -> out().println(plan.toText()));
      return plan.nodes().stream().allMatch(node -> node.preflight().isClear())
          ? ExitCode.YES
          : ExitCode.NO;
    }
  }

  /** A subcommand for the rollout of a name. */
  abstract static class Named extends ClusterCommand {

    @Parameters(index = "0", paramLabel = "NAME", description = "The rollout's name.")
    private String name = "";

    @Override
    protected final int call(MigClient mig) {
      return call(mig.rollout(name));
    }

    abstract int call(Rollout rollout);

    /** Prints the status after a request, which the process that works on the rollout carries out. */
    int requested(Rollout rollout) {
      int unused = show(require(rollout), this);
      return ExitCode.YES;
    }

    RolloutStatus require(Rollout rollout) {
      return rollout
          .status()
          .orElseThrow(() -> new NegativeAnswerException(
              "Rollout '%s' does not exist; start one with 'migctl rollout run'".formatted(name)));
    }
  }

  @Command(
      name = "status",
      description = "Reports the progress of a rollout. Reads only.",
      footer = {"", "Exit code 0: in force on every node. 1: not, or not yet, or no such rollout."})
  static final class Status extends Named {
    @Override
    int call(Rollout rollout) {
      return show(require(rollout), this);
    }
  }

  @Command(
      name = "pause",
      description = "Pauses a rollout: no other node starts; nodes in progress finish.")
  static final class Pause extends Named {
    @Override
    int call(Rollout rollout) {
      rollout.pause();
      return requested(rollout);
    }
  }

  @Command(name = "resume", description = "Resumes a paused rollout, or approves its canaries.")
  static final class Resume extends Named {
    @Override
    int call(Rollout rollout) {
      rollout.resume();
      return requested(rollout);
    }
  }

  @Command(
      name = "abort",
      description = "Ends a rollout; nodes in progress finish, and changed ones stay changed.")
  static final class Abort extends Named {
    @Override
    int call(Rollout rollout) {
      rollout.abort();
      return requested(rollout);
    }
  }

  @Command(
      name = "forget",
      description =
          "Deletes the record of a rollout that has ended, so that its name can be used again.")
  static final class Forget extends Named {
    @Override
    int call(Rollout rollout) {
      Optional<RolloutStatus> last = rollout.status();
      rollout.forget();
      last.ifPresent(status -> answer(status, () -> out().println("forgotten: " + status)));
      return ExitCode.YES;
    }
  }

  private static int show(RolloutStatus status, AnswerCommand command) {
    command.answer(status, () -> command.out().println(status.toText()));
    return status.isComplete() ? ExitCode.YES : ExitCode.NO;
  }
}
