package io.github.mig4j.examples.migctl;

import io.github.mig4j.MigException;
import io.github.mig4j.examples.migctl.cluster.ApplyCommand;
import io.github.mig4j.examples.migctl.cluster.CodeHints;
import io.github.mig4j.examples.migctl.cluster.DiagnoseCommand;
import io.github.mig4j.examples.migctl.cluster.DisableCommand;
import io.github.mig4j.examples.migctl.cluster.FleetCommand;
import io.github.mig4j.examples.migctl.cluster.PendingCommand;
import io.github.mig4j.examples.migctl.cluster.PreflightCommand;
import io.github.mig4j.examples.migctl.cluster.PublishCommand;
import io.github.mig4j.examples.migctl.cluster.ReconcileCommand;
import io.github.mig4j.examples.migctl.cluster.RecoverCommand;
import io.github.mig4j.examples.migctl.cluster.RoleCommand;
import io.github.mig4j.examples.migctl.cluster.RollbackCommand;
import io.github.mig4j.examples.migctl.cluster.RolloutCommand;
import io.github.mig4j.examples.migctl.cluster.ShareCommand;
import io.github.mig4j.examples.migctl.cluster.SimulateCommand;
import io.github.mig4j.examples.migctl.cluster.StatusCommand;
import io.github.mig4j.examples.migctl.console.DurationConverter;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.NegativeAnswerException;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.examples.migctl.console.Sink;
import io.github.mig4j.examples.migctl.console.UnusableFileException;
import io.github.mig4j.examples.migctl.demo.DemoCommand;
import io.github.mig4j.examples.migctl.dra.DraCommand;
import io.github.mig4j.examples.migctl.offline.AdviseCommand;
import io.github.mig4j.examples.migctl.offline.ExplainCommand;
import io.github.mig4j.examples.migctl.offline.FmtCommand;
import io.github.mig4j.examples.migctl.offline.GenerateCommand;
import io.github.mig4j.examples.migctl.offline.ImportCommand;
import io.github.mig4j.examples.migctl.offline.LayoutsCommand;
import io.github.mig4j.examples.migctl.offline.LintCodeCommand;
import io.github.mig4j.examples.migctl.offline.ModelCommand;
import io.github.mig4j.examples.migctl.offline.ModelsCommand;
import io.github.mig4j.examples.migctl.offline.PlaceCommand;
import io.github.mig4j.examples.migctl.offline.PlanCommand;
import io.github.mig4j.examples.migctl.offline.TemplateCommand;
import io.github.mig4j.examples.migctl.offline.ValidateCommand;
import io.github.mig4j.gpu.ListingSyntaxException;
import io.github.mig4j.gpu.UnknownGpuException;
import io.github.mig4j.k8s.change.MigDeadlineException;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.rollout.Amount;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command-line tool: what NVIDIA GPUs can be cut into, and how to cut them. */
@Command(
    name = "migctl",
    mixinStandardHelpOptions = true,
    versionProvider = Migctl.Version.class,
    description =
        "Shows what an NVIDIA GPU can be cut into (MIG) before any GPU is changed, cuts the GPUs"
            + " of Kubernetes nodes, and verifies the result.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Examples:",
      "  migctl models",
      "  migctl model NVIDIA-B200",
      "  migctl place --gpu h100-sxm-80gb 3g.40gb:2",
      "  migctl layouts --gpu a100-40gb --maximal",
      "  migctl plan --gpus a100-40gb:8 --demand 1g.5gb:30,3g.20gb:5",
      "  migctl validate mig-config.yaml --gpu b200-180gb",
      "  migctl status",
      "  migctl apply gpu-node b200-split-small",
      "  migctl share l40s-node --time-slicing 4",
      "  source <(migctl generate-completion)      completion for bash and zsh",
      "",
      "Exit codes: 0 yes, 1 no (and the reasons), 2 wrong usage, unknown GPU or",
      "unreadable input, 3 cluster failure or deadline, 70 a bug.",
      "Colours only on a terminal; NO_COLOR=1 switches them off."
    })
