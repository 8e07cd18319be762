package io.github.mig4j.sharing;

import io.github.mig4j.gpu.MigStrategy;
import java.util.Optional;

/**
 * Rules for {@code sharing.mps}, which MIG devices and many replicas rule out (k8s-device-plugin
 * cmd/mps-control-daemon/mps/device.go, internal/plugin/mps.go).
 */
final class MpsRules {
  /** Clients of one GPU of compute capability 7.5 or later. */
  static final int MAX_CLIENTS = 48;

  /** Clients of one older GPU; the plugin counts a V100 among these. */
  static final int MAX_CLIENTS_BEFORE_TURING = 16;

  private MpsRules() {}

  static void check(
      SharingSection section, Optional<NodeDevices> node, Optional<MigStrategy> strategy) {
    if (strategy.equals(Optional.of(MigStrategy.MIXED))) {
      section.report(
          SharingCode.MPS_WITH_MIXED,
          "The device plugin refuses mps with migStrategy mixed",
          "use timeSlicing, or another strategy");
    }
    node.filter(some -> some.migGpus() > 0)
        .ifPresent(some -> section.report(
            SharingCode.MPS_WITH_MIG,
            "MPS cannot share GPUs in MIG mode, but the node has %d".formatted(some.migGpus()),
            "use timeSlicing, or disable MIG"));
    if (!section.failRequestsGreaterThanOne().orElse(true)) {
      section.report(
          SharingCode.MPS_REQUESTS,
          "Before v0.20.0 the device plugin refuses a request for several replicas of mps whatever failRequestsGreaterThanOne says",
          "remove it");
    }
    section.listed.forEach(each -> {
      checkReplicas(section, each);
      if (ResourceName.isMig(each.resource().name())) {
        section.report(
            SharingCode.MPS_WITH_MIG,
            each.name(),
            "MPS cannot share MIG devices such as %s".formatted(each.resource().name()),
            "use timeSlicing");
      }
    });
  }

  private static void checkReplicas(SharingSection section, SharingSection.Listed each) {
    String name = each.resource().name();
    int replicas = each.resource().replicas();
    if (replicas > MAX_CLIENTS) {
      section.report(
          SharingCode.MPS_TOO_MANY_REPLICAS,
          each.replicas(),
          "The MPS daemon serves at most %d clients of a GPU and does not start, but %s has %d replicas, which the device plugin accepts"
              .formatted(MAX_CLIENTS, name, replicas),
          "use fewer, or timeSlicing");
    } else if (replicas > MAX_CLIENTS_BEFORE_TURING) {
      section.report(
          SharingCode.MPS_MANY_REPLICAS,
          each.replicas(),
          "On a GPU older than Turing, such as a V100, the MPS daemon refuses more than %d replicas, and %s has %d"
              .formatted(MAX_CLIENTS_BEFORE_TURING, name, replicas),
          "use it on newer GPUs only");
    }
  }

  static void require(SharedResource resource) {
    if (ResourceName.isMig(resource.name())) {
      throw new IllegalArgumentException(
          "MPS cannot share MIG devices, but %s is one; use time-slicing"
              .formatted(resource.name()));
    }
    if (resource.replicas() > MAX_CLIENTS) {
      throw new IllegalArgumentException(
          "The MPS daemon serves at most %d clients of a GPU, but the replicas of %s were %d; use fewer"
              .formatted(MAX_CLIENTS, resource.name(), resource.replicas()));
    }
  }
}
