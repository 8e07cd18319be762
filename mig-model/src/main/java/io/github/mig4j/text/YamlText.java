package io.github.mig4j.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.composer.Composer;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeId;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.resolver.Resolver;
import org.yaml.snakeyaml.scanner.ScannerException;

/**
 * The documents of a YAML text as node graphs, and what is wrong with the text as such.
 *
 * @param documents those before the first fault
 * @param fault what ended the text early; it is not an error by itself, since go-yaml does not read
 *     what follows the first document
 */
public record YamlText(List<Node> documents, Optional<Fault> fault) {

  /** Half as much again as a ConfigMap can hold. */
  public static final int MAX_CHARACTERS = 3 * 512 * 1024;

  /** A configuration is 6 levels deep. */
  static final int MAX_DEPTH = 50;

  private static final int MAX_TABS = 32;

  private static final String BYTE_ORDER_MARK = "\uFEFF";

  /** A line that can precede a directive; possessive, so that matching it never recurses. */
  private static final Pattern BEFORE_DIRECTIVE =
      Pattern.compile("(?:[ \\t]*+(?:#.*+)?+|%TAG .*+)\\R");

  private static final Pattern DIRECTIVE = Pattern.compile("%YAML[ \\t]++([0-9.]++)");

  /** Why a text is no YAML. */
  public record Fault(YamlProblems.Problem problem, LineColumn at, String message, String remedy) {

    /** Reports this fault. */
    public void report(YamlProblems problems) {
      problems.report(problem, YamlPath.ROOT.at(at), message, remedy);
    }
  }

  /** Reads a configuration as far as it is YAML, and not larger than {@link #MAX_CHARACTERS}. */
  public static YamlText parse(String text, Embedding embedding, YamlProblems problems) {
    return parse(text, embedding, problems, MAX_CHARACTERS);
  }

  /** Reads a text as far as it is YAML, and not larger than a number of characters. */
  public static YamlText parse(
      String text, Embedding embedding, YamlProblems problems, int maxCharacters) {
    Optional<Fault> unreadable = unreadable(text, embedding, problems.program(), maxCharacters);
    if (unreadable.isPresent()) {
      return new YamlText(List.of(), unreadable);
    }
    String readable = text;
    Attempt attempt = compose(readable);
    for (int tabs = 0;
        tabs < MAX_TABS && attempt.problem instanceof MarkedYAMLException problem;
        tabs++) {
      Optional<String> blanked = blankTab(readable, problem);
      if (blanked.isEmpty()) {
        break;
      }
      readable = blanked.get();
      attempt = compose(readable);
      problems.report(
          YamlProblems.Problem.TAB,
          YamlPath.ROOT.at(embedding.inFile(position(problem.getProblemMark()))),
          "A tab separates values here, which Go's YAML reader allows and others refuse",
          "use a blank");
    }
    Optional<Fault> prose = isProse(attempt.documents)
        ? NoYaml.upTo(new LineColumn(Integer.MAX_VALUE, 1), text, embedding)
        : Optional.empty();
    return prose.isPresent()
        ? new YamlText(List.of(), prose)
        : new YamlText(attempt.documents, attempt.fault(text, embedding));
  }

  /** Whether the text begins with words that YAML reads as one value. */
  private static boolean isProse(List<Node> documents) {
    return !documents.isEmpty()
        && documents.get(0) instanceof ScalarNode scalar
        && scalar.isPlain();
  }

  /** Where the text continues after its first document; empty if it has at most one. */
  public Optional<LineColumn> afterFirst(Embedding embedding) {
    return documents.size() > 1
        ? Optional.of(GoYaml.position(documents.get(1), embedding))
        : fault.filter(any -> documents.size() == 1).map(Fault::at);
  }

  /** The line and column of a mark; the start if there is no mark. */
  public static LineColumn position(@Nullable Mark mark) {
    return mark == null
        ? LineColumn.START
        : new LineColumn(mark.getLine() + 1, mark.getColumn() + 1);
  }

  private static Optional<Fault> unreadable(
      String text, Embedding embedding, String program, int maxCharacters) {
    if (text.length() > maxCharacters) {
      return Optional.of(new Fault(
          YamlProblems.Problem.TOO_LARGE,
          embedding.inFile(LineColumn.START),
          "The file has %d characters, but a ConfigMap has at most 1048576 bytes"
              .formatted(text.length()),
          "remove configurations that no node requests"));
    }
    Optional<Fault> character = illegalCharacter(text, embedding);
    if (character.isPresent()) {
      return character;
    }
    Matcher leading = BEFORE_DIRECTIVE.matcher(text);
    leading.region(text.startsWith(BYTE_ORDER_MARK) ? 1 : 0, text.length());
    Matcher directive = DIRECTIVE.matcher(text);
    while (leading.lookingAt()) {
      leading.region(leading.end(), text.length());
    }
    directive.region(leading.regionStart(), text.length());
    if (directive.lookingAt() && !directive.group(1).equals("1.1")) {
      int line = Lines.of(text.substring(0, directive.start())).size();
      return Optional.of(new Fault(
          YamlProblems.Problem.YAML_SYNTAX,
          embedding.inFile(new LineColumn(line, 1)),
          "Not YAML for %s: the directive is %s, but its reader knows only %%YAML 1.1"
              .formatted(program, Quoted.of(directive.group())),
          "remove the line"));
    }
    return Optional.empty();
  }

