package io.github.mig4j.k8s.cluster;

import io.github.mig4j.MigException;
import java.util.List;
import java.util.Objects;

/** A request that cannot succeed. Nothing was written to the cluster. */
public final class MigRefusedException extends MigException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> reasons;

  /**
   * Creates a refusal.
   *
   * @param subject what was requested
   * @param reasons every reason, each with its remedy; at least one
   */
  public MigRefusedException(String subject, List<String> reasons) {
    super(Objects.requireNonNull(subject, "subject") + ": "
        + String.join("; ", Objects.requireNonNull(reasons, "reasons")));
    this.reasons = List.copyOf(reasons);
  }

  MigRefusedException(String subject, String reason, Throwable cause) {
    super(subject + ": " + reason, cause);
    this.reasons = List.of(reason);
  }

  /**
   * Every reason, each with its remedy.
   *
   * @return at least one sentence
   */
  public List<String> reasons() {
    return reasons == null ? List.of() : reasons;
  }
}
