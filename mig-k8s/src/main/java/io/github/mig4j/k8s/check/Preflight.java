package io.github.mig4j.k8s.check;

import io.github.mig4j.JsonForm;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.node.NodeEffect;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Everything that is known about a change of a node before anything is written.
 *
 * <pre>{@code
 * Preflight preflight = mig.node("gpu-node").preflight("b200-split-small");
 * if (!preflight.isClear()) {
 *   System.out.println(preflight);
 * }
 * }</pre>
 *
 * @param node the node's name
 * @param config the configuration's name
 * @param findings what was found, errors first
 * @param effect what a layout does to the node's GPUs; empty if an error prevents an answer, and for
 *     a sharing configuration
 * @param inForce whether the configuration is in force already, so that nothing would be written
 */
public record Preflight(
    String node,
    String config,
    List<Finding> findings,
    Optional<NodeEffect> effect,
    boolean inForce)
    implements JsonForm {

  public Preflight {
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(findings, "findings");
    Objects.requireNonNull(effect, "effect");
    findings = List.copyOf(findings);
  }

  /** {@return the errors: the findings for which the change would be refused} */
  public List<Finding> errors() {
    return findings.stream().filter(Finding::isError).toList();
  }

  /** {@return whether nothing prevents the change; there may be warnings and notes} */
  public boolean isClear() {
    return errors().isEmpty();
  }

  /** The verdict in one line. */
  @Override
  public String toString() {
    String verdict = isClear() ? "clear" : "refused";
    return "Config '%s' on node %s: %s".formatted(config, node, verdict);
  }

  /** {@return the verdict, and a line for each finding, without a line break at the end} */
  public String toText() {
    return this
        + findings.stream().map(finding -> "\n  " + line(finding)).collect(Collectors.joining());
  }

  /** A location says nothing without the file that it is in. */
  private static String line(Finding finding) {
    return finding.location().isPresent() ? finding.subject() + ":" + finding : finding.toString();
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("node", node)
        .and("config", config)
        .and("clear", isClear())
        .and("inForce", inForce)
        .and("findings", findings)
        .and("effect", effect)
        .map();
  }
}
