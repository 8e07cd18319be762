package io.github.mig4j.examples.migctl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * A page of documentation. What it shows after a prompt is run, and its output compared; with {@code
 * -Dmig4j.docs=write} it is written anew.
 */
final class DocumentedPage {

  private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Pattern TRANSCRIPT = Pattern.compile("```console\n(.*?)```", Pattern.DOTALL);
  private static final Pattern COMMAND =
      Pattern.compile("^\\$ ((?:.*\\\\\n)*.*)\n((?:(?!\\$ ).*\n)*)", Pattern.MULTILINE);
  private static final boolean WRITES = "write".equals(System.getProperty("mig4j.docs"));

  private final Path file;

  private DocumentedPage(Path file) {
    this.file = file;
  }

  /** A page of docs; tests run in the module's directory. */
  static DocumentedPage of(String name) {
    return new DocumentedPage(Path.of("..", "docs", name + ".md"));
  }

  static DocumentedPage readme() {
    return new DocumentedPage(Path.of("..", "README.md"));
  }

  String text() throws IOException {
    return Files.readString(file);
  }

  List<String> javaSnippets() throws IOException {
    return JAVA.matcher(text()).results().map(found -> found.group(1)).toList();
  }

  /** The headings of sections that hold a transcript. */
  List<String> sections() throws IOException {
    return List.of(text().split("(?m)^## ", -1)).stream()
        .skip(1)
        .filter(section -> TRANSCRIPT.matcher(section).find())
        .map(section -> section.lines().findFirst().orElseThrow())
        .toList();
  }

  /** Runs every transcript of the page, one after the other. */
  void run(Terminal terminal) throws IOException {
    String text = text();
    hold(text, played(text, terminal));
  }

  /** Runs the transcripts of one section. */
  void run(String heading, Terminal terminal) throws IOException {
    String text = text();
    int start = text.indexOf("## " + heading + "\n");
    int next = text.indexOf("\n## ", start);
    int end = next < 0 ? text.length() : next;
    String section = text.substring(start, end);
    hold(text, text.substring(0, start) + played(section, terminal) + text.substring(end));
  }

  private void hold(String shown, String played) throws IOException {
    if (WRITES) {
      Files.writeString(file, played);
    } else {
      assertThat(masked(played)).isEqualTo(masked(shown));
    }
  }

  private static String played(String text, Terminal terminal) throws IOException {
    StringBuilder played = new StringBuilder();
    int end = 0;
    for (MatchResult transcript : TRANSCRIPT.matcher(text).results().toList()) {
      played.append(text, end, transcript.start()).append("```console\n");
      for (MatchResult command : COMMAND.matcher(transcript.group(1)).results().toList()) {
        String printed = terminal.run(command.group(1), command.group(2));
        played
            .append("$ ")
            .append(command.group(1))
            .append('\n')
            .append(masked(printed).equals(masked(command.group(2))) ? command.group(2) : printed);
      }
      played.append("```");
      end = transcript.end();
    }
    return played.append(text.substring(end)).toString();
  }

  /** Without times, and without what the API server makes up. */
  private static String masked(String text) {
    return text.replaceAll(" +[0-9]+\\.[0-9]s ", " #s ")
        .replaceAll("held for [0-9.]+ m?s", "held for # s")
        .replaceAll("\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z\"", "\"#\"")
        .replaceAll("nvidia-mig-manager-[a-z0-9]{5}", "nvidia-mig-manager-#");
  }
}