  /** What libyaml refuses, found before SnakeYAML does, which names no line. */
  private static Optional<Fault> illegalCharacter(String text, Embedding embedding) {
    int at = 0;
    while (at < text.length() && isLegal(text.codePointAt(at))) {
      at += Character.charCount(text.codePointAt(at));
    }
    if (at == text.length()) {
      return Optional.empty();
    }
    List<String> before = Lines.of(text.substring(0, at));
    String line = before.get(before.size() - 1);
    return Optional.of(new Fault(
        YamlProblems.Problem.CONTROL_CHARACTER,
        embedding.inFile(new LineColumn(before.size(), line.codePointCount(0, line.length()) + 1)),
        "Not YAML: a file cannot contain the character U+%04X".formatted(text.codePointAt(at)),
        "remove it"));
  }

  /** Whether YAML allows a character in a file at all. */
  public static boolean isLegal(int c) {
    return (c >= 0x20 && c <= 0x7E)
        || c == '\t'
        || c == '\n'
        || c == '\r'
        || c == 0x85
        || (c >= 0xA0 && c <= 0xD7FF)
        || (c >= 0xE000 && c <= 0xFFFD)
        || c >= 0x10000;
  }

  private static Attempt compose(String text) {
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(Integer.MAX_VALUE);
    options.setNestingDepthLimit(MAX_DEPTH);
    options.setMaxAliasesForCollections(Integer.MAX_VALUE);
    options.setTagInspector(any -> true);
    List<Node> documents = new ArrayList<>();
    WholeText reader = new WholeText(text);
    try {
      Composer composer = new Composer(new ParserImpl(reader, options), new GoResolver(), options);
      while (composer.checkNode()) {
        documents.add(composer.getNode());
      }
      return new Attempt(documents, null);
    } catch (YAMLException e) {
      return new Attempt(documents, e);
    } catch (NumberFormatException e) {
      // SnakeYAML parses the digits of an escape unchecked.
      return new Attempt(
          documents, new ScannerException(null, null, YamlSyntax.BAD_ESCAPE, reader.getMark()));
    }
  }

  private record Attempt(List<Node> documents, @Nullable YAMLException problem) {

    Optional<Fault> fault(String text, Embedding embedding) {
      if (problem instanceof MarkedYAMLException marked) {
        LineColumn at = position(marked.getProblemMark());
        return NoYaml.upTo(at, text, embedding)
            .or(() -> Optional.of(YamlSyntax.fault(text, embedding, marked)));
      }
      if (problem != null) {
        String why = String.valueOf(problem.getMessage());
        boolean deep = why.startsWith("Nesting Depth");
        return Optional.of(new Fault(
            deep ? YamlProblems.Problem.TOO_DEEP : YamlProblems.Problem.YAML_SYNTAX,
            embedding.inFile(LineColumn.START),
            deep
                ? "The file is nested more than %d levels deep, but a configuration needs 6"
                    .formatted(MAX_DEPTH)
                : "Not YAML: " + Quoted.of(why),
            deep ? "look for brackets that are not closed" : "check the file's encoding"));
      }
      return Optional.empty();
    }
  }

  /** libyaml skips a tab behind a key or a value; SnakeYAML stops at it. */
  private static Optional<String> blankTab(String text, MarkedYAMLException problem) {
    Mark mark = problem.getProblemMark();
    if (mark == null || !String.valueOf(problem.getProblem()).contains("\\t(TAB)")) {
      return Optional.empty();
    }
    int tab = text.offsetByCodePoints(0, Math.min(mark.getIndex(), text.length()));
    if (tab >= text.length() || text.charAt(tab) != '\t') {
      return Optional.empty();
    }
    int before = tab - 1;
    while (before >= 0 && (text.charAt(before) == ' ' || text.charAt(before) == '\t')) {
      before--;
    }
    boolean separates =
        before >= 0 && "-?".indexOf(text.charAt(before)) < 0 && !Lines.isBreak(text.charAt(before));
    return separates
        ? Optional.of(text.substring(0, tab) + ' ' + text.substring(tab + 1))
        : Optional.empty();
  }

  /** Leaves it to {@link GoScalar} what a plain scalar is. */
  private static final class GoResolver extends Resolver {
    @Override
    protected void addImplicitResolvers() {
      // None: every scalar that is neither quoted nor tagged becomes PLAIN.
    }

    @Override
    public Tag resolve(NodeId kind, String value, boolean implicit) {
      return kind == NodeId.scalar && implicit
          ? GoScalar.PLAIN
          : super.resolve(kind, value, implicit);
    }
  }
}