public final class Migctl {

  private static final Pattern CONSTANTS =
      Pattern.compile("expected one of \\[([A-Za-z_, -]+)] \\(case-insensitive\\)");

  /** What picocli adds to each option that can be repeated. */
  private static final String REPETITION = " \\[--[^ ]+]\\.\\.\\.";

  /** What {@code --version} prints. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"migctl " + Output.version()};
    }
  }

  private static final String COMPLETION = "generate-completion";

  private static final List<Class<?>> COMMANDS = List.of(
      ModelsCommand.class,
      ModelCommand.class,
      LayoutsCommand.class,
      PlaceCommand.class,
      PlanCommand.class,
      TemplateCommand.class,
      AdviseCommand.class,
      ImportCommand.class,
      ValidateCommand.class,
      LintCodeCommand.class,
      ExplainCommand.class,
      GenerateCommand.class,
      FmtCommand.class,
      StatusCommand.class,
      FleetCommand.class,
      DiagnoseCommand.class,
      PublishCommand.class,
      PreflightCommand.class,
      ApplyCommand.class,
      RollbackCommand.class,
      RecoverCommand.class,
      DisableCommand.class,
      RolloutCommand.class,
      ReconcileCommand.class,
      PendingCommand.class,
      ShareCommand.class,
      RoleCommand.class,
      SimulateCommand.class,
      DemoCommand.class,
      DraCommand.class,
      CommandLine.HelpCommand.class,
      AutoComplete.GenerateCompletion.class);

  /** All commands with their options. */
  static CommandLine commandLine() {
    return commandLine(command -> true);
  }

  /**
   * The commands, of which only the needed ones have options, since reading the options of all
   * takes most of the time of a short answer.
   */
  private static CommandLine commandLine(Predicate<String> needed) {
    CommandLine migctl = new CommandLine(new Migctl());
    for (Class<?> type : COMMANDS) {
      Command command = type.getAnnotation(Command.class);
      if (needed.test(command.name())) {
        migctl.addSubcommand(type);
      } else {
        CommandSpec listed = CommandSpec.create().name(command.name());
        listed.usageMessage().header(command.header()).description(command.description());
        migctl.addSubcommand(listed);
      }
    }
    return migctl
        .registerConverter(Duration.class, new DurationConverter())
        .registerConverter(Amount.class, Migctl::amount);
  }

  private static Amount amount(String text) {
    try {
      return Amount.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(String.valueOf(e.getMessage()));
    }
  }

  static CommandLine commandLine(List<String> args) {
    return args.contains(COMPLETION) ? commandLine() : commandLine(args::contains);
  }

  /**
   * Runs the tool and ends the process.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    // The tool speaks English, and some of what it prints is read by programs.
    Locale.setDefault(Locale.ROOT);
    Sink sink = new Sink(new FileOutputStream(FileDescriptor.out));
    PrintWriter out = new PrintWriter(new BufferedOutputStream(sink), true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int exit = run(out, err, args);
    out.flush();
    Optional<IOException> failure = sink.failure();
    failure
        .filter(e -> !"Broken pipe".equals(e.getMessage()))
        .ifPresent(e -> err.println("Cannot write to stdout: %s".formatted(e.getMessage())));
    err.flush();
    System.exit(failure.isPresent() ? ExitCode.USAGE : exit);
  }

  /** Runs the tool and returns the exit code. */
  static int run(PrintWriter out, PrintWriter err, String... args) {
    return commandLine(List.of(args))
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(false)
        .setParameterExceptionHandler((e, parsed) -> {
          CommandLine failed = e.getCommandLine();
          if (e instanceof MissingParameterException) {
            printUnknown(failed, parsed);
          }
          failed.getErr().println(message(e));
          boolean unused = UnmatchedArgumentException.printSuggestions(e, failed.getErr());
          failed
              .getErr()
              .println("Try '%s --help'".formatted(failed.getCommandSpec().qualifiedName()));
          return ExitCode.USAGE;
        })
        .setExecutionExceptionHandler((e, commandLine, parsed) -> explain(e, commandLine))
        .execute(args.length == 0 ? new String[] {"--help"} : args);
  }

