package io.github.mig4j.k8s.check;

import io.github.mig4j.lint.Finding;
import io.github.mig4j.node.NodeEffect;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What prevents that a configuration is applied to a node, and what is good to know, before anything is
 * written.
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
 * @param effect what the configuration does to the node's GPUs; empty if an error
 *     prevents that it is known
 */
public record Preflight(
    String node, String config, List<Finding> findings, Optional<NodeEffect> effect) {

  public Preflight {
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(findings, "findings");
    Objects.requireNonNull(effect, "effect");
    findings = List.copyOf(findings);
  }

  /**
   * Returns the reasons for which {@code MigNode.apply} would refuse.
   *
   * @return the errors
   */
  public List<Finding> errors() {
    return findings.stream().filter(Finding::isError).toList();
  }

  /**
   * Returns whether nothing prevents the change.
   *
   * @return true if there is no error; there may be warnings and notes
   */
  public boolean isClear() {
    return errors().isEmpty();
  }

  /** The verdict in one line. */
  @Override
  public String toString() {
    String verdict = isClear() ? "clear" : "refused";
    return "Config '%s' on node %s: %s".formatted(config, node, verdict);
  }

  /**
   * The verdict, and a line for each finding.
   *
   * @return several lines, without a line break at the end
   */
  public String toText() {
    return this + findings.stream().map(finding -> "\n  " + finding).collect(Collectors.joining());
  }
}
