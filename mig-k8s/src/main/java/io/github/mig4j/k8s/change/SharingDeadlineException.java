package io.github.mig4j.k8s.change;

import io.github.mig4j.MigException;
import java.util.List;

/**
 * The evidence did not come in time. The device plugin reports no state, so this says what is
 * missing and which of the operator's pods on the node are in trouble.
 */
public final class SharingDeadlineException extends MigException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> missing;
  private final transient List<String> troubledPods;

  /**
   * Says what was waited for, and then what keeps it.
   *
   * @param waited a sentence without its full stop
   */
  SharingDeadlineException(String waited, List<String> missing, List<String> troubledPods) {
    super("%s, but %s. %s"
        .formatted(
            waited,
            String.join(", ", missing),
            troubledPods.isEmpty()
                ? "No pod of the device plugin is seen in trouble; what was published may reach the node a minute late, so wait for the same again"
                : String.join("; ", troubledPods)));
    this.missing = List.copyOf(missing);
    this.troubledPods = List.copyOf(troubledPods);
  }

  /**
   * What the node did not show.
   *
   * @return differences in words; empty after deserialization
   */
  public List<String> missing() {
    return missing == null ? List.of() : missing;
  }

  /**
   * The pods of device plugin, feature discovery and MPS daemon on the node that do not run, such as
   * one in a crash loop since its config-manager knows no such configuration.
   *
   * @return pod, container and reason, with a command that shows the log; empty after deserialization
   */
  public List<String> troubledPods() {
    return troubledPods == null ? List.of() : troubledPods;
  }
}
