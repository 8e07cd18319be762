package io.github.mig4j.examples.migctl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.examples.migctl.console.Output;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ManualTest {

  @TempDir
  Path folder;

  @Test
  void main_writesAPageForEachCommand_withItsOptionsAndExamples() throws IOException {
    Manual.main(new String[] {folder.toString()});

    try (Stream<Path> pages = Files.list(folder.resolve("man/man1"))) {
      assertThat(pages.map(page -> page.getFileName().toString()))
          .contains("migctl.1", "migctl-place.1", "migctl-rollout-run.1", "migctl-dra-inventory.1")
          .doesNotContain("migctl-help.1");
    }
    assertThat(folder.resolve("man/man1/migctl-fmt.1"))
        .content()
        .startsWith("""
            .TH migctl\\-fmt 1 "" "migctl %s" "migctl manual"
            .SH NAME
            migctl\\-fmt \\- Prints""".formatted(Output.version().replace("-", "\\-")))
        .contains("""
            .SH ARGUMENTS
            .TP
            .B FILE
            The file or a manifest; '\\-' for stdin.
            .SH OPTIONS
            .TP
            """);
  }

  /** A line of text that begins with a dot or a quote would be a request of man(7). */
  @Test
  void page_ofEachCommand_hasNoUnknownRequest() {
    for (CommandLine command : commands(Migctl.commandLine()).toList()) {
      assertThat(Manual.page(command).lines().filter(line -> line.matches("[.'].*")))
          .as(command.getCommandName())
          .allMatch(line -> line.matches("\\.(TH|SH|TP|B|nf|fi)( .+)?"));
    }
  }

  @Test
  void completion_offersGpusProfilesNodesAndConfigurations() throws IOException {
    Manual.main(new String[] {folder.toString()});

    assertThat(folder.resolve("completion/migctl.bash"))
        .content()
        .contains("\"h100-sxm-80gb\"", "\"1g.10gb+me\"", "$(kubectl get nodes ")
        .contains("$(kubectl get configmap mig-config ");
  }

  @Test
  void help_ofEachCommand_isTheSameWhetherOtherCommandsAreReadOrNot() {
    CommandLine all = Migctl.commandLine();
    for (String name : all.getSubcommands().keySet()) {
      if (name.equals("help")) {
        continue;
      }
      var out = new StringWriter();
      int exit = Migctl.run(new PrintWriter(out), new PrintWriter(out), name, "--help");

      assertThat(exit).isZero();
      assertThat(out.toString()).isEqualTo(all.getSubcommands().get(name).getUsageMessage());
    }
    assertThat(List.of(all.getUsageMessage()))
        .containsExactly(Migctl.commandLine(List.of("--help")).getUsageMessage());
  }

  private static Stream<CommandLine> commands(CommandLine command) {
    return Stream.concat(
        Stream.of(command),
        command.getSubcommands().values().stream().flatMap(ManualTest::commands));
  }
}
