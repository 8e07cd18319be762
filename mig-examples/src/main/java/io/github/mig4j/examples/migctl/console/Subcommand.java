package io.github.mig4j.examples.migctl.console;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A subcommand, and where it writes. */
@Command(mixinStandardHelpOptions = true)
public abstract class Subcommand implements Callable<Integer> {

  @Spec
  private @Nullable CommandSpec command;

  public PrintWriter out() {
    return commandLine().getOut();
  }

  public PrintWriter err() {
    return commandLine().getErr();
  }

  private CommandLine commandLine() {
    return Objects.requireNonNull(command).commandLine();
  }

  /** The refusal of the command line. */
  public ParameterException usage(String message) {
    return new ParameterException(commandLine(), message);
  }

  /** Writes a requested file, or to the standard output; call it after the answer is printed. */
  protected void write(Path file, String content) throws UnusableFileException {
    if (Output.isStandardOutput(file)) {
      out().print(content);
      return;
    }
    try {
      Files.writeString(file, content);
    } catch (IOException e) {
      throw Output.unwritable(file, e);
    }
  }
}
