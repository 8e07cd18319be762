package io.github.mig4j.k8s.cluster;

import io.github.mig4j.gpu.GpuCatalog;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import org.immutables.value.Value;

/** The settings of a {@code MigClient}; the defaults fit a cluster that NVIDIA's chart has set up. */
@Value.Immutable
public interface MigSettings {

  /** The namespace of the GPU Operator if it cannot be discovered. */
  String DEFAULT_NAMESPACE = "gpu-operator";

  /**
   * {@return the namespace of the GPU Operator and its ConfigMaps; if empty, the one in which MIG
   * manager pods run, or else {@code gpu-operator}}
   */
  Optional<String> operatorNamespace();

  /**
   * The label with which a node requests a configuration.
   *
   * @return {@code nvidia.com/mig.config}, unless the MIG manager was built to watch another
   */
  @Value.Default
  default String configLabel() {
    return Labels.MIG_CONFIG;
  }

  /** {@return the catalogue of known GPU models; by default the bundled one} */
  @Value.Default
  default GpuCatalog catalog() {
    return GpuCatalog.bundled();
  }

  /**
   * The identity of this client in the record of a change on a node. A client continues the changes of
   * an earlier client with the same identity. Two clients that run at the same time need two identities.
   *
   * @return a name that is the same after a restart, e.g. of a Deployment with one replica; if empty,
   *     each request has its own: the host's name and a random part, which are those of the client, and a
   *     number
   */
  Optional<String> identity();

  /**
   * Makes the threads of this client: one for each change or rollout that is started with a future, one
   * for each node that a rollout changes, and a short one for a write that must not be interrupted. {@code
   * ApplyRequest.poll} needs none. On Java 21 or later virtual threads are enough: {@code
   * Thread.ofVirtual().factory()}.
   *
   * @return daemon threads of the platform unless set; the library names them, e.g. {@code
   *     mig4j-apply-gpu-node}
   */
  @Value.Default
  @Value.Auxiliary
  default ThreadFactory threads() {
    return task -> {
      Thread thread = new Thread(task);
      thread.setDaemon(true);
      return thread;
    };
  }

  /**
   * The wall clock for the deadline in the record of a change on a node. Waiting does not depend on it;
   * it uses a monotonic clock.
   *
   * @return the system's clock
   */
  @Value.Default
  default Clock clock() {
    return Clock.systemUTC();
  }

  /**
   * {@return the listener that receives what a client does and sees; by default one that does
   * nothing}
   */
  @Value.Auxiliary
  @Value.Redacted
  @Value.Default
  default MigListener listener() {
    return event -> {};
  }

  /** {@return the settings for a cluster that NVIDIA's chart has set up} */
  static MigSettings defaults() {
    return builder().build();
  }

  /** {@return a builder of settings that differ from the defaults} */
  static Builder builder() {
    return new Builder();
  }

  /**
   * These settings with another namespace of the operator.
   *
   * @param operatorNamespace the namespace
   * @return settings that differ in {@link #operatorNamespace()}
   */
  MigSettings withOperatorNamespace(String operatorNamespace);

  /**
   * These settings with another identity.
   *
   * @param identity the identity
   * @return settings that differ in {@link #identity()}
   */
  MigSettings withIdentity(String identity);

  /**
   * These settings with another listener.
   *
   * @param listener the listener
   * @return settings that differ in {@link #listener()}
   */
  MigSettings withListener(MigListener listener);

  /** Builds {@link MigSettings}. */
  final class Builder extends ImmutableMigSettings.Builder {
    Builder() {}
  }
}
