package io.github.mig4j.k8s.node;

import io.github.mig4j.gpu.DriverVersion;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Not API: the labels in which feature discovery writes the version of the driver. */
public final class DriverLabel {

  /** The whole version. */
  public static final String FULL = "nvidia.com/cuda.driver-version.full";

  /** The same in three labels, in the spelling of now and in that before v0.15. */
  private static final List<List<String>> PARTS = List.of(
      List.of(
          "nvidia.com/cuda.driver-version.major",
          "nvidia.com/cuda.driver-version.minor",
          "nvidia.com/cuda.driver-version.revision"),
      List.of(
          "nvidia.com/cuda.driver.major",
          "nvidia.com/cuda.driver.minor",
          "nvidia.com/cuda.driver.rev"));

  private static final List<String> OTHERS = List.of("nvidia.com/gpu-driver", "gpu-driver");

  private DriverLabel() {}

  /** The version of the driver; empty if no label has it. */
  public static Optional<DriverVersion> of(Map<String, String> labels) {
    Stream<String> texts = Stream.concat(
        Stream.ofNullable(labels.get(FULL)),
        Stream.concat(
            PARTS.stream()
                .filter(keys -> labels.containsKey(keys.get(0)))
                .map(keys -> keys.stream()
                    .map(labels::get)
                    .filter(Objects::nonNull)
                    .collect(Collectors.joining("."))),
            OTHERS.stream().map(labels::get).filter(Objects::nonNull)));
    return texts.flatMap(text -> DriverVersion.parse(text).stream()).findFirst();
  }
}
