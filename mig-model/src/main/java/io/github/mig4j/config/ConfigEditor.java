package io.github.mig4j.config;

import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.GoScalar;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.Lines;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.Wrapping;
import io.github.mig4j.text.YamlNodes;
import io.github.mig4j.text.YamlText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions.FlowStyle;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.comments.CommentType;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.CollectionNode;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.reader.StreamReader;
import org.yaml.snakeyaml.scanner.Scanner;
import org.yaml.snakeyaml.scanner.ScannerImpl;
import org.yaml.snakeyaml.tokens.CommentToken;
import org.yaml.snakeyaml.tokens.Token;

/**
 * Edits a file line by line if its layout allows that, and otherwise rewrites it. The edited text is
 * read again: this class only returns a text that says what it should.
 */
final class ConfigEditor {
  private final MigConfigReader.Reading reading;
  private final MigConfigDocument wanted;
  private final String configuration;

  private ConfigEditor(MigConfigReader.Reading reading, MigConfigDocument wanted) {
    this.reading = reading;
    this.wanted = wanted;
    this.configuration = reading.embedded().map(Wrapping.Content::text).orElse(reading.text());
  }

  static ConfigEdit merge(
      MigConfigReader.Reading reading, MigConfigDocument current, String name, MigConfig config) {
    return current.config(name).equals(Optional.of(config))
        ? new ConfigEdit(reading.text(), List.of())
        : new ConfigEditor(reading, current.with(name, config)).edit(name, Optional.of(config));
  }

  static ConfigEdit remove(
      MigConfigReader.Reading reading, MigConfigDocument current, String name) {
    return current.config(name).isEmpty()
        ? new ConfigEdit(reading.text(), List.of())
        : new ConfigEditor(reading, current.without(name)).edit(name, Optional.empty());
  }

  static ConfigEdit canonical(MigConfigReader.Reading reading, MigConfigDocument current) {
    return new ConfigEdit(current.toYaml(), new ConfigEditor(reading, current).lostInRewrite());
  }

  /**
   * Lines of the configuration to be replaced.
   *
   * @param first the first line to go, from 0
   * @param end the line behind the last one to go
   */
  private record Replacement(int first, int end, List<String> lines) {}

  /** The file with a configuration set, or removed if it is empty. */
  private ConfigEdit edit(String name, Optional<MigConfig> config) {
    Optional<Replacement> replacement = replacement(name, config);
    if (replacement.isPresent()) {
      Optional<String> edited = apply(replacement.get());
      if (edited.isPresent()
          && MigConfigReader.read(edited.get()).document().equals(Optional.of(wanted))) {
        return new ConfigEdit(edited.get(), lostIn(replacement.get()));
      }
    }
    List<String> losses = lostInRewrite();
    losses.add("the layout of the file, which cannot be edited in place");
    return new ConfigEdit(wanted.toYaml(), losses);
  }

  /** What a file lacks after it is rewritten. */
  private List<String> lostInRewrite() {
    List<String> losses = new ArrayList<>();
    reading.embedded().ifPresent(any -> losses.add("the manifest around the configuration"));
    losses.addAll(lostIn(new Replacement(0, Integer.MAX_VALUE, List.of())));
    if (reading.findings().stream().anyMatch(f -> f.code() == TextCode.EXTRA_DOCUMENT)) {
      losses.add("what follows the first YAML document");
    }
    return losses;
  }

  /** The edit in terms of the file, of which the configuration may be a block. */
  private Optional<String> apply(Replacement replacement) {
    if (reading.embedded().isEmpty()) {
      return Optional.of(replaced(reading.text(), replacement));
    }
    return reading.embedded().flatMap(Wrapping.Content::block).map(block -> {
      String indentation = " ".repeat(block.indentation());
      return replaced(
          reading.text(),
          new Replacement(
              block.header() + replacement.first(),
              block.header() + replacement.end(),
              replacement.lines().stream().map(line -> indentation + line).toList()));
    });
  }

  private static String replaced(String text, Replacement replacement) {
    List<String> lines = Lines.withBreaks(text);
    String lineBreak = text.contains("\r\n") ? "\r\n" : "\n";
    StringBuilder edited = new StringBuilder();
    lines.subList(0, Math.min(replacement.first(), lines.size())).forEach(edited::append);
    boolean unfinished = !edited.isEmpty() && edited.charAt(edited.length() - 1) != '\n';
    edited.append(unfinished ? lineBreak : "");
    replacement.lines().forEach(line -> edited.append(line).append(lineBreak));
    lines.subList(Math.min(replacement.end(), lines.size()), lines.size()).forEach(edited::append);
    return edited.toString();
  }

