package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.k8s.internal.ClusterView;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.text.ContentName;
import io.github.mig4j.text.Spelling;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Whether the ConfigMap that the node's MIG manager reads has the configuration. */
record ConfigSourceCheck(
    ClusterView view, PermissionCheck permissions, PreflightFindings findings) {

  /** A configuration that was found, and where. */
  record Choice(
      MigConfigSource source, MigConfigFile file, MigConfigDocument document, MigConfig content) {}

  /**
   * Looks for a configuration.
   *
   * @param fallback what to publish in a map that this client may change and that lacks it
   */
  Optional<Choice> check(
      GenericKubernetesResource policy,
      String node,
      String namespace,
      String config,
      Optional<MigConfig> fallback) {
    MigConfigSource source = MigConfigSource.of(policy, node, namespace);
    if (source.kind() != MigConfigSource.Kind.OWN) {
      findings.note(
          PreflightCode.OPERATOR_OWNED_MAP,
          source.kind() == MigConfigSource.Kind.GENERATED
              ? "ClusterPolicy names no ConfigMap, so the MIG manager generates configurations"
              : "%s belongs to the GPU Operator, which reverts every change".formatted(source),
          "to publish configurations of your own, set spec.migManager.config.name, e.g. to mig-config");
    }
    Optional<MigConfigFile> file = permissions.read(() -> file(source));
    if (file.isPresent() && file.get().document().isEmpty()) {
      findings.error(
          PreflightCode.MAP_REFUSED,
          "the MIG manager refuses %s, so every configuration fails".formatted(source),
          "correct its errors");
      file.get().findings().stream()
          .filter(Finding::isError)
          .forEach(finding -> findings.addLint(source.toString(), finding));
    }
    return file.flatMap(
        f -> f.document().flatMap(document -> choice(source, f, document, config, fallback)));
  }

  private Optional<MigConfigFile> file(MigConfigSource source) {
    Optional<MigConfigFile> file = source.read(view);
    if (file.isEmpty()) {
      findings.error(
          PreflightCode.MAP_ABSENT,
          source.kind() == MigConfigSource.Kind.GENERATED
              ? "%s does not exist, in which the node's MIG manager publishes its configurations"
                  .formatted(source)
              : "%s does not exist, though the ClusterPolicy names it".formatted(source),
          source.kind() == MigConfigSource.Kind.OWN
              ? "publish a configuration to it"
              : "set spec.migManager.config.name, or see whether the MIG manager runs");
    }
    return file;
  }

  private Optional<Choice> choice(
      MigConfigSource source,
      MigConfigFile file,
      MigConfigDocument document,
      String config,
      Optional<MigConfig> fallback) {
    Optional<MigConfig> content = document.config(config);
    if (content.isEmpty() && source.kind() == MigConfigSource.Kind.OWN && fallback.isPresent()) {
      MigConfigFile with =
          MigConfigFile.read(document.with(config, fallback.get()).toYaml());
      return Optional.of(new Choice(source, with, document, fallback.get()));
    }
    if (content.isEmpty()) {
      findings.error(
          PreflightCode.CONFIG_ABSENT,
          "%s has no configuration '%s'".formatted(source, config),
          namesAndNearest(names(document), config));
    }
    return content.map(c -> new Choice(source, file, document, c));
  }

  /** The hashed names mean nothing to a reader who looks for a name to use. */
  private static List<String> names(MigConfigDocument document) {
    return document.configs().entrySet().stream()
        .filter(each -> {
          String base = ContentName.withoutHash(each.getKey(), each.getValue().contentHash());
          return base.equals(each.getKey()) || !document.configs().containsKey(base);
        })
        .map(Map.Entry::getKey)
        .sorted()
        .toList();
  }

  /** The names that exist, and the one that a mistyped name probably means. */
  static String namesAndNearest(Collection<String> names, String typed) {
    return "it has %s%s"
        .formatted(
            names,
            Spelling.nearest(typed, names).stream()
                .findFirst()
                .map(" (did you mean %s?)"::formatted)
                .orElse(""));
  }
}
