package io.github.mig4j.examples.migctl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/**
 * Every command of migctl that a page has, in a sentence, a table or an example, can be typed: its
 * subcommands and options exist. TaskPagesTest also compares what the commands of transcripts print.
 */
class CommandsOfPagesTest {

  private static final String WORDS = "(?:migctl|kubectl mig) ((?:[^`'\\n\\\\|]|\\\\\\||\\\\\\n)+)";

  /** In a sentence or a table. */
  private static final Pattern QUOTED = Pattern.compile("[`'](?:\\S*/)?" + WORDS);

  /** A line of an example, perhaps after a prompt, a pipe or the key of a workflow. */
  private static final Pattern LINE =
      Pattern.compile("(?:^ *(?:\\$ |- )?(?:run: )?|\\| )(?:\\S*/)?" + WORDS, Pattern.MULTILINE);

  private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--?[a-z][a-z-]*");

  private static final CommandLine MIGCTL = Migctl.commandLine();

  static Stream<Path> pages() throws IOException {
    try (Stream<Path> docs = Files.list(Path.of("..", "docs"))) {
      List<Path> pages = new ArrayList<>(
          docs.filter(page -> page.toString().endsWith(".md")).sorted().toList());
      pages.add(Path.of("..", "README.md"));
      pages.add(Path.of("README.md"));
      return pages.stream();
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  void commandOfAPage_canBeTyped(Path page) throws IOException {
    assertThat(problems(Files.readString(page))).isEmpty();
  }

  @Test
  void commandThatIsNoMore_isFound() {
    assertThat(problems("""
        Use `migctl aply NODE`, or `migctl apply NODE CONFIG --cordn`.
        ```console
        $ migctl rollout rum week-48
        ```
        | `migctl status [NODE] [--svg FILE\\|--pdf FILE]` | no |
        """))
        .containsExactly(
            "migctl aply NODE: no command 'aply'",
            "migctl apply NODE CONFIG --cordn: no option '--cordn'",
            "migctl rollout rum week-48: no command 'rum'",
            "migctl status [NODE] [--svg FILE\\|--pdf FILE]: no option '--pdf'");
  }

  private static List<String> problems(String page) {
    List<String> problems = new ArrayList<>();
    String[] parts = page.split("(?m)^ *```", -1);
    for (int i = 0; i < parts.length; i++) {
      Pattern command = i % 2 == 0 ? QUOTED : LINE;
      for (MatchResult found : command.matcher(parts[i]).results().toList()) {
        String text = found.group(1).replace("\\\n", " ").strip();
        problem(text.replaceAll(" (?:>|2>|#|&&|;) .*", ""))
            .ifPresent(problem -> problems.add("migctl " + text + ": " + problem));
      }
    }
    return problems;
  }

  private static Optional<String> problem(String text) {
    CommandLine command = MIGCTL;
    for (String word : text.split(" ")) {
      boolean isName = word.matches("[a-z][a-z-]*");
      if (command.getSubcommands().isEmpty() || !isName) {
        break;
      }
      if (!command.getSubcommands().containsKey(word)) {
        return Optional.of("no command '%s'".formatted(word));
      }
      command = command.getSubcommands().get(word);
    }
    if (command == MIGCTL) {
      return Optional.empty(); // Options that are the same in all commands.
    }
    for (MatchResult option : OPTION.matcher(text).results().toList()) {
      if (command.getCommandSpec().findOption(option.group()) == null) {
        return Optional.of("no option '%s'".formatted(option.group()));
      }
    }
    return Optional.empty();
  }
}
