package io.github.mig4j.k8s.check;

import io.github.mig4j.sharing.GpuSharing;
import java.util.Optional;

/** What a node is to be brought to. */
public sealed interface SharingGoal {

  /** A configuration of the map. */
  record Named(String config) implements SharingGoal {}

  /** The node's configuration with this sharing, or with none. */
  record Shared(Optional<GpuSharing> sharing) implements SharingGoal {

    /** The name to publish it under. */
    String baseName() {
      return sharing
          .map(some -> some.kind() + "-" + some.resources().get(0).replicas())
          .orElse("unshared");
    }
  }

  /** What was asked for before the last change. */
  enum Previous implements SharingGoal {
    PREVIOUS
  }
}
