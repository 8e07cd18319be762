package io.github.mig4j.examples.migctl.console;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Option;

/** A subcommand that answers as text or JSON. */
public abstract class AnswerCommand extends Subcommand {

  @Option(names = "--json", description = "Print JSON only; docs/migctl.md lists the fields.")
  private boolean json;

  public boolean isJson() {
    return json;
  }

  /** Prints the answer: a value in its JSON form if that is requested, otherwise as text. */
  public void answer(Object value, Runnable text) {
    if (json) {
      print(Output.tree(value));
    } else {
      text.run();
    }
  }

  public void print(JsonNode node) {
    out().println(node.toPrettyString());
  }

  /** Text with picocli's markup, such as {@code @|bold id|@}, in colour only on a terminal. */
  protected static String styled(String markup) {
    return Ansi.AUTO.string(markup);
  }
}
