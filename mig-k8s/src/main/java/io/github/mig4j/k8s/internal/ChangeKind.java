package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigSettings;
import java.util.Locale;
import java.util.Optional;

/** The two kinds of a change of a node. Each has a label that requests it, and annotations. */
public enum ChangeKind {
  /** How the GPUs are partitioned, by a MIG configuration. */
  LAYOUT(
      "mig4j.github.io/previous-config",
      "mig4j.github.io/requested-config",
      "mig4j.github.io/verified-config"),
  /** How the devices are shared, by a configuration of the device plugin. */
  SHARING(
      "mig4j.github.io/previous-sharing",
      "mig4j.github.io/requested-sharing",
      "mig4j.github.io/verified-sharing");

  private final String previousKey;
  private final String requestedKey;
  private final String verifiedKey;

  ChangeKind(String previousKey, String requestedKey, String verifiedKey) {
    this.previousKey = previousKey;
    this.requestedKey = requestedKey;
    this.verifiedKey = verifiedKey;
  }

  /** The label by which a node requests a configuration. */
  public String label(MigSettings settings) {
    return this == LAYOUT ? settings.configLabel() : Labels.DEVICE_PLUGIN_CONFIG;
  }

  /** The value of that label; empty if the node has none. */
  public String requested(Node node, MigSettings settings) {
    return NodeFields.labels(node).getOrDefault(label(settings), "");
  }

  /** The annotation with the value that the label had before the last change. */
  public String previousKey() {
    return previousKey;
  }

  /** The annotation with the configuration that the last change requested. */
  public String requestedKey() {
    return requestedKey;
  }

  /** The annotation with what was verified last, a {@link VerifiedRecord}. */
  public String verifiedKey() {
    return verifiedKey;
  }

  /** The kind that an annotation names. */
  public static Optional<ChangeKind> of(String name) {
    for (ChangeKind kind : values()) {
      if (kind.toString().equals(name)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }

  /** The name as an annotation has it, e.g. {@code layout}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
