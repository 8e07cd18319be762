package io.github.mig4j.k8s.cluster;

import io.github.mig4j.MigException;
import io.github.mig4j.lint.Finding;
import java.util.List;
import java.util.Objects;

/** A request that cannot succeed. Nothing was written to the cluster. */
public final class MigRefusedException extends MigException {
  private static final long serialVersionUID = 1L;

  private final String subject;
  private final transient List<String> reasons;
  private final transient List<Finding> findings;

  /**
   * Creates a refusal.
   *
   * @param subject what was requested
   * @param reasons every reason, each with its remedy; at least one
   */
  public MigRefusedException(String subject, List<String> reasons) {
    this(subject, reasons, List.of());
  }

  private MigRefusedException(String subject, List<String> reasons, List<Finding> findings) {
    super(Objects.requireNonNull(subject, "subject") + ": "
        + String.join("; ", Objects.requireNonNull(reasons, "reasons")));
    this.subject = subject;
    this.reasons = List.copyOf(reasons);
    this.findings = List.copyOf(findings);
  }

  /**
   * A refusal due to findings.
   *
   * @param subject what was requested
   * @param errors the findings, at least one; their sentences are the reasons
   * @return the exception
   */
  public static MigRefusedException of(String subject, List<Finding> errors) {
    Objects.requireNonNull(subject, "subject");
    Objects.requireNonNull(errors, "errors");
    return new MigRefusedException(
        subject, errors.stream().map(MigRefusedException::reason).toList(), errors);
  }

  /** A location says nothing without the file that it is in. */
  private static String reason(Finding error) {
    return error.location().isPresent()
        ? error.subject() + ":" + error.locatedSentence()
        : error.sentence();
  }

  /** {@return what was requested, or what prevents it, such as a ConfigMap} */
  public String subject() {
    return subject;
  }

  /** {@return every reason, each with its remedy; at least one sentence} */
  public List<String> reasons() {
    return reasons == null ? List.of() : reasons;
  }

  /**
   * {@return the findings that are the reasons, with their codes; none where the refusal is not due
   * to a check that has codes}
   */
  public List<Finding> findings() {
    return findings == null ? List.of() : findings;
  }
}