  /** What is missing is often there, but with a typing mistake, which picocli does not report then. */
  private static void printUnknown(CommandLine failed, String[] args) {
    List<String> unknown = Stream.of(args)
        .takeWhile(arg -> !arg.equals("--"))
        .map(arg -> arg.replaceFirst("=.*", ""))
        .filter(arg -> arg.matches("--[a-z].*"))
        .filter(arg -> failed.getCommandSpec().findOption(arg) == null)
        .toList();
    if (!unknown.isEmpty()) {
      UnmatchedArgumentException e = new UnmatchedArgumentException(failed, unknown);
      failed.getErr().println(e.getMessage());
      boolean unused = UnmatchedArgumentException.printSuggestions(e, failed.getErr());
    }
  }

  /** picocli's message in plain words, with the constants as they are written and not as Java names them. */
  private static String message(ParameterException e) {
    Set<String> commands = e.getCommandLine().getSubcommands().keySet();
    return CONSTANTS
        .matcher(String.valueOf(e.getMessage()))
        .replaceFirst(found -> "expected one of "
            + Stream.of(
                    found.group(1).toLowerCase(Locale.ROOT).replace('_', '-').split(", "))
                .distinct()
                .collect(Collectors.joining(", "))
            + ",")
        .replaceFirst("is not an int$", "is not a whole number, or is too large")
        .replaceFirst("is not a double$", "is not a number")
        .replaceFirst("^Error: ", "")
        .replaceAll(REPETITION, "")
        .replaceFirst(
            "^Unmatched arguments? (?:at|from) index [0-9]+",
            commands.isEmpty() ? "Unexpected argument" : "Unknown command")
        .replaceFirst("^Unknown subcommand ('.*')\\.$", "Unknown command: $1")
        .replaceFirst(
            "^Missing required subcommand$",
            "Missing command: one of " + String.join(", ", commands));
  }

  private static int explain(Exception e, CommandLine commandLine) {
    PrintWriter err = commandLine.getErr();
    int exit = exitCode(e);
    if (exit == ExitCode.BUG) {
      err.println("This is a bug of migctl; please report it with these lines:");
      e.printStackTrace(err);
      return exit;
    }
    err.println(text(e));
    if (e instanceof UnknownGpuException unknown && unknown.candidates().isEmpty()) {
      err.println("'migctl models' lists all known GPUs");
    }
    if (e instanceof MigRefusedException refused) {
      CodeHints.print(refused.findings(), err);
    }
    if (e instanceof IllegalArgumentException) {
      err.println("Try '%s --help'".formatted(commandLine.getCommandSpec().qualifiedName()));
    }
    return exit;
  }

  private static int exitCode(Exception e) {
    if ((e instanceof MigRefusedException refused && CodeHints.isForbidden(refused.findings()))
        || e instanceof MigClusterException
        || e instanceof MigDeadlineException) {
      return ExitCode.CLUSTER;
    }
    if (e instanceof UnknownGpuException
        || e instanceof ListingSyntaxException
        || e instanceof IOException
        || e.getClass().equals(IllegalArgumentException.class)) {
      return ExitCode.USAGE;
    }
    return e instanceof MigException || e instanceof NegativeAnswerException
        ? ExitCode.NO
        : ExitCode.BUG;
  }

  private static @Nullable String text(Exception e) {
    return e instanceof NoSuchFileException
        ? "File does not exist: " + e.getMessage()
        : e instanceof IOException && !(e instanceof UnusableFileException)
            ? "Cannot read or write: " + e
            : e.getMessage();
  }
}
