package io.github.mig4j.lint;

import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.Template;
import io.github.mig4j.text.Wrapping;
import io.github.mig4j.text.Wrapping.Entry;
import io.github.mig4j.text.Wrapping.Holder;
import io.github.mig4j.text.YamlNodes;
import io.github.mig4j.text.YamlPath;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;

/** Reports what is wrong with a file around the configurations in it. Not API. */
public final class WrappingFindings {

  private static final Set<String> STRATEGIES = Set.of("none", "single", "mixed");

  private WrappingFindings() {}

  /** Reports a file of hooks, which is no configuration, and returns whether it is one. */
  public static boolean reportHooks(Node root, LineColumn at, Findings findings) {
    boolean isHooks = YamlNodes.child(root, "hooks") instanceof MappingNode
        && YamlNodes.child(root, "mig-configs") == null;
    if (isHooks) {
      findings.error(
          TextCode.OTHER_KIND,
          YamlPath.ROOT.at(at),
          "The file has hooks of mig-parted, which it does not read from its configuration",
          "put them into a file of their own, which the MIG manager does not use");
    }
    return isHooks;
  }

  /** Reports aliases that multiply the texts of a file. */
  public static void reportExcess(Wrapping wrapping, Findings findings) {
    wrapping
        .excess()
        .ifPresent(at -> findings.error(
            TextCode.ALIAS_EXPANSION,
            YamlPath.ROOT.at(at),
            "Aliases multiply the texts of this file",
            "write out what is needed"));
  }

  /** Reports the keys around the configurations that a map has twice. */
  public static void reportDuplicates(Wrapping wrapping, Findings findings) {
    wrapping
        .duplicates()
        .forEach(key -> findings.warning(
            TextCode.DUPLICATE_KEY,
            YamlPath.ROOT.at(key.at()),
            "The key %s is here and on line %d, and only the last counts"
                .formatted(Quoted.of(key.key()), key.first()),
            "remove one"));
  }

  /** Reports a MIG strategy that the GPU Operator does not know. */
  public static void reportStrategy(Wrapping wrapping, Findings findings) {
    wrapping
        .strategy()
        .filter(strategy -> !STRATEGIES.contains(strategy))
        .ifPresent(strategy -> findings.warning(
            TextCode.INVALID_VALUE,
            YamlPath.ROOT.key("mig").key("strategy").at(wrapping.strategyAt()),
            "mig.strategy must be none, single or mixed, but was " + Quoted.of(strategy),
            "the GPU Operator refuses any other"));
  }

  /** Reports that the head of an entry's ConfigMap is missing, unless the map has a kind. */
  public static void reportMissingKind(Entry entry, Findings findings) {
    boolean isData = entry.holder() == Holder.UNTYPED_DATA;
    if (isData || entry.holder() == Holder.UNTYPED_MAP) {
      findings.note(
          TextCode.KIND_MISSING,
          YamlPath.ROOT.at(entry.at()),
          isData
              ? "The head is missing, and the file is read as the data of a ConfigMap"
              : "The kind is missing, and the file is read as a ConfigMap",
          isData
              ? "put it below 'data:' of a ConfigMap before it is applied"
              : "add 'apiVersion: v1' and 'kind: ConfigMap' before it is applied");
    }
  }

  /**
   * Reports what a file says to be elsewhere: as notes if the file itself has a configuration, and
   * otherwise as errors, because nothing could be checked.
   *
   * @param others the values of which program are not meant
   */
  public static void reportElsewhere(
      Wrapping wrapping, Holder others, Severity severity, Findings findings) {
    elsewhere(wrapping, others)
        .forEach(other -> findings.add(
            severity,
            TextCode.CONTENT_ELSEWHERE,
            Findings.location(YamlPath.ROOT.at(other.at())),
            "%s is in %s, which is not part of this text"
                .formatted(severity == Severity.NOTE ? "More" : "The configuration", other.what()),
            "check that one"));
  }

  private static List<Wrapping.Elsewhere> elsewhere(Wrapping wrapping, Holder others) {
    return wrapping.elsewhere().stream()
        .filter(other -> other.holder().filter(others::equals).isEmpty())
        .toList();
  }

  /**
   * Reports a placeholder of a template engine, if YAML cannot read a text of the file or reads the
   * placeholder as a map, and returns whether there is one.
   */
  public static boolean reportTemplate(Wrapping wrapping, String text, Findings findings) {
    Optional<Template> template = wrapping.hasPlaceholders()
        ? Template.in(text)
        : wrapping.faults().stream()
            .flatMap(fault -> Template.causing(fault, text).stream())
            .findFirst();
    template.ifPresent(found -> report(found, Embedding.NONE, findings));
    return template.isPresent();
  }

  /** Reports a placeholder of a template engine, in a text that is embedded in the file. */
  public static void report(Template template, Embedding embedding, Findings findings) {
    findings.error(
        TextCode.TEMPLATE,
        YamlPath.ROOT.at(embedding.inFile(template.at())),
        template.message(),
        template.remedy());
  }

  /**
   * Reports why a file without a configuration may have one all the same: a text in it cannot be
   * read, or it names another file.
   *
   * @param others the values of which program are not meant
   * @return whether there is such a reason
   */
  public static boolean reportUnreadable(
      Wrapping wrapping, String text, Holder others, Findings findings) {
    if (reportTemplate(wrapping, text, findings)) {
      return true;
    }
    wrapping.faults().forEach(fault -> fault.report(findings));
    if (!wrapping.faults().isEmpty()) {
      return true;
    }
    reportElsewhere(wrapping, others, Severity.ERROR, findings);
    return !elsewhere(wrapping, others).isEmpty();
  }
}
