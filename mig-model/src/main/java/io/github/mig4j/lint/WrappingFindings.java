package io.github.mig4j.lint;

import io.github.mig4j.text.Template;
import io.github.mig4j.text.Wrapping;
import io.github.mig4j.text.YamlPath;
import java.util.Optional;

/** Reports what is wrong with a file around the configurations in it. Not API. */
public final class WrappingFindings {

  private WrappingFindings() {}

  /**
   * Reports aliases that multiply the texts of a file.
   *
   * @param wrapping what the file wraps
   * @param findings receives the finding
   */
  public static void reportExcess(Wrapping wrapping, Findings findings) {
    wrapping
        .excess()
        .ifPresent(at -> findings.error(
            TextCode.ALIAS_EXPANSION,
            YamlPath.ROOT.at(at),
            "Aliases multiply the texts of this file",
            "write out what is needed"));
  }

  /**
   * Reports that a ConfigMap has no kind.
   *
   * @param entry an entry of the file
   * @param findings receives the finding, unless the entry's map has a kind
   */
  public static void reportMissingKind(Wrapping.Entry entry, Findings findings) {
    if (entry.holder() == Wrapping.Holder.UNTYPED_MAP) {
      findings.note(
          TextCode.KIND_MISSING,
          YamlPath.ROOT.at(entry.at()),
          "The kind is missing, and the file is read as a ConfigMap",
          "add 'apiVersion: v1' and 'kind: ConfigMap' before it is applied");
    }
  }

  /**
   * Reports why a file without a configuration may have one all the same: it names another file, or
   * a text in it cannot be read.
   *
   * @param wrapping what the file wraps
   * @param text the file
   * @param findings receives the findings
   * @return whether there is such a reason
   */
  public static boolean reportUnreadable(Wrapping wrapping, String text, Findings findings) {
    Optional<Template> template =
        wrapping.faults().isEmpty() ? Optional.empty() : Template.in(text);
    template.ifPresentOrElse(
        found -> findings.error(
            TextCode.TEMPLATE, YamlPath.ROOT.at(found.at()), found.message(), found.remedy()),
        () -> wrapping.faults().forEach(fault -> fault.report(findings)));
    wrapping
        .elsewhere()
        .forEach(other -> findings.error(
            TextCode.CONTENT_ELSEWHERE,
            YamlPath.ROOT.at(other.at()),
            "The configuration is in %s, which is not part of this text".formatted(other.what()),
            "check that one"));
    return !wrapping.faults().isEmpty() || !wrapping.elsewhere().isEmpty();
  }
}