  private List<String> lostIn(Replacement replacement) {
    List<String> lost = new ArrayList<>();
    Embedding embedding =
        reading.embedded().map(Wrapping.Content::embedding).orElse(Embedding.NONE);
    LoaderOptions options = new LoaderOptions();
    options.setProcessComments(true);
    options.setCodePointLimit(Integer.MAX_VALUE);
    // The parser fails at some comments that the scanner reads, e.g. behind an anchor.
    Scanner tokens = new ScannerImpl(new StreamReader(configuration), options);
    for (Optional<Token> token = next(tokens); token.isPresent(); token = next(tokens)) {
      if (token.get() instanceof CommentToken comment
          && comment.getCommentType() != CommentType.BLANK_LINE) {
        int line = comment.getStartMark().getLine();
        if (line >= replacement.first() && line < replacement.end()) {
          LineColumn at = embedding.inFile(YamlText.position(comment.getStartMark()));
          lost.add("the comment %s on line %d"
              .formatted(Quoted.of("#" + comment.getValue()), at.line()));
        }
      }
    }
    return lost;
  }

  /** The next token, or empty at the end of the text or of what is YAML in it. */
  private static Optional<Token> next(Scanner tokens) {
    try {
      return tokens.checkToken(Token.ID.StreamEnd)
          ? Optional.empty()
          : Optional.of(tokens.getToken());
    } catch (YAMLException notRead) {
      return Optional.empty();
    }
  }

  private Optional<Replacement> replacement(String name, Optional<MigConfig> config) {
    YamlText yaml =
        YamlText.parse(configuration, Embedding.NONE, new Findings(MigConfigReader.PROGRAM));
    int lines = Lines.of(configuration.stripTrailing()).size();
    if (yaml.documents().isEmpty()) {
      return config.map(some -> new Replacement(lines, lines, lines(wanted.toYaml())));
    }
    if (!(yaml.documents().get(0) instanceof MappingNode root) || isFlow(root)) {
      return Optional.empty();
    }
    NodeTuple configs = tuple(root, "mig-configs");
    if (configs == null) {
      int end = lastLine(root) + 1;
      return config.map(some -> new Replacement(
          end, end, lines("mig-configs:\n" + MigConfigWriter.write(name, some, "  "))));
    }
    if (!(configs.getValueNode() instanceof MappingNode map)
        || isFlow(map)
        || YamlNodes.isAlias(configs)) {
      return Optional.empty();
    }
    NodeTuple present = tuple(map, name);
    String indentation =
        " ".repeat(map.getValue().get(0).getKeyNode().getStartMark().getColumn());
    if (present == null) {
      int end = lastLine(map) + 1;
      return config.map(some -> new Replacement(end, end, written(name, some, indentation)));
    }
    return Optional.of(new Replacement(
        present.getKeyNode().getStartMark().getLine(),
        lastLine(present) + 1,
        config.map(some -> written(name, some, indentation)).orElse(List.of())));
  }

  private static List<String> written(String name, MigConfig config, String indentation) {
    return lines(MigConfigWriter.write(name, config, indentation));
  }

  private static List<String> lines(String text) {
    return List.of(text.split("\n"));
  }

  /** The last entry under a key, or null. */
  private static @Nullable NodeTuple tuple(MappingNode map, String key) {
    NodeTuple found = null;
    for (NodeTuple entry : map.getValue()) {
      Optional<String> text = entry.getKeyNode() instanceof ScalarNode scalar
          ? GoScalar.resolve(LineColumn.START, scalar.getValue(), scalar.getTag())
              .flatMap(GoScalar::key)
          : Optional.empty();
      if (text.equals(Optional.of(key))) {
        found = entry;
      }
    }
    return found;
  }

  private static boolean isFlow(CollectionNode<?> node) {
    return node.getFlowStyle() == FlowStyle.FLOW;
  }

  private static int lastLine(NodeTuple entry) {
    int key = entry.getKeyNode().getEndMark().getLine();
    return YamlNodes.isAlias(entry) ? key : Math.max(key, lastLine(entry.getValueNode()));
  }

  /** Where a node's text ends; the parser's own end of a block is the beginning of what follows. */
  private static int lastLine(Node node) {
    if (node instanceof MappingNode map && !isFlow(map)) {
      return map.getValue().stream().mapToInt(ConfigEditor::lastLine).max().orElse(0);
    }
    if (node instanceof SequenceNode sequence && !isFlow(sequence)) {
      return sequence.getValue().stream().mapToInt(ConfigEditor::lastLine).max().orElse(0);
    }
    Mark end = node.getEndMark();
    boolean atLineStart =
        end.getColumn() == 0 && end.getLine() > node.getStartMark().getLine();
    return end.getLine() - (atLineStart ? 1 : 0);
  }
}
