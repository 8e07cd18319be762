package io.github.mig4j.k8s.change;

import io.github.mig4j.JsonForm;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;

/** The outcome of a change that reached its goal, and how sure that is. */
public sealed interface ApplyOutcome extends JsonForm {

  /** {@return the node as it was when the change ended} */
  MigNodeStatus status();

  /**
   * {@return what the node was labelled with: a layout or a sharing configuration, as the label
   * spells it; empty for the operator's default sharing}
   */
  String config();

  /**
   * {@return what the checks before the change reported and did not refuse: warnings, then notes,
   * as {@link ApplyRequest#preflight} reports them}
   */
  List<Finding> findings();

  /**
   * What the node offers to pods.
   *
   * @return counts by resource name, e.g. {@code nvidia.com/mig-1g.23gb=7}
   */
  default SortedMap<String, Long> allocatable() {
    return status().allocatable();
  }

  /**
   * The node offers exactly what was requested, feature discovery agrees, and the GPU's clients run.
   *
   * @param status the node
   * @param config the value of its label
   * @param basis how long that held, and what else proves it where the node offered the same before
   * @param findings what the checks before the change reported
   */
  record Verified(MigNodeStatus status, String config, String basis, List<Finding> findings)
      implements ApplyOutcome {
    public Verified {
      Objects.requireNonNull(status, "status");
      Objects.requireNonNull(config, "config");
      Objects.requireNonNull(basis, "basis");
      findings = List.copyOf(Objects.requireNonNull(findings, "findings"));
    }

    /** The node, the value of its label, and what proves it, in one line. */
    @Override
    public String toString() {
      return "%s verified as '%s': %s".formatted(status.node(), config, basis);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("outcome", "verified")
          .and("requested", config)
          .and("basis", basis)
          .andAll(status.toJson())
          .and("findings", findings)
          .map();
    }
  }

  /**
   * Everything is as it should be, but what the node offers does not prove that the configuration is
   * in force.
   *
   * @param status the node
   * @param config the value of its label
   * @param reason why it does not
   * @param findings what the checks before the change reported
   */
  record VerifiedByStateOnly(
      MigNodeStatus status, String config, String reason, List<Finding> findings)
      implements ApplyOutcome {
    public VerifiedByStateOnly {
      Objects.requireNonNull(status, "status");
      Objects.requireNonNull(config, "config");
      Objects.requireNonNull(reason, "reason");
      findings = List.copyOf(Objects.requireNonNull(findings, "findings"));
    }

    /** The node, the value of its label, and what is missing, in one line. */
    @Override
    public String toString() {
      return "%s verified as '%s' by state only: %s".formatted(status.node(), config, reason);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("outcome", "verified-by-state-only")
          .and("requested", config)
          .and("reason", reason)
          .andAll(status.toJson())
          .and("findings", findings)
          .map();
    }
  }
}
