package io.github.mig4j.sharing;

import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.Spot;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One of the sections below {@code sharing} as it was read, and what is to say about it. */
final class SharingSection {

  private record Listed(SharedResource resource, Spot name, Spot replicas) {}

  private final SharingKind kind;
  private final Spot spot;
  private final Optional<Boolean> rename;
  private final Optional<Boolean> fail;
  private final List<Listed> listed = new ArrayList<>();

  SharingSection(SharingKind kind, Spot spot, Optional<Boolean> rename, Optional<Boolean> fail) {
    this.kind = kind;
    this.spot = spot;
    this.rename = rename;
    this.fail = fail;
  }

  void add(SharedResource resource, Spot name, Spot replicas) {
    listed.add(new Listed(resource, name, replicas));
  }

  Spot spot() {
    return spot;
  }

  boolean renameByDefault() {
    return rename.orElse(false);
  }

  GpuSharing sharing() {
    GpuSharing.Builder sharing = GpuSharing.builder().kind(kind);
    rename.ifPresent(sharing::renameByDefault);
    fail.ifPresent(sharing::failRequestsGreaterThanOne);
    listed.forEach(each -> sharing.addResources(each.resource));
    return sharing.build();
  }

  /**
   * Reports what the plugin accepts in silence although it can hardly be meant, and what it refuses
   * only after reading.
   *
   * @param strategy the strategy in force, as far as it is known
   */
  void check(SharingFindings findings, Optional<NodeDevices> node, Optional<MigStrategy> strategy) {
    if (kind == SharingKind.MPS) {
      checkMps(findings, node, strategy);
    } else if (!fail.orElse(false) && !listed.isEmpty()) {
      findings.add(
          SharingFindingCode.REQUESTS_NOT_LIMITED,
          spot,
          "A container that asks for several replicas gets no more than with one; set"
              + " failRequestsGreaterThanOne: true to refuse it");
    }
    Set<String> names = new HashSet<>();
    for (Listed each : listed) {
      if (!names.add(each.resource.name())) {
        findings.add(
            SharingFindingCode.DUPLICATE_RESOURCE,
            each.name,
            ("%s is listed twice: the larger number of replicas is offered, and the first is what"
                    + " the node's labels say; keep one")
                .formatted(each.resource.name()));
      }
      checkName(each, findings, strategy);
      if (ResourceName.isOffered(each.resource.name())) {
        node.filter(some -> !some.offered().containsKey(each.resource.name()))
            .ifPresent(some -> findings.add(
                SharingFindingCode.NOT_ON_NODE,
                each.name,
                "The node has no %s to share; it has %s"
                    .formatted(each.resource.name(), some.offered())));
      }
    }
  }

  private void checkMps(
      SharingFindings findings, Optional<NodeDevices> node, Optional<MigStrategy> strategy) {
    if (strategy.equals(Optional.of(MigStrategy.MIXED))) {
      findings.add(
          SharingFindingCode.MPS_WITH_MIXED,
          spot,
          "The device plugin refuses mps with migStrategy mixed; use timeSlicing, or another"
              + " strategy");
    }
    node.filter(some -> some.migGpus() > 0)
        .ifPresent(some -> findings.add(
            SharingFindingCode.MPS_WITH_MIG,
            spot,
            ("MPS cannot share GPUs in MIG mode, but the node has %d; use timeSlicing, or switch"
                    + " MIG off")
                .formatted(some.migGpus())));
    if (!fail.orElse(true)) {
      findings.add(
          SharingFindingCode.MPS_REQUESTS,
          spot,
          "Before v0.20.0 the device plugin refuses a request for several replicas of mps whatever"
              + " failRequestsGreaterThanOne says; leave it out");
    }
    for (Listed each : listed) {
      int replicas = each.resource.replicas();
      if (replicas > MpsLimits.MAX_CLIENTS) {
        findings.add(
            SharingFindingCode.MPS_TOO_MANY_REPLICAS,
            each.replicas,
            ("The MPS daemon serves at most %d clients of a GPU and does not start, but %s has %d"
                    + " replicas, which the device plugin accepts; use fewer, or timeSlicing")
                .formatted(MpsLimits.MAX_CLIENTS, each.resource.name(), replicas));
      } else if (replicas > MpsLimits.MAX_CLIENTS_BEFORE_TURING) {
        findings.add(
            SharingFindingCode.MPS_MANY_REPLICAS,
            each.replicas,
            ("On a GPU older than Turing, such as a V100, the MPS daemon refuses more than %d"
                    + " replicas, and %s has %d; keep it to newer GPUs")
                .formatted(MpsLimits.MAX_CLIENTS_BEFORE_TURING, each.resource.name(), replicas));
      }
    }
  }

  private void checkName(Listed each, SharingFindings findings, Optional<MigStrategy> strategy) {
    String name = each.resource.name();
    if (!ResourceName.isOffered(name)) {
      findings.add(
          SharingFindingCode.UNKNOWN_RESOURCE,
          each.name,
          "The device plugin offers nothing as %s, so the entry shares nothing; %s"
              .formatted(
                  Quoted.of(name),
                  ResourceName.meant(name)
                      .map(meant -> "did you mean '" + meant + "'?")
                      .orElse("share 'nvidia.com/gpu', or under migStrategy mixed e.g."
                          + " 'nvidia.com/mig-1g.10gb'")));
    }
    if (!ResourceName.isMig(name)) {
      return;
    }
    if (kind == SharingKind.MPS) {
      findings.add(
          SharingFindingCode.MPS_WITH_MIG,
          each.name,
          "MPS cannot share MIG devices, but %s are some; use timeSlicing".formatted(name));
    } else if (strategy.isEmpty()) {
      findings.add(
          SharingFindingCode.MIG_WITHOUT_MIXED,
          each.name,
          ("%s exists only with migStrategy mixed, which the file does not set; set it, unless the"
                  + " node's MIG_STRATEGY does")
              .formatted(name));
    } else if (strategy.get() != MigStrategy.MIXED) {
      findings.add(
          SharingFindingCode.MIG_WITHOUT_MIXED,
          each.name,
          "%s exists only with migStrategy mixed, but it is %s; %s"
              .formatted(
                  name,
                  strategy.get(),
                  strategy.get() == MigStrategy.SINGLE
                      ? "share 'nvidia.com/gpu', as which MIG devices are offered, or set mixed"
                      : "set mixed, or leave the entry out"));
    }
  }
}
