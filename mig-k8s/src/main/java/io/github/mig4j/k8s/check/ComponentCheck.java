package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.gpu.DriverVersion;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.node.DriverLabel;
import io.github.mig4j.node.ComponentVersions;
import io.github.mig4j.node.ComponentVersions.Component;
import io.github.mig4j.node.ComponentVersions.Version;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The versions of NVIDIA's components on a node, and whether the driver knows its GPUs.
 *
 * @param pods the pods of the node, of which only the operator's count
 */
record ComponentCheck(Node node, List<Pod> pods) {

  private static final String PLUGIN_IMAGE = "k8s-device-plugin";
  private static final String DRIVER_IMAGE = "driver";

  /**
   * What runs on the node decides over what the ClusterPolicy states. While an update is rolled out, pods
   * with two versions can be there, so that the version is not known.
   */
  ComponentVersions versions(ComponentVersions stated) {
    List<Version> running = tags(PLUGIN_IMAGE)
        .flatMap(tag -> Version.parse(tag).stream())
        .distinct()
        .toList();
    return switch (running.size()) {
      case 0 -> stated;
      case 1 -> stated.with(Component.DEVICE_PLUGIN, running.get(0));
      default -> ComponentVersions.unknown();
    };
  }

  /** Compares the driver with what each model needs. */
  void checkDriver(List<GpuModel> models, PreflightFindings findings) {
    Optional<DriverVersion> driver = DriverLabel.of(NodeFields.labels(node))
        .or(() ->
            tags(DRIVER_IMAGE).flatMap(tag -> DriverVersion.parse(tag).stream()).findFirst());
    driver.ifPresent(version -> models.forEach(model -> check(version, model, findings)));
  }

  private static void check(DriverVersion driver, GpuModel model, PreflightFindings findings) {
    model
        .minimumDriver()
        .filter(least -> driver.compareTo(least) < 0)
        .ifPresent(least -> findings.warning(
            PreflightCode.DRIVER_TOO_OLD,
            "the driver is %s, but %s needs %s or later to be partitioned"
                .formatted(driver, model.id(), least),
            "upgrade the driver"));
    if (!model.agreesWithDriver(driver)) {
      findings.error(
          PreflightCode.HARDWARE_DIFFERS,
          "driver %s gives the profiles of this GPU other names than those of %s"
              .formatted(driver, model.id()),
          "read the names with 'nvidia-smi mig -lgip' on the node, and state a model with these names");
    }
  }

  /** The tags of the images with a name, of the operator's pods on the node. */
  private Stream<String> tags(String name) {
    return pods.stream()
        .filter(GpuPods::isOperand)
        .flatMap(pod -> pod.getSpec().getContainers().stream())
        .map(Container::getImage)
        .filter(Objects::nonNull)
        .map(image -> image.substring(image.lastIndexOf('/') + 1))
        .filter(image -> image.startsWith(name + ":"))
        .map(image -> image.substring(name.length() + 1));
  }
}
