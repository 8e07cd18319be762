package io.github.mig4j.examples.migctl.console;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.config.MigConfigDocument;
import java.util.Map;
import java.util.stream.Collectors;

/** How configurations are printed, so that the output can be used as a file. */
public enum ConfigForm {
  /** A mig-parted file. */
  YAML,
  /** Another name of {@link #YAML}, beside {@link #CONFIGMAP}. */
  CONFIG,
  /** A manifest of the ConfigMap that the MIG manager reads. */
  CONFIGMAP,
  /** The same manifest in JSON, which has no place for the nodes. */
  JSON,
  /** Commands that apply the manifest and label the nodes. */
  KUBECTL;

  /** The forms, for the help of an option. */
  public static final String CHOICES =
      "yaml or config for a mig-parted file, configmap for a manifest, json for the same in JSON,"
          + " kubectl for commands that apply it.";

  /** The refusal of a form together with {@code --json}. */
  public static final String NOT_BESIDE_JSON =
      "--output cannot be used with --json; '-o json' prints the manifest in JSON";

  private static final String NAMESPACE = "gpu-operator";
  private static final String CONFIG_MAP = "mig-config";

  /**
   * Prints configurations.
   *
   * @param document the configurations
   * @param nodes the configuration of each node, by the node's name; can be empty
   */
  public String of(MigConfigDocument document, Map<String, String> nodes) {
    return switch (this) {
      case YAML, CONFIG -> comments(nodes) + document.toYaml();
      case CONFIGMAP -> comments(nodes) + manifest(document);
      case JSON -> json(document);
      case KUBECTL ->
        """
            # This replaces the whole ConfigMap. 'migctl publish' keeps its other configurations.
            kubectl apply -f - <<'EOF'
            %sEOF
            """.formatted(manifest(document))
            + nodes.entrySet().stream()
                .map(node -> "kubectl label node %s nvidia.com/mig.config=%s --overwrite\n"
                    .formatted(node.getKey(), node.getValue()))
                .collect(Collectors.joining());
    };
  }

  private static String comments(Map<String, String> nodes) {
    return nodes.entrySet().stream()
        .map(node -> "# %s: %s\n".formatted(node.getKey(), node.getValue()))
        .collect(Collectors.joining());
  }

  private static String json(MigConfigDocument document) {
    ObjectNode map = Output.object().put("apiVersion", "v1").put("kind", "ConfigMap");
    map.putObject("metadata").put("name", CONFIG_MAP).put("namespace", NAMESPACE);
    map.putObject("data").put("config.yaml", document.toYaml());
    return map.toPrettyString() + "\n";
  }

  private static String manifest(MigConfigDocument document) {
    return """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: %s
          namespace: %s
        data:
          config.yaml: |
        %s""".formatted(
        CONFIG_MAP,
        NAMESPACE,
        document.toYaml().lines().map(line -> "    " + line + "\n").collect(Collectors.joining()));
  }
}
