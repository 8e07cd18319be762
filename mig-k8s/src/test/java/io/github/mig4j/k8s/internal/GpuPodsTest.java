package io.github.mig4j.k8s.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.List;
import org.junit.jupiter.api.Test;

class GpuPodsTest {

  private static final String GPU = "nvidia.com/gpu";

  /** A sidecar runs beside the containers; it is an init container whose restartPolicy is Always. */
  @Test
  void devices_ofASidecar_areAddedToThoseOfTheContainers() {
    assertThat(GpuPods.devices(pod(List.of(sidecar(1)), using(2))))
        .hasToString("{nvidia.com/gpu=3}");
  }

  @Test
  void devices_ofAnInitContainer_countWhereTheyAreMore() {
    assertThat(GpuPods.devices(pod(List.of(using(1)), using(2)))).hasToString("{nvidia.com/gpu=2}");
    assertThat(GpuPods.devices(pod(List.of(using(4)), using(1), using(2))))
        .hasToString("{nvidia.com/gpu=4}");
  }

  /** An init container runs beside the sidecars before it, not beside those after it. */
  @Test
  void devices_ofAnInitContainerAfterASidecar_areAddedToIt() {
    assertThat(GpuPods.devices(pod(List.of(sidecar(2), using(3)), using(1))))
        .hasToString("{nvidia.com/gpu=5}");
    assertThat(GpuPods.devices(pod(List.of(using(3), sidecar(2)), using(1))))
        .hasToString("{nvidia.com/gpu=3}");
  }

  private static Pod pod(List<Container> init, Container... containers) {
    return new PodBuilder()
        .withNewSpec()
        .withInitContainers(init)
        .withContainers(containers)
        .endSpec()
        .build();
  }

  private static Container using(int gpus) {
    return new ContainerBuilder()
        .withNewResources()
        .addToLimits(GPU, new Quantity(String.valueOf(gpus)))
        .endResources()
        .build();
  }

  private static Container sidecar(int gpus) {
    return new ContainerBuilder(using(gpus)).withRestartPolicy("Always").build();
  }
}
