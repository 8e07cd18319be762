package io.github.mig4j.examples.migctl;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs what pages show after a prompt, in a folder of its own. */
final class Terminal {

  private static final Pattern WORD = Pattern.compile("'([^']*)'|\"([^\"]*)\"|(\\S+)");
  private static final Pattern FILE = Pattern.compile("[a-z0-9-]+\\.(yaml|txt|sarif|json|svg)");
  private static final Set<String> ON_A_CLUSTER = Set.of(
      "status",
      "fleet",
      "diagnose",
      "publish",
      "preflight",
      "apply",
      "rollback",
      "recover",
      "disable",
      "rollout",
      "pending",
      "reconcile",
      "share");
  private static final Set<String> CHANGES =
      Set.of("apply", "rollback", "recover", "disable", "share");

  private final Path folder;
  private int exit;

  Terminal(Path folder) {
    this.folder = folder;
  }

  Path kubeconfig() {
    return folder.resolve("kubeconfig");
  }

  /**
   * Runs one command.
   *
   * @param shown what the page shows as its output, which 'cat' takes for the file's content
   * @return standard output and error as a terminal mixes them
   */
  String run(String command, String shown) throws IOException {
    List<String> words = words(command);
    return switch (words.get(0)) {
      case "migctl" -> migctl(words.subList(1, words.size()));
      case "cat" -> cat(folder.resolve(words.get(1)), shown);
      case "echo" -> exit + "\n";
      default -> throw new IllegalArgumentException("No such command here: " + command);
    };
  }

  private static List<String> words(String command) {
    List<String> words = new ArrayList<>();
    Matcher word = WORD.matcher(command.replace("\\\n", " "));
    while (word.find()) {
      words.add(
          word.group(1) != null
              ? word.group(1)
              : word.group(2) != null ? word.group(2) : word.group(3));
    }
    return words;
  }

  private static String cat(Path file, String shown) throws IOException {
    if (!Files.exists(file)) {
      Files.writeString(file, shown);
    }
    return Files.readString(file);
  }

  private String migctl(List<String> words) throws IOException {
    int redirect = words.indexOf(">");
    List<String> args = new ArrayList<>(redirect < 0 ? words : words.subList(0, redirect));
    String subcommand = args.get(0);
    args.replaceAll(arg -> FILE.matcher(arg).matches() ? folder.resolve(arg).toString() : arg);
    if (ON_A_CLUSTER.contains(subcommand) || args.contains("inventory")) {
      args.addAll(List.of("--kubeconfig", kubeconfig().toString()));
    }
    if (CHANGES.contains(subcommand)) {
      args.addAll(List.of("--stability", "PT0.3S"));
    }
    StringWriter screen = new StringWriter();
    StringWriter out = redirect < 0 ? screen : new StringWriter();
    exit = Migctl.run(
        new PrintWriter(out, true), new PrintWriter(screen, true), args.toArray(new String[0]));
    if (redirect >= 0) {
      Files.writeString(folder.resolve(words.get(redirect + 1)), out.toString());
    }
    return screen.toString().replace(folder + "/", "").replace(System.lineSeparator(), "\n");
  }
}
