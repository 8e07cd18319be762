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
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.StreamReader;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * The documents of a YAML text as node graphs, and what is wrong with the text as such.
 *
 * @param documents those before the first fault
 * @param fault what ended the text early, not yet counted as an error: behind the first document
 *     go-yaml does not look
 */
public record YamlText(List<Node> documents, Optional<Fault> fault) {

  /** Half as much again as a ConfigMap can hold; SnakeYAML needs time by the square of a token. */
  public static final int MAX_CHARACTERS = 3 * 512 * 1024;

  /** A configuration is 6 levels deep. */
  static final int MAX_DEPTH = 50;

  private static final int MAX_TABS = 32;

  private static final Pattern DIRECTIVE =
      Pattern.compile("\\A(?:[ \\t]*(?:#.*)?\\R|%TAG .*\\R)*(%YAML[ \\t]+([0-9.]+))");

  /** Why a text is no YAML. */
  public record Fault(YamlProblem problem, Position at, String message) {}

  /** Reads as far as the text is YAML. */
  public static YamlText parse(String text, Position.Origin origin, YamlProblems problems) {
    Optional<Fault> unreadable = unreadable(text, origin, problems.program());
    if (unreadable.isPresent()) {
      return new YamlText(List.of(), unreadable);
    }
    String readable = text;
    for (int tabs = 0; ; tabs++) {
      Attempt attempt = compose(readable);
      MarkedYAMLException problem = attempt.problem;
      if (problem == null) {
        return new YamlText(attempt.documents, attempt.fault(origin));
      }
      Optional<String> blanked = tabs < MAX_TABS ? blankTab(readable, problem) : Optional.empty();
      if (blanked.isEmpty()) {
        return new YamlText(attempt.documents, attempt.fault(origin));
      }
      readable = blanked.get();
      problems.report(
          YamlProblem.TAB,
          YamlPath.ROOT.at(origin.of(position(problem.getProblemMark()))),
          "A tab separates values here, which Go's YAML reader allows and others refuse; use a"
              + " blank");
    }
  }

  /** The place of a mark; the start if there is none. */
  public static Position position(@Nullable Mark mark) {
    return mark == null ? Position.START : new Position(mark.getLine() + 1, mark.getColumn() + 1);
  }

  private static Optional<Fault> unreadable(String text, Position.Origin origin, String program) {
    if (text.length() > MAX_CHARACTERS) {
      return Optional.of(new Fault(
          YamlProblem.TOO_LARGE,
          origin.of(Position.START),
          "The file has %d characters, but a ConfigMap holds at most 1048576 bytes; remove what no"
                  .formatted(text.length())
              + " node asks for"));
    }
    Optional<Fault> character = illegalCharacter(text, origin);
    if (character.isPresent()) {
      return character;
    }
    Matcher directive = DIRECTIVE.matcher(text);
    if (directive.find() && !directive.group(2).equals("1.1")) {
      int line = Position.linesOf(text.substring(0, directive.start(1))).size();
      return Optional.of(new Fault(
          YamlProblem.YAML_SYNTAX,
          origin.of(new Position(line, 1)),
          "Not YAML for %s: the directive is %s, but its reader knows only %%YAML 1.1;"
                  .formatted(program, Quoted.of(directive.group(1)))
              + " remove the line"));
    }
    return Optional.empty();
  }

  /** What libyaml refuses, found before SnakeYAML does, which names no line. */
  private static Optional<Fault> illegalCharacter(String text, Position.Origin origin) {
    int line = 1;
    int column = 1;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      if (!isLegal(c)) {
        return Optional.of(new Fault(
            YamlProblem.CONTROL_CHARACTER,
            origin.of(new Position(line, column)),
            "Not YAML: the character U+%04X cannot stand in a file; remove it".formatted(c)));
      }
      boolean crBeforeLf = c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n';
      if (!crBeforeLf && (c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029)) {
        line++;
        column = 1;
      } else {
        column++;
      }
      i += Character.charCount(c);
    }
    return Optional.empty();
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
    try {
      Composer composer =
          new Composer(new ParserImpl(new StreamReader(text), options), new GoResolver(), options);
      while (composer.checkNode()) {
        documents.add(composer.getNode());
      }
      return new Attempt(documents, null, null);
    } catch (MarkedYAMLException e) {
      return new Attempt(documents, e, null);
    } catch (YAMLException e) {
      return new Attempt(documents, null, e);
    }
  }

  private record Attempt(
      List<Node> documents,
      @Nullable MarkedYAMLException problem,
      @Nullable YAMLException unmarked) {

    Optional<Fault> fault(Position.Origin origin) {
      if (problem != null) {
        Position at = origin.of(position(problem.getProblemMark()));
        return Optional.of(new Fault(YamlProblem.YAML_SYNTAX, at, message(problem)));
      }
      if (unmarked != null) {
        String why = String.valueOf(unmarked.getMessage());
        boolean deep = why.startsWith("Nesting Depth");
        return Optional.of(new Fault(
            deep ? YamlProblem.TOO_DEEP : YamlProblem.YAML_SYNTAX,
            origin.of(Position.START),
            deep
                ? "The file nests more than %d levels deep, a configuration needs 6; look for"
                        .formatted(MAX_DEPTH)
                    + " brackets that are not closed"
                : "Not YAML: " + Quoted.of(why)));
      }
      return Optional.empty();
    }
  }

  private static String message(MarkedYAMLException problem) {
    String why = String.valueOf(problem.getProblem()).replaceAll("\\s+", " ").trim();
    if (why.contains("\\t(TAB)")) {
      return "Not YAML: a tab cannot indent a line; use blanks";
    }
    if (why.startsWith("mapping values are not allowed")) {
      return "Not YAML: a second ': ' on this line or a wrong indentation; quote the value, or"
          + " align the key with its siblings";
    }
    if (why.startsWith("found undefined alias")) {
      return "Not YAML: %s; define it with '&' before it is used".formatted(Quoted.of(why));
    }
    return "Not YAML: %s; check indentation, quotes and brackets up to this place"
        .formatted(why.codePointCount(0, why.length()) > 120 ? Quoted.of(why) : why);
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
    boolean separates = before >= 0 && "\n\r\u0085\u2028\u2029-?".indexOf(text.charAt(before)) < 0;
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
