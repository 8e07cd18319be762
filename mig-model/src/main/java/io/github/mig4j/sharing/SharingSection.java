package io.github.mig4j.sharing;

import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.YamlLocation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The section {@code sharing.timeSlicing} or {@code sharing.mps}, and the rules for what it says. */
final class SharingSection {

  /** A resource of the section, and where its name and its replicas are. */
  record Listed(SharedResource resource, YamlLocation name, YamlLocation replicas) {}

  final SharingKind kind;
  private final Field field;
  private final Optional<Boolean> rename;
  private final Optional<Boolean> fail;
  final List<Listed> listed = new ArrayList<>();

  SharingSection(SharingKind kind, Field field, Optional<Boolean> rename, Optional<Boolean> fail) {
    this.kind = kind;
    this.field = field;
    this.rename = rename;
    this.fail = fail;
  }

  void add(SharedResource resource, YamlLocation name, YamlLocation replicas) {
    listed.add(new Listed(resource, name, replicas));
  }

  boolean renameByDefault() {
    return rename.orElse(false);
  }

  Optional<Boolean> failRequestsGreaterThanOne() {
    return fail;
  }

  GpuSharing sharing() {
    GpuSharing.Builder sharing = GpuSharing.builder().kind(kind);
    rename.ifPresent(sharing::renameByDefault);
    fail.ifPresent(sharing::failRequestsGreaterThanOne);
    listed.forEach(each -> sharing.addResources(each.resource));
    return sharing.build();
  }

  /** Reports a problem of the section as a whole. */
  void report(SharingCode code, String message, String remedy) {
    field.reportKey(code, message, remedy);
  }

  /** Reports a problem of a part of the section. */
  void report(SharingCode code, YamlLocation where, String message, String remedy) {
    Field.report(field.findings(), code, where, message, remedy);
  }

  /**
   * Reports what the plugin accepts silently although it is probably a mistake, and what it refuses
   * only after reading.
   *
   * @param node the node's devices, if the file is read for a node
   * @param strategy the node's strategy, or else the file's
   */
  void check(Optional<NodeDevices> node, Optional<MigStrategy> strategy) {
    if (kind == SharingKind.MPS) {
      MpsRules.check(this, node, strategy);
    } else if (!fail.orElse(false) && !listed.isEmpty()) {
      report(
          SharingCode.REQUESTS_NOT_LIMITED,
          "A container that requests several replicas gets no more than with one",
          "set failRequestsGreaterThanOne: true to refuse it");
    }
    Set<String> names = new HashSet<>();
    for (Listed each : listed) {
      String name = each.resource.name();
      if (!names.add(name)) {
        report(
            SharingCode.DUPLICATE_RESOURCE,
            each.name,
            "%s is listed twice: the larger number of replicas is offered, but the node's labels show the first"
                .formatted(name),
            "remove one");
      }
      checkOffered(each);
      if (ResourceName.isMig(name) && kind != SharingKind.MPS) {
        checkMixed(each, strategy);
      }
      if (ResourceName.isOffered(name)) {
        node.filter(some -> !some.offered().containsKey(name))
            .ifPresent(some -> report(
                SharingCode.NOT_ON_NODE,
                each.name,
                "The node has no %s to share".formatted(name),
                "it has %s".formatted(some.offered())));
      }
    }
  }

  private void checkOffered(Listed each) {
    String name = each.resource.name();
    if (!ResourceName.isOffered(name)) {
      report(
          SharingCode.UNKNOWN_RESOURCE,
          each.name,
          "The device plugin offers nothing as %s, so the entry shares nothing"
              .formatted(Quoted.of(name)),
          ResourceName.meant(name)
              .map("did you mean '%s'?"::formatted)
              .orElse(
                  "share 'nvidia.com/gpu', or with migStrategy mixed e.g. 'nvidia.com/mig-1g.10gb'"));
    }
  }

  private void checkMixed(Listed each, Optional<MigStrategy> strategy) {
    String name = each.resource.name();
    if (strategy.isEmpty()) {
      report(
          SharingCode.MIG_WITHOUT_MIXED,
          each.name,
          "%s exists only with migStrategy mixed, which the file does not set".formatted(name),
          "set it, unless the node's MIG_STRATEGY does");
    } else if (strategy.get() != MigStrategy.MIXED) {
      report(
          SharingCode.MIG_WITHOUT_MIXED,
          each.name,
          "%s exists only with migStrategy mixed, but it is %s".formatted(name, strategy.get()),
          strategy.get() == MigStrategy.SINGLE
              ? "share 'nvidia.com/gpu', as which MIG devices are offered, or set mixed"
              : "set mixed, or remove the entry");
    }
  }
}
