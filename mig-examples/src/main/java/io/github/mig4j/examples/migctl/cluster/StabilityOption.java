package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.k8s.change.ApplyTimings;
import java.time.Duration;
import picocli.CommandLine.Option;

/** How long the evidence of a change must hold. */
final class StabilityOption {

  @Option(
      names = "--stability",
      paramLabel = "DURATION",
      defaultValue = "5s",
      description = "How long the evidence must stay unchanged; ${DEFAULT-VALUE} by default.")
  private Duration stability = Duration.ofSeconds(5);

  ApplyTimings timings() {
    return ApplyTimings.builder().stability(stability).build();
  }
}
