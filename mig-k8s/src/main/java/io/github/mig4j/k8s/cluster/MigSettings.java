package io.github.mig4j.k8s.cluster;

import io.github.mig4j.gpu.GpuCatalog;
import java.time.Clock;
import java.util.Optional;
import org.immutables.value.Value;

/** What a {@code MigClient} takes for granted; the defaults fit a cluster set up by NVIDIA's chart. */
@Value.Immutable
public interface MigSettings {

  /** The namespace of the GPU Operator where it cannot be discovered. */
  String DEFAULT_NAMESPACE = "gpu-operator";

  /**
   * The namespace in which the GPU Operator and its ConfigMaps live.
   *
   * @return a namespace; if empty, the one in which MIG manager pods run, or else {@code
   *     gpu-operator}
   */
  Optional<String> operatorNamespace();

  /**
   * The label by which a node asks for a configuration.
   *
   * @return {@code nvidia.com/mig.config}, unless the MIG manager was built to watch another
   */
  @Value.Default
  default String configLabel() {
    return Labels.MIG_CONFIG;
  }

  /**
   * The GPUs that are known.
   *
   * @return the bundled catalogue, unless models were added
   */
  @Value.Default
  default GpuCatalog catalog() {
    return GpuCatalog.bundled();
  }

  /**
   * Who changes nodes, as others read it on a node that is being changed. A client with the same
   * identity takes up what one before it has begun; two that work at once need two.
   *
   * @return a name that survives a restart, e.g. of a Deployment with one replica; if empty, each
   *     request has its own, made of the host's name and a random part
   */
  Optional<String> identity();

  /**
   * The wall clock, by which others are told until when a node is being changed. Nothing else
   * depends on it; waiting goes by a clock that cannot be set.
   *
   * @return the system's clock
   */
  @Value.Default
  default Clock clock() {
    return Clock.systemUTC();
  }

  /**
   * The settings for a cluster set up by NVIDIA's chart.
   *
   * @return the defaults
   */
  static MigSettings defaults() {
    return builder().build();
  }

  /**
   * Starts settings that differ from the defaults.
   *
   * @return a builder
   */
  static Builder builder() {
    return new Builder();
  }

  /**
   * These settings, for an operator in this namespace.
   *
   * @param operatorNamespace the namespace
   * @return settings that differ in {@link #operatorNamespace()}
   */
  MigSettings withOperatorNamespace(String operatorNamespace);

  /**
   * These settings, for a client that goes by this name.
   *
   * @param identity the name
   * @return settings that differ in {@link #identity()}
   */
  MigSettings withIdentity(String identity);

  /** Builds {@link MigSettings}. */
  final class Builder extends ImmutableMigSettings.Builder {
    Builder() {}
  }
}
