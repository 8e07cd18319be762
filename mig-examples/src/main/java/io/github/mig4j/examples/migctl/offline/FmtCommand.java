package io.github.mig4j.examples.migctl.offline;

import io.github.mig4j.config.ConfigEdit;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes a file in canonical form. */
@Command(
    name = "fmt",
    mixinStandardHelpOptions = true,
    description = "Prints a mig-parted file in canonical form: current profile names, filters in"
        + " quotes. Lists on stderr what it cannot keep, such as comments.",
    footer = {
      "",
      "Examples:",
      "  migctl fmt config.yaml",
      "  migctl fmt - < mig-config-manifest.yaml      the configuration in it"
    })
public final class FmtCommand implements Callable<Integer> {

  @Spec
  private @Nullable CommandSpec command;

  @Parameters(paramLabel = "FILE", description = "The file or a manifest; '-' for stdin.")
  private Path file = Path.of("");

  @Override
  public Integer call() throws IOException {
    ConfigEdit edit = Input.valid(file).canonical();
    CommandLine commandLine = Objects.requireNonNull(command).commandLine();
    commandLine.getOut().print(edit.textDespiteLosses());
    edit.losses().forEach(loss -> commandLine.getErr().println("not kept: " + loss));
    return ExitCode.YES;
  }
}
