package io.github.mig4j.k8s.change;

import io.github.mig4j.JsonForm;
import io.github.mig4j.text.JsonFields;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * A step of a change, reported while the change runs.
 *
 * @param node the node's name
 * @param phase which step
 * @param elapsed time since the change began; a rollback continues to count
 * @param detail what was seen, in words
 */
public record ApplyEvent(String node, ApplyPhase phase, Duration elapsed, String detail)
    implements JsonForm {
  public ApplyEvent {
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(phase, "phase");
    Objects.requireNonNull(elapsed, "elapsed");
    Objects.requireNonNull(detail, "detail");
  }

  /** A line for a log or a terminal, e.g. {@code gpu-node  1.2s PAUSED    device-plugin, dcgm}. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "%s %6.1fs %-9s %s", node, elapsed.toMillis() / 1000.0, phase, detail);
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("node", node)
        .and("phase", phase)
        .and("elapsed", elapsed)
        .and("detail", detail)
        .map();
  }
}
