package io.github.mig4j.sharing;

/** What MPS can share (k8s-device-plugin cmd/mps-control-daemon/mps/device.go, internal/plugin/mps.go). */
final class MpsLimits {
  /** Clients of one GPU of compute capability 7.5 or later. */
  static final int MAX_CLIENTS = 48;

  /** Clients of one older GPU; the plugin counts a V100 among these. */
  static final int MAX_CLIENTS_BEFORE_TURING = 16;

  private MpsLimits() {}

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
