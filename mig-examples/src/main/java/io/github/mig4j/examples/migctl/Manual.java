package io.github.mig4j.examples.migctl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Writes the manual pages and the completion script that ship with migctl, from picocli's model of the
 * commands.
 *
 * <p>picocli's own generator of manual pages writes AsciiDoc, which {@code man} cannot show: a second
 * program, written in Ruby, has to translate it. These pages need no translation.
 */
public final class Manual {

  private static final Set<String> WITHOUT_PAGE = Set.of("help", "generate-completion");

  private Manual() {}

  /**
   * Writes {@code man/man1/*.1} and {@code completion/migctl.bash}.
   *
   * @param args the folder, which is created
   */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    CommandLine migctl = Migctl.commandLine();
    Path pages = Files.createDirectories(folder.resolve("man/man1"));
    for (CommandLine command : commands(migctl).toList()) {
      Files.writeString(pages.resolve(title(command) + ".1"), page(command));
    }
    Path completion = Files.createDirectories(folder.resolve("completion"));
    Files.writeString(completion.resolve("migctl.bash"), AutoComplete.bash("migctl", migctl));
  }

  private static Stream<CommandLine> commands(CommandLine command) {
    return Stream.concat(
        Stream.of(command),
        command.getSubcommands().values().stream()
            .filter(sub -> !WITHOUT_PAGE.contains(sub.getCommandName()))
            .flatMap(Manual::commands));
  }

  private static String title(CommandLine command) {
    return command.getCommandSpec().qualifiedName("-");
  }

  /** A page in the language of man(7). */
  static String page(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    String description = plain(String.join(" ", spec.usageMessage().description()));
    List<String> lines = new ArrayList<>();
    lines.add(".TH %s 1 \"\" \"%s\" \"migctl manual\""
        .formatted(quoted(title(command)), quoted(plain(spec.root().version()[0]))));
    lines.add(".SH NAME");
    lines.add(text(title(command)) + " \\- "
        + text(description.split("(?<=\\.) |: |;", 2)[0].replaceAll("\\.$", "")));
    lines.add(".SH SYNOPSIS");
    lines.add(text(String.join(
        " ", command.getHelp().synopsis(0).strip().lines().map(String::strip).toList())));
    lines.add(".SH DESCRIPTION");
    lines.add(text(description));
    if (!spec.positionalParameters().isEmpty()) {
      lines.add(".SH ARGUMENTS");
      spec.positionalParameters()
          .forEach(argument -> lines.addAll(item(argument.paramLabel(), argument)));
    }
    lines.add(".SH OPTIONS");
    spec.options().stream()
        .filter(option -> !option.hidden())
        .forEach(option -> lines.addAll(item(label(option), option)));
    if (!spec.subcommands().isEmpty()) {
      lines.add(".SH COMMANDS");
      spec.subcommands().values().stream()
          .filter(sub -> !WITHOUT_PAGE.contains(sub.getCommandName()))
          .forEach(sub -> lines.addAll(List.of(
              ".TP",
              ".B " + text(sub.getCommandName()),
              text(plain(String.join(" ", sub.getCommandSpec().usageMessage().description()))))));
    }
    String[] footer = spec.usageMessage().footer();
    if (footer.length > 0) {
      lines.add(".SH NOTES");
      lines.add(".nf");
      Stream.of(footer).skip(1).map(Manual::plain).map(Manual::text).forEach(lines::add);
      lines.add(".fi");
    }
    return String.join("\n", lines) + "\n";
  }

  private static List<String> item(String label, ArgSpec argument) {
    return List.of(
        ".TP",
        ".B " + text(label),
        text(plain(String.join(" ", argument.description()).strip())));
  }

  private static String label(OptionSpec option) {
    String names = Stream.of(option.names()).collect(Collectors.joining(", "));
    return option.arity().max() == 0 ? names : names + "=" + option.paramLabel();
  }

  private static String plain(String markup) {
    return Ansi.OFF.string(markup).replace("%n", " ").replace("%%", "%");
  }

  private static String quoted(String text) {
    return text(text).replace("\"", "\\(dq");
  }

  /** Escapes what man(7) would interpret. */
  private static String text(String plain) {
    String escaped = plain.replace("\\", "\\e").replace("-", "\\-");
    return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
  }
}
