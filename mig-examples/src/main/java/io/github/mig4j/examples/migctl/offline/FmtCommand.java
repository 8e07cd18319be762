package io.github.mig4j.examples.migctl.offline;

import io.github.mig4j.config.ConfigEdit;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.Subcommand;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "fmt",
    description = "Prints a mig-parted file in canonical form: current profile names, filters in"
        + " quotes. Lists on stderr what it cannot keep, such as comments.",
    footer = {
      "",
      "Examples:",
      "  migctl fmt config.yaml",
      "  migctl fmt - < mig-config-manifest.yaml      the configuration in it"
    })
public final class FmtCommand extends Subcommand {

  @Parameters(paramLabel = "FILE", description = "The file or a manifest; '-' for stdin.")
  private Path file = Path.of("");

  @Override
  public Integer call() throws IOException {
    ConfigEdit edit = Input.valid(file).canonical();
    out().print(edit.textDespiteLosses());
    edit.losses().forEach(loss -> err().println("not kept: " + loss));
    return ExitCode.YES;
  }
}
